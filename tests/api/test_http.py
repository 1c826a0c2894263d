"""The HTTP engine over sockets: what it must refuse, what it must stand, and what it must answer."""
import hashlib
import json
import os
import random
import socket
import tempfile
import threading
import time
import unittest

from engine import Engine
from world import wait_for

THING = {"name": "虎符", "size": 5, "owner": "00000000000000000000000004", "flag": True}
ID = "00000000000000000000000004"


def until(condition, seconds=10):
    """Waits for CONDITION."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Guard(unittest.TestCase):
    """What two parsers could read as two different requests never gets past the head."""

    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def refused(self, why, raw, status=400):
        host = f"Host: {self.engine.host}\r\n".encode()
        raw = raw.replace(b"HOST\r\n", host)
        with self.subTest(why), self.engine.peer(timeout=5) as peer:
            peer.send(raw)
            answer = peer.answer()
            self.assertEqual(answer.status, status)
            # And nothing behind it is taken for a second request.
            self.assertTrue(peer.closed())
            self.assertEqual(peer.held.count(b"HTTP/1.1"), 0)
            return answer

    def test_heads_that_are_refused(self):
        post, get = b"POST /api/v1/raw HTTP/1.1\r\nHOST\r\n", b"GET /api/v1/health HTTP/1.1\r\n"
        smuggled = b"GET /api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"
        rows = [
            ("two Content-Length", post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx"),
            ("two different Content-Length", post + b"Content-Length: 0\r\nContent-Length: 2\r\n\r\nxx"),
            ("Content-Length with chunks", post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            ("chunks with Content-Length", post + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled),
            ("Transfer-Encoding: gzip, chunked", post + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
            ("Transfer-Encoding: xchunked", post + b"Transfer-Encoding: xchunked\r\n\r\n"),
            ("Transfer-Encoding: identity", post + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nxx"),
            ("blank before a colon", post + b"Content-Length : 2\r\n\r\nxx"),
            ("signed length", post + b"Content-Length: +2\r\n\r\nxx"),
            ("no Host", get + b"\r\n"),
            ("two Hosts", get + b"HOST\r\nHOST\r\n\r\n"),
            ("two other Hosts", get + b"HOST\r\nHost: console.localhost\r\n\r\n"),
            ("NUL in a value", get + b"HOST\r\nX: a\0b\r\n\r\n"),
            ("NUL in a name", get + b"HOST\r\nX\0Y: a\r\n\r\n"),
            ("NUL behind Host", get + b"Host: portal.localhost\0.evil\r\n\r\n"),
            ("empty name", get + b"HOST\r\n: a\r\n\r\n"),
            ("line without colon", get + b"HOST\r\noops\r\n\r\n"),
            ("bare line feeds", get.replace(b"\r\n", b"\n") + b"HOST\r\nX: y\n\n"),
            ("folded line", get + b"HOST\r\nX: a\r\n b\r\n\r\n"),
            ("bad method", b"GE(T /api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("unknown method", b"BREW /api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("TRACE", b"TRACE /api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("absolute target", b"GET http://portal.localhost/api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("dot segments", b"GET /api/../api/v1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("escaped slash", b"GET /api%2Fv1/health HTTP/1.1\r\nHOST\r\n\r\n"),
            ("escaped NUL", b"GET /api/v1/health%00 HTTP/1.1\r\nHOST\r\n\r\n"),
            ("blank in the target", b"GET /api/v1/health x HTTP/1.1\r\nHOST\r\n\r\n"),
            ("no version", b"GET /api/v1/health\r\nHOST\r\n\r\n"),
            ("body where none is due", b"DELETE /api/v1/things/" + ID.encode() + b" HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\n\r\nxx"),
        ]
        for why, raw in rows:
            self.refused(why, raw)
        self.refused("chunks", post + b"Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n", 411)

    def test_refusals_say_why_in_json(self):
        answer = self.refused("two Hosts", b"GET /api/v1/health HTTP/1.1\r\nHOST\r\nHOST\r\n\r\n")
        self.assertEqual(answer.json()["name"], "REQUEST_MALFORMED")
        self.assertEqual(answer.fields["x-content-type-options"], ["nosniff"])

    def test_huge_heads(self):
        get = f"GET /api/v1/health HTTP/1.1\r\nHost: {self.engine.host}\r\n".encode()
        self.refused("17 KiB", get + b"X: " + b"y" * 17 * 1024 + b"\r\n\r\n", 431)
        self.refused("65 fields", get + b"X: y\r\n" * 64 + b"\r\n", 431)
        self.refused("long target", b"GET /" + b"y" * 4096 + b" HTTP/1.1\r\nHOST\r\n\r\n")
        for size in (100, 2000):
            with self.engine.peer() as peer:  # far beyond what is ever read: refused while it still comes
                try:
                    peer.send(get + b"X: " + b"y" * size * 1024)
                    self.assertEqual(peer.answer().status, 431)
                except (ConnectionResetError, BrokenPipeError):
                    pass
                self.assertTrue(peer.closed())
        self.assertEqual(self.engine.ask("GET", "/api/v1/health").status, 200)

    def test_any_bytes_do_no_harm(self):
        """Whatever comes is answered or cut; nothing stays open beyond the time for a head."""
        pick = random.Random(20261124)
        with Engine(head=1, idle=1) as e:
            pieces = [b"GET ", b"POST ", b"/api/v1/raw", b" HTTP/1.1", b"\r\n", b"\n", b"Host: ", e.host.encode(), b":",
                      b"Content-Length: ", b"5", b"0", b"Transfer-Encoding: chunked", b"\0", b" ", b"\t", b"%00", b"\xff", b"hello"]
            for _ in range(500):
                with e.peer(timeout=5) as peer:
                    raw = b"".join(pick.choice(pieces) for _ in range(pick.randrange(1, 30))) + b"\r\n\r\n"
                    peer.send(raw)
                    peer.socket.shutdown(socket.SHUT_WR)
                    self.assertTrue(peer.closed(), raw)
            self.assertEqual(e.ask("GET", "/api/v1/health").status, 200)


class Routing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def test_what_there_is(self):
        e = self.engine
        self.assertEqual(e.ask("GET", "/api/v1/health").json(), {"status": "good", "good": True})
        self.assertEqual(e.ask("GET", f"/api/v1/things/{ID}").json()["id"], ID)
        head = e.ask("HEAD", "/api/v1/health")
        self.assertEqual((head.status, head.body), (200, b""))
        many = e.ask("GET", "/api/v1/things?kind=big").json()
        self.assertEqual(many["items"][0]["name"], '"虎\\符"')
        self.assertEqual(many["next"], "next-1")
        self.assertNotIn("next", e.ask("GET", "/api/v1/things?kind=big&after=x").json())

    def test_what_there_is_not(self):
        e = self.engine
        for method, path, status, name in [
                ("GET", "/", 404, "ROUTE_UNKNOWN"), ("GET", "/api/v1/healthy", 404, "ROUTE_UNKNOWN"),
                ("GET", "/api/v1/health/", 404, "ROUTE_UNKNOWN"), ("GET", "/api/v1/things/", 404, "ROUTE_UNKNOWN"),
                ("PUT", "/api/v1/health", 405, "METHOD_REFUSED"), ("OPTIONS", "/api/v1/things", 405, "METHOD_REFUSED"),
                ("GET", "/api/v1/console/things", 404, "ROUTE_UNKNOWN")]:
            with self.subTest(f"{method} {path}"):
                answer = e.ask(method, path)
                self.assertEqual((answer.status, answer.json()["name"]), (status, name))
        self.assertEqual(e.ask("PATCH", "/api/v1/things").fields["allow"], ["POST, GET, HEAD"])
        self.assertEqual(e.ask("GET", "/api/v1/health", host="evil.example").json()["name"], "HOST_UNKNOWN")
        self.assertEqual(e.ask("GET", "/api/v1/things?kind=big", host=e.console).status, 404)

    def test_parameters(self):
        e = self.engine
        for path, name, field in [
                ("/api/v1/things/00000000000000000000000001", "FIELD_FORMAT", "id"), ("/api/v1/things/x", "FIELD_LENGTH", "id"),
                ("/api/v1/things/%E8%99%8E", "FIELD_LENGTH", "id"), ("/api/v1/things", "FIELD_MISSING", "kind"),
                ("/api/v1/things?kind=", "FIELD_CHOICE", "kind"),
                ("/api/v1/things?kind=huge", "FIELD_CHOICE", "kind"), ("/api/v1/things?kind=big&kind=big", "FIELD_REPEATED", "kind"),
                ("/api/v1/things?kind=big&size=1", "FIELD_UNKNOWN", "size"), ("/api/v1/things?kind=big&after=", "FIELD_LENGTH", "after"),
                ("/api/v1/things?kind=big&after=" + "x" * 65, "FIELD_LENGTH", "after"),
                ("/api/v1/things?kind=big&after=a%2Bb", "FIELD_FORMAT", "after"), ("/api/v1/things?kind=big&after=%0", "FIELD_FORMAT", "after"),
                ("/api/v1/things?kind=big&after=%01", "FIELD_CONTROL", "after"), ("/api/v1/things?kind=big&after=%ff", "FIELD_CONTROL", "after"),
                ("/api/v1/things?kind=big&id=" + ID, "FIELD_UNKNOWN", "id"), ("/api/v1/things?kind=big&", None, None),
                ("/api/v1/things?kind=big&&after=x", "FIELD_UNKNOWN", "?"), ("/api/v1/things?kind=big&%3Cb%3E=1", "FIELD_UNKNOWN", "?")]:
            with self.subTest(path):
                error = e.ask("GET", path).json()
                self.assertEqual((error.get("name"), error.get("field")), (name, field))
        self.assertEqual(e.ask("GET", "/api/v1/things?kind=b%69g&after=" + "x" * 64).status, 200)

    def test_errors_in_both_languages(self):
        zh = self.engine.ask("GET", "/nothing").json()
        en = self.engine.ask("GET", "/nothing", {"Accept-Language": "en-GB,en;q=0.8"}).json()
        self.assertEqual(zh["message"], "没有这个地址")
        self.assertEqual(en["message"], "There is nothing at this address")
        self.assertEqual(set(zh), {"code", "name", "message", "hint", "request_id"})
        detailed = self.engine.post("/api/v1/things", dict(THING, name="fail")).json()
        self.assertEqual((detailed["field"], detailed["detail"]), ("name", "校验位应为 7"))

    def test_every_answer_has_its_fields(self):
        for path in ("/api/v1/health", "/nothing", "/api/v1/broken"):
            fields = self.engine.ask("GET", path).fields
            self.assertEqual(fields["x-content-type-options"], ["nosniff"])
            self.assertEqual(fields["x-frame-options"], ["DENY"])
            self.assertEqual(fields["cache-control"], ["no-store"])
            self.assertEqual(fields["referrer-policy"], ["no-referrer"])
            self.assertIn("default-src 'none'", fields["content-security-policy"][0])
            self.assertEqual(len(fields["x-request-id"][0]), 26)
            self.assertNotIn("server", fields)

    def test_a_file(self):
        answer = self.engine.ask("GET", f"/api/v1/things/{ID}/file")
        self.assertEqual(answer.body, b"%PDF-1.7\n" * 1000)
        self.assertEqual(answer.fields["content-type"], ["application/pdf"])
        self.assertEqual(answer.fields["content-disposition"], ["inline; filename*=UTF-8''%E5%8F%97%E7%90%86%E8%A1%A8%201.pdf"])

    def test_an_answer_that_breaks_the_document_is_an_error(self):
        answer = self.engine.ask("GET", "/api/v1/broken")
        self.assertEqual((answer.status, answer.json()["name"]), (500, "INTERNAL"))


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def test_who_may(self):
        e = self.engine
        path, console = f"/api/v1/things/{ID}", "/api/v1/console/things"
        self.assertEqual(e.ask("DELETE", path).json()["name"], "LOGIN_NEEDED")
        self.assertEqual(e.ask("DELETE", path, {"Cookie": "session=expired"}).json()["detail"], "登录已过期")
        self.assertEqual(e.ask("DELETE", path, {"Cookie": "session=operator:reviewer"}).json()["name"], "NOT_PERMITTED")
        self.assertEqual(e.ask("DELETE", path, {"Cookie": "a=b; session=joe; c=d"}).status, 204)
        for cookie, status in [("operator:reviewer", 204), ("operator:finance", 403), ("operator:", 403), ("operator:review", 403),
                               ("operator:finance,producer", 404), ("operator:auditor,reviewer", 204), ("joe", 403)]:
            with self.subTest(cookie):
                self.assertEqual(e.ask("POST", console, {"Cookie": f"__Host-session={cookie}"}, host=e.console).status, status)

    def test_cookies_are_of_one_host(self):
        e = self.engine
        made = e.post("/api/v1/session", {"name": "joe"})
        self.assertEqual(made.fields["set-cookie"], ["session=joe; Path=/; HttpOnly; SameSite=Strict; Max-Age=600"])
        made = e.post("/api/v1/session", {"name": "joe"}, host=e.console)
        self.assertEqual(made.fields["set-cookie"],
                         ["__Host-session=joe; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=600"])
        self.assertEqual(e.ask("GET", "/api/v1/session", {"Cookie": "session=joe"}, host=e.console).status, 401)
        self.assertEqual(e.ask("GET", "/api/v1/session", {"Cookie": "xsession=joe; session"}).status, 401)

    def test_other_origins_change_nothing(self):
        e = self.engine
        own = f"http://{e.host}"
        for fields, status in [({}, 201), ({"Origin": own}, 201), ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 201),
                               ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                               ({"Origin": f"https://{e.console}"}, 403), ({"Origin": own + "0"}, 403), ({"Origin": ""}, 403),
                               ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
                               ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403)]:
            with self.subTest(fields):
                fields["Content-Type"] = "application/json"
                self.assertEqual(e.ask("POST", "/api/v1/things", fields, json.dumps(THING).encode()).status, status)

    def test_content_types(self):
        e = self.engine
        body = json.dumps(THING).encode()
        for kind, status in [("application/json", 201), ("Application/JSON; charset=utf-8", 201), ("text/plain", 415),
                             ("application/json-patch+json", 415), ("", 415), (None, 415), ("application/x-www-form-urlencoded", 415)]:
            with self.subTest(kind):
                fields = {} if kind is None else {"Content-Type": kind}
                self.assertEqual(e.ask("POST", "/api/v1/things", fields, body).status, status)
        for kind in ("multipart/form-data; boundary=x", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"):
            fields = {"Content-Type": kind, "Cookie": "session=joe"}
            self.assertEqual(e.ask("POST", "/api/v1/uploads", fields, b"x").status, 415)

    def test_the_proxy_tells_the_client(self):
        e = self.engine
        self.assertEqual(e.ask("GET", f"/api/v1/things/{ID}", {"X-Real-IP": "10.1.1.1"}).json()["name"], "127.0.0.1")
        with tempfile.TemporaryDirectory() as folder, Engine(unix=f"{folder}/socket") as proxied:
            host = "portal.localhost:0"
            told = proxied.ask("GET", f"/api/v1/things/{ID}", {"X-Real-IP": "2001:db8::7"}, host=host)
            self.assertEqual(told.json()["name"], "2001:db8::7")
            self.assertEqual(proxied.ask("GET", f"/api/v1/things/{ID}", host=host).json()["name"], "local")
            self.assertEqual(proxied.ask("GET", f"/api/v1/things/{ID}", {"X-Real-IP": "evil"}, host=host).status, 400)


class Bodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.engine = Engine(folder=cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()
        cls.folder.cleanup()

    def test_json_is_read_strictly(self):
        good = json.dumps(THING).encode()
        for why, body, name, field in [
                ("duplicate key", good[:-1] + b',"size":6}', "FIELD_REPEATED", "size"),
                ("unknown key", good[:-1] + b',"admin":true}', "FIELD_UNKNOWN", "admin"),
                ("trailing data", good + b"{}", "JSON_MALFORMED", None), ("cut", good[:-1], "JSON_MALFORMED", None),
                ("byte order mark", b"\xef\xbb\xbf" + good, "JSON_MALFORMED", None), ("array", b"[]", "JSON_MALFORMED", None),
                ("deep", b'{"name":' + b"[" * 60000, "JSON_MALFORMED", None), ("NUL", good + b"\0", "JSON_MALFORMED", None),
                ("escaped NUL", b'{"name":"a\\u0000"}', "JSON_MALFORMED", None), ("not UTF-8", b'{"name":"\xff"}', "JSON_MALFORMED", None)]:
            with self.subTest(why):
                answer = self.engine.post("/api/v1/things", body)
                self.assertEqual((answer.status, answer.json()["name"], answer.json().get("field")), (400, name, field))

    def test_limits_of_bodies(self):
        e = self.engine
        pad = json.dumps(THING).encode()
        self.assertEqual(e.post("/api/v1/things", pad.ljust(65536)).status, 201)
        self.assertEqual(e.post("/api/v1/things", pad.ljust(65537)).status, 413)
        self.assertEqual(e.post("/api/v1/things", b"").json()["name"], "BODY_MISSING")
        self.assertEqual(e.ask("POST", "/api/v1/raw", (), b"x" * 65536).status, 204)
        self.assertEqual(e.ask("POST", "/api/v1/raw", (), b"x" * 65537).status, 413)

    def test_pieces_of_a_body(self):
        body = json.dumps(THING).encode()
        raw = self.engine.request("POST", "/api/v1/things", {"Content-Type": "application/json"}, body)
        with self.engine.peer() as peer:
            for i in range(0, len(raw), 7):
                peer.send(raw[i:i + 7])
                time.sleep(0.002)
            self.assertEqual(peer.answer().status, 201)

    def test_pipelining(self):
        one = self.engine.request("GET", "/api/v1/health")
        two = self.engine.request("POST", "/api/v1/things", {"Content-Type": "application/json"}, json.dumps(THING).encode())
        with self.engine.peer() as peer:
            peer.send((one + two) * 20)
            for _ in range(20):
                self.assertEqual(peer.answer().status, 200)
                self.assertEqual(peer.answer().status, 201)

    def upload(self, data, cookie="session=joe", length=None, **fields):
        named = {"Content-Type": "application/octet-stream", "Cookie": cookie, "Content-Length": length or len(data)}
        return self.engine.request("POST", "/api/v1/uploads", dict(named, **fields)) + data

    def test_uploads_use_no_memory(self):
        # R-FORM-4: scans of up to 20 MB each
        data = os.urandom(1000000) * 20
        before, open_before = self.engine.memory(), self.engine.descriptors()
        answers = []

        def send():
            with self.engine.peer(timeout=60) as peer:
                peer.send(self.upload(data))
                answers.append(peer.answer().json())

        threads = [threading.Thread(target=send) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([a["size"] for a in answers], [20000000] * 8)
        self.assertEqual(len({a["hash"] for a in answers}), 1)
        if "sm3" in hashlib.algorithms_available:
            self.assertEqual(answers[0]["hash"], hashlib.new("sm3", data).hexdigest())
        self.assertLess(self.engine.memory("VmHWM") - before, 12 * 1024 * 1024)
        self.assertTrue(until(lambda: self.engine.descriptors() <= open_before))
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_uploads_that_are_refused_are_not_read(self):
        for why, cookie, length, status in [("too large", "session=joe", 20000001, 413), ("nobody", "", 20000000, 401),
                                            ("not theirs", "session=operator:reviewer", 20000000, 403)]:
            with self.subTest(why), self.engine.peer() as peer:
                peer.send(self.upload(b"x" * 10, cookie, length))
                self.assertEqual(peer.answer().status, status)  # with all but 10 bytes still to come
                self.assertTrue(peer.closed())

    def test_refusals_reach_who_sends_on(self):
        """Closing on a peer that still sends would reset the connection, and the answer could be lost."""
        for _ in range(10):
            with self.engine.peer() as peer:
                peer.send(self.upload(b"x", length=20000001))
                time.sleep(0.05)
                try:
                    for _ in range(50):
                        peer.send(b"y" * 10000)
                except (BrokenPipeError, ConnectionResetError):
                    self.fail("reset while sending")
                self.assertEqual(peer.answer().json()["name"], "BODY_TOO_LARGE")

    def test_uploads_have_places(self):
        with Engine(uploads=2) as e:
            raw = e.request("POST", "/api/v1/uploads", {"Content-Type": "image/png", "Cookie": "session=joe", "Content-Length": 4})
            with e.peer() as one, e.peer() as two, e.peer() as three:
                one.send(raw + b"x")
                two.send(raw + b"x")
                time.sleep(0.3)
                three.send(raw + b"xxxx")
                self.assertEqual(three.answer().json()["name"], "BUSY")
                one.send(b"xxx")
                self.assertEqual(one.answer().json()["size"], 4)
                wait_for("its place", lambda: self.place_given(e, raw), 30)  # free a moment after its answer has left

    def place_given(self, e, raw):
        with e.peer() as four:
            four.send(raw + b"xxxx")
            answer = four.answer()
            self.assertIn(answer.status, (201, 503))
            return answer.status == 201

    def test_broken_uploads_leave_nothing(self):
        before = self.engine.descriptors()
        for _ in range(20):
            with self.engine.peer() as peer:
                peer.send(self.upload(b"x" * 1000, length=10000))
        self.assertTrue(until(lambda: self.engine.descriptors() <= before))
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_expect_continue(self):
        with self.engine.peer() as peer:
            peer.send(self.upload(b"", length=3, Expect="100-continue"))
            self.assertEqual(peer.head()[0], 100)
            peer.send(b"xyz")
            self.assertEqual(peer.answer().json()["size"], 3)
        with self.engine.peer() as peer:  # who may not is told before it sends anything
            peer.send(self.upload(b"", cookie="", length=3, Expect="100-continue"))
            self.assertEqual(peer.answer().status, 401)


class Repeats(unittest.TestCase):
    """Idempotency-Key: a write that comes twice is done once."""

    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.stop)

    def test_the_same_again(self):
        e = self.engine
        first = e.post("/api/v1/things", THING, Idempotency_Key="k1")
        again = e.post("/api/v1/things", THING, Idempotency_Key="k1")
        self.assertEqual((first.status, first.body), (again.status, again.body))
        self.assertEqual(again.fields["idempotent-replayed"], ["true"])
        self.assertEqual(e.post("/api/v1/things", THING, Idempotency_Key="k2").json()["size"], 2)
        self.assertEqual(e.post("/api/v1/things", THING).json()["size"], 3)

    def test_the_same_key_for_something_else(self):
        e = self.engine
        e.post("/api/v1/things", THING, Idempotency_Key="k1")
        other = e.post("/api/v1/things", dict(THING, size=6), Idempotency_Key="k1")
        self.assertEqual((other.status, other.json()["name"]), (409, "IDEMPOTENCY_CONFLICT"))
        self.assertEqual(e.post("/api/v1/things", THING).json()["size"], 2)

    def test_keys_are_of_who_sent_them_and_of_the_operation(self):
        e = self.engine
        upload = {"Content-Type": "image/png", "Cookie": "session=joe", "Idempotency-Key": "k1"}
        e.post("/api/v1/things", THING, Idempotency_Key="k1")
        self.assertEqual(e.ask("POST", "/api/v1/uploads", upload, b"abc").json()["size"], 3)
        self.assertEqual(e.ask("POST", "/api/v1/uploads", upload, b"abc").json()["size"], 3)
        self.assertEqual(e.ask("POST", "/api/v1/uploads", upload, b"abd").status, 409)

    def test_empty_answers_too(self):
        fields = {"Cookie": "session=joe", "Idempotency-Key": "k1"}
        for replayed in (None, ["true"]):
            answer = self.engine.ask("DELETE", f"/api/v1/things/{ID}", fields)
            self.assertEqual((answer.status, answer.body, answer.fields.get("idempotent-replayed")), (204, b"", replayed))

    def test_failures_and_cookies_are_not_kept(self):
        e = self.engine
        for _ in range(2):
            self.assertEqual(e.post("/api/v1/things", dict(THING, name="fail"), Idempotency_Key="k1").status, 400)
            made = e.post("/api/v1/session", {"name": "joe"}, Idempotency_Key="k2")
            self.assertIn("set-cookie", made.fields)
        self.assertEqual(e.post("/api/v1/things", THING, Idempotency_Key="k1").json()["size"], 3)

    def test_odd_keys(self):
        for key in ("", "a b", "a;b", "x" * 65, "虎"):
            with self.subTest(key):
                self.assertEqual(self.engine.post("/api/v1/things", THING, Idempotency_Key=key).json()["name"], "IDEMPOTENCY_KEY")
        self.assertEqual(self.engine.post("/api/v1/things", THING, Idempotency_Key="x" * 64).status, 201)


class Load(unittest.TestCase):
    def test_a_full_queue_says_so(self):
        with Engine(workers=1, queue=2, slow_ms=400) as e:
            peers = [e.peer() for _ in range(6)]
            for peer in peers:
                peer.send(e.request("GET", "/api/v1/slow"))
                time.sleep(0.03)
            answers = [peer.answer() for peer in peers]
            for peer in peers:
                peer.close()
            self.assertEqual([a.status for a in answers], [200, 200, 200, 503, 503, 503])
            self.assertEqual(answers[5].json()["name"], "BUSY")
            self.assertEqual(answers[5].fields["retry-after"], ["1"])
            self.assertEqual(e.ask("GET", "/api/v1/health").status, 200)

    def test_many_at_once(self):
        """Each request is suspended and resumed; none may be forgotten in between."""
        with Engine(slow_ms=1) as e:
            failures = []

            def run():
                with e.peer() as peer:
                    for i in range(200):
                        peer.send(e.request("GET", "/api/v1/slow" if i % 5 == 0 else "/api/v1/health"))
                        if peer.answer().status != 200:
                            failures.append(i)

            threads = [threading.Thread(target=run) for _ in range(40)]
            for t in threads:
                t.start()
            for t in threads:
                t.join(60)
            self.assertEqual(failures, [])
            self.assertFalse(any(t.is_alive() for t in threads))

    def test_peers_that_leave(self):
        with Engine(slow_ms=50) as e:
            before = e.descriptors()
            for _ in range(50):
                with e.peer() as peer:
                    peer.send(e.request("GET", "/api/v1/slow"))
            self.assertTrue(until(lambda: e.descriptors() <= before))
            self.assertEqual(e.ask("GET", "/api/v1/health").status, 200)

    def test_connections_beyond_the_limit_wait(self):
        with Engine(connections=8, networks=1) as e:
            peers = [e.peer() for _ in range(8)]
            for peer in peers:
                peer.send(e.request("GET", "/api/v1/health"))
                self.assertEqual(peer.answer().status, 200)
            for peer in peers:
                peer.close()
            self.assertTrue(until(lambda: e.ask("GET", "/api/v1/health").status == 200))

    def test_stop_lets_what_runs_end(self):
        e = Engine(slow_ms=500)
        with e.peer() as peer, e.peer() as waits:
            waits.send(e.request("GET", f"/api/v1/events/{ID}", {"Cookie": "session=joe"}))
            self.assertEqual(waits.head()[0], 200)
            peer.send(e.request("GET", "/api/v1/slow"))
            time.sleep(0.1)
            began = time.monotonic()
            e.stop()
            self.assertLess(time.monotonic() - began, 4)
            self.assertEqual(peer.answer().status, 200)
            self.assertTrue(waits.closed())


class Slow(unittest.TestCase):
    """A peer that sends a byte now and then does not hold a place for ever."""

    def cut(self, engine, raw, step, least, most):
        with engine.peer(timeout=most + 5) as peer:
            began = time.monotonic()
            try:
                for i in range(0, len(raw), step):
                    peer.send(raw[i:i + step])
                    time.sleep(0.1)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertTrue(peer.closed())
            self.assertEqual(peer.held, b"")
            took = time.monotonic() - began
            self.assertGreater(took, least)
            self.assertLess(took, most)

    def test_slow_heads_bodies_and_readers(self):
        with Engine(head=1, idle=2, slow=1, rate=1000000) as e:
            head = e.request("GET", "/api/v1/health")
            threads = [
                # a head by drops: its first line, and when that was read at last the rest, have a second each
                threading.Thread(target=self.cut, args=(e, head[:-2] + b"X: " + b"y" * 100, 1, 0.5, 5)),
                threading.Thread(target=self.cut, args=(e, head[:20], 20, 0.5, 4)),
                threading.Thread(target=self.cut, args=(e, b"", 1, 0.5, 4)),
                threading.Thread(target=self.cut, args=(
                    e, e.request("POST", "/api/v1/raw", {"Content-Length": 1000}) + b"x" * 200, 200, 0.5, 4)),
            ]
            failed = []
            hook, threading.excepthook = threading.excepthook, lambda args: failed.append(args.exc_value)
            try:
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
            finally:
                threading.excepthook = hook
            self.assertEqual(failed, [])

    def test_an_idle_connection_is_closed(self):
        with Engine(head=30, idle=1) as e, e.peer() as peer:
            peer.send(e.request("GET", "/api/v1/health"))
            self.assertEqual(peer.answer().status, 200)
            self.assertTrue(peer.closed())

    def test_a_slow_handler_is_not_a_slow_peer(self):
        with Engine(head=1, slow=1, idle=1, slow_ms=2500) as e:
            self.assertEqual(e.ask("GET", "/api/v1/slow").status, 200)


class Events(unittest.TestCase):
    """Server-sent events."""

    def open(self, engine, topic=ID, account=ID):
        peer = engine.peer()
        self.addCleanup(peer.close)
        peer.send(engine.request("GET", f"/api/v1/events/{topic}", {"Cookie": f"session={account}"}))
        status, fields = peer.head()
        self.assertEqual((status, fields["content-type"]), (200, ["text/event-stream"]))
        peer.until(b"retry: 2000\n\n")
        return peer

    def publish(self, engine, text, topic=ID):
        return engine.post(f"/api/v1/events/{topic}", {"text": text}).json()["size"]

    def test_to_many(self):
        with Engine() as e:
            before = e.memory()
            peers = [self.open(e) for _ in range(200)]
            other = self.open(e, "0" * 26)
            self.assertLess((e.memory() - before) / 200, 100000)
            for n in range(5):
                self.assertEqual(self.publish(e, f"虎符\n{n}"), 200)
            for peer in peers:
                for n in range(5):
                    self.assertIn(f"event: change\ndata: 虎符\ndata: {n}", peer.until(b"\n\n").decode())
            self.assertEqual(other.held.strip(), b"")

    def test_peers_that_left_are_found(self):
        with Engine(heartbeat=1) as e:
            peers = [self.open(e) for _ in range(20)]
            self.assertEqual(self.publish(e, "count"), 20)
            for peer in peers[5:]:
                peer.close()
            self.assertTrue(until(lambda: self.publish(e, "count") == 5))
            self.assertIn(b":", peers[0].until(b"\n\n"))

    def test_the_life_of_a_stream(self):
        with Engine(life=1) as e:
            peer = self.open(e)
            self.assertEqual(peer.until(b"0\r\n\r\n").strip(), b"")  # its last chunk: a proper end
            self.assertTrue(until(lambda: self.publish(e, "count") == 0))

    def test_places(self):
        with Engine(streams=2) as e:
            peers = [self.open(e), self.open(e)]
            refused = e.ask("GET", f"/api/v1/events/{ID}", {"Cookie": "session=joe"})
            self.assertEqual((refused.status, refused.json()["name"]), (503, "STREAMS_FULL"))

    def test_who_does_not_read_is_ended(self):
        with Engine(slow=2) as e:
            peer, fast = self.open(e), self.open(e)
            got = 0

            def read():
                nonlocal got
                try:
                    while fast.more():
                        got = fast.held.count(b"event: change")
                except (TimeoutError, OSError):
                    pass

            reader = threading.Thread(target=read)
            reader.start()
            text = "x" * 4000
            self.assertTrue(until(lambda: self.publish(e, text) < 2, 30))
            self.assertTrue(until(lambda: self.publish(e, "count") == 1, 10))
            self.assertGreater(got, 64)
            fast.socket.shutdown(socket.SHUT_RDWR)
            reader.join()

    def test_a_closed_account_hears_nothing(self):
        # R-ACCT-3: closing an account stops its sessions at once, open streams too
        with Engine() as e:
            mine, other = "0" * 25 + "8", "0" * 25 + "c"
            peer, others = self.open(e, account=mine), self.open(e, account=other)
            e.post(f"/api/v1/events/{mine}", {"text": "end"})
            self.assertEqual(peer.until(b"0\r\n\r\n").strip(), b"")
            wait_for("the end of the stream", lambda: self.publish(e, "count") == 1)  # its client hears of it first
            others.close()


if __name__ == "__main__":
    unittest.main()
