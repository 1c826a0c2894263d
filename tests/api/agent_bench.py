"""hufu-agent as a process with a configuration of its own, pages that ask it, and the USBKeys that it finds."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from world import build_folder, free_ports, wait_for

BUILD = build_folder()
AGENT = os.path.join(BUILD, "src/token/agent/hufu-agent")
CARD = os.path.join(BUILD, "src/token/card/hufu-card")
DRIVER = os.path.join(BUILD, "src/token/skf/libhufu-skf.so")
ISSUER = os.path.join(BUILD, "tests/unit/token/agent/agent-issuer")
PORTAL, CONSOLE = "https://portal.example", "https://console.example"
LAYOUTS = "4-packed", "4-natural", "8-packed", "8-natural"


def fake_library(layout):
    return os.path.join(BUILD, f"tests/unit/token/agent/fake-skf-{layout}.so")


def issuer(*arguments, stdin=None):
    """What a CA answers (tests/unit/token/agent/agent_issuer.c)."""
    done = subprocess.run([ISSUER, *arguments], input=stdin, capture_output=True, timeout=60)
    if done.returncode == 2:
        raise AssertionError(done.stderr.decode())
    return json.loads(done.stdout) if done.stdout else done.returncode == 0


def login_statement(origin, serial):
    return (f"HUFU-LOGIN-v1\nmeans: usbkey\norigin: {origin}\nrelying_party: 国资监管平台\n"
            f"session: 0123456789abcdefghjkmnpqrs\nnonce: 0011\ncertificate: {serial}\ntime: 1795565534\n")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, {k.lower(): v for k, v in headers}
        self.json = json.loads(body) if body else {}
        self.name = self.json.get("name", "")
        self.tries_left = self.json.get("tries_left")

    def __getitem__(self, name):
        return self.json[name]

    def __repr__(self):
        return f"{self.status} {self.json}"


class Agent:
    """with Agent(libraries=[…]) as agent: agent.page(PORTAL).tell("keys")"""

    def __init__(self, libraries=(), insecure_dev=True, environment=None, settings=(), prefix=(), folder=None,
                 program=AGENT):
        self.folder = folder or tempfile.mkdtemp(prefix="hufu-agent-test-")
        self.own_folder = folder is None
        self.port = free_ports(1)[0]
        self.log_path = os.path.join(self.folder, "agent.log")
        self.config = os.path.join(self.folder, "hufu.conf")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[agent]\nport = {self.port}\nfolder = state\norigins = {PORTAL}\n"
                    f"production_origins = {CONSOLE}\n")
            if libraries:
                f.write("libraries = " + "; ".join(libraries) + "\n")
            f.writelines(line + "\n" for line in settings)
        self.insecure_dev, self.environment, self.prefix = insecure_dev, environment or {}, list(prefix)
        self.program, self.process = program, None
        self.start()

    def start(self):
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment.update(self.environment)
        options = ["--insecure-dev"] if self.insecure_dev else []
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, self.program, "--config", self.config, *options], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("the agent", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"hufu-agent ended with {self.process.returncode}:\n{self.log()}")
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        status, self.process = self.process.returncode, None
        return status

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.stop()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def page(self, origin, pair=True):
        return Page(self, origin, pair)

    def raw(self, data, host="127.0.0.1", patience_s=20):
        """Sends bytes as they are; what came back, as far as it came."""
        with socket.create_connection((host, self.port), patience_s) as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: s.recv(65536), b""))
            except (ConnectionResetError, BrokenPipeError):
                return b""


class Page:
    """A page of ORIGIN, as a browser would let it ask."""

    def __init__(self, agent, origin, pair=True):
        self.agent, self.origin, self.token = agent, origin, None
        if pair:
            self.token = self.tell("pair")["token"]

    def headers(self, **other):
        headers = {"Host": f"127.0.0.1:{self.agent.port}", "Origin": self.origin, "Content-Type": "application/json",
                   "Hufu-Pairing": self.token}
        headers.update({k.replace("_", "-"): v for k, v in other.items()})
        return {k: v for k, v in headers.items() if v is not None}

    def ask(self, operation, body=None, method="POST", **headers):
        """The answer, whatever it is. Headers: Content_Type=None leaves one out."""
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=120)
        try:
            connection.putrequest(method, "/v1/" + operation, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers(**headers).items():
                connection.putheader(name, value)
            if "Content_Length" not in headers:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def try_tell(self, operation, **body):
        return self.ask(operation, body)

    def tell(self, operation, **body):
        answer = self.ask(operation, body)
        if answer.status != 200:
            raise AssertionError(f"{operation}: {answer}")
        return answer

    def keys(self):
        return self.tell("keys")["keys"]


class Fake:
    """A token of another maker: a test library's folder."""

    def __init__(self, folder, pin="827164", tries=6, preset=False, mode=""):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.made = issuer("fake", folder)
        self.serial = self.made["serial"]
        self.set_pin(pin, tries, preset)
        self.set_mode(mode)
        self.environment = {"HUFU_FAKE_SKF": folder}

    def set_pin(self, pin, tries=6, preset=False):
        with open(os.path.join(self.folder, "pin"), "w", encoding="ascii") as f:
            f.write(f"{tries} {int(preset)} {pin}")

    def pin(self):
        with open(os.path.join(self.folder, "pin"), encoding="ascii") as f:
            tries, preset, pin = f.read().split()
        return int(tries), preset == "1", pin

    def set_mode(self, mode):
        with open(os.path.join(self.folder, "mode"), "w", encoding="ascii") as f:
            f.write(mode)


class Card:
    """A virtual USBKey of a maker of its own, plugged in."""

    def __init__(self, folder, serial):
        self.folder, self.serial = folder, serial
        self.maker, self.usbkeys = os.path.join(folder, "maker"), os.path.join(folder, "usbkeys")
        os.makedirs(self.usbkeys, exist_ok=True)
        if not os.path.exists(self.maker):
            self.run("--new-maker", "--maker", self.maker)
        self.image, self.socket = os.path.join(folder, serial + ".image"), os.path.join(self.usbkeys, serial + ".sock")
        self.run("--new", "--image", self.image, "--serial", serial, "--maker", self.maker)
        self.process = None
        self.plug()

    def run(self, *arguments):
        subprocess.run([CARD, *arguments], check=True, capture_output=True, timeout=60)

    def plug(self):
        self.process = subprocess.Popen([CARD, "--image", self.image, "--socket", self.socket],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("the USBKey", self.answers)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def pull(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    # ---- as the console does it ----

    def entry(self, page):
        return next((k for k in page.keys() if k["serial"] == self.serial), None)

    def open(self, console):
        key = wait_for("the key in the list", lambda: self.entry(console))["key"]
        seen = console.tell("inspect", key=key)
        opened = issuer("open", self.maker, self.serial, seen["challenge"], seen["card_certificate"])
        made = console.tell("open", key=key, **opened)
        return key, made

    def produce(self, console, name="测试一"):
        """Keys and certificates on a blank card; its key id and what was issued."""
        key, made = self.open(console)
        issued = issuer("certificates", made["public_key"], name)
        console.tell("write", key=key, signing_certificate=issued["signing_certificate"],
                     encryption_certificate=issued["encryption_certificate"], enveloped_key=issued["enveloped_key"])
        console.tell("close", key=key)
        return key, issued


def verifies(certificate, signature, statement):
    return issuer("verify", certificate, signature, stdin=statement.encode())


def children(process):
    """Process ids of its children, whichever of its threads started them."""
    found = []
    for task in os.listdir(f"/proc/{process.pid}/task"):
        try:
            with open(f"/proc/{process.pid}/task/{task}/children", encoding="ascii") as f:
                found += [int(n) for n in f.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass  # a thread that has just ended
    return found
