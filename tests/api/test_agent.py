#!/usr/bin/env python3
"""hufu-agent as a process: what pages may ask, SKF libraries of several makers, and what strangers try."""
import base64
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from agent_bench import (AGENT, CONSOLE, DRIVER, LAYOUTS, PORTAL, Agent, Card, Fake, children, fake_library,
                         issuer, login_statement, verifies)
from screen import Asking, Screen
from world import wait_for

PIN, NEW_PIN, WRONG = "827164", "a93kd0", "111222"
EVIL = "https://evil.example"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hufu-agent-test-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def refused(self, answer, name):
        self.assertGreaterEqual(answer.status, 400, answer)
        self.assertEqual(answer.name, name, answer)
        for part in "code", "name", "message", "detail", "hint", "request_id":
            self.assertIn(part, answer.json)
        return answer

    def agent(self, *arguments, **how):
        agent = Agent(*arguments, **how)
        self.addCleanup(agent.__exit__)
        return agent


# ---- who may ask ----

class Strangers(Case):
    """R-KEY-7"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fake = Fake(os.path.join(cls.folder, "token"))
        cls.agent_ = Agent([fake_library("4-packed")], environment=cls.fake.environment)
        cls.addClassCleanup(cls.agent_.__exit__)
        cls.page = cls.agent_.page(PORTAL)

    def no_access(self, answer, name):
        """Refused, and no page of a browser may read why."""
        self.refused(answer, name)
        self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_r_key_7_other_origins_are_refused(self):
        for origin in (EVIL, "null", None, "", PORTAL + ".evil.example", "http://portal.example", PORTAL + "/",
                       PORTAL + ":443", PORTAL.upper(), "file://", "http://127.0.0.1:1"):
            page = self.agent_.page(origin, pair=False)
            page.token = self.page.token
            for operation in "hello", "pair", "keys", "sign":
                self.no_access(page.ask(operation), "AGENT_ORIGIN")

    def test_r_key_7_a_listed_page_may_read_answers_and_errors(self):
        for answer in self.page.ask("hello"), self.page.ask("sign"):
            self.assertEqual(answer.headers["access-control-allow-origin"], PORTAL)
            self.assertEqual(answer.headers["vary"], "Origin")
            self.assertNotIn("access-control-allow-credentials", answer.headers)

    def test_r_key_7_dns_rebinding(self):
        for host in ("evil.example", f"evil.example:{self.agent_.port}", "127.0.0.1", f"127.0.0.1:{self.agent_.port + 1}",
                     f"127.0.0.1.evil.example:{self.agent_.port}", ""):
            self.no_access(self.page.ask("keys", Host=host), "AGENT_HOST")
        for host in f"localhost:{self.agent_.port}", f"[::1]:{self.agent_.port}":
            self.assertEqual(self.page.ask("keys", Host=host).status, 200)

    def test_r_key_7_what_a_form_or_script_sends_unasked_is_refused(self):
        """Requests that a browser sends without asking first."""
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None,
                     "application/json; charset=gbk", "text/plain; application/json"):
            self.refused(self.page.ask("keys", Content_Type=kind), "AGENT_CONTENT_TYPE")
        for method in "GET", "HEAD", "PUT", "DELETE", "CONNECT", "TRACE":
            answer = self.agent_.raw(f"{method} /v1/hello HTTP/1.1\r\nHost: 127.0.0.1:{self.agent_.port}\r\n"
                                     f"Origin: {PORTAL}\r\n\r\n".encode())
            self.assertIn(b" 405 ", answer.split(b"\r\n")[0])
            self.assertIn(b"Allow: POST, OPTIONS", answer)

    def test_r_key_7_the_browser_is_answered_for_listed_origins_only(self):
        ask = {"method": "OPTIONS", "Access_Control_Request_Method": "POST", "Content_Type": None,
               "Access_Control_Request_Private_Network": "true", "Content_Length": None}
        answer = self.page.ask("sign", **ask)
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["access-control-allow-origin"], PORTAL)
        self.assertEqual(answer.headers["access-control-allow-private-network"], "true")
        self.assertIn("Hufu-Pairing", answer.headers["access-control-allow-headers"])
        for origin in EVIL, "null", None:
            self.no_access(self.agent_.page(origin, pair=False).ask("sign", **ask), "AGENT_ORIGIN")

    def test_r_key_7_websocket_without_origin(self):
        answer = self.agent_.raw(f"GET /v1/hello HTTP/1.1\r\nHost: 127.0.0.1:{self.agent_.port}\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        self.assertIn(b" 405 ", answer.split(b"\r\n")[0])

    def test_pairing_is_asked_of_everything_but_hello_and_pair(self):
        stranger = self.agent_.page(PORTAL, pair=False)
        for operation in ("keys", "change-pin", "sign", "inspect", "open", "prove", "write", "close",
                          "unlock-challenge", "unlock-answer"):
            self.refused(stranger.ask(operation), "AGENT_PAIRING_NEEDED")
        for token in "", "x", self.page.token[:-1] + ("A" if self.page.token[-1] != "A" else "B"), self.page.token + "A":
            stranger.token = token
            self.refused(stranger.ask("keys"), "AGENT_PAIRING_NEEDED")
        console = self.agent_.page(CONSOLE)
        stranger.token = console.token  # another origin's
        self.refused(stranger.ask("keys"), "AGENT_PAIRING_NEEDED")
        self.assertIs(stranger.ask("hello")["paired"], False)
        self.assertIs(self.page.ask("hello")["paired"], True)

    def test_r_key_7_production_is_for_marked_origins(self):
        for operation in "inspect", "open", "prove", "write", "close":
            self.refused(self.page.ask(operation), "AGENT_PRODUCTION")

    def test_fields_are_checked(self):
        for operation, body, field in (("hello", {"x": "y"}, "x"), ("sign", {"key": "a"}, "statement"),
                                       ("sign", {"statement": "a"}, "key"), ("keys", {"pin": "827164"}, "pin"),
                                       ("sign", {"key": "a" * 27, "statement": "a"}, "key"),
                                       ("sign", {"key": "", "statement": "a"}, "key"),
                                       ("sign", {"key": "a", "statement": "a" * 4097}, "statement"),
                                       ("unlock-answer", {"key": "a", "answer": "zz"}, "answer"),
                                       ("change-pin", {"key": "a", "birth_date": "1.2.2000"}, "birth_date")):
            self.assertEqual(self.refused(self.page.ask(operation, body), "AGENT_FIELD")["field"], field)
        for body in b"", b"[]", b'{"a":1}', b'{"key":{}}', b'{"key":"a","key":"b"}', b"{}x", b'{"key":"\\ud800"}', b"\xff":
            self.refused(self.page.ask("keys", body), "AGENT_BODY")
        self.refused(self.page.ask("keys", b"{" + b" " * 32767 + b"}"), "AGENT_BODY_LARGE")
        self.assertEqual(self.page.ask("keys", b"{" + b" " * 32766 + b"}").status, 200)
        self.refused(self.page.ask("nothing"), "AGENT_OPERATION")
        self.refused(self.page.ask("keys", Content_Length=None), "AGENT_LENGTH")

    def test_r_key_7_ten_thousand_garbage_requests(self):
        rng = random.Random(20261125)
        head = (f"POST /v1/sign HTTP/1.1\r\nHost: 127.0.0.1:{self.agent_.port}\r\nOrigin: {PORTAL}\r\n"
                f"Content-Type: application/json\r\nHufu-Pairing: {self.page.token}\r\nContent-Length: 40\r\n\r\n").encode()
        body = b'{"key":"abcdef","statement":"HUFU-LOGIN"}'[:40]

        def garbage():
            kind = rng.randrange(4)
            if kind == 0:
                return rng.randbytes(rng.randrange(1, 400))
            data = bytearray(head + body)
            for _ in range(rng.randrange(1, 8)):
                at = rng.randrange(len(data))
                if kind == 1:
                    data[at] = rng.randrange(256)
                elif kind == 2:
                    del data[at]
                else:
                    data[at:at] = rng.randbytes(rng.randrange(1, 5))
            return bytes(data)

        wrong = [0]

        def send(many):
            for data in many:
                answer = self.agent_.raw(data)
                if answer and (not answer.startswith(b"HTTP/1.1 4") or b'"signature"' in answer):
                    wrong[0] += not answer.startswith((b"HTTP/1.1 204", b"HTTP/1.1 503"))

        requests = [garbage() for _ in range(10000)]
        threads = [threading.Thread(target=send, args=(requests[i::8],)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong[0], 0)
        self.assertIsNone(self.agent_.process.poll())
        self.assertEqual(len(self.page.keys()), 1)
        self.assertEqual(self.fake.pin()[0], 6)

    def test_more_connections_than_it_serves_do_not_shut_others_out_for_good(self):
        held = [socket.create_connection(("127.0.0.1", self.agent_.port)) for _ in range(80)]
        try:
            for s in held[:40]:
                s.sendall(b"POST /v1/hello HT")
        finally:
            for s in held:
                s.close()
        wait_for("the agent again", lambda: self.try_hello())

    def try_hello(self):
        try:
            return self.page.ask("hello").status == 200
        except (ConnectionError, OSError):
            return False

    def test_one_request_a_connection(self):
        one = (f"POST /v1/hello HTTP/1.1\r\nHost: 127.0.0.1:{self.agent_.port}\r\nOrigin: {PORTAL}\r\n"
               "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").encode()
        answer = self.agent_.raw(one + one)
        self.assertLessEqual(answer.count(b"HTTP/1.1"), 1)
        self.assertNotIn(b"200 OK", answer)
        self.assertIn(b"Connection: close", self.agent_.raw(one))

    def test_it_listens_on_loopback_only(self):
        listens = []
        for name in "/proc/net/tcp", "/proc/net/tcp6":
            with open(name, encoding="ascii") as f:
                for line in list(f)[1:]:
                    local, state = line.split()[1], line.split()[3]
                    if state == "0A" and local.endswith(f":{self.agent_.port:04X}"):
                        listens.append(local.split(":")[0])
        self.assertIn("0100007F", listens)
        self.assertLessEqual(set(listens), {"0100007F", "00000000000000000000000001000000"})


class OtherUsers(Case):
    """R-KEY-7 other users of the machine are refused."""

    def ask_as(self, user, agent, token):
        body = ["curl", "-s", "-X", "POST", "-H", "Content-Type: application/json", "-H", f"Origin: {PORTAL}",
                "-H", f"Hufu-Pairing: {token}", "-d", "{}", f"http://127.0.0.1:{agent.port}/v1/keys"]
        done = subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *body],
                              capture_output=True, timeout=60)
        return json.loads(done.stdout)

    def test_r_key_7_another_user_is_refused(self):
        # Pairing needs a person or development: paired there, then started again without it.
        agent = self.agent()
        page = agent.page(PORTAL)
        self.assertEqual(self.ask_as(65534, agent, page.token), {"keys": []})  # development lets them
        agent.stop()
        agent.insecure_dev = False
        agent.start()
        self.assertEqual(self.ask_as(65534, agent, page.token)["name"], "AGENT_PEER")
        self.assertEqual(self.ask_as(0, agent, page.token), {"keys": []})
        self.assertEqual(page.ask("keys", Host=f"[::1]:{agent.port}").status, 200)

    def test_r_key_7_another_user_over_ipv6(self):
        agent = self.agent(insecure_dev=False)
        one = (f"POST /v1/hello HTTP/1.1\r\nHost: [::1]:{agent.port}\r\nOrigin: {PORTAL}\r\n"
               "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").encode()
        try:
            own = agent.raw(one, host="::1")
        except OSError:
            with open("/proc/net/if_inet6", encoding="ascii") as f:
                self.assertNotIn("00000000000000000000000000000001", f.read())
            return  # this machine has no ::1 to try it on
        self.assertIn(b"200 OK", own)
        script = ("import socket,sys;s=socket.create_connection(('::1',int(sys.argv[1])));"
                  "s.sendall(sys.argv[2].encode());print(s.makefile().read())")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", script,
                               str(agent.port), one.decode()], capture_output=True, text=True, timeout=60)
        self.assertIn("AGENT_PEER", done.stdout, done.stderr)


class Files(Case):
    def test_pairings_survive_a_restart_as_hashes_only_the_person_may_read(self):
        agent = self.agent()
        page = agent.page(PORTAL)
        kept = os.path.join(agent.folder, "state", "pairings")
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        with open(kept, encoding="ascii") as f:
            self.assertNotIn(page.token, f.read())
        self.assertEqual(agent.stop(), 0)
        agent.start()
        self.assertEqual(page.keys(), [])

    def test_a_library_that_others_can_change_is_not_loaded(self):
        library = self.path("library.so")
        shutil.copy(fake_library("4-packed"), library)
        os.chmod(library, 0o777)
        config = self.path("bad.conf")
        for line in (f"libraries = {library}", "libraries = /nonexistent.so", "origins = portal.example",
                     "origins = https://portal.example/", "port = 80", "unknown = 1", f"libraries = {self.folder}"):
            with open(config, "w", encoding="utf-8") as f:
                f.write("[agent]\nfolder = state\n" + line + "\n")
            done = subprocess.run([AGENT, "--config", config, "-t"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, line)
            self.assertIn("CONFIG", done.stderr)
        with open(config, "w", encoding="utf-8") as f:
            f.write("[agent]\nfolder = state\norigins = https://portal.example\n")
        self.assertEqual(subprocess.run([AGENT, "--config", config, "-t"], timeout=60, check=False).returncode, 0)

    def test_r_key_7_a_signed_list_of_origins(self):
        tool = AGENT + "-origins"
        key, listed = self.path("list.key"), self.path("origins.list")
        lines = b"HUFU-ORIGINS-v1\norigin: https://a.example\nproduction: https://b.example\n"
        public = subprocess.run([tool, "new-key", key], check=True, capture_output=True, timeout=60).stdout.decode().strip()
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(subprocess.run([tool, "new-key", key], capture_output=True, timeout=60).returncode, 1)
        signed = subprocess.run([tool, "sign", key], input=lines, check=True, capture_output=True, timeout=60).stdout
        told = subprocess.run([tool, "check", public], input=signed, check=True, capture_output=True, timeout=60).stdout
        self.assertEqual(told, b"https://a.example\nhttps://b.example production\n")
        with open(listed, "wb") as f:
            f.write(signed)
        settings = [f"origin_list = {listed}", f"origin_list_key = {public}"]
        agent = self.agent(settings=settings)
        self.refused(agent.page("https://a.example").ask("inspect"), "AGENT_PRODUCTION")
        self.refused(agent.page("https://b.example").ask("inspect"), "AGENT_FIELD")
        agent.stop()
        with open(listed, "wb") as f:
            f.write(signed.replace(b"a.example", b"c.example"))
        done = subprocess.run([AGENT, "--config", agent.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the signature does not hold", done.stderr)

    def test_a_port_that_is_taken_is_said_in_words(self):
        agent = self.agent()
        done = subprocess.run([AGENT, "--config", agent.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen: Address already in use", done.stderr)


# ---- libraries of other makers ----

class OtherMakers(Case):
    """R-KEY-3 any maker's SKF library, in each of the layouts that makers have."""

    def use(self, layout, **how):
        fake = Fake(self.path("token-" + layout), PIN, **how)
        agent = self.agent([fake_library(layout)], environment=fake.environment)
        return fake, agent.page(PORTAL)

    def test_r_key_3_every_layout_signs_and_changes_its_pin(self):
        for layout in LAYOUTS:
            with self.subTest(layout):
                fake, page = self.use(layout)
                key, = page.keys()
                width, packing = layout.split("-")
                self.assertEqual(key["serial"], f"FAKE{width}{int(packing == 'packed')}")
                self.assertEqual(key["label"], "fake")
                self.assertEqual(key["library"], f"fake-skf-{layout}.so")
                self.assertEqual((key["state"], key["tries_left"]), ("ready", 6))
                self.assertEqual([c["serial"] for c in key["certificates"]], [fake.serial])
                self.assertIn("测试一", key["certificates"][0]["subject"])
                statement = login_statement(PORTAL, fake.serial)
                signed = page.tell("sign", key=key["key"], statement=statement, pin=PIN)
                self.assertEqual(signed["serial"], fake.serial)
                self.assertTrue(verifies(signed["certificate"], signed["signature"], statement))
                page.tell("change-pin", key=key["key"], old=PIN, new=NEW_PIN)
                self.assertEqual(fake.pin(), (6, False, NEW_PIN))

    def test_r_key_1_wrong_pins_count_down_and_the_agent_stops_at_two(self):
        fake, page = self.use("4-packed")
        ask = {"key": page.keys()[0]["key"], "statement": login_statement(PORTAL, fake.serial), "pin": WRONG}
        for left in 5, 4, 3, 2:
            answer = self.refused(page.try_tell("sign", **ask), "AGENT_PIN_WRONG")
            self.assertEqual(answer.tries_left, left)
        for _ in range(3):  # a page that loops does not lock the key
            self.assertEqual(self.refused(page.try_tell("sign", **ask), "AGENT_LAST_TRIES").tries_left, 2)
            self.refused(page.try_tell("change-pin", key=ask["key"], old=WRONG, new=NEW_PIN), "AGENT_LAST_TRIES")
        self.assertEqual(fake.pin()[0], 2)
        self.assertEqual(self.refused(page.try_tell("sign", last_tries="yes", **ask), "AGENT_PIN_WRONG").tries_left, 1)
        self.assertEqual(self.refused(page.try_tell("sign", last_tries="yes", **ask), "AGENT_PIN_LOCKED").tries_left, 0)
        self.refused(page.try_tell("sign", last_tries="yes", **dict(ask, pin=PIN)), "AGENT_PIN_LOCKED")
        self.assertEqual(page.keys()[0]["state"], "locked")

    def test_r_key_1_the_default_pin_must_be_changed_first(self):
        fake, page = self.use("8-natural", preset=True)
        fake.set_pin("000000", preset=True)
        key, = page.keys()
        self.assertEqual(key["state"], "must-change")
        statement = login_statement(PORTAL, fake.serial)
        self.refused(page.try_tell("sign", key=key["key"], statement=statement, pin="000000"), "AGENT_MUST_CHANGE")
        for new, name in (("111111", "AGENT_PIN_SIMPLE"), ("000000", "AGENT_PIN_SAME"), ("12345", "AGENT_PIN_FORM"),
                          ("x" * 17, "AGENT_PIN_FORM"), ("a19870315", "AGENT_PIN_PERSONAL"),
                          ("001382", "AGENT_PIN_PERSONAL")):
            self.refused(page.try_tell("change-pin", key=key["key"], old="000000", new=new, birth_date="1987-03-15",
                                       mobile="13800138241"), name)
        self.assertEqual(fake.pin(), (6, True, "000000"))
        page.tell("change-pin", key=key["key"], old="000000", new=NEW_PIN, birth_date="1987-03-15", mobile="13800138241")
        page.tell("sign", key=key["key"], statement=statement, pin=NEW_PIN)

    def test_r_key_7_only_statements_that_name_page_and_certificate_are_signed(self):
        fake, page = self.use("4-natural")
        key = page.keys()[0]["key"]
        right = login_statement(PORTAL, fake.serial)

        def signs(statement):
            return page.try_tell("sign", key=key, statement=statement, pin=PIN)

        self.assertEqual(signs(right).status, 200)
        self.refused(signs(login_statement(EVIL, fake.serial)), "AGENT_STATEMENT_ORIGIN")
        self.refused(signs(login_statement(PORTAL + "/", fake.serial)), "AGENT_STATEMENT_ORIGIN")
        self.refused(signs(login_statement(PORTAL, "0a0b")), "AGENT_STATEMENT_CERTIFICATE")
        self.refused(signs(login_statement(PORTAL, fake.serial.upper())), "AGENT_STATEMENT_CERTIFICATE")
        for text in ("ab" * 32, "a", right[:-1], right + "\n", right + "x: y\n", " " + right, right.replace("\n", "\r\n"),
                     right.replace("v1", "v2"), right.replace("nonce: 0011\n", ""), "HUFU-ATTEST-v1\ncard: a\n"
                     "container: b\npublic_key: " + "0" * 128 + "\n", right.replace("0011", "00‮11")):
            self.assertIn(self.refused(signs(text), "AGENT_BODY" if "\r" in text else "AGENT_STATEMENT").status, (400, 422))

    def test_r_key_7_operators_statements_are_signed_for_marked_origins(self):
        fake, page = self.use("4-natural")
        statement = (f"HUFU-CARD-v1\napplication: 2026112500000017\ncard: K1\nchallenge: 0011223344556677\n"
                     f"card_key: {'0' * 64}\noperator_serial: {fake.serial}\ntime: 1795565534\n")
        key = page.keys()[0]["key"]
        self.refused(page.try_tell("sign", key=key, statement=statement, pin=PIN), "AGENT_PRODUCTION")
        console = page.agent.page(CONSOLE)
        signed = console.tell("sign", key=key, statement=statement, pin=PIN)
        self.assertTrue(verifies(signed["certificate"], signed["signature"], statement))

    def test_r_key_3_production_needs_our_library(self):
        fake, page = self.use("4-packed")
        console = page.agent.page(CONSOLE)
        key = page.keys()[0]["key"]
        self.refused(console.try_tell("inspect", key=key), "AGENT_LIBRARY_UNABLE")
        self.refused(page.try_tell("unlock-challenge", key=key), "AGENT_LIBRARY_UNABLE")
        self.refused(page.try_tell("unlock-challenge", key="0" * 26), "AGENT_NO_KEY")

    def test_a_signature_that_does_not_fit_is_not_handed_on(self):
        fake, page = self.use("4-packed")
        fake.set_mode("wrong-signature")
        answer = page.try_tell("sign", key=page.keys()[0]["key"], statement=login_statement(PORTAL, fake.serial), pin=PIN)
        self.refused(answer, "AGENT_LIBRARY_FAILED")


def runs(process):
    """One that nobody has waited for yet has ended all the same."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Misbehaviour(Case):
    """R-KEY-3 a library that crashes or hangs takes nothing with it."""

    def setUp(self):
        self.fake = Fake(tempfile.mkdtemp(dir=self.folder), PIN)
        self.other = Fake(tempfile.mkdtemp(dir=self.folder), PIN)
        # The second library is a copy of its own, for a token in another folder.
        self.library = os.path.join(self.other.folder, "other-maker.so")
        shutil.copy(fake_library("8-packed"), self.library)
        self.bench = self.agent([fake_library("4-packed"), self.library], environment=self.fake.environment)
        self.page = self.bench.page(PORTAL)

    def states(self):
        return {k["serial"] for k in self.page.keys()}

    def helper(self, library):
        """The process that has loaded it."""
        for process in children(self.bench.process):
            with open(f"/proc/{process}/cmdline", encoding="utf-8") as f:
                if library in f.read().split("\0"):
                    return process
        return self.fail("no helper has " + library)

    def spoil(self, mode):
        """The next question finds the library in MODE; it is well again afterwards."""
        self.fake.set_mode(mode)

    def test_r_key_3_a_crash_harms_nobody_else(self):
        self.assertEqual(self.states(), {"FAKE41", "FAKE81"})
        self.assertEqual(len(children(self.bench.process)), 2)
        os.kill(self.helper(self.library), signal.SIGKILL)  # as a crash of the library would
        self.assertEqual(self.states(), {"FAKE41"})
        self.assertIsNone(self.bench.process.poll())

    def test_r_key_3_crash_in_the_middle_of_signing(self):
        key = next(k for k in self.page.keys() if k["serial"] == "FAKE41")["key"]
        helper = self.helper(fake_library("4-packed"))
        os.kill(helper, signal.SIGSTOP)
        answers = []
        ask = {"key": key, "statement": login_statement(PORTAL, self.fake.serial), "pin": PIN}
        thread = threading.Thread(target=lambda: answers.append(self.page.try_tell("sign", **ask)))
        thread.start()
        time.sleep(0.3)
        os.kill(helper, signal.SIGKILL)
        thread.join(60)
        self.refused(answers[0], "AGENT_LIBRARY_CRASHED")

    def test_r_key_3_a_library_that_crashes_at_once_is_absent(self):
        self.spoil("crash")
        self.assertEqual(self.states(), set())  # both look at the same mode
        self.assertIsNone(self.bench.process.poll())
        self.spoil("")
        wait_for("the keys again", lambda: self.states() == {"FAKE41", "FAKE81"})

    def test_r_key_3_a_library_that_hangs_is_given_up_and_others_go_on(self):
        key = next(k for k in self.page.keys() if k["serial"] == "FAKE81")["key"]
        hanging = self.helper(fake_library("4-packed"))
        os.kill(hanging, signal.SIGSTOP)
        found = []
        thread = threading.Thread(target=lambda: found.append(self.states()))
        thread.start()
        # While the one hangs, the other signs.
        self.page.tell("sign", key=key, statement=login_statement(PORTAL, self.fake.serial), pin=PIN)
        thread.join(60)
        self.assertEqual(found, [{"FAKE81"}])
        self.assertNotIn(hanging, children(self.bench.process))
        wait_for("the key again", lambda: self.states() == {"FAKE41", "FAKE81"})

    def test_r_key_3_a_library_that_prints_does_not_disturb(self):
        self.spoil("noise")
        self.assertEqual(self.states(), {"FAKE41", "FAKE81"})

    def test_r_key_3_an_unknown_layout_is_absent(self):
        self.spoil("no-info")
        self.assertEqual(self.states(), set())

    def test_helpers_end_with_the_agent(self):
        self.states()
        helpers = children(self.bench.process)
        self.bench.process.kill()
        self.bench.process.wait()
        wait_for("the helpers' end", lambda: not any(runs(p) for p in helpers))


# ---- our own USBKey ----

class OurKeys(Case):
    """Production, use, and unlock with virtual USBKeys and our driver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = Card(cls.folder, "HF00000001")
        cls.addClassCleanup(cls.card.pull)
        cls.bench = Agent([DRIVER], settings=[f"usbkeys = {cls.card.usbkeys}"])
        cls.addClassCleanup(cls.bench.__exit__)
        cls.console, cls.page = cls.bench.page(CONSOLE), cls.bench.page(PORTAL)

    def fresh(self, serial):
        card = Card(self.folder, serial)
        self.addCleanup(card.pull)
        wait_for("the key", lambda: card.entry(self.page))
        return card

    def test_r_apply_3_production_and_first_use(self):
        card = self.card
        entry = wait_for("the key", lambda: card.entry(self.page))
        self.assertEqual((entry["state"], entry["certificates"]), ("blank", []))
        key, issued = card.produce(self.console)
        entry = card.entry(self.page)
        self.assertEqual(entry["state"], "must-change")
        self.assertEqual([c["purpose"] for c in entry["certificates"]], ["signing", "encryption"])
        self.assertEqual(entry["certificates"][0]["serial"], issued["serial"])
        self.assertEqual(entry["certificates"][0]["der"], issued["signing_certificate"])
        statement = login_statement(PORTAL, issued["serial"])
        # R-KEY-1: the default PIN opens nothing but its own change.
        self.refused(self.page.try_tell("sign", key=key, statement=statement, pin="000000"), "AGENT_MUST_CHANGE")
        self.refused(self.page.try_tell("change-pin", key=key, old="000000", new="123456"), "AGENT_PIN_SIMPLE")
        self.page.tell("change-pin", key=key, old="000000", new=PIN)
        self.assertEqual(card.entry(self.page)["state"], "ready")
        # R-LOGIN-2
        signed = self.page.tell("sign", key=key, statement=statement, pin=PIN)
        self.assertEqual(signed["certificate"], issued["signing_certificate"])
        self.assertTrue(verifies(signed["certificate"], signed["signature"], statement))
        self.assertFalse(verifies(signed["certificate"], signed["signature"], statement.replace("0011", "0012")))

    def test_r_apply_3_steps_in_the_wrong_order_are_refused(self):
        card = self.fresh("HF00000002")
        key = card.entry(self.page)["key"]
        self.refused(self.console.try_tell("close", key=key), "AGENT_STEP")
        answer = {"device_answer": base64.b64encode(bytes(16)).decode(), "admin_sealed": base64.b64encode(bytes(116)).decode()}
        self.refused(self.console.try_tell("open", key=key, **answer), "AGENT_ISSUER")
        self.console.tell("inspect", key=key)
        self.refused(self.console.try_tell("open", key=key, **answer), "AGENT_ISSUER")
        for field in answer:
            short = dict(answer, **{field: "AAAA"})
            self.assertEqual(self.refused(self.console.try_tell("open", key=key, **short), "AGENT_FIELD")["field"], field)
        key, made = card.open(self.console)
        self.assertEqual(len(made["public_key"]), 128)
        self.refused(self.console.try_tell("close", key=key), "AGENT_STEP")  # nothing written yet
        statement = (f"HUFU-PRODUCE-v2\napplication: 2026112500000017\napproval: {'0' * 64}\ncard: {card.serial}\n"
                     f"public_key: {made['public_key']}\nattestation: {made['attestation']}\ndelivery: post\noperator_serial: 0a0b\n"
                     "time: 1795565534\n")
        other = statement.replace(made["public_key"], "1" * 128)
        self.refused(self.console.try_tell("prove", key=key, statement=other), "AGENT_STATEMENT")
        self.refused(self.console.try_tell("prove", key=key, statement=login_statement(PORTAL, "0a0b")), "AGENT_STATEMENT")
        self.refused(self.console.try_tell("prove", key=key, statement="00" * 32), "AGENT_STATEMENT")
        first = self.console.tell("prove", key=key, statement=statement)["possession"]
        self.assertEqual(len(base64.b64decode(first)), 64)
        self.assertTrue(self.console.tell("prove", key=key, statement=statement)["possession"])  # its answer may be lost
        later = statement.replace("time: 1795565534", "time: 1795565535")  # as a page that was loaded anew makes it
        self.refused(self.console.try_tell("prove", key=key, statement=later), "AGENT_PROVED")
        self.refused(self.console.try_tell("sign", key=key, statement=statement, pin="000000"), "AGENT_KEY_BLANK")

    def test_r_apply_3_certificates_of_another_key_are_not_written(self):
        card, other = self.fresh("HF00000003"), self.fresh("HF00000004")
        key, made = card.open(self.console)
        _, theirs = other.open(self.console)
        issued = {}
        for name, public_key in ("own", made["public_key"]), ("other", theirs["public_key"]):
            issued[name] = issuer("certificates", public_key, "测试一")
        for mixed in ({"signing_certificate": "other", "encryption_certificate": "other", "enveloped_key": "other"},
                      {"signing_certificate": "own", "encryption_certificate": "own", "enveloped_key": "other"},
                      {"signing_certificate": "own", "encryption_certificate": "other", "enveloped_key": "own"},
                      {"signing_certificate": "other"}):
            fields = {field: issued[which][field] for field, which in mixed.items()}
            self.refused(self.console.try_tell("write", key=key, **fields), "AGENT_WRITE")
        self.refused(self.console.try_tell("write", key=key, signing_certificate=issued["own"]["signing_certificate"],
                                           enveloped_key=issued["own"]["enveloped_key"]), "AGENT_FIELD")
        for _ in range(2):  # each step is safe to repeat
            self.console.tell("write", key=key, **{f: issued["own"][f] for f in ("signing_certificate",
                                                                                 "encryption_certificate", "enveloped_key")})
        for _ in range(2):
            self.console.tell("close", key=key)
        self.assertEqual(card.entry(self.page)["state"], "must-change")

    def test_r_unlock_2_six_wrong_pins_then_the_answer_of_the_ca(self):
        card = self.fresh("HF00000005")
        key, issued = card.produce(self.console)
        self.page.tell("change-pin", key=key, old="000000", new=PIN)
        ask = {"key": key, "statement": login_statement(PORTAL, issued["serial"]), "pin": WRONG, "last_tries": "yes"}
        for left in 5, 4, 3, 2, 1:
            self.assertEqual(self.refused(self.page.try_tell("sign", **ask), "AGENT_PIN_WRONG").tries_left, left)
        self.refused(self.page.try_tell("sign", **ask), "AGENT_PIN_LOCKED")
        self.refused(self.page.try_tell("sign", **dict(ask, pin=PIN)), "AGENT_PIN_LOCKED")
        self.assertEqual(card.entry(self.page)["state"], "locked")
        asked = self.page.tell("unlock-challenge", key=key)
        self.assertEqual(asked["card"], card.serial)
        answer = issuer("unlock", card.serial, asked["challenge"])["answer"]
        other = ("0" if answer[-1] != "0" else "1").join([answer[:-1], ""])
        self.refused(self.page.try_tell("unlock-answer", key=key, answer=other), "AGENT_UNLOCK")
        self.page.tell("unlock-answer", key=key, answer=answer)
        self.refused(self.page.try_tell("unlock-answer", key=key, answer=answer), "AGENT_UNLOCK")  # an answer serves once
        self.assertNotEqual(self.page.tell("unlock-challenge", key=key)["challenge"], asked["challenge"])
        self.assertEqual(card.entry(self.page)["state"], "must-change")
        self.refused(self.page.try_tell("sign", **dict(ask, pin="000000")), "AGENT_MUST_CHANGE")
        self.page.tell("change-pin", key=key, old="000000", new=NEW_PIN)
        self.page.tell("sign", **dict(ask, pin=NEW_PIN))

    def test_a_key_that_is_pulled_is_gone_and_another_is_not_taken_for_it(self):
        card = self.fresh("HF00000006")
        key = card.entry(self.page)["key"]
        card.pull()
        self.assertIsNone(card.entry(self.page))
        self.refused(self.page.try_tell("unlock-challenge", key=key), "AGENT_NO_KEY")
        card.plug()
        self.assertEqual(wait_for("the key", lambda: card.entry(self.page))["key"], key)  # the same id again

    def test_pins_are_not_in_the_log(self):
        card = self.fresh("HF00000007")
        key, issued = card.produce(self.console)
        self.page.tell("change-pin", key=key, old="000000", new="q7w8e9")
        statement = login_statement(PORTAL, issued["serial"])
        self.page.tell("sign", key=key, statement=statement, pin="q7w8e9")
        self.page.try_tell("sign", key=key, statement=statement, pin="zx81zx")
        log = self.bench.log()
        for secret in "q7w8e9", "zx81zx", self.page.token:
            self.assertNotIn(secret, log)
        self.assertIn("AGENT_PIN_WRONG", log)


# ---- the window ----

class Window(Case):
    """R-KEY-3 the person is asked in a window of the agent's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.screen = Screen()
        cls.addClassCleanup(cls.screen.close)

    def use(self, **how):
        self.fake = Fake(tempfile.mkdtemp(dir=self.folder), PIN, **how)
        agent = self.agent([fake_library("4-packed")], environment={**self.fake.environment, **self.screen.environment},
                           insecure_dev=False)
        page = agent.page(PORTAL, pair=False)
        asking = Asking(page, "pair")
        self.screen.window()
        self.screen.do("key", "alt+y")
        page.token = asking.answer()["token"]
        self.key, = page.keys()
        self.statement = login_statement(PORTAL, self.fake.serial)
        return page

    def test_pairing_is_the_person_s_decision(self):
        agent = self.agent(environment=self.screen.environment, insecure_dev=False)
        page = agent.page(PORTAL, pair=False)
        for key in "Return", "Escape", "alt+n":  # Return may have been meant for the page
            asking = Asking(page, "pair")
            window = self.screen.window()
            self.screen.do("key", key)
            self.refused(asking.answer(), "AGENT_CANCELLED")
            wait_for("the window's end", lambda: window not in self.screen.windows())
        asking = Asking(page, "pair")
        self.screen.window()
        self.refused(page.try_tell("pair"), "AGENT_WINDOW_OPEN")  # one at a time
        self.screen.do("key", "alt+y")
        page.token = asking.answer()["token"]
        self.assertEqual(page.keys(), [])

    def test_r_login_2_the_pin_is_asked_for_until_it_is_right(self):
        page = self.use()
        asking = Asking(page, "sign", key=self.key["key"], statement=self.statement)
        first = self.screen.window()
        self.screen.type(WRONG)
        self.screen.window(before=[first])
        self.assertEqual(self.fake.pin()[0], 5)
        self.screen.type(PIN)
        signed = asking.answer()
        self.assertTrue(verifies(signed["certificate"], signed["signature"], self.statement))
        self.assertEqual(self.fake.pin()[0], 6)

    def test_r_login_2_cancelling_signs_nothing(self):
        page = self.use()
        asking = Asking(page, "sign", key=self.key["key"], statement=self.statement)
        self.screen.window()
        self.screen.do("type", PIN)
        self.screen.do("key", "Escape")
        self.refused(asking.answer(), "AGENT_CANCELLED")

    def test_at_two_tries_left_the_person_must_insist(self):
        page = self.use(tries=2)
        asking = Asking(page, "sign", key=self.key["key"], statement=self.statement)
        self.screen.window()
        self.screen.type(PIN)  # Return does nothing yet
        time.sleep(0.5)
        self.assertEqual(self.fake.pin()[0], 2)
        self.assertEqual(asking.answers, [])
        self.screen.do("key", "alt+i")
        self.screen.do("key", "alt+y")
        self.assertEqual(asking.answer().status, 200)

    def test_r_key_1_the_default_pin_is_changed_in_the_window(self):
        page = self.use(preset=True)
        self.fake.set_pin("000000", preset=True)
        self.refused(page.try_tell("sign", key=self.key["key"], statement=self.statement), "AGENT_MUST_CHANGE")
        asking = Asking(page, "change-pin", key=self.key["key"], birth_date="1987-03-15")
        first = self.screen.window()
        self.screen.type("19870315", "19870315")  # refused: the window comes again and says why
        second = self.screen.window(before=[first])
        self.screen.type(NEW_PIN, NEW_PIN + "x")  # not the same twice: nothing happens
        time.sleep(0.5)
        self.assertEqual(list(self.screen.windows()), [second])
        self.screen.do("key", "BackSpace", "Return")
        self.assertEqual(asking.answer().status, 200)
        self.assertEqual(self.fake.pin(), (6, False, NEW_PIN))

    def test_the_window_goes_when_the_page_does(self):
        page = self.use()
        body = json.dumps({"key": self.key["key"], "statement": self.statement}).encode()
        head = (f"POST /v1/sign HTTP/1.1\r\nHost: 127.0.0.1:{page.agent.port}\r\nOrigin: {PORTAL}\r\n"
                f"Content-Type: application/json\r\nHufu-Pairing: {page.token}\r\nContent-Length: {len(body)}\r\n\r\n")
        with socket.create_connection(("127.0.0.1", page.agent.port)) as s:
            s.sendall(head.encode() + body)
            self.screen.window()
        wait_for("the window's end", lambda: not self.screen.windows())

    def test_the_window_goes_when_the_agent_does(self):
        page = self.use()
        Asking(page, "change-pin", key=self.key["key"])
        self.screen.window()
        page.agent.process.kill()
        page.agent.process.wait()
        wait_for("the window's end", lambda: not self.screen.windows())

    def test_r_key_3_without_a_display_it_says_so(self):
        fake = Fake(self.path("token"), PIN)
        agent = self.agent([fake_library("4-packed")], environment=fake.environment)
        page = agent.page(PORTAL)
        agent.stop()
        agent.insecure_dev = False
        agent.start()
        self.assertEqual(page.tell("hello")["pin"], "window")
        key = page.keys()[0]["key"]
        statement = login_statement(PORTAL, fake.serial)
        self.refused(page.try_tell("pair"), "AGENT_NO_DISPLAY")
        self.refused(page.try_tell("sign", key=key, statement=statement), "AGENT_NO_DISPLAY")
        self.refused(page.try_tell("change-pin", key=key), "AGENT_NO_DISPLAY")
        # PINs of the page are not taken.
        self.refused(page.try_tell("sign", key=key, statement=statement, pin=PIN), "AGENT_PIN_PLACE")
        self.refused(page.try_tell("sign", key=key, statement=statement, last_tries="yes"), "AGENT_PIN_PLACE")
        self.refused(page.try_tell("change-pin", key=key, old=PIN, new=NEW_PIN), "AGENT_PIN_PLACE")
        self.assertEqual(fake.pin(), (6, False, PIN))


if __name__ == "__main__":
    unittest.main()
