"""hufu-web alone with the peers a test wants, over sockets made here: what `hufu serve` is to it, in a few lines.

    with Site() as site: …            a folder of its own, a loopback port, hufu-relay with sinks
    Site(relay=False)                 without it
    site.ask("GET", "portal", "/api/v1/health")
"""
import fcntl
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from world import ROOT, wait_for

F_ADD_SEALS, ALL_SEALS = 1033, 0xF
HELLO, SUPERVISE_PEER = 1, 0x400


def build():
    told = os.environ.get("HUFU_BUILD")
    found = [told] if told else glob.glob(os.path.join(ROOT, "build*"))
    return os.path.abspath(max((b for b in found if os.path.exists(os.path.join(b, "src/web/hufu-web"))),
                               key=lambda b: os.path.getmtime(os.path.join(b, "src/web/hufu-web"))))


def key_descriptor(secret):
    fd = os.memfd_create("key", os.MFD_ALLOW_SEALING)
    os.write(fd, secret)
    fcntl.fcntl(fd, F_ADD_SEALS, ALL_SEALS)
    return fd


def answer_hello(control):
    """Builds agree when they say the same: what it says is said back. False: it ended without a word."""
    packet = control.recv(65536)
    if not packet:
        return False
    if struct.unpack(">IHHQ", packet[:16])[1] != HELLO:
        raise AssertionError("no hello")
    control.send(packet)
    return True


def pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Site:
    def __init__(self, relay=True, start=True, settings=(), environment=None, secret=b"k" * 32):
        self.build, self.secret = build(), secret
        self.folder = tempfile.mkdtemp(prefix="hufu-site-")
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listening.getsockname()[1]
        self.settings = dict(settings)
        self.environment = environment or {}
        self.processes = {}
        self.control = None
        self.cookies = {}
        for name in ("web", "sink", "ui/portal/dist/assets"):
            os.makedirs(self.path(name))
        self.write_config()
        try:
            if start:
                self.start()
                if relay:
                    self.start_relay()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def host(self, name):
        return f"{name}.localhost:{self.port}"

    def origin(self, name):
        return "http://" + self.host(name)

    def write_config(self, **relay):
        web = {"folder": "web", "pages": "ui", "calendar": os.path.join(ROOT, "data/calendar"), "demonstration": "yes", "sms_per_hour": 100000,
               **{name: self.origin(name) for name in ("portal", "console", "platform")}, **self.settings}
        relay = {"sms_sink": self.path("sink/sms.jsonl"), "email_sink": self.path("sink/email.jsonl"), **relay}
        with open(self.path("hufu.conf"), "w", encoding="utf-8") as f:
            for section, options in (("web", web), ("relay", relay)):
                f.write(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()
                                                   if value is not None))

    # ---- processes ----

    def spawn(self, name, program, *arguments, fds=()):
        with open(self.path("log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                [os.path.join(self.build, program), *map(str, arguments)], pass_fds=fds, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.environment})
        return self.processes[name]

    def start(self, ready=True):
        if self.control:
            self.control.close()
        ours, theirs = pair()
        key = key_descriptor(self.secret)
        listening = self.listening.fileno()
        process = self.spawn("web", "src/web/hufu-web", "--config", self.path("hufu.conf"), "--control", theirs.fileno(),
                             "--listen", listening, "--key", key, fds=(theirs.fileno(), listening, key))
        theirs.close()
        os.close(key)
        self.control = ours
        if ready:
            if not answer_hello(ours):
                raise AssertionError(f"hufu-web ended with {process.wait(30)}:\n{self.log()}")
            wait_for("hufu-web", lambda: self.is_ready(process))

    def is_ready(self, process):
        if process.poll() is not None:
            raise AssertionError(f"hufu-web ended with {process.returncode}:\n{self.log()}")
        return self.log().rfind(" web ready ") > self.log().rfind(" web stop ")

    def hand(self, name, peer):
        """Gives web a socket to NAME."""
        body = struct.pack(">I", len(name)) + name.encode()
        head = struct.pack(">IHHQ", 16 + len(body), SUPERVISE_PEER, 0, 0)
        socket.send_fds(self.control, [head + body], [peer.fileno()])

    def start_relay(self):
        ours, theirs = pair()
        self.spawn("relay", "src/relay/hufu-relay", "--config", self.path("hufu.conf"), "--socket", theirs.fileno(),
                   "--insecure-dev", fds=(theirs.fileno(),))
        theirs.close()
        self.hand("relay", ours)
        ours.close()
        wait_for("the relay", self.relay_is_there)

    def relay_is_there(self):
        if self.processes["relay"].poll() is not None:
            raise AssertionError(f"hufu-relay ended with {self.processes['relay'].returncode}:\n{self.log()}")
        return "relay" not in self.health().get("missing", "")

    def end(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(30)

    def stop(self, number=signal.SIGTERM):
        """Ends hufu-web; its status."""
        status = self.end("web", number)
        self.control.close()
        return status

    def close(self):
        for name in list(self.processes):
            try:
                self.end(name)
            except subprocess.TimeoutExpired:
                self.end(name, signal.SIGKILL)
        self.listening.close()
        if self.control:
            self.control.close()
        if os.environ.get("HUFU_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    # ---- asking ----

    def ask(self, method, host, path, body=None, **fields):
        """Status, fields and JSON. Cookies are kept for each host, as a browser does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Host": self.host(host), "Content-Type": "application/json"} if body is not None else \
            {"Host": self.host(host)}
        if host in self.cookies:
            headers["Cookie"] = "session=" + self.cookies[host]
        headers.update({name.replace("_", "-"): value for name, value in fields.items()})
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self.cookies[host] = re.match(r"session=([^;]*)", cookie)[1]
            if not self.cookies[host]:
                del self.cookies[host]
        answer.body = text
        answer.json = json.loads(text) if text and "json" in answer.getheader("Content-Type", "") else {}
        return answer

    def health(self):
        return self.ask("GET", "portal", "/api/v1/health").json

    def messages(self, channel):
        try:
            with open(self.path("sink", channel + ".jsonl"), encoding="utf-8") as f:
                return [json.loads(line) for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def sleep(self, seconds):
        time.sleep(seconds)
