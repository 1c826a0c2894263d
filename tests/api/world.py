"""A whole installation in a folder of its own on free ports: `hufu init --demo`, `hufu serve`, and what a test does to it.

    with World() as world: …            made, started; stopped and removed at the end
    world.stop(); world.start()         a restart
    world.kill("signer")                kill -9 of one process; hufu serve starts it anew
    World(clock_offset_s=86400 * 400)   another time (web, signer and status alike)
    world.later(86400 * 400)            a restart at that time
    world.start(fault="web:…")          one process dies at that point (tests/faults.txt)
"""
import contextlib
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

from page import Page

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 180


def build_folder():
    """The build folder that HUFU_BUILD names, or the newest one below the checkout that holds the command."""
    told = os.environ.get("HUFU_BUILD")
    if told:
        return os.path.abspath(told)
    found = glob.glob(os.path.join(ROOT, "build*/src/cli/hufu"))
    if not found:
        raise FileNotFoundError("hufu is not built: ninja -C build, or say by HUFU_BUILD where it is")
    return os.path.dirname(os.path.dirname(os.path.dirname(max(found, key=os.path.getmtime))))


def free_ports(count):
    """Below those that the kernel gives to connections, so that none of these takes one over a restart."""
    found = []
    while len(found) < count:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def wait_for(what, condition, patience_s=PATIENCE_S):
    """The first true value of CONDITION(); fails after PATIENCE_S with WHAT did not come."""
    until = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come within {patience_s} s")
        time.sleep(0.02)


class World:
    def __init__(self, build=None, clock_offset_s=0, start=True, settings=None, fault=None, hsm=None):
        self.hsm = hsm  # file of its section; None: software keys
        self.build = build or build_folder()
        self.hufu = os.path.join(self.build, "src/cli/hufu")
        self.folder = tempfile.mkdtemp(prefix="hufu-")
        self.serve = None
        self.cards = []
        self.log_path = self.folder + ".log"  # beside it: hufu init wants an empty folder
        try:
            self.init_status = self.try_init(fault)
            if not fault and self.init_status:
                self.init()
            if clock_offset_s:
                self.set_offset(clock_offset_s)
            for section, name, value in settings or ():
                self.set(section, name, value)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for card in list(self.cards):
            card.pull()
        self.stop()
        if os.environ.get("HUFU_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
            if os.path.exists(self.log_path):
                os.unlink(self.log_path)

    # ---- setting up ----

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def wait_trail_heads(self, least):
        """Until the journal has so many heads of the trail: web has one recorded soon after a start, then each hour."""
        deadline = time.monotonic() + 60
        while (heads := json.loads(self.run("audit", "verify", "--json", self.folder).stdout)["trail"]["heads"]) < least:
            assert time.monotonic() < deadline, heads
            time.sleep(0.2)

    def run(self, *arguments, check=True, **how):
        done = subprocess.run([self.hufu, *map(str, arguments)], capture_output=True, text=True, **{"timeout": 1200, **how})
        if check and done.returncode != 0:
            raise AssertionError(f"hufu {arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def init(self):
        """As often as a port was taken in between."""
        for _ in range(5):
            if self.try_init() == 0:
                return
        raise AssertionError(f"hufu init fails:\n{self.log()}")

    def try_init(self, fault=None):
        """Its exit status; what it says goes to the log."""
        web, paysim, agent, status = free_ports(4)
        done = self.run("init", "--demo", "--folder", self.folder, "--port", web, "--paysim-port", paysim, "--agent-port",
                        agent, "--status-port", status, *(("--hsm", self.hsm) if self.hsm else ()), check=False,
                        env=dict(os.environ, **({"HUFU_FAULT": fault} if fault else {})))
        with open(self.log_path, "a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        return done.returncode

    def set(self, section, name, value):
        """Writes one option of hufu.conf; None takes it out."""
        path = self.path("hufu.conf")
        with open(path, encoding="utf-8") as f:
            parts = re.split(r"(?m)^(?=\[)", f.read())
        if not any(part.startswith(f"[{section}]") for part in parts):
            parts.append(f"[{section}]\n")
        for i, part in enumerate(parts):
            if part.startswith(f"[{section}]"):
                part = re.sub(rf"(?m)^{name} *=.*\n", "", part).rstrip("\n") + "\n"
                parts[i] = part + (f"{name} = {value}\n\n" if value is not None else "\n")
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(parts))

    def set_offset(self, offset_s):
        """Of all that go by the time; taken at the next start."""
        for section in "web", "signer", "status":
            self.set(section, "clock_offset_s", offset_s)

    # ---- running ----

    def start(self, fault=None, ready=True):
        environment = {name: value for name, value in os.environ.items() if name != "HUFU_FAULT"}
        if fault:
            environment["HUFU_FAULT"] = fault
        with open(self.log_path, "ab") as log:
            self.serve = subprocess.Popen([self.hufu, "serve", "--folder", self.folder, "--insecure-dev"], env=environment, stdout=log,
                                          stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        if ready:
            wait_for("ready", self.is_ready)

    def later(self, offset_s):
        """A restart that many seconds from now; never earlier than before."""
        self.stop()
        self.set_offset(offset_s)
        self.start()

    def is_ready(self):
        if self.serve.poll() is not None:
            raise AssertionError(f"hufu serve ended with {self.serve.returncode}:\n{self.log()[-6000:]}")
        state = self.state() or {}
        return state.get("ready", False) and state["pid"] == self.serve.pid  # not what one that was killed left

    def stop(self):
        """As Ctrl-C does; its exit status."""
        if not self.serve:
            return None
        if self.serve.poll() is None:
            self.serve.send_signal(signal.SIGINT)
            try:
                self.serve.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.serve.kill()
                raise AssertionError(f"hufu serve did not end:\n{self.log()}") from None
        status, self.serve = self.serve.wait(), None
        return status

    def kill_all(self):
        """As a power failure would: everything at once, without a word."""
        pids = list(self.state()["processes"].values())
        self.serve.kill()
        self.serve.wait()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for("the end of all", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))
        self.serve = None
        self.forget_state()

    def forget_state(self):
        """What a killed hufu serve left behind says nothing of the next one."""
        if os.path.exists(self.path("run/state.json")):
            os.unlink(self.path("run/state.json"))

    def pid(self, process):
        return self.state()["processes"][process]

    def kill(self, process, wait=True):
        """kill -9; with WAIT until it runs again."""
        before = self.pid(process)
        os.kill(before, signal.SIGKILL)
        if wait:
            self.wait_for_new(process, before)

    def wait_for_new(self, process, before):
        wait_for(f"{process} anew", lambda: (self.state() or {}).get("processes", {}).get(process, before) != before)

    def settle(self):
        """Waits until everything runs and says that it works."""
        def works():
            try:
                return self.is_ready() and Page(self.address("portal")).try_api("GET", "health").status == 200
            except OSError:
                return False
        wait_for("everything", works)

    def state(self):
        try:
            with open(self.path("run/state.json"), encoding="utf-8") as f:
                return json.load(f)
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    # ---- who and where ----

    def address(self, name):
        return self.state()[name]

    def people(self):
        with open(self.path("usbkeys/people.json"), encoding="utf-8") as f:
            return json.load(f)

    def person(self, role, number=0):
        """The NUMBER-th operator with ROLE."""
        return [p for p in self.people() if role in p["roles"].split(",")][number]

    def card(self, serial=None):
        return Card(self, serial or f"HFTEST{random.randrange(10**12):012}")

    # ---- what was sent ----

    def messages(self, channel, to=None, since=0):
        """Of the sink, oldest first."""
        try:
            with open(self.path("sink", f"{channel}.jsonl"), encoding="utf-8") as f:
                found = [json.loads(line) for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [m for m in found[since:] if to in (None, m["to"])]

    def message(self, channel, to, part="", since=0):
        """The first message to TO with PART in it, waited for."""
        def look():
            return [m for m in self.messages(channel, to, since) if part in m["text"]]
        return wait_for(f"{channel} to {to} with {part!r}", look)[0]

    def a_minute_passes(self, mobile):
        """For MOBILE, to which one code a minute is sent (R-SMS-1)."""
        with contextlib.closing(sqlite3.connect(self.path("web/hufu.db"), timeout=20)) as db, db:
            db.execute("UPDATE sms_code SET sent_s = sent_s - 60 WHERE mobile = ?", (mobile,))

    def code(self, mobile, since=0):
        """The last code sent to MOBILE after the first SINCE messages of the sink."""
        def look():
            texts = [re.search(r"验证码\D{0,3}(\d{6})(?!\d)", m["text"]) for m in self.messages("sms", mobile, since)]
            return [found.group(1) for found in texts if found]
        return wait_for("the login code", look)[-1]


class Card:
    """A virtual USBKey, blank and plugged in."""

    def __init__(self, world, serial):
        self.world, self.serial = world, serial
        # Not among those that hufu serve plugs in by itself.
        self.image, self.socket = world.path("cards", f"{serial}.image"), world.path("usbkeys", f"{serial}.sock")
        os.makedirs(world.path("cards"), exist_ok=True)
        self.process = None
        program = self.program()
        subprocess.run([program, "--new", "--image", self.image, "--serial", serial, "--maker", world.path("maker")],
                       check=True, capture_output=True, timeout=PATIENCE_S)
        self.plug()

    def program(self):
        found = glob.glob(os.path.join(self.world.build, "src/token/**/hufu-card"), recursive=True)
        return found[0]

    def plug(self, fault=None):
        environment = dict(os.environ, **({"HUFU_FAULT": fault} if fault else {}))
        with open(self.world.log_path, "ab") as log:
            self.process = subprocess.Popen([self.program(), "--image", self.image, "--socket", self.socket],
                                            env=environment, stdout=log, stderr=log)
        if self not in self.world.cards:
            self.world.cards.append(self)  # pulled at the end, whatever happens
        wait_for("the USBKey's socket", self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"hufu-card ended with {self.process.returncode}:\n{self.world.log()}")
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def pull(self, signal_number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal_number)
            self.process.wait(PATIENCE_S)
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = None
        if self in self.world.cards:
            self.world.cards.remove(self)
