#!/usr/bin/env python3
"""script/package: what is in the packages, and that they install, run and go away. R-KEY-4"""
import gzip
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import types
import unittest

from agent_bench import BUILD, Agent, Card, free_ports
from namespace import unshare
from screen import Screen
from website import Site
from world import ROOT, wait_for

HOSTS = {"amd64": [], "arm64": ["qemu-aarch64-static", "-L"]}
AGENT_FILES = """/etc/chromium/policies/managed/hufu-agent.json /etc/hufu/agent.conf
/etc/opt/chrome/policies/managed/hufu-agent.json /etc/opt/edge/policies/managed/hufu-agent.json
/etc/xdg/autostart/hufu-agent.desktop /usr/lib/hufu/hufu-agent /usr/lib/hufu/hufu-agent-helper
/usr/lib/hufu/hufu-agent-window /usr/share/applications/hufu-agent.desktop /usr/share/doc/hufu-agent/changelog.gz
/usr/share/doc/hufu-agent/copyright /usr/share/hufu-agent/origins.list
/usr/share/icons/hicolor/scalable/apps/hufu-agent.svg /usr/share/man/man1/hufu-agent.1.gz
/usr/share/man/zh_CN/man1/hufu-agent.1.gz""".split()
SKF_FILES = """/usr/bin/hufu-key /usr/lib/hufu/libhufu-skf.so /usr/share/doc/hufu-skf/changelog.gz
/usr/share/doc/hufu-skf/copyright /usr/share/man/man1/hufu-key.1.gz /usr/share/man/zh_CN/man1/hufu-key.1.gz""".split()
PORTAL = "http://portal.localhost:8080"
PAIR, ASK_PIN = 0, 1  # enum window_kind


def run(*command, **how):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **how)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


made = types.SimpleNamespace()


def setUpModule():
    """The packages are made once."""
    made.folder = tempfile.mkdtemp(prefix="hufu-packages-")
    unittest.addModuleCleanup(shutil.rmtree, made.folder, ignore_errors=True)
    made.out = os.path.join(made.folder, "dist")
    done = subprocess.run([os.path.join(ROOT, "script/package"), "--out", made.out], capture_output=True, text=True,
                          timeout=850, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    made.left_out = set(re.findall(r"^(\w+) is left out: ", done.stderr, re.M))
    for line in re.findall(r"^\w+ is left out: .*", done.stderr, re.M):
        print(f"note: {line}", flush=True)  # the cases below say nothing of it then
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
        made.version = re.search(r"version: '([^']+)'", f.read())[1]


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.out, cls.left_out, cls.version = made.folder, made.out, made.left_out, made.version

    def deb(self, package, arch):
        """The package's path; None where Debian 11 could not be had, which script/package has said."""
        path = os.path.join(self.out, f"hufu-{package}_{self.version}_{arch}.deb")
        if arch in self.left_out:
            self.assertFalse(os.path.exists(path))
            return None
        return path

    def unpacked(self, arch):
        folder = tempfile.mkdtemp(dir=self.folder)
        for package in "agent", "skf":
            run("dpkg-deb", "-x", self.deb(package, arch), folder)
        return folder

    def sysroot(self, arch):
        return os.path.join(ROOT, f"build-package/debian-bullseye-{arch}/root")

    # ---- content ----

    def test_r_key_4_contents_and_what_they_need(self):
        for arch in HOSTS:
            if not self.deb("agent", arch):
                continue
            for package, files in ("agent", AGENT_FILES), ("skf", SKF_FILES):
                listed = run("dpkg-deb", "-c", self.deb(package, arch)).splitlines()
                self.assertEqual(sorted(line.split()[-1][1:] for line in listed if line.startswith("-")), sorted(files))
                self.assertTrue(all(line.split()[1] == "root/root" for line in listed))
                self.assertIn(f"Architecture: {arch}\n", run("dpkg-deb", "-f", self.deb(package, arch)))
            self.check_needs(arch)
            self.check_pages(self.unpacked(arch))

    def check_pages(self, folder):
        """Chinese manual pages, and an entry of the desktop that says what it is."""
        for name in "hufu-agent", "hufu-key":
            with gzip.open(os.path.join(folder, f"usr/share/man/zh_CN/man1/{name}.1.gz"), "rt", encoding="utf-8") as f:
                text = f.read()
            self.assertIn(".SH 用法", text)
            self.assertIn("口令", text)
        with open(os.path.join(folder, "etc/xdg/autostart/hufu-agent.desktop"), encoding="utf-8") as f:
            text = f.read()
        self.assertIn("Name[zh_CN]=USBKey 控件\n", text)
        self.assertIn("Exec=/usr/lib/hufu/hufu-agent --config /etc/hufu/agent.conf\n", text)

    def check_needs(self, arch):
        """Nothing newer than Debian 11's glibc, no OpenSSL; no toolkit but in the window."""
        folder = self.unpacked(arch)
        for base, _, names in os.walk(os.path.join(folder, "usr")):
            for name in names:
                path = os.path.join(base, name)
                with open(path, "rb") as f:
                    if f.read(4) != b"\x7fELF":
                        continue
                told = run("objdump", "-p", path)
                versions = [tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([0-9.]+)", told)]
                self.assertLessEqual(max(versions), (2, 31), name)
                needed = re.findall(r"NEEDED +(\S+)", told)
                self.assertFalse([n for n in needed if n.startswith(("libssl", "libcrypto"))], name)
                if name != "hufu-agent-window":
                    self.assertLessEqual(set(needed), {"libc.so.6", "libpthread.so.0", "libdl.so.2",
                                                       "ld-linux-aarch64.so.1"}, name)

    def test_sums_and_the_same_again(self):
        with open(os.path.join(self.out, "SHA256SUMS"), encoding="ascii") as f:
            sums = f.read()
        run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=self.out)
        self.assertEqual(sorted(line.split()[1] for line in sums.splitlines()),
                         sorted(n for n in os.listdir(self.out) if n not in ("SHA256SUMS", "index.json")))
        again = os.path.join(self.folder, "again")
        run(os.path.join(ROOT, "script/package"), "--out", again, "--only", "amd64")
        for name in os.listdir(again):
            if name.endswith(".deb"):
                self.assertIn(run("sha256sum", name, cwd=again).split()[0], sums)

    def test_r_key_4_what_cannot_be_had_is_left_out_in_words(self):
        """No mirror with the older Debian: a message, no package, and nothing fails."""
        tree = tempfile.mkdtemp(dir=self.folder)
        os.mkdir(os.path.join(tree, "script"))
        shutil.copy(os.path.join(ROOT, "script/package"), os.path.join(tree, "script"))
        for name, target in ("packaging", "packaging"), ("meson.build", "meson.build"), ("build", BUILD):
            os.symlink(os.path.join(ROOT, target), os.path.join(tree, name))
        with open(os.path.join(tree, "apt.conf"), "w", encoding="ascii") as f:
            f.write('Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "/dev/null";\n')
        done = subprocess.run([os.path.join(tree, "script/package"), "--only", "arm64"], capture_output=True, text=True,
                              timeout=120, check=False, env=dict(os.environ, APT_CONFIG=os.path.join(tree, "apt.conf")))
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIn("arm64 is left out: apt has no mirror of Debian configured", done.stderr)
        self.assertEqual(sorted(os.listdir(os.path.join(tree, "dist"))), ["SHA256SUMS", "index.json"])

    def test_r_key_5_the_regulatory_platform_offers_them(self):
        """R-KEY-5: with checksums; other hosts have none, and nothing else of the machine comes out."""
        with Site(relay=False, settings={"downloads": self.out}) as site:
            listed = site.ask("GET", "platform", "/downloads/index.json").json
            self.assertEqual({p["name"] for p in listed}, set(os.listdir(self.out)) - {"SHA256SUMS", "index.json"})
            for p in listed:
                answer = site.ask("GET", "platform", "/downloads/" + p["name"])
                self.assertEqual((len(answer.body), hashlib.sha256(answer.body).hexdigest()), (p["size"], p["sha256"]))
                self.assertEqual(answer.getheader("Content-Disposition"), "attachment")
                self.assertIn(p["package"], ("skf", "agent"))
                self.assertIn(p["system"], ("amd64", "arm64", "windows"))
            for host, path in (("portal", "/downloads/index.json"), ("platform", "/downloads/none.deb"),
                               ("platform", "/downloads/.."), ("platform", "/downloads/")):
                self.assertGreaterEqual(site.ask("GET", host, path).status, 400, (host, path))

    def test_the_list_of_websites_is_the_demonstration_s_and_signed(self):
        if not self.deb("agent", "amd64"):
            return
        folder = self.unpacked("amd64")
        with open(os.path.join(folder, "etc/hufu/agent.conf"), encoding="utf-8") as f:
            key = re.search(r"^origin_list_key = ([0-9a-f]{128})$", f.read(), re.M)[1]
        with open(os.path.join(folder, "usr/share/hufu-agent/origins.list"), encoding="utf-8") as f:
            told = run(os.path.join(BUILD, "src/token/agent/hufu-agent-origins"), "check", key, stdin=f)
        self.assertEqual(told.split("\n")[0], PORTAL)
        with open(os.path.join(folder, "etc/chromium/policies/managed/hufu-agent.json"), encoding="utf-8") as f:
            policy = json.load(f)
        self.assertIn(PORTAL, policy["LoopbackNetworkAllowedForUrls"])

    # ---- installed ----

    def in_overlay(self, script):
        """Runs SCRIPT as root of a copy of this machine that is thrown away."""
        prepare = f"""set -e
mount -t tmpfs none {self.folder}
mkdir {self.folder}/changes {self.folder}/work {self.folder}/root
mount -t overlay overlay -o lowerdir=/,upperdir={self.folder}/changes,workdir={self.folder}/work {self.folder}/root
mount -t proc none {self.folder}/root/proc
mount --bind /dev {self.folder}/root/dev
mkdir -p {self.folder}/root/packages
mount --bind /proc/self/fd/9/. {self.folder}/root/packages
exec chroot {self.folder}/root bash -ec "$1"
"""
        return run(*unshare("-p", "--fork"), "bash", "-c", f"exec 9<{self.out}; {prepare}", "bash", script)

    def test_r_key_4_installs_upgrades_and_goes(self):
        if not self.deb("agent", "amd64"):
            return
        port = free_ports(1)[0]
        told = self.in_overlay(f"""
            export HOME=/root DEBIAN_FRONTEND=noninteractive
            cd /packages
            dpkg -i hufu-skf_{self.version}_amd64.deb hufu-agent_{self.version}_amd64.deb >/dev/null
            ! test -e /root/.local/state/hufu-agent
            sed -i 's/^port = .*/port = {port}/' /etc/hufu/agent.conf
            # as the session does at login
            $(sed -n 's/^Exec=//p' /etc/xdg/autostart/hufu-agent.desktop) 2>/tmp/agent.log &
            for i in $(seq 100); do grep -q ready /tmp/agent.log && break; sleep 0.1; done
            grep -o 'libraries=1 origins=3' /tmp/agent.log
            curl -s -X POST -H 'Content-Type: application/json' -H 'Origin: {PORTAL}' -d '{{}}' \\
                http://127.0.0.1:{port}/v1/hello; echo
            /usr/lib/hufu/hufu-agent --help 2>&1 | head -1
            man -l /usr/share/man/zh_CN/man1/hufu-agent.1.gz 2>/dev/null | head -3 >/dev/null
            # again, as an upgrade: what the administrator changed stays, the running one ends
            dpkg -i hufu-agent_{self.version}_amd64.deb >/dev/null
            grep -c 'port = {port}' /etc/hufu/agent.conf
            pgrep -x hufu-agent || echo ended
            dpkg -r hufu-agent >/dev/null; test -e /etc/hufu/agent.conf; ! test -e /usr/lib/hufu/hufu-agent
            dpkg -P hufu-agent hufu-skf >/dev/null
            find / -xdev -newer /packages -name '*hufu*' -not -path '/root/*' -not -path '/proc/*' -not -path '/tmp/*' \\
                -not -path '/packages/*' -not -path '/var/*' 2>/dev/null | wc -l
            find /etc/hufu /usr/lib/hufu /usr/share/hufu-agent /etc/xdg/autostart/hufu-agent.desktop 2>/dev/null | wc -l
        """)
        self.assertEqual(told.splitlines(), [
            "libraries=1 origins=3", '{"agent":"1.0","protocol":"1","paired":false,"pin":"window"}',
            "usage: hufu-agent --config FILE [--insecure-dev] [-t]", "1", "ended", "0", "0"])

    # ---- other machines ----

    def test_r_key_4_arm64_runs(self):
        if not self.deb("agent", "arm64"):
            return
        folder = self.unpacked("arm64")
        programs = os.path.join(folder, "usr/lib/hufu")
        emulator = ["qemu-aarch64-static", "-L", self.sysroot("arm64")]
        with Agent(prefix=emulator, program=os.path.join(programs, "hufu-agent")) as agent:
            page = agent.page("https://portal.example")
            self.assertEqual(page.tell("hello")["protocol"], "1")
        card = Card(self.folder, "HF00000041")
        self.addCleanup(card.pull)
        helper = subprocess.Popen([*emulator, os.path.join(programs, "hufu-agent-helper"),
                                   os.path.join(programs, "libhufu-skf.so")], stdin=(pair := socket.socketpair())[1],
                                  stdout=pair[1], env=dict(os.environ, HUFU_USBKEYS=card.usbkeys))
        pair[1].close()
        with pair[0] as agent:
            agent.settimeout(60)
            agent.sendall(struct.pack(">IB", 1, 1))  # HELPER_LIST
            length, code = struct.unpack(">II", agent.recv(8, socket.MSG_WAITALL))
            rest = agent.recv(length - 4, socket.MSG_WAITALL)
        helper.wait(60)
        self.assertEqual(code, 0)
        self.assertIn(b"HF00000041", rest)


class OnWindows(unittest.TestCase):
    """Under wine: both installers, what they install, and that it goes."""
    UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall"

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=made.folder)
        cls.environment = dict(os.environ, WINEPREFIX=os.path.join(cls.folder, "wine"), WINEDEBUG="-all", LC_ALL="C.UTF-8",
                               WINEDLLOVERRIDES="mscoree=;mshtml=", HUFU_USBKEYS=".")
        cls.screen = Screen()
        cls.addClassCleanup(cls.screen.close)
        cls.environment.update(cls.screen.environment)
        cls.addClassCleanup(subprocess.run, ["wineserver", "-k"], env=cls.environment, capture_output=True, check=False)
        subprocess.run(["wineserver", "-p"], env=cls.environment, capture_output=True, check=False)  # stays between programs
        cls.installed = os.path.join(cls.folder, "wine/drive_c/Program Files/Hufu")
        cls.keys = os.path.join(cls.folder, "keys")
        os.mkdir(cls.keys)
        cls.card = os.path.join(ROOT, "build-package/windows-tree/usr/bin/hufu-card.exe")
        for package in "skf", "agent":
            cls.wine(os.path.join(made.out, f"hufu-{package}_{made.version}_windows.exe"), "/S")
            wait_for("the files", lambda: os.path.exists(os.path.join(cls.installed, f"uninstall-{package}.exe")))
        cls.wine(cls.card, "--new-maker", "--maker", "maker")
        cls.wine(cls.card, "--new", "--image", "key.image", "--serial", "HFwindows", "--maker", "maker")

    @classmethod
    def wine(cls, *command, status=0):
        for _ in range(3):
            done = subprocess.run(["wine", *command], cwd=cls.keys, env=cls.environment, capture_output=True, text=True,
                                  timeout=300, check=False)
            if "ShellExecuteEx failed: Internal error" not in done.stderr:
                break  # on a busy machine wine does not always get to starting a program
        if done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if status else "")

    def key(self, *command, status=0):
        return self.wine(os.path.join(self.installed, "hufu-key.exe"), *command, status=status)

    def plug(self):
        card = subprocess.Popen(["wine", self.card, "--image", "key.image", "--socket", "key.sock"], cwd=self.keys,
                                env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(card.stdout.readline().strip(), "ready: key.sock")
        return card

    def pull(self, card):
        card.kill()
        card.communicate(timeout=60)

    def test_r_key_4_the_driver_conforms(self):
        """R-KEY-2, R-KEY-4, R-KEY-6: the whole API against a virtual key; both for Windows."""
        card = self.plug()
        self.addCleanup(self.pull, card)
        with open(os.path.join(self.keys, "maker/transport.key"), "rb") as f:
            device_key = hmac.new(f.read(), b"HUFU-DEVICE-KEY-v1HFwindows", "sm3").digest()[:16]
        with open(os.path.join(self.keys, "device.key"), "wb") as f:
            f.write(device_key)
        keys = json.loads(self.key("--json", "list"))
        self.assertEqual([(k["key"], k["serial"], k["state"]) for k in keys], [("key", "HFwindows", "blank")])
        rows = json.loads(self.key("conformance", os.path.join(self.installed, "hufu-skf.dll"), "key", "--device-key",
                                   "device.key", "--json"))
        self.assertGreater(len(rows), 190)
        self.assertEqual({r["verdict"] for r in rows}, {"same"})
        self.assertIn("CARD_BUSY", self.wine(self.card, "--image", "key.image", "--socket", "other.sock", status=1))

    def test_others_do_not_get_in_without_the_secret(self):
        """The file beside the image names port and secret; another secret is shown the door."""
        card = self.plug()
        self.addCleanup(self.pull, card)
        with open(os.path.join(self.keys, "key.sock"), encoding="ascii") as f:
            port, secret = f.read().split()
        self.assertEqual(len(secret), 64)
        wrong = os.path.join(self.keys, "wrong.sock")
        with open(wrong, "w", encoding="ascii") as f:
            f.write(f"{port} {'0' * 64}")
        self.addCleanup(os.unlink, wrong)
        self.key("info", "wrong", status=1)
        self.key("info", "key")

    def asked(self, kind, tries, *acts):
        """What the window hands back (window_api.h) for a question of KIND, after each of ACTS by the person."""
        texts = [t.encode() for t in ("登录", PORTAL, "HF1", "张三", "")]
        question = bytes([kind, tries, 0, 0]) + b"".join(struct.pack(">I", len(t)) + t for t in texts)
        window = subprocess.Popen(["wine", os.path.join(self.installed, "hufu-agent-window.exe")], env=self.environment,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(window.communicate)
        self.addCleanup(window.kill)
        window.stdin.write(struct.pack(">I", len(question)) + question)
        window.stdin.flush()
        self.screen.window()
        for act in acts:
            self.assertIsNone(window.poll(), "it waits")
            act()
            time.sleep(0.5)
        wait_for("the answer", lambda: window.poll() is not None)
        answer = window.stdout.read()
        return answer[0], answer[1:].rstrip(b"\0").decode()

    def test_r_key_3_the_person_is_asked_in_a_window_of_windows(self):
        """R-KEY-3: Return is no where nothing was typed; the PIN as typed; at two tries left the person must insist."""
        def key(name):
            return lambda: self.screen.do("key", name)
        self.assertEqual(self.asked(PAIR, 255, key("Return")), (0, ""))
        self.assertEqual(self.asked(PAIR, 255, key("alt+y")), (1, ""))
        self.assertEqual(self.asked(ASK_PIN, 6, lambda: self.screen.type("827164")), (1, "827164"))
        self.assertEqual(self.asked(ASK_PIN, 2, lambda: self.screen.type("827164"), key("alt+i"), key("alt+y")), (1, "827164"))
        self.assertEqual(self.asked(ASK_PIN, 6, lambda: self.screen.do("type", "827164"), key("Escape")), (0, ""))

    def test_r_key_4_zz_it_runs_and_goes(self):
        """R-KEY-3, R-KEY-4: what was installed; the agent starts at login, finds the driver beside it, and goes. Last."""
        self.assertEqual(sorted(os.listdir(self.installed)), sorted(
            ["agent.conf", "copyright.txt", "copyright-skf.txt", "hufu-agent-helper.exe", "hufu-agent-window.exe",
             "hufu-agent.exe", "hufu-key.exe", "hufu-skf.dll", "origins.list", "uninstall-agent.exe", "uninstall-skf.exe"]))
        told = self.wine("reg", "query", r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run", "/v", "hufu-agent")
        self.assertIn(r'"C:\Program Files\Hufu\hufu-agent.exe" --config', told)
        policy = self.wine("reg", "query", r"HKLM\Software\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls")
        self.assertIn(PORTAL, policy)
        card = self.plug()
        environment = dict(self.environment, HUFU_USBKEYS="Z:" + self.keys)
        with Agent(prefix=["wine"], program=os.path.join(self.installed, "hufu-agent.exe"), environment=environment) as agent:
            keys = agent.page("https://portal.example").tell("keys")["keys"]
            self.assertEqual([key["serial"] for key in keys], ["HFwindows"])
            self.pull(card)
            for package in "agent", "skf":
                self.wine(os.path.join(self.installed, f"uninstall-{package}.exe"), "/S")
            wait_for("the files' end", lambda: not os.path.exists(self.installed))
        self.wine("reg", "query", r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run", "/v", "hufu-agent", status=1)
        self.wine("reg", "query", self.UNINSTALL + r"\hufu-skf", status=1)


if __name__ == "__main__":
    unittest.main()
