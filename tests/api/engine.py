"""The engine alone, in its small test server (tests/unit/web/http_server.c), and a client that sends bytes as
they are told, since what is tested here no client library would send."""
import glob
import json
import os
import socket
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def server_path(name):
    """In the build folder that HUFU_BUILD names, or else in the newest below the checkout."""
    told = os.environ.get("HUFU_BUILD")
    found = glob.glob(os.path.join(told or os.path.join(ROOT, "build*"), "tests/unit/web", name))
    if not found:
        raise FileNotFoundError(f"{name}: build it, or say by HUFU_BUILD in which folder it was built")
    return max(found, key=os.path.getmtime)


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)


class Peer:
    """One connection."""

    def __init__(self, address, timeout=10):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def more(self):
        piece = self.socket.recv(65536)
        self.held += piece
        return piece

    def until(self, mark):
        while mark not in self.held:
            if not self.more():
                raise EOFError(self.held)
        found, self.held = self.held.split(mark, 1)
        return found

    def head(self):
        lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            fields.setdefault(name.lower(), []).append(value)
        return int(lines[0].split(" ")[1]), fields

    def answer(self, bodiless=False):
        status, fields = self.head()
        length = 0 if bodiless else int(fields.get("content-length", ["0"])[0])
        while len(self.held) < length:
            if not self.more():
                raise EOFError(self.held)
        body, self.held = self.held[:length], self.held[length:]
        return Answer(status, fields, body)

    def close(self):
        self.socket.close()

    def closed(self):
        """Whether the other side ended; what it still says is read first."""
        try:
            while self.more():
                pass
            return True
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False


class Engine:
    """A running server; settings as http_server.c reads them from its environment."""

    def __init__(self, server="test-http-server", **settings):
        env = dict(os.environ, **{name.upper(): str(value) for name, value in settings.items()})
        self.process = subprocess.Popen([server_path(server)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE if settings.get("log") else subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline().split()[1])
        self.process.stdout.readline()
        self.address = settings.get("unix", ("127.0.0.1", self.port))
        self.host, self.console = f"portal.localhost:{self.port}", f"console.localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the server in its own order; what it says on standard error is returned if it is kept."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.stdin = None
        _, log = self.process.communicate(timeout=20)
        if self.process.returncode != 0:
            raise AssertionError(f"the server ended with {self.process.returncode}")
        return log.decode() if log else ""

    def peer(self, timeout=10):
        return Peer(self.address, timeout)

    def request(self, method, path, fields=(), body=None, host=None):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.host}"]
        lines += [f"{name}: {value}" for name, value in dict(fields).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")

    def ask(self, method, path, fields=(), body=None, host=None):
        with self.peer() as peer:
            peer.send(self.request(method, path, fields, body, host))
            return peer.answer(bodiless=method == "HEAD")

    def post(self, path, value, **fields):
        """POSTs VALUE as JSON (or bytes as they are); fields as Idempotency_Key="x"."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        host = fields.pop("host", None)
        named = {"Content-Type": "application/json"}
        named.update({name.replace("_", "-"): value for name, value in fields.items()})
        return self.ask("POST", path, named, body, host)

    def memory(self, name="VmRSS"):
        """In bytes. VmHWM: the most there ever was."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith(name))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
