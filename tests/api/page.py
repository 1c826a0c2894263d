"""Pages as tests play them: the public API at one of an installation's hosts, and the agent as that page would ask it."""
import hashlib
import http.client
import json
import urllib.parse
import uuid


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def name(self):
        """Of the error; "" when there is none."""
        return self.json["name"] if self.status >= 400 else ""

    def __getitem__(self, field):
        return self.json[field]

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Refused(AssertionError):
    """An answer that a test did not expect to be a refusal."""

    def __init__(self, what, answer):
        super().__init__(f"{what}: {answer.status} {answer.body.decode(errors='replace')}")
        self.answer = answer


class Page:
    """One browser at one host. ask() gives whatever comes; do() raises Refused for what is not a success."""

    def __init__(self, origin, address=None):
        self.origin = origin
        where = urllib.parse.urlsplit(address or origin)
        self.host, self.port = where.netloc, where.port
        self.cookies = {}
        self.extra = {}
        self.sticky = None  # a text: the same request bears the same Idempotency-Key again, as a page repeats it

    def ask(self, method, path, body=None, content=None, key=None, **fields):
        """BODY as JSON or CONTENT as bytes. KEY: the Idempotency-Key, a fresh one if not told."""
        headers = {"Host": self.host, "Origin": self.origin, "Accept-Language": "en", **self.extra}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        if method != "GET":
            headers["Idempotency-Key"] = key or self.key_of(method, path, body if content is None else content)
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif content is not None:
            headers["Content-Type"] = "application/octet-stream"
        headers.update({name.replace("_", "-"): value for name, value in fields.items()})
        return self.send(method, path, content, headers)

    def key_of(self, method, path, body):
        if not self.sticky:
            return uuid.uuid4().hex
        return hashlib.sha256(repr((self.sticky, method, path, body)).encode()).hexdigest()[:40]

    def send(self, method, path, content, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        try:
            connection.request(method, path, content, {n: v for n, v in headers.items() if v is not None})
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    self.take_cookie(value)
            return answer
        finally:
            connection.close()

    def take_cookie(self, field):
        name, value = field.split(";")[0].split("=", 1)
        self.cookies.pop(name, None)
        if value and "max-age=0" not in field.lower():
            self.cookies[name] = value

    def do(self, method, path, body=None, **how):
        answer = self.ask(method, path, body, **how)
        if answer.status >= 400:
            raise Refused(f"{method} {path}", answer)
        return answer

    def api(self, method, path, body=None, **how):
        return self.do(method, "/api/v1/" + path, body, **how)

    def try_api(self, method, path, body=None, **how):
        return self.ask(method, "/api/v1/" + path, body, **how)


class Agent(Page):
    """hufu-agent, asked by a page of ORIGIN."""

    def __init__(self, origin, address, pair=True):
        super().__init__(origin, address)
        if pair:
            self.extra["Hufu-Pairing"] = self.tell("pair")["token"]

    def tell(self, what, **body):
        return self.do("POST", "/v1/" + what, body)

    def try_tell(self, what, **body):
        return self.ask("POST", "/v1/" + what, body)

    def key(self, card):
        """The entry of the USBKey with serial number CARD; None while it is not there."""
        return next((k for k in self.tell("keys")["keys"] if k["serial"] == card), None)
