"""hufu-web as a process, with the real relay: how people come in, and how the process itself lives."""
import hashlib
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import time
import unittest

from engine import Peer
from postgres import POSTGRES, Postgres
from website import Site, answer_hello
from world import wait_for

CREDIT_CODE, ID_CARDS = "91350100M000100Y43", ["11010519491231002X", "440524188001010014", "110105199003070017"]
MOBILE, OTHER = "13800000001", "13800000002"
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


def sm3(data):
    return hashlib.new("sm3", data).digest()


class Case(unittest.TestCase):
    def site(self, **how):
        site = Site(**how)
        self.addCleanup(site.close)
        return site

    def operator(self, site, roles="administrator", serial="0123456789abcdef0123456789abcdef", database=None):
        """An operator who is logged in: the register and the session are put where login would have put them."""
        token, now = secrets.token_urlsafe(32)[:43], int(time.time())
        blob = "'\\x{}'::bytea" if database else "x'{}'"
        statements = (
            f"INSERT INTO operator VALUES ('{serial}', '管理员一', '{roles}', {blob.format('00')}, 'active', {now})",
            "INSERT INTO session (token_hash, kind, name, roles, serial, means, origin, created_s, expires_s, ends_s) VALUES "
            f"({blob.format(sm3(b'HUFU-SESSION-v1' + token.encode()).hex())}, 'operator', '管理员一', '{roles}', '{serial}', "
            f"'usbkey', '{site.origin('console')}', {now}, {now + 900}, {now + 9000})")
        if database:
            database.run(statements)
        else:
            with sqlite3.connect(site.path("web/hufu.db"), timeout=20) as db:
                for statement in statements:
                    db.execute(statement)
            db.close()
        site.cookies["console"] = token

    def open_account(self, site, mobile=MOBILE, number=ID_CARDS[0]):
        organization = {"name": "虎符科技有限公司", "credit_code": CREDIT_CODE, "address": "北京市朝阳区一号"}
        made = site.ask("POST", "console", "/api/v1/console/organizations", organization)
        if made.status == 409:
            made.json = site.ask("GET", "console", "/api/v1/console/organizations").json["items"][0]
        account = {"organization": made.json["id"], "name": "张三", "document_type": "id-card", "document_number": number,
                   "mobile": mobile, "email": "zhangsan@example.com"}
        answer = site.ask("POST", "console", "/api/v1/console/accounts", account)
        self.assertEqual(answer.status, 201, answer.json)
        return answer.json

    def code(self, site, mobile=MOBILE):
        before = len(site.messages("sms"))
        answer = site.ask("POST", "portal", "/api/v1/sms-codes", {"mobile": mobile})
        self.assertEqual((answer.status, answer.body), (202, b""))
        return CODE.search(wait_for("the code", lambda: [m for m in site.messages("sms")[before:] if m["to"] == mobile
                                                       and "验证码" in m["text"]])[0]["text"]).group()

    def log_in(self, site, mobile=MOBILE):
        code = self.code(site, mobile)
        answer = site.ask("POST", "portal", "/api/v1/sessions", {"mobile": mobile, "code": code})
        self.assertEqual(answer.status, 201, answer.json)
        return answer, code

    def assert_error(self, answer, status, name, field=None):
        self.assertEqual((answer.status, answer.json.get("name"), answer.json.get("field")), (status, name, field))


class ComingIn(Case):
    def setUp(self):
        self.www = self.site()
        self.operator(self.www)

    def test_r_acct_2_opening_an_account_is_told_and_r_sms_1_its_mobile_logs_in(self):
        """R-ACCT-1, R-ACCT-2, R-SMS-1: from the account to the session, and out again."""
        account = self.open_account(self.www)
        self.assertEqual(account["document_number"], "1***************2X")
        for channel, to in (("sms", MOBILE), ("email", "zhangsan@example.com")):
            told = wait_for(channel, lambda c=channel: self.www.messages(c))[0]
            self.assertEqual((told["to"], told["name"]), (to, "account-opened"))
            self.assertIn(self.www.origin("portal"), told["text"])
        answer, code = self.log_in(self.www)
        self.assertEqual(answer.json["account"], account["id"])
        self.assertEqual((answer.json["kind"], answer.json["means"], answer.json["mobile"]),
                         ("holder", "sms", "138****0001"))
        self.assertEqual(answer.json["enters"], "apply,renew,unlock,lost,damaged,revoke,change")
        cookie = answer.getheader("Set-Cookie")
        self.assertRegex(cookie, r"^session=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict$")
        self.assertEqual(self.www.ask("GET", "portal", "/api/v1/session").json["name"], "张三")
        # the cookie of one host opens no other
        token, self.www.cookies["platform"] = self.www.cookies["portal"], self.www.cookies["portal"]
        self.assert_error(self.www.ask("GET", "platform", "/api/v1/session"), 401, "LOGIN_NEEDED")
        # once
        again = self.www.ask("POST", "portal", "/api/v1/sessions", {"mobile": MOBILE, "code": code})
        self.assert_error(again, 401, "SMS_CODE_OVER")
        self.assertEqual(self.www.ask("DELETE", "portal", "/api/v1/session").status, 204)
        self.assertNotIn("portal", self.www.cookies)
        self.www.cookies["portal"] = token
        self.assert_error(self.www.ask("GET", "portal", "/api/v1/session"), 401, "SESSION_OVER")
        self.assertNotIn(code, self.www.log())
        self.assertNotIn(token, self.www.log())
        self.assertNotIn(ID_CARDS[0], self.www.log())

    def test_r_sms_1_an_unknown_number_gets_the_same(self):
        """R-SMS-1: same answers, same limits; no SMS."""
        self.open_account(self.www)
        self.code(self.www)
        stranger = "13900000009"
        answer = self.www.ask("POST", "portal", "/api/v1/sms-codes", {"mobile": stranger})
        self.assertEqual((answer.status, answer.body), (202, b""))
        for _ in range(6):
            answers = [self.www.ask("POST", "portal", "/api/v1/sessions", {"mobile": m, "code": "000000"})
                       for m in (MOBILE, stranger)]
            for answer in answers:
                answer.json.pop("request_id")
            self.assertEqual(answers[0].json, answers[1].json)
        for mobile in (MOBILE, stranger):
            self.assert_error(self.www.ask("POST", "portal", "/api/v1/sms-codes", {"mobile": mobile}), 429,
                              "SMS_TOO_SOON")
        self.assertNotIn(stranger, [m["to"] for m in self.www.messages("sms")])

    def test_r_acct_3_suspending_ends_sessions_and_streams_at_once(self):
        """R-ACCT-3: the next request of that person is refused, and nobody else's."""
        account = self.open_account(self.www)
        self.open_account(self.www, OTHER, ID_CARDS[1])
        self.log_in(self.www)
        first = self.www.cookies["portal"]
        self.log_in(self.www, OTHER)
        second = self.www.cookies["portal"]
        path = f"/api/v1/console/accounts/{account['id']}/state"
        answer = self.www.ask("PUT", "console", path, {"state": "suspended", "reason": "离岗"})
        self.assertEqual((answer.status, answer.json["state"]), (200, "suspended"))
        self.www.cookies["portal"] = first
        self.assert_error(self.www.ask("GET", "portal", "/api/v1/session"), 401, "SESSION_OVER")
        self.www.cookies["portal"] = second
        self.assertEqual(self.www.ask("GET", "portal", "/api/v1/session").status, 200)
        wait_for("the notice", lambda: [m for m in self.www.messages("sms") if "离岗" in m["text"]])
        answer = self.www.ask("PUT", "console", path, {"state": "closed", "reason": "离职"})
        self.assertEqual(answer.json["state"], "closed")
        self.assert_error(self.www.ask("PUT", "console", path, {"state": "open", "reason": "返聘"}), 409, "ACCOUNT_CLOSED")

    def test_r_acct_1_wrong_numbers_are_errors_of_their_field(self):
        """R-ACCT-1: which field, and in words what is wrong with it."""
        organizations, accounts = "/api/v1/console/organizations", "/api/v1/console/accounts"
        organization = {"name": "虎符科技有限公司", "credit_code": "91350100M000100Y44", "address": "北京"}
        self.assert_error(self.www.ask("POST", "console", organizations, organization), 422, "CREDIT_CODE", "credit_code")
        known = self.open_account(self.www)
        organization["credit_code"] = CREDIT_CODE
        self.assert_error(self.www.ask("POST", "console", organizations, organization), 409, "ORGANIZATION_EXISTS",
                          "credit_code")
        account = {"organization": known["organization"], "name": "李四", "document_type": "id-card",
                   "document_number": "110105194912310021", "mobile": OTHER, "email": "lisi@example.com"}
        answer = self.www.ask("POST", "console", accounts, account)
        self.assert_error(answer, 422, "DOCUMENT_NUMBER", "document_number")
        self.assertIn("校验码", answer.json["detail"])
        account["document_number"] = ID_CARDS[0]
        self.assert_error(self.www.ask("POST", "console", accounts, account), 409, "ACCOUNT_DOCUMENT_TAKEN",
                          "document_number")
        account.update(document_number=ID_CARDS[1], mobile=MOBILE)
        self.assert_error(self.www.ask("POST", "console", accounts, account), 409, "ACCOUNT_MOBILE_TAKEN", "mobile")
        account.update(mobile=OTHER, organization="0" * 26)
        self.assertEqual(self.www.ask("POST", "console", accounts, account).status, 422)

    def test_r_acct_4_what_is_shown_depends_on_the_role(self):
        """R-ACCT-4: who may open accounts, and to whom telephone numbers are shown."""
        account = self.open_account(self.www)
        self.operator(self.www, "reviewer", "f" * 32)
        path = "/api/v1/console/accounts/" + account["id"]
        shown = self.www.ask("GET", "console", path).json
        self.assertEqual((shown["mobile"], shown["email"]), ("138****0001", "z***@example.com"))
        self.assert_error(self.www.ask("PUT", "console", path + "/state", {"state": "closed", "reason": "离职"}), 403,
                          "NOT_PERMITTED")
        self.assert_error(self.www.ask("GET", "console", "/api/v1/console/audit"), 403, "NOT_PERMITTED")
        self.assertEqual(self.www.ask("GET", "console", "/api/v1/console/notices").status, 200)

    def test_r_ops_7_the_outbox_says_what_became_of_each(self):
        """R-OPS-7: delivered or waiting, recipients masked; nothing of what a code's SMS said."""
        self.open_account(self.www)
        self.log_in(self.www)
        done = wait_for("delivery", lambda: (lambda items: all(i["state"] == "sent" for i in items) and items)(
            self.www.ask("GET", "console", "/api/v1/console/notices").json["items"]))
        self.assertEqual(sorted(i["template"] for i in done), ["account-opened", "account-opened", "sms-code"])
        self.assertEqual({i["recipient"] for i in done}, {"138****0001", "z***@example.com"})
        with sqlite3.connect(self.www.path("web/hufu.db"), timeout=20) as db:
            self.assertEqual(db.execute("SELECT body FROM notice WHERE template = 'sms-code'").fetchall(), [("-",)])
        db.close()
        entries = self.www.ask("GET", "console", "/api/v1/console/audit").json["items"]
        self.assertEqual([e["action"] for e in entries], ["session.begin", "account.open", "organization.open"])
        self.assertEqual({e["client"] for e in entries}, {"127.0.0.1"})
        self.assertEqual(len({e["request"] for e in entries}), 3)

    def test_a_write_that_comes_twice_is_done_once(self):
        """The same Idempotency-Key brings the same answer, also after a restart; for other content it is refused."""
        organization = {"name": "虎符科技有限公司", "credit_code": CREDIT_CODE, "address": "北京"}
        path = "/api/v1/console/organizations"
        first = self.www.ask("POST", "console", path, organization, Idempotency_Key="one")
        again = self.www.ask("POST", "console", path, organization, Idempotency_Key="one")
        self.assertEqual((first.status, again.status, first.json), (201, 201, again.json))
        self.assertEqual(again.getheader("Idempotent-Replayed"), "true")
        self.www.stop()
        self.www.start()
        third = self.www.ask("POST", "console", path, organization, Idempotency_Key="one")
        self.assertEqual(third.json, first.json)
        organization["address"] = "上海"
        self.assert_error(self.www.ask("POST", "console", path, organization, Idempotency_Key="one"), 409,
                          "IDEMPOTENCY_CONFLICT")


class Streams(Case):
    def test_r_acct_3_open_pages_end_with_the_account(self):
        """R-ACCT-3: the stream of an open page is ended when the account is suspended, without a request."""
        www = self.site()
        self.operator(www)
        account = self.open_account(www)
        self.log_in(www)
        begun = www.ask("POST", "portal", "/api/v1/applications", {"service": "apply"})
        self.assertEqual(begun.status, 201, begun.json)
        with Peer(("127.0.0.1", www.port), 30) as peer:
            peer.send(f"GET /api/v1/applications/{begun.json['number']}/events HTTP/1.1\r\nHost: {www.host('portal')}\r\n"
                      f"Cookie: session={www.cookies['portal']}\r\n\r\n")
            self.assertEqual(peer.head()[0], 200)
            www.ask("PUT", "console", f"/api/v1/console/accounts/{account['id']}/state",
                    {"state": "suspended", "reason": "离岗"})
            peer.until(b"\r\n0\r\n\r\n")  # the last chunk: the stream is over


class Outbox(Case):
    def test_r_ops_7_a_relay_that_is_away_loses_nothing(self):
        """R-OPS-7: what is told while the relay is down is sent when it is back; requests do not wait for it."""
        www = self.site(relay=False)
        self.operator(www)
        began = time.monotonic()
        self.open_account(www)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(www.messages("sms"), [])
        www.start_relay()
        wait_for("the SMS", lambda: www.messages("sms"))
        wait_for("the e-mail", lambda: www.messages("email"))

    def test_r_ops_7_a_restart_loses_nothing(self):
        """R-OPS-7: kill -9 with messages in the outbox; they go out afterwards."""
        www = self.site(relay=False)
        self.operator(www)
        self.open_account(www)
        www.stop(signal.SIGKILL)
        www.start()
        www.start_relay()
        wait_for("the SMS", lambda: www.messages("sms"), 120)
        wait_for("the e-mail", lambda: www.messages("email"), 120)


class Process(Case):
    def test_health_says_who_is_missing(self):
        www = self.site(relay=False)
        self.assertEqual(www.health()["missing"], "signer,files,relay")
        self.assertEqual(www.health()["status"], "degraded")
        www.start_relay()
        self.assertEqual(www.health()["missing"], "signer,files")
        www.end("relay", signal.SIGKILL)
        wait_for("the loss", lambda: "relay" in www.health()["missing"])
        www.start_relay()

    def test_sessions_survive_a_restart(self):
        www = self.site()
        self.operator(www)
        self.open_account(www)
        self.log_in(www)
        self.assertEqual(www.stop(), 0)
        www.start()
        self.assertEqual(www.ask("GET", "portal", "/api/v1/session").json["name"], "张三")

    def test_it_ends_when_told_and_when_its_supervisor_is_gone(self):
        www = self.site(relay=False)
        self.assertEqual(www.stop(), 0)
        www.start()
        www.control.close()
        self.assertEqual(www.processes["web"].wait(30), 0)
        self.assertIn("stop why=control", www.log())

    def test_its_sandbox_is_closed(self):
        """No new privileges, a seccomp filter, no core dumps."""
        www = self.site(relay=False)
        with open(f"/proc/{www.processes['web'].pid}/status", encoding="ascii") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertNotIn("insecure-dev", www.log())

    def refused(self, www, word):
        """It does not start, and the log says why."""
        www.start(ready=False)
        self.assertFalse(answer_hello(www.control))
        self.assertEqual(www.processes["web"].wait(30), 1)
        self.assertIn(word, www.log())

    def test_another_installations_secret_opens_nothing(self):
        """The data key belongs to the installation's secret, the database to the data key."""
        www = self.site(relay=False)
        www.stop()
        www.secret = b"x" * 32
        self.refused(www, "KEY_UNWRAP")
        with open(www.path("log"), "w", encoding="ascii"):
            pass
        os.unlink(www.path("web/data.key"))
        self.refused(www, "the database was sealed under another data key")

    def test_wrong_settings_are_said(self):
        for settings, word in (({"portal": "portal.localhost"}, "is no origin"), ({"colour": "red"}, "colour"),
                               ({"clock_offset_s": 5, "demonstration": "no"}, "clock_offset_s")):
            www = self.site(relay=False, start=False, settings=settings)
            self.refused(www, word)

    def test_wrong_arguments_are_refused(self):
        www = self.site(relay=False, start=False)
        for arguments in ((), ("--config", "x"), ("--config", "x", "--control", "-1", "--listen", "3", "--key", "4")):
            self.assertEqual(www.spawn("web", "src/web/hufu-web", *arguments).wait(30), 2)

    def test_the_data_key_is_wrapped(self):
        www = self.site(relay=False)
        with open(www.path("web/data.key"), "rb") as f:
            wrapped = f.read()
        self.assertEqual((wrapped[:4], len(wrapped), os.stat(www.path("web/data.key")).st_mode & 0o777),
                         (b"HUFK", 94, 0o600))


class Public(Case):
    @classmethod
    def setUpClass(cls):
        cls.www = Site(relay=False, start=False, settings={"service_line": "400-000-0000", "brand": "某&某CA",
                                                           "address": "https://portal.example/yyxt"})
        cls.addClassCleanup(cls.www.close)
        dist = cls.www.path("ui/portal/dist")
        for name, content in (("index.html", '<!doctype html><meta name="brand" content="国资CA"><title>p</title>'),
                              ("assets/index-4f2a1c9b.js", "1"),
                              ("assets/plain.js", "2"), ("favicon.svg", "<svg/>"), (".secret", "no")):
            with open(os.path.join(dist, name), "w", encoding="utf-8") as f:
                f.write(content)
        os.symlink("/etc/passwd", os.path.join(dist, "link.txt"))
        os.symlink("/etc", os.path.join(dist, "linked"))
        cls.www.start()

    def test_r_help_1_whom_to_ask(self):
        """R-HELP-1, R-HELP-2: brand, contacts and the one official address are the installation's settings."""
        told = self.www.ask("GET", "portal", "/api/v1/about").json
        self.assertEqual((told["brand"], told["service_line"], told["address"]),
                         ("某&某CA", "400-000-0000", "https://portal.example/yyxt"))
        self.assertNotIn("complaints_line", told)

    def test_r_form_1_the_agreement_has_a_version_and_r_help_2_the_rules_of_use(self):
        """R-FORM-1, R-HELP-2: the agreement in force, with the rules of use in it."""
        told = self.www.ask("GET", "portal", "/api/v1/agreement").json
        self.assertEqual(told["version"], "1")
        for word in ("不得擅自转让、转借或转用", "妥善保管", "由用户自行承担", "最终解释权", "官方网址", "修改默认口令"):
            self.assertIn(word, told["text"])

    def test_r_fee_1_the_tariff(self):
        """R-FEE-1: 399 a year for application and renewal, 80 for a USBKey in a replacement."""
        told = {(t["service"], t["item"]): t["amount_fen"] for t in self.www.ask("GET", "portal", "/api/v1/tariff").json["items"]}
        self.assertEqual((told["apply", "certificate"], told["renew", "certificate"], told["lost", "usbkey"]),
                         (39900, 39900, 8000))

    def test_the_services_as_pages_need_them(self):
        """R-RENEW-3, R-UNLOCK-2, R-CHANGE-2: seven services; which scans, whether it costs something, how it ends."""
        told = {s["service"]: s for s in self.www.ask("GET", "portal", "/api/v1/services").json["items"]}
        self.assertEqual(list(told), ["apply", "renew", "unlock", "lost", "damaged", "revoke", "change", "reissue"])
        self.assertEqual({n for n, s in told.items() if "fee_item" in s}, {"apply", "renew", "lost"})
        self.assertEqual({n: s["usbkey"] for n, s in told.items()},
                         {"apply": "production", "renew": "download", "unlock": "unlock", "lost": "production",
                          "damaged": "production", "revoke": "nothing", "change": "download", "reissue": "download"})
        self.assertEqual([n for n, s in told.items() if s["asks_reason"]], ["revoke"])
        self.assertEqual(told["change"]["scans"], "form,license,identity,identity-new")
        self.assertEqual((told["unlock"]["half_days"], told["apply"]["about_certificate"]), (1, False))

    def page(self, path, host="portal", **fields):
        return self.www.ask("GET", host, path, **fields)

    def test_r_help_1_pages_bear_the_brand_of_the_installation(self):
        for path in ("/", "/index.html", "/help"):
            page = self.page(path)
            self.assertEqual(page.body.decode(), '<!doctype html><meta name="brand" content="某&amp;某CA"><title>p</title>')

    def test_pages_run_scripts_of_their_own_host_only(self):
        for path in ("/", "/index.html", "/applications/20261124000000178", "/help"):
            page = self.page(path)
            self.assertEqual((page.status, page.getheader("Content-Type")), (200, "text/html; charset=utf-8"))
            self.assertIn(b"<title>p</title>", page.body)
            policy = page.getheader("Content-Security-Policy")
            self.assertIn("default-src 'none'; script-src 'self'; ", policy)
            self.assertNotIn("unsafe", policy.split("style-src")[0])
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertIn("connect-src 'self' http://127.0.0.1:18181", policy)
            self.assertEqual(page.getheader("Cache-Control"), "no-cache")
            self.assertEqual(page.getheader("X-Content-Type-Options"), "nosniff")

    def test_names_with_a_hash_are_kept_for_ever(self):
        page = self.page("/assets/index-4f2a1c9b.js")
        self.assertEqual((page.status, page.getheader("Content-Type")), (200, "text/javascript; charset=utf-8"))
        self.assertEqual(page.getheader("Cache-Control"), "public, max-age=31536000, immutable")
        self.assertEqual(self.page("/assets/plain.js").getheader("Cache-Control"), "no-cache")
        self.assertEqual(self.page("/favicon.svg").getheader("Content-Type"), "image/svg+xml")

    def test_a_page_that_is_known_is_not_sent_again(self):
        etag = self.page("/").getheader("ETag")
        again = self.page("/", If_None_Match=etag)
        self.assertEqual((again.status, again.body, again.getheader("ETag")), (304, b"", etag))
        self.assertEqual(self.page("/", If_None_Match='"other"').status, 200)

    def test_nothing_but_the_pages_is_served(self):
        for path in ("/assets/none-4f2a1c9b.js", "/none.html", "/.secret", "/link.txt", "/linked/x.txt", "/assets/",
                     "/index.html/x.js", "/%2e%2e/%2e%2e/hufu.conf"):
            page = self.page(path)
            self.assertIn(page.status, (400, 404), path)
            self.assertNotIn(b"root:", page.body)
        self.assertNotIn(b"root:", self.page("/linked/passwd").body)
        self.assert_error(self.page("/", "console"), 404, "ROUTE_UNKNOWN")  # no pages were built for it
        self.assert_error(self.page("/api/v2/none"), 404, "ROUTE_UNKNOWN")

    def test_pages_are_read_only_and_of_known_hosts(self):
        with Peer(("127.0.0.1", self.www.port)) as peer:
            peer.send(f"POST / HTTP/1.1\r\nHost: {self.www.host('portal')}\r\nContent-Length: 0\r\n\r\n")
            answer = peer.answer()
        self.assertEqual((answer.status, answer.fields["allow"]), (405, ["GET, HEAD"]))
        with Peer(("127.0.0.1", self.www.port)) as peer:
            peer.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            self.assertEqual(peer.answer().status, 421)
        with Peer(("127.0.0.1", self.www.port)) as peer:
            peer.send(f"HEAD / HTTP/1.1\r\nHost: {self.www.host('portal')}\r\n\r\n")
            answer = peer.answer(bodiless=True)
        self.assertEqual((answer.status, answer.fields["content-length"]), (200, [str(len(self.page("/").body))]))


@unittest.skipUnless(os.path.exists(POSTGRES), "a test dependency: script/setup test")
class OnPostgresql(Case):
    """The other database, behind the same sandbox."""

    def test_r_sms_1_a_holder_logs_in_over_postgresql(self):
        """R-SMS-1, R-ACCT-1: the same way in; sessions survive a restart of web."""
        server = Postgres()
        self.addCleanup(server.close)
        www = self.site(settings={"database": server.url})
        self.operator(www, database=server)
        self.open_account(www)
        self.log_in(www)
        self.assertEqual(www.stop(), 0)
        www.start()
        self.assertEqual(www.ask("GET", "portal", "/api/v1/session").json["name"], "张三")
        with open(f"/proc/{www.processes['web'].pid}/status", encoding="ascii") as f:
            self.assertIn("Seccomp:\t2", f.read())


if __name__ == "__main__":
    unittest.main()
