"""What must not work, each with its own reason."""
import base64
import os
import socket
import time
import unittest

from page import Agent, Page
from walk import DEFAULT_PIN, NEW_PIN, Staff, Walk, begin_login, change_line, finish_login, line, line_names, mobile, png
from world import World, wait_for


class Case(unittest.TestCase):
    settings = ()

    @classmethod
    def setUpClass(cls):
        cls.world = World(settings=cls.settings)
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def walk(self, step):
        return Walk(self.world, self.staff).to(step)

    def refused(self, answer, *names):
        self.assertGreaterEqual(answer.status, 400, answer)
        self.assertLess(answer.status, 500, answer)
        self.assertIn(answer.name, names)


def flipped(signature):
    raw = bytearray(base64.b64decode(signature))
    raw[40] ^= 1
    return base64.b64encode(raw).decode()


class Logins(Case):
    """R-LOGIN-4"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.holder = Walk(cls.world, cls.staff).to("change_pin")

    def begin(self, walk=None):
        page = Page(self.world.address("platform"))
        return page, begin_login(page, (walk or self.holder).serial)

    def test_r_login_4_replayed(self):
        page, draft = self.begin()
        signed = self.holder.sign_login(draft)
        self.assertEqual(finish_login(page, draft, signed).status, 200)
        self.refused(finish_login(page, draft, signed), "LOGIN_USED")
        self.refused(finish_login(Page(page.origin), draft, signed), "LOGIN_USED", "LOGIN_UNKNOWN")

    def test_r_login_4_signature_of_another_attempt(self):
        _, other = self.begin()
        page, draft = self.begin()
        self.refused(finish_login(page, draft, self.holder.sign_login(other)), "LOGIN_SIGNATURE")

    def test_r_login_4_wrong_signature(self):
        page, draft = self.begin()
        signed = self.holder.sign_login(draft)
        self.refused(finish_login(page, draft, dict(signed, signature=flipped(signed["signature"]))), "LOGIN_SIGNATURE")
        page, draft = self.begin()
        zero = base64.b64encode(bytes(64)).decode()
        self.refused(finish_login(page, draft, dict(signed, signature=zero)), "LOGIN_SIGNATURE")

    def test_r_login_4_other_origin(self):
        """R-KEY-7 the agent does not sign for another page; and what a phishing page has signed is worthless."""
        origin = self.world.address("platform").replace("platform.", "platform-login.")
        phish = Agent(origin, self.world.address("agent"))
        page, draft = self.begin()
        answer = phish.try_tell("sign", key=self.holder.key, statement=draft["statement"], pin=NEW_PIN)
        self.refused(answer, "AGENT_STATEMENT_ORIGIN")
        statement = change_line(draft["statement"], "origin", origin)
        signed = phish.tell("sign", key=self.holder.key, statement=statement, pin=NEW_PIN).json
        self.refused(finish_login(page, draft, signed), "LOGIN_ORIGIN", "LOGIN_SIGNATURE")

    def test_r_login_4_signed_for_another_host_of_ours(self):
        portal = Page(self.world.address("portal"))
        draft = begin_login(portal, self.holder.serial)
        signed = Agent(portal.origin, self.world.address("agent")).tell("sign", key=self.holder.key, pin=NEW_PIN,
                                                                       statement=draft["statement"]).json
        page, own = self.begin()
        self.refused(finish_login(page, own, signed), "LOGIN_ORIGIN", "LOGIN_SIGNATURE")
        self.refused(finish_login(page, draft, signed), "LOGIN_ORIGIN", "LOGIN_UNKNOWN")

    def test_r_key_7_pages_of_strangers_get_nothing_of_the_agent(self):
        for origin in "null", "https://evil.example", "http://127.0.0.1:1", "http://localhost.evil.example", None:
            page = Page(self.world.address("platform"), self.world.address("agent"))
            for what in "hello", "pair", "keys":
                self.refused(page.ask("POST", "/v1/" + what, {}, Origin=origin), "AGENT_ORIGIN", "AGENT_HTTP")
        unpaired = Agent(self.world.address("platform"), self.world.address("agent"), pair=False)
        self.refused(unpaired.try_tell("keys"), "AGENT_PAIRING_NEEDED")

    def test_r_login_4_certificate_of_another(self):
        other = self.walk("change_pin")
        page, draft = self.begin()
        page2, draft2 = self.begin(other)
        self.refused(finish_login(page, draft, other.sign_login(draft2)), "LOGIN_CERTIFICATE_OTHER")

    def test_r_login_4_encryption_certificate(self):
        encryption = next(c for c in self.holder.portal.api("GET", "certificates")["items"] if c["purpose"] == "encryption")
        page = Page(self.world.address("platform"))
        answer = page.try_api("POST", "key-logins", {"serial": encryption["serial"]})
        if answer.status < 400:
            signed = {"certificate": self.holder.produced["encryption_certificate"],
                      "signature": base64.b64encode(bytes(range(64))).decode()}
            answer = finish_login(page, answer.json, signed)
        self.refused(answer, "LOGIN_CERTIFICATE_USAGE")

    def test_r_login_4_unknown_attempt(self):
        page, draft = self.begin()
        signed = self.holder.sign_login(draft)
        self.refused(finish_login(page, {"id": "0" * 26}, signed), "LOGIN_UNKNOWN")

    def test_r_login_4_revoked(self):
        walk = self.walk("change_pin")
        self.assertEqual(walk.try_login().status, 200)
        walk.revoke()
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")

    def test_r_revoke_2_a_revoked_one_stays_revoked(self):
        walk = self.walk("change_pin")
        walk.revoke()
        path = f"console/certificates/{walk.serial}/revocation-draft"
        self.refused(self.staff.reviewer.try_api("POST", path, {"reason": "superseded"}), "CERTIFICATE_STATE")

    def test_r_login_4_account_closed_and_r_acct_3_sessions_end_at_once(self):
        walk = self.walk("platform_login")
        path = f"console/accounts/{walk.account}/state"
        self.staff.administrator.api("PUT", path, {"state": "suspended", "reason": "测试"})
        self.refused(walk.portal.try_api("GET", "session"), "LOGIN_NEEDED", "SESSION_OVER", "ACCOUNT_SUSPENDED")
        self.refused(walk.platform.try_api("GET", "session"), "LOGIN_NEEDED", "SESSION_OVER", "ACCOUNT_SUSPENDED")
        self.refused(walk.try_login(), "ACCOUNT_SUSPENDED")
        self.staff.administrator.api("PUT", path, {"state": "open", "reason": "测试"})
        self.assertEqual(walk.try_login().status, 200)
        self.staff.administrator.api("PUT", path, {"state": "closed", "reason": "测试"})
        self.refused(walk.try_login(), "ACCOUNT_NOT_OPEN")

    def test_r_sms_3_and_r_login_7_who_may_come_where(self):
        """No holder at the console, no operator at the platform."""
        console = Page(self.world.address("console"))
        agent = Agent(console.origin, self.world.address("agent"))
        answer = console.try_api("POST", "key-logins", {"serial": self.holder.serial})
        if answer.status < 400:
            draft = answer.json
            signed = agent.tell("sign", key=self.holder.key, statement=draft["statement"], pin=NEW_PIN).json
            answer = finish_login(console, draft, signed)
        self.refused(answer, "LOGIN_CERTIFICATE_USAGE", "LOGIN_CERTIFICATE_UNKNOWN")
        reviewer, platform = self.staff.reviewer, Page(self.world.address("platform"))
        answer = platform.try_api("POST", "key-logins", {"serial": reviewer.person["certificate"]})
        if answer.status < 400:
            draft = answer.json
            agent = Agent(platform.origin, self.world.address("agent"))
            signed = agent.tell("sign", key=reviewer.key, statement=draft["statement"], pin=reviewer.person["pin"]).json
            answer = finish_login(platform, draft, signed)
        self.refused(answer, "LOGIN_CERTIFICATE_USAGE", "LOGIN_CERTIFICATE_UNKNOWN")
        self.refused(console.try_api("POST", "sms-codes", {"mobile": self.holder.mobile}), "ROUTE_UNKNOWN")


class Foreign(Case):
    """R-LOGIN-4"""

    def test_r_login_4_certificate_of_another_authority(self):
        with World() as abroad:
            stranger = Walk(abroad, Staff(abroad)).to("change_pin")
            page = Page(self.world.address("platform"))
            answer = page.try_api("POST", "key-logins", {"serial": stranger.serial})
            if answer.status < 400:
                draft = answer.json
                agent = Agent(page.origin, abroad.address("agent"))
                signed = agent.tell("sign", key=stranger.key, statement=draft["statement"], pin=NEW_PIN).json
                answer = finish_login(page, draft, signed)
            self.refused(answer, "LOGIN_CERTIFICATE_FOREIGN", "LOGIN_CERTIFICATE_UNKNOWN")


class Time(unittest.TestCase):
    """What time ends: the same installation, later."""

    def test_r_login_4_expired_and_late(self):
        with World() as world:
            walk = Walk(world, Staff(world)).to("change_pin")
            page = Page(world.address("platform"))
            draft = begin_login(page, walk.serial)
            signed = walk.sign_login(draft)
            world.later(121)
            answer = finish_login(page, draft, signed)
            self.assertIn(answer.name, ("LOGIN_OVER", "LOGIN_UNKNOWN"))
            world.later(366 * 86400)
            self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_EXPIRED")

    def test_r_sms_1_codes_hold_five_minutes_and_ten_a_day(self):
        noon = (4 * 3600 - int(time.time())) % 86400  # of Shanghai: the day does not end while we count
        with World(clock_offset_s=noon) as world:
            walk = Walk(world, Staff(world)).to("open")
            wait_for("the notice", lambda: world.messages("sms", walk.mobile))
            since = len(world.messages("sms"))
            walk.portal.api("POST", "sms-codes", {"mobile": walk.mobile})
            code = world.code(walk.mobile, since)
            world.later(noon + 301)
            answer = walk.portal.try_api("POST", "sessions", {"mobile": walk.mobile, "code": code})
            self.assertEqual(answer.name, "SMS_CODE_OVER")
            for number in range(9):
                world.later(noon + 400 + 61 * number)
                self.assertEqual(walk.portal.try_api("POST", "sms-codes", {"mobile": walk.mobile}).status, 202)
            world.later(noon + 1000)
            self.assertEqual(walk.portal.try_api("POST", "sms-codes", {"mobile": walk.mobile}).name, "SMS_DAY_FULL")
            world.later(noon + 86400 + 1000)
            self.assertEqual(walk.portal.try_api("POST", "sms-codes", {"mobile": walk.mobile}).status, 202)


class Codes(Case):
    """R-SMS-1"""

    def ask(self, walk):
        wait_for("the notice", lambda: self.world.messages("sms", walk.mobile))
        since = len(self.world.messages("sms"))
        walk.portal.api("POST", "sms-codes", {"mobile": walk.mobile})
        return self.world.code(walk.mobile, since)

    def enter(self, walk, code):
        return Page(walk.portal.origin).try_api("POST", "sessions", {"mobile": walk.mobile, "code": code})

    def wrong(self, code):
        return f"{(int(code) + 1) % 1000000:06}"

    def test_r_sms_1_five_wrong_tries(self):
        walk = self.walk("open")
        code = self.ask(walk)
        for _ in range(5):
            self.refused(self.enter(walk, self.wrong(code)), "SMS_CODE_WRONG", "SMS_CODE_TRIES")
        self.refused(self.enter(walk, code), "SMS_CODE_TRIES")

    def test_r_sms_1_four_wrong_tries_leave_one(self):
        walk = self.walk("open")
        code = self.ask(walk)
        for _ in range(4):
            self.refused(self.enter(walk, self.wrong(code)), "SMS_CODE_WRONG")
        self.assertEqual(self.enter(walk, code).status, 201)

    def test_r_sms_1_used_once(self):
        walk = self.walk("open")
        code = self.ask(walk)
        self.assertEqual(self.enter(walk, code).status, 201)
        self.refused(self.enter(walk, code), "SMS_CODE_OVER", "SMS_CODE_WRONG")

    def test_r_sms_1_once_a_minute(self):
        walk = self.walk("open")
        self.ask(walk)
        self.refused(walk.portal.try_api("POST", "sms-codes", {"mobile": walk.mobile}), "SMS_TOO_SOON")

    def test_r_sms_1_an_unknown_number_is_answered_alike(self):
        walk, stranger = self.walk("open"), mobile()
        known = walk.portal.try_api("POST", "sms-codes", {"mobile": walk.mobile})
        unknown = walk.portal.try_api("POST", "sms-codes", {"mobile": stranger})
        self.assertEqual((known.status, known.body), (unknown.status, unknown.body))
        self.refused(walk.portal.try_api("POST", "sms-codes", {"mobile": stranger}), "SMS_TOO_SOON")
        self.refused(Page(walk.portal.origin).try_api("POST", "sessions", {"mobile": stranger, "code": "123456"}),
                     "SMS_CODE_WRONG")
        self.world.message("sms", walk.mobile)
        self.assertEqual(self.world.messages("sms", stranger), [])

    def test_r_sms_1_another_number_s_code(self):
        walk, other = self.walk("open"), self.walk("open")
        code = self.ask(walk)
        self.ask(other)
        self.refused(self.enter(other, code), "SMS_CODE_WRONG")

    def test_codes_are_in_no_log(self):
        walk = self.walk("open")
        code = self.ask(walk)
        self.enter(walk, code)
        self.assertNotIn(code, self.world.log())
        self.assertNotIn(walk.number_of_document, self.world.log())


class CodesOfOneAddress(Case):
    settings = [("web", "sms_per_hour", 3)]

    def test_r_sms_1_limit_of_a_client_address(self):
        page = Page(self.world.address("portal"))
        for _ in range(3):
            self.assertEqual(page.try_api("POST", "sms-codes", {"mobile": mobile()}).status, 202)
        self.refused(page.try_api("POST", "sms-codes", {"mobile": mobile()}), "SMS_CLIENT_FULL")


class Approvals(Case):
    """R-OPS-3"""

    def nothing_happened(self, walk):
        self.assertEqual(self.staff.reviewer.api("GET", walk.console_path())["state"], "in-review")

    def test_r_ops_3_altered_in_each_line(self):
        walk = self.walk("pay")
        statement = walk.draft_decision()
        signature = self.staff.reviewer.sign(statement)
        self.assertTrue(statement.startswith("HUFU-APPROVE-v1\n"))
        values = {"time": str(int(line(statement, "time")) - 1), "validity": "until:4102444800", "medium": "shield",
                  "service": "revoke", "revokes": "0" * 31 + "1", "reason": "keyCompromise", "profile": "operator"}
        for name in line_names(statement):
            with self.subTest(name):
                was = line(statement, name)
                value = values.get(name) or (was[:-1] + ("0" if was[-1] != "0" else "1"))
                altered = change_line(statement, name, value)
                self.refused(walk.try_decide(altered, signature), "DECISION_STATEMENT", "DECISION_SIGNATURE")
                answer = self.staff.reviewer.agent.try_tell("sign", key=self.staff.reviewer.key, statement=altered,
                                                            pin=self.staff.reviewer.person["pin"])
                # The agent does not sign for another's certificate; number and time are the signer's own to choose.
                if answer.status < 400 and name not in ("nonce", "time"):
                    self.refused(walk.try_decide(altered, answer["signature"]), "DECISION_STATEMENT", "DECISION_SIGNATURE")
                self.nothing_happened(walk)
        self.assertLess(walk.try_decide(statement, signature).status, 300)

    def test_r_ops_3_signature_of_another(self):
        walk = self.walk("pay")
        statement = walk.draft_decision()
        self.refused(walk.try_decide(statement, flipped(self.staff.reviewer.sign(statement))), "DECISION_SIGNATURE")
        other = self.staff.get("reviewer", 1)
        theirs = walk.draft_decision(reviewer=other)
        self.refused(walk.try_decide(theirs, other.sign(theirs)), "DECISION_STATEMENT", "DECISION_SIGNATURE")
        self.nothing_happened(walk)

    def test_r_ops_3_of_another_application(self):
        one, two = self.walk("pay"), self.walk("pay")
        statement = one.draft_decision()
        two.draft_decision()
        self.refused(two.try_decide(statement, self.staff.reviewer.sign(statement)), "DECISION_STATEMENT")
        self.nothing_happened(one)
        self.nothing_happened(two)

    def test_r_ops_3_second_approval(self):
        walk = self.walk("approve")
        self.refused(walk.try_decide(walk.approval, walk.approval_signature), "DECISION_MADE")
        answer = self.staff.reviewer.try_api("POST", walk.console_path("decision-draft"), {"decision": "approve"})
        self.refused(answer, "DECISION_MADE", "APPLICATION_STATE")
        other = self.staff.get("reviewer", 1)
        answer = other.try_api("POST", walk.console_path("decision-draft"), {"decision": "reject", "words": "太晚了"})
        self.refused(answer, "DECISION_MADE", "APPLICATION_STATE")

    def test_r_ops_3_not_before_it_is_paid(self):
        walk = self.walk("submit")
        answer = self.staff.reviewer.try_api("POST", walk.console_path("decision-draft"), {"decision": "approve"})
        self.refused(answer, "APPLICATION_STATE", "PAYMENT_DUE")

    def test_r_ops_3_rejection_is_signed_and_final(self):
        walk = self.walk("pay")
        answer = self.staff.reviewer.try_api("POST", walk.console_path("decision-draft"), {"decision": "reject"})
        self.refused(answer, "DECISION_WORDS")
        statement = walk.draft_decision("reject", words="材料不符合要求")
        self.assertTrue(statement.startswith("HUFU-REJECT-v1\n"))
        answer = walk.try_decide(statement, self.staff.reviewer.sign(statement))
        self.assertEqual(answer["state"], "rejected")
        self.refused(self.staff.producer.try_api("POST", walk.console_path("card-draft"), {
            "card": "X1", "challenge": "0" * 16, "card_certificate": "MAA="}), "APPLICATION_STATE")


class Production(Case):
    """R-APPLY-3"""

    def test_r_apply_3_statement_with_another_key(self):
        walk, other = self.walk("make_key"), self.walk("make_key")
        walk.production = walk.draft_production()
        walk.production_signature = self.staff.producer.sign(walk.production)
        walk.possession = walk.prove(walk.production)  # a USBKey proves one statement of a production
        altered = change_line(walk.production, "public_key", other.public_key)
        signature = self.staff.producer.sign(altered)
        possession = self.staff.producer.agent.try_tell("prove", key=other.key, statement=altered)
        possession = possession["possession"] if possession.status < 400 else walk.possession
        self.no_certificate(walk, walk.try_issue(altered, signature, possession))
        answer = self.staff.producer.try_api("POST", walk.console_path("produce-draft"), {
            "card": walk.card.serial, "public_key": other.public_key, "attestation": other.attestation})
        if answer.status < 400:
            statement = answer["statement"]
            possession = self.staff.producer.agent.try_tell("prove", key=other.key, statement=statement)
            if possession.status < 400:
                possession = possession["possession"]
            else:  # the other USBKey does not prove what names this one
                possession = walk.possession
            answer = walk.try_issue(statement, self.staff.producer.sign(statement), possession)
        self.no_certificate(walk, answer)
        walk.to("issue")  # and the right one still goes

    def no_certificate(self, walk, answer):
        self.assertGreaterEqual(answer.status, 400, answer)
        self.assertNotEqual(answer.status, 500, answer)
        self.assertEqual(walk.portal.api("GET", "certificates")["items"], [])

    def test_r_apply_3_possession_that_fails(self):
        walk, other = self.walk("make_key"), self.walk("make_key")
        statement = walk.draft_production()
        signature, possession = self.staff.producer.sign(statement), walk.prove(statement)
        for wrong in flipped(possession), signature, other.prove(other.draft_production()):
            answer = walk.try_issue(statement, signature, wrong)
            self.no_certificate(walk, answer)
            self.assertEqual(answer.name, "POSSESSION")
        self.assertLess(walk.try_issue(statement, signature, possession).status, 300)

    def test_r_apply_3_statement_of_a_reviewer(self):
        walk, reviewer = self.walk("make_key"), self.staff.reviewer
        statement = walk.draft_production()
        altered = change_line(statement, "operator_serial", reviewer.person["certificate"])
        self.no_certificate(walk, walk.try_issue(altered, reviewer.sign(altered), walk.prove(statement)))
        self.no_certificate(walk, walk.try_issue(statement, flipped(self.staff.producer.sign(statement)),
                                                 walk.prove(statement)))

    def test_r_apply_3_another_usbkey_than_the_one_opened(self):
        walk, other = self.walk("make_key"), self.walk("make_key")
        answer = self.staff.producer.try_api("POST", walk.console_path("produce-draft"), {
            "card": other.card.serial, "public_key": other.public_key, "attestation": other.attestation})
        self.refused(answer, "PRODUCTION_CARD")

    def test_r_apply_3_an_approval_makes_one_certificate(self):
        walk = self.walk("issue")
        again = walk.try_issue(walk.production, walk.production_signature, walk.possession)
        self.assertLess(again.status, 300)
        self.assertEqual(again.json, walk.produced)  # asked again: the same answer
        other = self.world.card()
        key = wait_for("the other USBKey", lambda: self.staff.producer.agent.key(other.serial))["key"]
        seen = self.staff.producer.agent.tell("inspect", key=key)
        answer = self.staff.producer.try_api("POST", walk.console_path("card-draft"), {
            "card": other.serial, "challenge": seen["challenge"], "card_certificate": seen["card_certificate"]})
        self.refused(answer, "PRODUCTION_ISSUED", "APPLICATION_STATE")

    def test_r_apply_3_a_card_of_an_unknown_maker(self):
        with World() as abroad:
            walk = self.walk("approve")
            card = abroad.card()
            agent = Agent(self.world.address("console"), abroad.address("agent"))
            key = wait_for("the foreign USBKey", lambda: agent.key(card.serial))["key"]
            walk.seen = agent.tell("inspect", key=key).json
            answer = self.staff.producer.try_api("POST", walk.console_path("card-draft"), {
                "card": card.serial, "challenge": walk.seen["challenge"], "card_certificate": walk.seen["card_certificate"]})
            if answer.status < 400:
                statement = answer["statement"]
                answer = walk.try_open_card(statement, self.staff.producer.sign(statement))
            self.assertGreaterEqual(answer.status, 400)
            self.assertNotEqual(answer.status, 500, answer)

    def test_r_apply_3_the_card_refuses_a_stranger_s_answer(self):
        walk = self.walk("open_card")
        answer = self.staff.producer.agent.try_tell("open", key=walk.key, admin_sealed=walk.opened["admin_sealed"],
                                                    device_answer=base64.b64encode(bytes(16)).decode())
        self.refused(answer, "AGENT_ISSUER", "AGENT_STEP")

    def test_r_key_7_production_is_for_the_console(self):
        walk = self.walk("plug")
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        self.refused(agent.try_tell("inspect", key=walk.key), "AGENT_PRODUCTION")


class Pins(Case):
    """R-KEY-1"""

    def test_r_key_1_simple_pins_are_refused(self):
        walk = self.walk("write")
        for new in "111111", "123456", "654321", "121212", "000000", "12345":
            answer = walk.holder_agent().try_tell("change-pin", key=walk.key, old=DEFAULT_PIN, new=new)
            self.refused(answer, "AGENT_PIN_SIMPLE", "AGENT_PIN_SAME", "AGENT_PIN_FORM")
        for new in "x19900307", walk.mobile[-6:] + "ab":
            answer = walk.holder_agent().try_tell("change-pin", key=walk.key, old=DEFAULT_PIN, new=new,
                                                  birth_date="1990-03-07", mobile=walk.mobile)
            self.refused(answer, "AGENT_PIN_PERSONAL")
        walk.to("change_pin")

    def test_r_unlock_1_six_wrong_pins_lock(self):
        walk = self.walk("platform_login")
        draft = begin_login(Page(walk.platform.origin), walk.serial)
        names, left = [], []
        for _ in range(8):
            answer = walk.holder_agent().try_tell("sign", key=walk.key, statement=draft["statement"], pin="18273645",
                                                  last_tries="yes")
            names.append(answer.name)
            left.append(answer.json.get("tries_left"))
        self.assertEqual(names[:5], ["AGENT_PIN_WRONG"] * 5)
        self.assertEqual(left[:5], [5, 4, 3, 2, 1])
        self.assertEqual(set(names[5:]), {"AGENT_PIN_LOCKED"})
        answer = walk.holder_agent().try_tell("sign", key=walk.key, statement=draft["statement"], pin=NEW_PIN,
                                              last_tries="yes")
        self.refused(answer, "AGENT_PIN_LOCKED")

    def test_the_agent_stops_at_two_tries_left(self):
        walk = self.walk("change_pin")
        draft = begin_login(Page(walk.platform.origin), walk.serial)
        names = [walk.holder_agent().try_tell("sign", key=walk.key, statement=draft["statement"], pin="18273645").name
                 for _ in range(6)]
        self.assertEqual(names, ["AGENT_PIN_WRONG"] * 4 + ["AGENT_LAST_TRIES"] * 2)
        walk.holder_agent().tell("sign", key=walk.key, statement=draft["statement"], pin=NEW_PIN, last_tries="yes")
        self.assertEqual(walk.try_login().status, 200)  # the right one gave all tries back

    def test_no_bare_digest_is_signed(self):
        walk = self.walk("change_pin")
        for text in "ab" * 32, "HUFU-LOGIN-v2\n", "HUFU-LOGIN-v1\nmeans: usbkey\n", "":
            answer = walk.holder_agent().try_tell("sign", key=walk.key, statement=text, pin=NEW_PIN)
            self.refused(answer, "AGENT_STATEMENT", "AGENT_FIELD")


class Uploads(Case):
    """R-FORM-4"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.holder = Walk(cls.world, cls.staff).to("print_form")

    def upload(self, content, kind="license", **how):
        return self.holder.portal.try_api("POST", self.holder.path("attachments/" + kind), content=content, **how)

    def kept(self):
        return self.holder.portal.api("GET", self.holder.path("attachments"))["items"]

    def test_r_form_4_what_is_no_plain_scan(self):
        pdf = self.holder.pdf
        script = pdf.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /JavaScript /JS (x) >>", 1)
        for why, content, names in (
                ("a page", b"<html><script>alert(1)</script></html>", ("FILE_TYPE",)),
                ("a program", b"MZ" + bytes(600), ("FILE_TYPE",)),
                ("cut off", png()[:-20], ("FILE_TRUNCATED",)),
                ("half a PDF", pdf[:len(pdf) // 2], ("FILE_TRUNCATED", "FILE_PDF_STRUCTURE")),
                ("something behind", png() + b"PK\x03\x04" + bytes(40), ("FILE_TRAILING", "FILE_POLYGLOT")),
                ("active", script, ("FILE_PDF_SCRIPT", "FILE_PDF_ACTION", "FILE_PDF_STRUCTURE"))):
            with self.subTest(why):
                if content is pdf:
                    self.skipTest("the PDF has no such place")
                before = self.kept()
                self.refused(self.upload(content), *names)
                self.assertEqual(self.kept(), before)

    def test_r_form_4_too_large_and_empty(self):
        answer = self.upload(b"", Content_Length="20000001")
        self.refused(answer, "BODY_TOO_LARGE")
        self.refused(self.upload(b""), "BODY_MISSING", "FILE_EMPTY")

    def test_r_form_4_a_broken_connection_leaves_nothing(self):
        before, files = self.kept(), set(os.listdir(self.world.path("web/uploads")))
        page = self.holder.portal
        head = (f"POST /api/v1/{self.holder.path('attachments/license')} HTTP/1.1\r\nHost: {page.host}\r\n"
                f"Origin: {page.origin}\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000\r\nCookie: " +
                "; ".join(f"{n}={v}" for n, v in page.cookies.items()) + "\r\n\r\n")
        with socket.create_connection(("127.0.0.1", page.port)) as s:
            s.sendall(head.encode() + png())
        wait_for("the upload's end", lambda: set(os.listdir(self.world.path("web/uploads"))) == files)
        self.assertEqual(self.kept(), before)

    def test_r_form_4_a_scan_of_another_application(self):
        walk, other = self.walk("pay"), self.walk("pay")
        scan = self.staff.reviewer.api("GET", walk.console_path("attachments"))["items"][0]["id"]
        self.assertEqual(self.staff.reviewer.try_api("GET", walk.console_path("attachments/" + scan)).status, 200)
        self.refused(self.staff.reviewer.try_api("GET", other.console_path("attachments/" + scan)), "NOT_FOUND")

    def test_r_form_4_of_somebody_else(self):
        other = self.walk("log_in")
        answer = other.portal.try_api("POST", self.holder.path("attachments/license"), content=png())
        self.refused(answer, "NOT_FOUND", "NOT_PERMITTED", "APPLICATION_NUMBER")
        for path in "", "form", "attachments", "payment", "shipment":
            self.refused(other.portal.try_api("GET", self.holder.path(path)), "NOT_FOUND", "APPLICATION_NUMBER")


if __name__ == "__main__":
    unittest.main()
