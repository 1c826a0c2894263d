"""The command hufu: making an installation, keeping it running, saying what is wrong."""
import base64
import calendar
import hashlib
import json
import os
import pty
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from namespace import unshare
from softhsm import SOFTHSM, Token
from world import ROOT, World, build_folder, wait_for

BUILD = build_folder()
HUFU = os.path.join(BUILD, "src/cli/hufu")
CORE = {"signer": "hufu-signer", "files": "hufu-files", "relay": "hufu-relay", "web": "hufu-web", "status": "hufu-status"}
ENGLISH = dict(os.environ, LC_ALL="C.UTF-8")


def hufu(*arguments, **how):
    return subprocess.run([HUFU, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          **{"env": ENGLISH, "stdin": subprocess.DEVNULL, **how})


def proc(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as f:
        return f.read()


def status_of(pid):
    return dict(line.split(":\t", 1) for line in proc(pid, "status").decode().splitlines() if ":\t" in line)


def alive(pid):
    try:
        return status_of(pid)["State"][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Words(unittest.TestCase):
    """What needs no installation."""

    def test_help_is_there_for_every_command(self):
        listed = hufu("--help").stdout
        names = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
        self.assertLessEqual({"init", "serve", "demo", "status", "version"}, set(names))
        for name in names:
            done = hufu(name, "--help")
            self.assertEqual(done.returncode, 0, name)
            self.assertIn(f"usage: hufu {name}", done.stdout)

    def test_what_is_not_understood_is_said(self):
        for arguments in (["nonsense"], ["serve", "--nonsense"], ["serve", "--secret-fd"], ["serve", "--secret-fd", "-1"],
                          ["serve", "--insecure-dev=yes"], ["init", "--port", "0"], ["init", "--port", "65536"],
                          ["version", "more"]):
            done = hufu(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(arguments[-1].split("=")[0] if len(arguments) < 3 else arguments[1], done.stderr)
            self.assertEqual(done.stdout, "")

    def test_version(self):
        self.assertRegex(hufu("version").stdout, r"^hufu \d+\.\d+\.\d+\n$")
        self.assertRegex(json.loads(hufu("version", "--json").stdout)["version"], r"^\d+\.\d+\.\d+$")

    def test_words_follow_the_locale(self):
        chinese = dict(os.environ, LC_ALL="zh_CN.UTF-8")
        self.assertIn("没有建立过系统", hufu("serve", "--folder", "/nonexistent", env=chinese).stderr)
        self.assertIn("no installation", hufu("serve", "--folder", "/nonexistent").stderr)

    def test_bash_completes_commands_operands_and_options(self):
        def complete(*words):
            script = 'source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hufu; echo "${COMPREPLY[@]}"'
            return subprocess.run(["bash", "-c", script, "bash", *words], input=hufu("completion").stdout, text=True,
                                  capture_output=True, check=True).stdout.split()
        self.assertEqual(complete("hufu", "se"), ["serve"])
        self.assertEqual(complete("hufu", "user", "su"), ["suspend"])
        self.assertEqual(complete("hufu", "serve", "--sec"), ["--secret-fd"])
        self.assertIn("--count", complete("hufu", "demo", "--"))
        self.assertEqual(complete("hufu", "serve", "--folder", "/usr/li")[0][:7], "/usr/li")

    def test_no_installation(self):
        for command in ("serve", "status"):
            done = hufu(command, "--folder", "/nonexistent")
            self.assertEqual(done.returncode, 1)
            self.assertIn("/nonexistent", done.stderr)


class Init(unittest.TestCase):
    def setUp(self):
        self.parent = tempfile.mkdtemp(prefix="hufu-init-")
        self.addCleanup(shutil.rmtree, self.parent)
        self.folder = os.path.join(self.parent, "var")
        self.arguments = ["init", "--demo", "--folder", self.folder]

    def test_only_the_owner_reads_what_was_made(self):
        self.assertEqual(hufu(*self.arguments).returncode, 0)
        for folder, folders, names in os.walk(self.folder):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o077, 0, folder)
            if folder == self.folder:
                folders.remove("publish")  # certificates and lists, for everybody: another user serves them
            for name in names:
                path = os.path.join(folder, name)
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, path)

    def test_everybody_of_the_demonstration_has_a_usbkey(self):
        """R-ACCT-4: the roles of the register, each with an own USBKey; two administrators and two reviewers."""
        self.assertEqual(hufu(*self.arguments).returncode, 0)
        with open(os.path.join(self.folder, "usbkeys/people.json"), encoding="utf-8") as f:
            people = json.load(f)
        roles = [person["roles"] for person in people]
        self.assertEqual(sorted(roles), sorted(["administrator", "administrator", "reviewer", "reviewer", "producer",
                                                "finance", "auditor"]))
        self.assertEqual(len({person["card"] for person in people}), len(people))
        self.assertEqual(len({person["certificate"] for person in people}), len(people))
        for person in people:
            self.assertTrue(os.path.exists(os.path.join(self.folder, "usbkeys", person["name"] + ".image")))

    def test_a_folder_that_is_there_is_left_alone(self):
        os.mkdir(self.folder)
        kept = os.path.join(self.folder, "kept")
        with open(kept, "w", encoding="utf-8") as f:
            f.write("x")
        done = hufu(*self.arguments)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.folder, done.stderr)
        self.assertEqual(os.listdir(self.folder), ["kept"])
        self.assertEqual(os.listdir(self.parent), ["var"])

    def test_a_kill_leaves_nothing_half_made(self):
        """Whenever it is killed: the folder is whole or not there, and the next init succeeds."""
        for pause_s in (0.02, 0.1, 0.3, 0.6, 1.0):
            process = subprocess.Popen([HUFU, *self.arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(pause_s)
            process.kill()
            process.wait()
            if os.path.exists(self.folder):
                break
        if os.path.exists(self.folder):
            self.assertTrue(os.path.exists(os.path.join(self.folder, "usbkeys/people.json")))
            shutil.rmtree(self.folder)
        self.assertEqual(hufu(*self.arguments).returncode, 0)
        self.assertEqual(os.listdir(self.parent), ["var"])

    def test_two_at_once_do_not_meet(self):
        first = subprocess.Popen([HUFU, *self.arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the draft", lambda: os.path.exists(self.folder + ".init"))
        done = hufu(*self.arguments)
        self.assertEqual(first.wait(), 0)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.folder, done.stderr)

    def test_a_folder_that_cannot_be_made_is_said(self):
        done = hufu("init", "--demo", "--folder", "/proc/var")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/proc/var", done.stderr)
        deep = os.path.join(self.parent, "x" * 90)
        done = hufu("init", "--demo", "--folder", deep)
        self.assertEqual(done.returncode, 1)
        self.assertIn("too long", done.stderr)
        self.assertEqual(os.listdir(self.parent), [])

    def test_init_leaves_no_process(self):
        done = subprocess.run([*unshare("-pf", "--mount-proc"), "sh", "-c", '"$@" >/dev/null && echo /proc/[0-9]*', "sh",
                               HUFU, *self.arguments], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), ["/proc/1"])  # the shell


    def test_ca_show(self):
        """R-PKI-1: the root and the CAs below it, as OpenSSL reads them too."""
        self.assertEqual(hufu(*self.arguments).returncode, 0)
        told = json.loads(hufu("ca", "show", "--folder", self.folder, "--json").stdout)
        self.assertEqual([ca["name"] for ca in told], ["root", "issuing", "operators"])
        self.assertEqual({ca["issuer"] for ca in told}, {told[0]["subject"]})
        lines = hufu("ca", "show", "--folder", self.folder).stdout
        certificates = re.findall("-----BEGIN.*?-----END CERTIFICATE-----", hufu("ca", "show", "--folder", self.folder,
                                                                                  "--pem").stdout, re.S)
        for ca, pem in zip(told, certificates, strict=True):
            der = subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem.encode(), capture_output=True, check=True)
            self.assertEqual(base64.b64decode(ca["der"]), der.stdout)
            digest = subprocess.run(["openssl", "dgst", "-sm3", "-r"], input=der.stdout, capture_output=True, check=True)
            self.assertEqual(ca["sm3"], digest.stdout.decode().split()[0])
            self.assertIn(ca["sm3"], lines)
            self.assertIn(ca["serial"], lines)
        os.unlink(os.path.join(self.folder, "ca/root.cer"))
        self.assertIn("root.cer", hufu("ca", "show", "--folder", self.folder).stderr)
        self.assertEqual(hufu("ca", "--folder", self.folder).returncode, 2)


class User(unittest.TestCase):
    """Accounts from the command line, by an administrator's USBKey."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.run("demo", "--folder", cls.world.folder)

    def user(self, *arguments, **how):
        return hufu("user", *arguments, "--folder", self.world.folder, **how)

    def accounts(self):
        return [json.loads(line) for line in self.user("list", "--json").stdout.splitlines()]

    def test_r_acct_3_accounts_are_suspended_and_opened_again(self):
        account = self.accounts()[0]
        self.assertEqual(account["state"], "open")
        for what, state in (("suspend", "suspended"), ("open", "open")):
            done = self.user(what, account["id"], "--reason", "a test", "--json")
            self.assertEqual(json.loads(done.stdout)["state"], state, done.stderr)
        self.assertIn(account["name"], self.user("list").stdout)

    def test_r_acct_1_an_account_comes_by_standard_input(self):
        before = self.accounts()
        person = {"organization": before[0]["organization"], "name": "测试一", "document_type": "id-card",
                  "document_number": "11010519491231002X", "mobile": "13900000001", "email": "test@example.org"}
        wrong = self.user("add", input=json.dumps({**person, "document_number": "110105194912310021"}), stdin=None)
        self.assertEqual(wrong.returncode, 1)
        self.assertNotIn("110105194912310021", wrong.stderr)
        done = self.user("add", "--json", input=json.dumps(person), stdin=None)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(person["document_number"], done.stdout)
        self.assertEqual(len(self.accounts()), len(before) + 1)

    def test_r_sms_3_only_with_an_administrators_usbkey(self):
        reviewer = self.world.person("reviewer")
        done = self.user("suspend", self.accounts()[0]["id"], "--reason", "x", "--card", reviewer["card"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("role does not permit", done.stderr)
        self.assertEqual(self.accounts()[0]["state"], "open")
        self.assertEqual(self.user("list", "--card", "NOSUCHCARD").returncode, 1)

    def test_what_is_missing_is_said(self):
        for arguments in ([], ["suspend"], ["suspend", "x"], ["nonsense"], ["list", "x"]):
            self.assertEqual(self.user(*arguments).returncode, 2, arguments)
        self.assertEqual(self.user("add", input="{", stdin=None).returncode, 1)
        self.assertEqual(self.user("suspend", "0" * 26, "--reason", "x").returncode, 1)


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        if not self.world.serve:
            self.world.start()

    def pids(self):
        return self.world.state()["processes"]

    def test_status(self):
        told = json.loads(hufu("status", "--folder", self.world.folder, "--json").stdout)
        self.assertTrue(told["works"])
        self.assertEqual(told["health"]["status"], "ok")
        self.assertLessEqual(set(CORE), set(told["running"]["processes"]))
        done = hufu("status", "--folder", self.world.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn(self.world.address("portal"), done.stdout)

    def test_each_process_is_closed_off(self):
        """R-OPS-3: whatever parses what strangers send has a sandbox, and so has whatever holds a key."""
        for name in [*CORE, "paysim"]:
            told = status_of(self.pids()[name])
            self.assertEqual(told["NoNewPrivs"], "1", name)
            self.assertEqual(told["Seccomp"], "2", name)
        self.assertNotIn("the sandbox is incomplete", self.world.log())

    def test_nothing_but_its_own_is_handed_on(self):
        """Descriptors, environment and arguments of each process."""
        most = {"signer": 14, "files": 12, "relay": 16, "status": 16}
        for name, program in CORE.items():
            pid = self.pids()[name]
            self.assertEqual(proc(pid, "comm").decode().strip(), program)
            environment = {v.split(b"=")[0].decode() for v in proc(pid, "environ").split(b"\0") if v}
            self.assertLessEqual(environment, {"PATH", "HOME", "LANG", "LC_ALL", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
                                               "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"})
            descriptors = os.listdir(f"/proc/{pid}/fd")
            self.assertLessEqual(len(descriptors), most.get(name, 10**6), name)
            targets = [os.readlink(f"/proc/{pid}/fd/{d}") for d in descriptors]
            self.assertFalse([t for t in targets if "/run/lock" in t], name)
            if name != "web":
                self.assertFalse([t for t in targets if "hufu.db" in t], name)

    def test_the_secret_is_nowhere_to_be_read(self):
        with open(self.world.path("secret"), encoding="utf-8") as f:
            secret = f.read().strip().encode()
        self.assertGreaterEqual(len(secret), 64)
        for name, pid in [*self.pids().items(), ("serve", self.world.serve.pid)]:
            self.assertNotIn(secret, proc(pid, "cmdline") + proc(pid, "environ"), name)
        self.assertNotIn(secret, self.world.log().encode())

    def test_what_dies_is_started_again(self):
        # Web before its peers: after them the supervisor is busy starting things anyway, and would see web's hello by chance.
        for name in reversed(CORE):
            self.world.kill(name)
            # Not when it next looks around, after 10 s: nobody waits that long for a page.
            wait_for(f"everything after {name}", lambda: hufu("status", "--folder", self.world.folder).returncode == 0, patience_s=8)
        self.assertIsNone(self.world.serve.poll())

    def test_a_second_serve_is_refused(self):
        done = hufu("serve", "--folder", self.world.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("runs already", done.stderr)
        self.assertIsNone(self.world.serve.poll())

    def test_everything_stops_and_starts_with_what_was_there(self):
        def status():
            return json.loads(hufu("status", "--folder", self.world.folder, "--json").stdout)

        self.world.wait_trail_heads(1)  # for an hour nothing more comes to the journal by itself
        size = json.loads(self.world.run("audit", "verify", "--json", self.world.folder).stdout)["journal"]["size"]
        wait_for("the head in the database", lambda: status()["health"]["journal_size"] == size)
        pids = self.pids()
        self.assertEqual(self.world.stop(), 0)
        self.assertEqual([n for n, p in pids.items() if alive(p)], [])
        self.assertIsNone(self.world.state())
        self.assertEqual(hufu("status", "--folder", self.world.folder).returncode, 1)
        self.world.start()
        self.assertEqual(status()["health"]["journal_size"], size)

    def test_nobody_outlives_the_supervisor(self):
        pids = self.pids()
        self.world.serve.kill()
        self.world.serve.wait()
        self.world.serve = None
        wait_for("the end of all", lambda: not [p for p in pids.values() if alive(p)])
        self.world.start()

    def test_sigterm_and_hangup_stop_it_too(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            pids = self.pids()
            self.world.serve.send_signal(number)
            self.assertEqual(self.world.serve.wait(30), 0)
            self.assertEqual([n for n, p in pids.items() if alive(p)], [])
            self.world.serve = None
            self.world.start()


class Trouble(unittest.TestCase):
    """What stops the start is said in words, at once, and leaves nothing running."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(start=False)
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        with open(self.world.path("hufu.conf"), encoding="utf-8") as f:
            self.conf = f.read()

    def tearDown(self):
        with open(self.world.path("hufu.conf"), "w", encoding="utf-8") as f:
            f.write(self.conf)

    def refused(self, *words, **how):
        done = hufu("serve", "--folder", self.world.folder, *how.pop("more", ()), **how)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn("ready:", done.stdout)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def test_a_port_that_is_taken(self):
        for section, name in (("serve", "listen"), ("demo", "paysim"), ("agent", "port")):
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                port = taken.getsockname()[1]
                self.world.set(section, name, port if name == "port" else f"127.0.0.1:{port}")
                self.refused(f"127.0.0.1:{port}", f"process {os.getpid()}")
            self.tearDown()

    def test_a_port_that_is_given_up_soon_is_waited_for(self):
        """What a killed start left behind ends a moment after it."""
        world = World(start=False)
        self.addCleanup(world.close)
        with open(world.path("hufu.conf"), encoding="utf-8") as f:
            port = int(re.search(r"listen = 127\.0\.0\.1:(\d+)", f.read()).group(1))
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        given_up = threading.Timer(0.5, taken.close)
        given_up.start()
        self.addCleanup(given_up.join)
        world.start()
        self.assertEqual(hufu("status", "--folder", world.folder).returncode, 0)

    def test_a_configuration_that_is_wrong(self):
        self.world.set("serve", "colour", "red")
        self.refused("hufu.conf:", "colour")
        self.tearDown()
        self.world.set("serve", "listen", "somewhere")
        self.refused("somewhere")
        self.tearDown()
        self.world.set("web", "workers", "none")
        self.refused("web", "workers")

    def test_a_program_that_is_missing(self):
        alone = tempfile.mkdtemp(prefix="hufu-alone-")
        self.addCleanup(shutil.rmtree, alone)
        shutil.copy(HUFU, alone)
        libraries = os.path.join(build_folder(), "src/token/skf")
        done = subprocess.run([os.path.join(alone, "hufu"), "serve", "--folder", self.world.folder], text=True,
                              capture_output=True, env=dict(ENGLISH, LD_LIBRARY_PATH=libraries), timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("hufu-signer", done.stderr)

    def test_a_secret_that_others_can_read(self):
        path = self.world.path("secret")
        os.chmod(path, 0o640)
        try:
            self.refused("chmod 600")
        finally:
            os.chmod(path, 0o600)

    def test_another_secret_opens_nothing(self):
        """R-OPS-3: the CA's keys are wrapped under the installation's secret."""
        with open(self.world.path("secret"), "rb") as f:
            right = f.read()
        read, write = os.pipe()
        os.write(write, b"another secret that is long enough")
        os.close(write)
        self.refused("signer", more=("--secret-fd", read), pass_fds=[read])
        os.close(read)
        self.assertTrue(right)

    def test_a_secret_too_short_or_none(self):
        for told in (b"", b"short\n"):
            read, write = os.pipe()
            os.write(write, told)
            os.close(write)
            self.refused("less than 16", more=("--secret-fd", read), pass_fds=[read])
            os.close(read)
        self.world.set("serve", "secret_file", None)
        self.refused("no terminal", start_new_session=True)

    def test_a_user_that_does_not_exist(self):
        self.world.set("serve", "files_user", "nobody-of-that-name")
        self.refused("nobody-of-that-name")


class Doctor(unittest.TestCase):
    """Each fault of an installation is found, with what mends it."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(start=False)
        cls.addClassCleanup(cls.world.close)

    def look(self, folder=None):
        done = hufu("doctor", "--folder", folder or self.world.folder, "--json")
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if told["state"] == "wrong" else 0)
        for finding in told["findings"]:
            self.assertEqual(finding["mend"] == "", finding["state"] == "good", finding)
        return told

    def found(self, identifier, state="wrong", folder=None):
        return [f["words"] + " " + f["mend"] for f in self.look(folder)["findings"]
                if f["id"] == identifier and f["state"] == state]

    def test_r_ship_1_ems_half_configured_or_without_its_key(self):
        self.assertEqual(len(self.found("courier", "good")), 1)
        key, county = self.world.path("paysim/ems-key"), "西城区"
        self.world.set("relay", "ems_sender_county", None)
        self.addCleanup(self.world.set, "relay", "ems_sender_county", county)
        os.rename(key, key + ".away")
        self.addCleanup(os.rename, key + ".away", key)
        self.assertIn("ems_sender_county", self.found("courier")[0])
        self.assertIn("ems_key_file", self.found("courier-key")[0])

    def test_r_pki_1_what_runs_out_is_told_before(self):
        """A CA more than a year before, for it could give no whole year any more; operators a month before, by name."""
        with open(self.world.path("hufu.conf"), encoding="utf-8") as f:
            own = re.search(r"(?m)^calendar = (.*)$", f.read()).group(1)
        self.addCleanup(self.world.set, "web", "calendar", own)
        self.world.set("web", "calendar", None)  # of whose years another test tells
        self.assertEqual(len(self.found("validity", "good")), 1)
        self.addCleanup(self.world.set, "signer", "clock_offset_s", None)
        def at(certificate, days):
            end = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", self.world.path("ca", certificate), "-noout",
                                  "-enddate"], capture_output=True, text=True).stdout
            ends = calendar.timegm(time.strptime(end.strip().split("=")[1], "%b %d %H:%M:%S %Y %Z"))
            self.world.set("signer", "clock_offset_s", int(ends - time.time()) - days * 86400)
        at("operators.cer", 300)
        self.assertTrue(any("ca/operators.cer" in words for words in self.found("validity", "warning")))
        self.assertTrue(any("操作员" in words or "operator" in words for words in self.found("validity", "wrong")))
        told = json.loads(hufu("status", "--folder", self.world.folder, "--json").stdout)
        self.assertTrue(any("ca/operators.cer" in words for words in told["runs_out"]))
        at("root.cer", -1)
        self.assertTrue(any("ca/root.cer" in words for words in self.found("validity", "wrong")))
        self.assertEqual(self.found("validity", "good"), [])

    def test_a_sound_installation(self):
        told = self.look()
        self.assertNotEqual(told["state"], "wrong")
        self.assertLessEqual({"landlock", "seccomp", "clock", "disk", "configuration", "fonts", "permissions", "secret", "port"},
                             {f["id"] for f in told["findings"]})
        with open(self.world.path("secret"), encoding="utf-8") as f:
            self.assertNotIn(f.read().strip(), json.dumps(told))

    def test_while_it_runs(self):
        self.world.start()
        try:
            self.assertTrue(self.found("health", "good"))
            os.kill(self.world.pid("signer"), signal.SIGSTOP)
            pid = self.world.pid("web")
            os.kill(pid, signal.SIGSTOP)
            self.assertTrue(self.found("health"))
            os.kill(pid, signal.SIGCONT)
            os.kill(self.world.pid("signer"), signal.SIGCONT)
        finally:
            self.world.stop()

    def test_no_installation(self):
        self.assertIn("/nonexistent", self.found("folder", folder="/nonexistent")[0])

    def test_files_that_others_may_read(self):
        path = self.world.path("signer/keys")
        os.chmod(path, 0o755)
        self.assertIn(path, self.found("permissions")[0])
        os.chmod(path, 0o700)
        self.assertEqual(self.found("permissions"), [])

    def test_each_section_of_the_configuration(self):
        with open(self.world.path("hufu.conf"), encoding="utf-8") as f:
            before = f.read()
        for section in ("web", "signer", "relay", "agent", "serve", "demo"):
            self.world.set(section, "colour", "red")
            self.assertIn("colour", self.found("configuration")[0], section)
            with open(self.world.path("hufu.conf"), "w", encoding="utf-8") as f:
                f.write(before)
        with open(self.world.path("hufu.conf"), "a", encoding="utf-8") as f:
            f.write("[relais]\n")
        self.assertIn("relais", self.found("configuration")[0])
        with open(self.world.path("hufu.conf"), "w", encoding="utf-8") as f:
            f.write(before)

    def test_a_port_that_is_taken(self):
        with open(self.world.path("hufu.conf"), encoding="utf-8") as f:
            port = int(re.search(r"listen = 127.0.0.1:(\d+)", f.read())[1])
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            self.assertIn(f"process {os.getpid()}", self.found("port")[0])

    def test_a_secret_that_is_gone(self):
        os.rename(self.world.path("secret"), self.world.path("secret.away"))
        try:
            self.assertIn("secret", self.found("secret")[0])
        finally:
            os.rename(self.world.path("secret.away"), self.world.path("secret"))

    def test_users_and_owners(self):
        self.world.set("serve", "web_user", "nobody-of-that-name")
        self.assertIn("useradd", self.found("user")[0])
        self.world.set("serve", "web_user", "nobody")
        self.assertIn("chown", self.found("owner")[0])
        self.world.set("serve", "web_user", None)

    def test_an_init_that_did_not_end(self):
        os.mkdir(self.world.folder + ".init")
        try:
            self.assertIn("rm -r", self.found("draft", "warning")[0])
        finally:
            os.rmdir(self.world.folder + ".init")


class Installation(unittest.TestCase):
    """Not a demonstration: people's own USBKeys, each process as its own user, everything closed off, behind nginx."""

    CONFIG = """[serve]
listen = unix:{folder}/run/web.sock
listen_group = www-data
web_user = www-data
signer_user = daemon
files_user = nobody
relay_user = games

[web]
portal = https://portal.example
console = https://console.example
platform = https://platform.example
pages = {parent}/ui
calendar = {parent}/calendar
proxied = yes

[signer]
crl_url = http://status.example/crl/issuing.crl
"""
    PLAN = """[init]
organization = 某省国资委
root_name = 某省国资CA 根
issuing_name = 某省国资CA 签发
operators_name = 某省国资CA 操作员
maker_certificate = maker/maker.cer
maker_transport_key = maker/transport.key
operator_1 = 王一 | administrator
operator_2 = 李二 | administrator,auditor
operator_3 = 赵三 | reviewer
"""
    USERS = {"web": "www-data", "signer": "daemon", "files": "nobody", "relay": "games"}

    def setUp(self):
        self.parent = tempfile.mkdtemp(prefix="hufu-real-")
        self.addCleanup(shutil.rmtree, self.parent)
        os.chmod(self.parent, 0o755)
        self.folder, self.cards = self.path("installation"), []
        for name in ("usbkeys", "ui"):
            os.mkdir(self.path(name))
        shutil.copytree(os.path.join(ROOT, "data/calendar"), self.path("calendar"))
        self.write("hufu.conf", self.CONFIG.format(folder=self.folder, parent=self.parent))
        self.write("plan", self.PLAN)
        self.card_program("--new-maker", "--maker", self.path("maker"))
        self.addCleanup(self.pull)

    def path(self, *parts):
        return os.path.join(self.parent, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def card_program(self, *arguments):
        subprocess.run([os.path.join(BUILD, "src/token/card/hufu-card"), *arguments], check=True, capture_output=True)

    def plug(self, serial):
        image, path = self.path(f"{serial}.image"), self.path(f"usbkeys/{serial}.sock")
        self.card_program("--new", "--image", image, "--serial", serial, "--maker", self.path("maker"))
        self.cards.append(subprocess.Popen([os.path.join(BUILD, "src/token/card/hufu-card"), "--image", image, "--socket",
                                            path], stdout=subprocess.DEVNULL))
        wait_for("the USBKey", lambda: os.path.exists(path))

    def pull(self):
        for card in self.cards:
            card.terminate()
            card.wait()

    def secret(self):
        read, write = os.pipe()
        os.write(write, b"a secret of an installation")
        os.close(write)
        return read

    def init(self, serials, root=()):
        """The messages of init; a USBKey is plugged in each time that one is asked for. ROOT: what is done before, each
        time that certificates are asked for."""
        secret = self.secret()
        process = subprocess.Popen([HUFU, "init", "--folder", self.folder, "--plan", self.path("plan"), "--config",
                                    self.path("hufu.conf"), "--secret-fd", str(secret)], pass_fds=[secret],
                                   env=dict(ENGLISH, HUFU_USBKEYS=self.path("usbkeys")), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=0)
        os.close(secret)
        said = ""
        for act in [*root, *(lambda serial=serial: self.plug(serial) for serial in serials)]:
            while not said.endswith("Enter: "):
                letter = process.stdout.read(1)
                self.assertTrue(letter, said)
                said += letter
            act()
            process.stdin.write("\n")
            process.stdin.flush()
            said += " "
        rest = process.communicate(timeout=60)[0]
        return process.returncode, said + rest

    def test_from_init_to_a_closed_installation(self):
        """R-OPS-3: nothing of a demonstration's leniency is needed."""
        status, said = self.init(["REAL01", "REAL02", "REAL03"])
        self.assertEqual(status, 0, said)
        self.assertIn("王一", said)
        self.assertEqual(sorted(os.listdir(self.folder)), ["ca", "hufu.conf", "publish", "run", "signer", "web"])
        self.assertEqual(pwd.getpwuid(os.stat(self.folder + "/publish").st_uid).pw_name, "daemon")
        self.assertEqual(pwd.getpwuid(os.stat(self.folder + "/signer/keys").st_uid).pw_name, "daemon")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder + "/signer").st_mode), 0o700)
        secret = self.secret()
        log = open(self.path("log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        serve = subprocess.Popen([HUFU, "serve", "--folder", self.folder, "--secret-fd", str(secret)], pass_fds=[secret],
                                 env=ENGLISH, stdout=subprocess.PIPE, stderr=log, text=True)
        os.close(secret)
        try:
            line = serve.stdout.readline()
            with open(self.path("log"), encoding="utf-8") as f:
                said = f.read()
            self.assertTrue(line.startswith("ready: https://portal.example"), said)
            with open(self.folder + "/run/state.json", encoding="utf-8") as f:
                running = json.load(f)["processes"]
            self.assertEqual(set(running), set(self.USERS))
            for name, user in self.USERS.items():
                told = status_of(running[name])
                self.assertEqual(set(told["Uid"].split()), {str(pwd.getpwnam(user).pw_uid)}, name)
                self.assertEqual((told["NoNewPrivs"], told["Seccomp"], told["CapEff"]), ("1", "2", "0" * 16), name)
            self.assertNotIn("insecure", said)
            self.assertEqual(os.stat(self.folder + "/run/web.sock").st_gid, pwd.getpwnam("www-data").pw_gid)
            self.assertEqual(hufu("status", "--folder", self.folder).returncode, 0)
            self.assertEqual(hufu("doctor", "--folder", self.folder).returncode, 0)
        finally:
            serve.terminate()
            self.assertEqual(serve.wait(30), 0)
            serve.stdout.close()

    def ceremony(self, name, common, fields):
        lines = ["[ceremony]", *(f"{k} = {v}" for k, v in {"title": "仪式", "people": "王一", **common}.items()),
                 f"[{common['kind']}]", *(f"{k} = {v}" for k, v in fields.items())]
        self.write(name, "\n".join(lines) + "\n")
        read, write = os.pipe()
        os.write(write, b"the passphrase of the root")
        os.close(write)
        done = hufu("ceremony", "--perform", "--passphrase-fd", read, self.path(name), pass_fds=[read])
        os.close(read)
        self.assertEqual(done.returncode, 0, done.stderr)

    def certify(self, profile, name, root="root"):
        request = self.path(f"installation.requests/{profile}.csr")
        with open(request, "rb") as f:
            told = hashlib.new("sm3", f.read()).hexdigest()
        self.ceremony(f"of-{profile}", {"kind": "certificate", "folder": f"made-{profile}-{root}"},
                      {"profile": profile, "root": root, "request": request, "request_sm3": told, "common_name": name,
                       "organization": "某省国资委", "not_before": self.day, "years": 5})
        shutil.copy(self.path(f"made-{profile}-{root}/{profile}.cer"), self.path("installation.requests"))

    def test_r_pki_1_a_root_that_never_was_on_the_machine(self):
        """The root of a ceremony: the signer asks for its certificates and takes none that it did not ask for."""
        self.day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        for root in ("root", "other"):
            self.ceremony("of-root", {"kind": "root", "folder": root}, {
                "organization": "某省国资委", "common_name": "某省国资CA 根", "not_before": self.day, "years": 30})
        self.write("plan", self.PLAN.replace("root_name = 某省国资CA 根", "root_certificate = root/root.cer"))

        def too_early():
            self.certify("issuing-ca", "某省国资CA 签发")

        def exchanged():
            self.certify("operators-ca", "某省国资CA 操作员")
            shutil.copy(self.path("installation.requests/operators-ca.cer"), self.path("kept"))
            shutil.copy(self.path("installation.requests/issuing-ca.cer"),
                        self.path("installation.requests/operators-ca.cer"))
            self.certify("tree-head", "Journal")

        def of_another_root():
            self.certify("operators-ca", "某省国资CA 操作员", "other")

        def right():
            shutil.copy(self.path("kept"), self.path("installation.requests/operators-ca.cer"))

        status, said = self.init(["REAL01", "REAL02", "REAL03"], [too_early, exchanged, of_another_root, right])
        self.assertEqual(status, 0, said)
        self.assertIn("operators-ca.cer cannot be read", said)
        self.assertIn("it is for another key", said)
        self.assertIn("the root did not sign it", said)
        self.assertFalse(os.path.exists(self.folder + "/signer/keys/root-ca.key"))
        for name, own in (("root", "root/root.cer"), ("issuing", "installation.requests/issuing-ca.cer")):
            with open(self.folder + f"/ca/{name}.cer", "rb") as one, open(self.path(own), "rb") as two:
                self.assertEqual(one.read(), two.read())
        secret = self.secret()
        serve = subprocess.Popen([HUFU, "serve", "--folder", self.folder, "--secret-fd", str(secret)], pass_fds=[secret],
                                 env=ENGLISH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.close(secret)
        try:
            self.assertTrue(serve.stdout.readline().startswith("ready: "))
            self.assertEqual(hufu("audit", "verify", "--root", self.path("root/root.cer"), self.folder).returncode, 0)
        finally:
            serve.terminate()
            serve.communicate(timeout=30)

    def test_r_pki_4_keys_in_an_hsm_below_the_root_of_a_ceremony(self):
        """SoftHSM's own library, as a user of its own, closed off, under a root that never was on the machine."""
        token = Token()
        self.addCleanup(shutil.rmtree, token.folder)
        for folder, _, names in os.walk(token.folder):
            for path in (folder, *(os.path.join(folder, name) for name in names if name != "pin")):
                shutil.chown(path, "backup")
        config = self.CONFIG.format(folder=self.folder, parent=self.parent).replace("relay_user", "hsm_user = backup\nrelay_user")
        self.write("hufu.conf", f"""{config}
[hsm]
module = {SOFTHSM}
token = hufu-ca
pin_file = {token.path("pin")}
issuing_key = issuing
variables = SOFTHSM2_CONF={token.path("softhsm2.conf")}
writes = {token.folder}
""")
        self.day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        self.ceremony("of-root", {"kind": "root", "folder": "root"}, {
            "organization": "某省国资委", "common_name": "某省国资CA 根", "not_before": self.day, "years": 30})
        self.write("plan", self.PLAN.replace("root_name = 某省国资CA 根", "root_certificate = root/root.cer"))

        def certify():
            for profile, name in (("issuing-ca", "签发"), ("operators-ca", "操作员")):
                self.certify(profile, f"某省国资CA {name}")
            self.certify("tree-head", "Journal")
        status, said = self.init(["REAL01", "REAL02", "REAL03"], [certify])
        self.assertEqual(status, 0, said)
        self.assertFalse(os.path.exists(self.folder + "/signer/keys/issuing-ca.key"))
        told = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", self.folder + "/ca/issuing.cer", "-noout", "-text"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("SM2-with-SM3", told)
        self.assertIn("prime256v1", told)
        self.serve_with_hsm()

    def serve_with_hsm(self):
        secret = self.secret()
        log = open(self.path("log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        serve = subprocess.Popen([HUFU, "serve", "--folder", self.folder, "--secret-fd", str(secret)], pass_fds=[secret],
                                 env=ENGLISH, stdout=subprocess.PIPE, stderr=log, text=True)
        os.close(secret)
        try:
            self.assertTrue(serve.stdout.readline().startswith("ready: "))
            with open(self.folder + "/run/state.json", encoding="utf-8") as f:
                told = status_of(json.load(f)["processes"]["hsm"])
            self.assertEqual(set(told["Uid"].split()), {str(pwd.getpwnam("backup").pw_uid)})
            self.assertEqual((told["NoNewPrivs"], told["Seccomp"], told["CapEff"]), ("1", "2", "0" * 16))
            wait_for("the list that the HSM signed", lambda: os.path.exists(self.folder + "/publish/crl/issuing.crl"), 30)
            self.assertIn("ready hufu-ca", hufu("status", "--folder", self.folder).stdout)
            self.assertEqual(hufu("doctor", "--folder", self.folder).returncode, 0)
        finally:
            serve.terminate()
            self.assertEqual(serve.wait(30), 0)
            serve.stdout.close()

    def test_r_ops_3_one_administrator_is_not_enough(self):
        self.write("plan", self.PLAN.replace("operator_2 = 李二 | administrator,auditor", "operator_2 = 李二 | auditor"))
        status, said = self.init(["REAL01", "REAL02", "REAL03"])
        self.assertEqual(status, 1)
        self.assertIn("fewer than two administrators", said)
        self.assertFalse(os.path.exists(self.folder))

    def test_a_usbkey_of_another_maker_is_refused(self):
        self.card_program("--new-maker", "--maker", self.path("other"))
        os.rename(self.path("maker/maker.cer"), self.path("theirs.cer"))
        shutil.copy(self.path("other/maker.cer"), self.path("maker/root.cer"))
        os.rename(self.path("theirs.cer"), self.path("maker/maker.cer"))
        self.write("plan", self.PLAN.replace("maker/maker.cer", "other/maker.cer"))
        status, said = self.init(["REAL01"])
        self.assertEqual(status, 1, said)
        self.assertFalse(os.path.exists(self.folder))

    def test_what_a_plan_lacks_is_said(self):
        for line, word in (("operator_1 = 王一", "operator_1"), ("root_name =", "root_name"), ("colour = red", "colour")):
            self.write("plan", self.PLAN.replace("operator_1 = 王一 | administrator", line) if "operator" in line
                       else self.PLAN.replace("root_name = 某省国资CA 根", line))
            status, said = self.init([])
            self.assertEqual(status, 1)
            self.assertIn(word, said)
        self.write("plan", self.PLAN)
        self.write("hufu.conf", self.CONFIG.format(folder=self.folder, parent=self.parent) + "[demo]\non = yes\n")
        self.assertIn("[demo]", self.init([])[1])
        self.assertEqual(hufu("init", "--plan", "x").returncode, 2)
        self.assertEqual(hufu("init", "--demo", "--plan", "x").returncode, 2)


class Ways(unittest.TestCase):
    """Other ways to be started."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(start=False)
        cls.addClassCleanup(cls.world.close)

    def serve(self, *arguments, **how):
        with open(self.world.log_path, "ab") as log:
            self.world.serve = subprocess.Popen([HUFU, "serve", "--folder", self.world.folder, *arguments],
                                                **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log,
                                                   "env": ENGLISH, **how})
        wait_for("ready", self.world.is_ready)

    def stop(self):
        self.assertEqual(self.world.stop(), 0)

    def test_the_secret_by_descriptor_and_credential(self):
        self.world.set("serve", "secret_file", None)
        secret = os.open(self.world.path("secret"), os.O_RDONLY)
        self.serve("--secret-fd", str(secret), pass_fds=[secret])
        os.close(secret)
        self.stop()
        self.serve(env=dict(ENGLISH, CREDENTIALS_DIRECTORY=self.world.folder))
        self.stop()
        self.world.set("serve", "secret_file", "secret")

    def test_the_secret_at_the_prompt_is_not_shown(self):
        self.world.set("serve", "secret_file", None)
        with open(self.world.path("secret"), "rb") as f:
            secret = f.read().strip()
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(HUFU, ["hufu", "serve", "--folder", self.world.folder, "--log", self.world.path("run/log")], ENGLISH)
        said = b""
        while b"Secret" not in said:
            said += os.read(terminal, 4096)
        os.write(terminal, secret + b"\n")
        while b"ready:" not in said:
            said += os.read(terminal, 4096)
        os.write(terminal, b"\x03")  # Ctrl-C
        try:
            while True:
                said += os.read(terminal, 4096) or self.fail("no end")
        except OSError:
            pass  # the terminal's other side is closed
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertNotIn(secret, said)
        self.world.set("serve", "secret_file", "secret")

    def test_each_may_run_as_its_own_user(self):
        self.world.set("serve", "files_user", "nobody")
        self.serve()
        told = status_of(self.world.pid("files"))
        self.assertEqual(set(told["Uid"].split()), {"65534"})
        self.assertEqual(set(told["Gid"].split()), {"65534"})
        self.assertEqual(told["CapEff"], "0" * 16)
        self.stop()
        self.world.set("serve", "files_user", None)

    def test_a_socket_for_nginx(self):
        path = self.world.path("run/web.sock")
        with open(self.world.path("hufu.conf"), encoding="utf-8") as f:
            before = f.read()
        self.world.set("serve", "listen", f"unix:{path}")
        self.serve()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            host = self.world.address("portal").removeprefix("http://")
            s.sendall(f"GET /api/v1/health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 200"))
        self.stop()
        self.serve()  # over the socket that was left
        self.stop()
        with open(self.world.path("hufu.conf"), "w", encoding="utf-8") as f:
            f.write(before)

    def test_systemd_is_told(self):
        path = self.world.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(path)
            told.settimeout(60)
            self.serve(env=dict(ENGLISH, NOTIFY_SOCKET=path))
            self.assertEqual(told.recv(100), b"READY=1")
        self.stop()


if __name__ == "__main__":
    unittest.main()
