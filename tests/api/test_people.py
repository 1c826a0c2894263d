"""People and what they may do: organizations that run an account of their own, closing, changes of mobile numbers, logins by
USBKey and what they open, evidence of what was signed, and applications that nobody goes on with. With real processes."""
import base64
import json
import os
import signal
import sqlite3
import unittest
from urllib.parse import quote

from page import Agent, Page
from walk import NEW_PIN, Staff, Walk, begin_login, expect, finish_login, key_login, mobile, png
from world import World, wait_for

DAY = 86400


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def walk(self, step="platform_login"):
        return Walk(self.world, self.staff).to(step)

    def refused(self, answer, name, field=None):
        self.assertEqual(answer.name, name, answer)
        if field:
            self.assertEqual(answer["field"], field)

    def told(self, to, words, channel="sms"):
        self.world.message(channel, to, words)

    def role(self, walk, administrator=True):
        self.staff.administrator.api("PUT", f"console/accounts/{walk.account}/organization-role", {"administrator": administrator})

    def state(self, walk, state, reason="离职"):
        return self.staff.administrator.api("PUT", f"console/accounts/{walk.account}/state", {"state": state, "reason": reason})

    def wishes(self):
        return {w["serial"]: w for w in self.staff.reviewer.api("GET", "console/revocations")["items"]}

    # ---- organizations ----

    def test_r_acct_6_an_organization_sees_its_people_and_nobody_else_s(self):
        head, worker, stranger = self.walk("log_in"), None, self.walk("log_in")
        worker = head.colleague()
        worker.to("submit")
        for path in "organization", "organization/accounts", "organization/applications", "organization/certificates":
            self.refused(head.portal.try_api("GET", path), "ORGANIZATION_ADMINISTRATOR")
        self.role(head)
        self.assertEqual(head.portal.api("GET", "organization")["credit_code"], head.credit_code)
        self.assertEqual({a["id"] for a in head.portal.api("GET", "organization/accounts")["items"]},
                         {head.account, worker.account})
        self.assertEqual([a["number"] for a in head.portal.api("GET", "organization/applications")["items"]], [worker.number])
        self.assertNotIn(worker.number_of_document, head.portal.api("GET", "organization/accounts").body.decode())
        self.role(stranger)
        self.assertEqual(stranger.portal.api("GET", "organization/applications")["items"], [])
        self.role(head, False)
        self.refused(head.portal.try_api("GET", "organization/accounts"), "ORGANIZATION_ADMINISTRATOR")

    def test_r_ops_9_an_organization_asks_for_the_revocation_of_who_left(self):
        head = self.walk("log_in")
        worker = head.colleague().to("platform_login")
        self.role(head)
        ask = {"reason": "affiliationChanged", "words": "已离职"}
        path = f"organization/certificates/{worker.serial}/revocation"
        self.refused(worker.portal.try_api("POST", path, ask), "ORGANIZATION_ADMINISTRATOR")
        other = self.walk()
        self.refused(head.portal.try_api("POST", f"organization/certificates/{other.serial}/revocation", ask), "NOT_FOUND")
        self.refused(head.portal.try_api("POST", path, dict(ask, reason="因为")), "FIELD_CHOICE", "reason")
        head.portal.api("POST", path, ask)
        self.assertEqual(self.wishes()[worker.serial]["words"], "已离职")
        self.assertEqual(worker.try_login().status, 200)  # asking revokes nothing
        self.staff.reviewer.api("POST", f"console/revocations/{worker.serial}/refusal", {"words": "仍在职"})
        self.assertNotIn(worker.serial, self.wishes())
        head.portal.api("POST", path, ask)
        worker.revoke("affiliationChanged")
        self.assertNotIn(worker.serial, self.wishes())
        self.refused(worker.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        self.refused(head.portal.try_api("POST", path, ask), "CERTIFICATE_STATE")

    def test_r_acct_6_lists_are_searched_and_one_of_them_is_looked_at(self):
        head, stranger = self.walk("log_in"), self.walk()
        worker = head.colleague("欧阳若溪").to("platform_login")
        self.role(head)
        get = lambda path: head.portal.api("GET", "organization/" + path)["items"]
        self.assertEqual([a["id"] for a in get("accounts?text=" + quote("若溪"))], [worker.account])
        self.assertEqual([a["number"] for a in get("applications?text=" + worker.number[:12])], [worker.number])
        self.assertEqual(get("applications?holder=" + head.account), [])
        self.assertEqual([c["serial"] for c in get("certificates?holder=" + worker.account)], [worker.serial])
        self.assertEqual(get("certificates?which=ending"), [])
        self.assertEqual(head.portal.api("GET", f"organization/accounts/{worker.account}")["name"], "欧阳若溪")
        shown = head.portal.api("GET", f"organization/certificates/{worker.serial}")
        self.assertEqual((shown["state"], shown["holder_name"], "wish" in shown.json), ("valid", "欧阳若溪", False))
        self.assertEqual(head.portal.api("GET", f"organization/applications/{worker.number}")["state"], "done")
        for path in f"accounts/{stranger.account}", f"certificates/{stranger.serial}", f"applications/{stranger.number}":
            self.refused(head.portal.try_api("GET", "organization/" + path), "NOT_FOUND")
            self.refused(worker.portal.try_api("GET", "organization/" + path), "ORGANIZATION_ADMINISTRATOR")

    def test_r_ops_9_who_asked_for_a_revocation_learns_what_became_of_it(self):
        head = self.walk("log_in")
        worker = head.colleague().to("platform_login")
        self.role(head)
        path = f"organization/certificates/{worker.serial}"
        self.refused(head.portal.try_api("GET", path + "/revocation"), "NOT_FOUND")
        head.portal.api("POST", path + "/revocation", {"reason": "affiliationChanged", "words": "已离职"})
        self.assertEqual([c["serial"] for c in head.portal.api("GET", "organization/certificates?which=waiting")["items"]], [worker.serial])
        wish = self.wishes()[worker.serial]
        self.assertEqual((wish["asked_by"], wish["asked_for"], wish["certificate_state"]), (head.name, "organization", "valid"))
        self.staff.reviewer.api("POST", f"console/revocations/{worker.serial}/refusal", {"words": "本人称仍在职"})
        for channel, to in ("sms", head.mobile), ("email", head.email):
            self.told(to, "本人称仍在职", channel)
        wish = head.portal.api("GET", path + "/revocation")
        self.assertEqual((wish["state"], wish["refused_words"]), ("refused", "本人称仍在职"))
        self.assertEqual(head.portal.api("GET", path)["wish"], "refused")
        head.portal.api("POST", path + "/revocation", {"reason": "affiliationChanged", "words": "附离职证明"})
        self.assertEqual(head.portal.api("GET", path)["wish"], "waiting")
        worker.revoke("affiliationChanged")
        self.assertEqual(head.portal.api("GET", path + "/revocation")["state"], "done")
        self.told(head.mobile, "已吊销")
        self.refused(self.staff.reviewer.try_api("POST", f"console/revocations/{worker.serial}/refusal", {"words": "x"}), "STORE_CONFLICT")

    def test_r_ops_9_an_organization_puts_on_hold_at_once_and_a_reviewer_alone_releases(self):
        head, other = self.walk("log_in"), self.walk()
        worker = head.colleague().to("platform_login")
        path = f"organization/certificates/{worker.serial}/hold"
        self.refused(head.portal.try_api("POST", path), "ORGANIZATION_ADMINISTRATOR")
        self.role(head)
        self.refused(head.portal.try_api("POST", f"organization/certificates/{other.serial}/hold"), "NOT_FOUND")
        self.refused(worker.portal.try_api("POST", path), "ORGANIZATION_ADMINISTRATOR")
        self.refused(head.portal.try_api("POST", f"certificates/{worker.serial}/hold"), "NOT_FOUND")  # it is not the own one
        held = head.portal.api("POST", path)
        self.assertEqual((held["state"], held["held_for"], held["held_by"]), ("held", "organization", head.name))
        self.refused(worker.try_login(), "LOGIN_CERTIFICATE_HELD")
        self.refused(worker.platform.try_api("GET", "session"), "SESSION_OVER")
        self.assertEqual(head.portal.api("POST", path)["state"], "held")  # again changes nothing
        for to, words in (worker.mobile, "管理员" + head.name), (head.mobile, "您已冻结" + worker.name):
            self.told(to, words)
        for to, words in (worker.email, "冻结您的数字证书"), (head.email, "需要解除的"):
            self.told(to, words, "email")
        for c in worker.portal.api("GET", "certificates")["items"]:  # the pair
            self.assertEqual((c["state"], c["held_for"], c["held_by"]), ("held", "organization", head.name))
        hit, = self.staff.reviewer.api("GET", "console/certificates?which=held&text=" + quote(head.organization_name))["items"]
        self.assertEqual((hit["key"], hit["asked_by"], hit["asked_for"]), (worker.serial, head.name, "organization"))
        entry = next(e for e in self.staff.reviewer.api("GET", f"console/certificates/{worker.serial}/history")["items"]
                     if e["action"] == "certificate.hold")
        for part in head.account, head.name, head.credit_code:
            self.assertIn(part, entry["detail"])
        statement = worker.draft_release()
        expect(worker.try_release(statement, self.staff.reviewer.sign(statement)))
        expect(worker.try_login())
        self.refused(head.portal.try_api("POST", path), "HOLD_LIMIT")
        self.refused(worker.try_hold(), "HOLD_LIMIT")  # one measure for both
        self.assertNotIn("held_by", worker.portal.api("GET", "certificates")["items"][0])

    def test_r_acct_7_closing_cancels_refunds_and_asks_for_revocation(self):
        walk = self.walk()
        renewing = walk.further("revoke")
        renewing.to("fill_in")
        paid = walk.colleague().to("pay")
        self.state(paid, "closed")
        shown = self.staff.reviewer.api("GET", paid.console_path()).json
        self.assertEqual(shown["state"], "cancelled")
        finance = self.staff.get("finance")
        wait_for("the refund", lambda: [p["state"] for p in finance.api("GET", paid.console_path("payments"))["items"]] == ["refunded"])
        self.refused(paid.portal.try_api("GET", "applications"), "SESSION_OVER")
        self.state(walk, "closed")
        self.assertEqual(self.staff.reviewer.api("GET", renewing.console_path())["state"], "cancelled")
        self.assertEqual(self.wishes()[walk.serial]["reason"], "cessationOfOperation")
        walk.revoke("cessationOfOperation")
        self.assertNotIn(walk.serial, self.wishes())

    # ---- another number ----

    def prove(self, page, number):
        """Shows that NUMBER is at hand, by the code that was sent to it."""
        since = len(self.world.messages("sms"))
        sent = page.try_api("POST", "mobile-codes", {"mobile": number})
        if sent.status != 202:
            return sent
        return page.try_api("POST", "mobile-proofs", {"mobile": number, "code": self.world.code(number, since)})

    def ask_change(self, page, number, content=None):
        proof = self.prove(page, number)
        return proof if proof.status != 201 else page.try_api("POST", "mobile-changes", content=content or png())

    def decide(self, change, decision="approve", words="已核对", by=None):
        return (by or self.staff.administrator).try_api("PUT", f"console/mobile-changes/{change['id']}",
                                                        {"decision": decision, "words": words})

    def test_r_acct_8_another_mobile_number_takes_evidence_and_the_old_one_is_told(self):
        walk, new = self.walk("log_in"), mobile()
        self.refused(self.ask_change(walk.portal, new, b"nothing"), "FILE_TYPE")
        change = walk.portal.try_api("POST", "mobile-changes", content=png())  # what was proven is not lost by that
        expect(change)
        self.assertEqual(change["mobile"], f"{new[:3]}****{new[-4:]}")
        self.told(walk.mobile, "变更为")
        self.refused(self.ask_change(walk.portal, mobile()), "MOBILE_CHANGE_WAITS")
        expect(self.decide(change, "reject", "看不清"))
        self.told(walk.mobile, "看不清")
        self.assertEqual([(c["state"], c["words"]) for c in walk.portal.api("GET", "mobile-changes")["items"]],
                         [("rejected", "看不清")])
        self.world.a_minute_passes(new)
        change = self.ask_change(walk.portal, new)
        evidence = self.staff.administrator.api("GET", f"console/mobile-changes/{change['id']}/evidence")
        self.assertEqual(evidence.body, png())
        self.assertIn("mobile.look", [e["action"] for e in self.staff.administrator.api("GET", "console/audit")["items"]])
        self.refused(self.decide(change, by=self.staff.reviewer), "NOT_PERMITTED")
        expect(self.decide(change))
        self.refused(self.decide(change), "MOBILE_CHANGE_DECIDED")
        self.told(walk.mobile, "本号不能再登录")
        self.told(new, "手机号已变更")
        self.refused(walk.portal.try_api("GET", "session"), "SESSION_OVER")
        walk.mobile = new
        walk.log_in()

    def test_r_acct_8_the_new_number_is_shown_to_be_at_hand_and_strangers_learn_nothing(self):
        walk, other, new = self.walk("log_in"), self.walk("log_in"), mobile()
        self.refused(walk.portal.try_api("POST", "mobile-codes", {"mobile": walk.mobile}), "MOBILE_CHANGE_SAME")
        self.refused(walk.portal.try_api("POST", "mobile-changes", content=png()), "MOBILE_UNPROVEN")
        for number in other.mobile, new:  # another account's, nobody's: not told apart by who has it not
            self.assertEqual(walk.portal.try_api("POST", "mobile-codes", {"mobile": number}).status, 202)
            self.refused(walk.portal.try_api("POST", "mobile-codes", {"mobile": number}), "SMS_TOO_SOON")
            wrong = walk.portal.try_api("POST", "mobile-proofs", {"mobile": number, "code": "000000"})
            self.refused(wrong, "SMS_CODE_WRONG")
            self.assertEqual(wrong["field"], "code")
        self.told(other.mobile, "更换为本号")
        self.world.a_minute_passes(other.mobile)
        self.refused(self.prove(walk.portal, other.mobile), "ACCOUNT_MOBILE_TAKEN")  # to who has the number as well
        self.world.a_minute_passes(new)
        expect(self.prove(walk.portal, new))
        own = walk.portal.api("GET", "account")
        self.assertEqual((own["new_mobile"], own["mobile"]), (new, f"{walk.mobile[:3]}****{walk.mobile[-4:]}"))
        self.assertNotIn("new_mobile", other.portal.api("GET", "account").json)
        self.refused(other.portal.try_api("POST", "mobile-changes", content=png()), "MOBILE_UNPROVEN")

    def test_r_acct_8_one_s_own_change_is_withdrawn_while_it_waits(self):
        walk, other, new = self.walk("log_in"), self.walk("log_in"), mobile()
        change = self.ask_change(walk.portal, new)
        expect(change)
        self.refused(other.portal.try_api("DELETE", f"mobile-changes/{change['id']}"), "NOT_FOUND")
        self.assertEqual(walk.portal.try_api("DELETE", f"mobile-changes/{change['id']}").status, 204)
        self.assertEqual(walk.portal.api("GET", "mobile-changes")["items"], [])
        self.refused(self.decide(change), "NOT_FOUND")
        self.world.a_minute_passes(new)
        expect(self.ask_change(other.portal, new))  # the number is free again

    def test_r_acct_8_who_entered_a_change_does_not_decide_it(self):
        walk, new = self.walk("log_in"), mobile()
        change = self.staff.administrator.try_api("POST", f"console/accounts/{walk.account}/mobile-changes/{new}", content=png())
        expect(change)
        self.refused(self.decide(change), "MOBILE_CHANGE_OWN")
        waiting = self.staff.administrator.api("GET", "console/mobile-changes?state=waiting")["items"]
        self.assertIn(change["id"], [c["id"] for c in waiting])
        expect(self.decide(change, by=self.staff.get("administrator", 1)))
        waiting = self.staff.administrator.api("GET", "console/mobile-changes?state=waiting")["items"]
        self.assertNotIn(change["id"], [c["id"] for c in waiting])

    # ---- logins by USBKey ----

    def enter(self, walk, pin=NEW_PIN):
        """The portal by the USBKey at hand."""
        walk.portal = Page(self.world.address("portal"))
        key_login(walk.portal, Agent(self.world.address("portal"), self.world.address("agent")), walk.key, walk.serial, pin)

    def test_r_sms_2_what_a_login_by_usbkey_opens(self):
        walk = self.walk()
        self.enter(walk)
        for service in "unlock", "lost", "damaged":
            self.refused(walk.portal.try_api("POST", "applications", {"service": service}), "NOT_PERMITTED")
        self.refused(walk.portal.try_api("POST", "applications", {"service": "renew"}), "RENEWAL_EARLY")
        for service in "revoke", "change":
            walk.number = walk.portal.api("POST", "applications", {"service": service})["number"]
            walk.withdraw()

    # ---- evidence ----

    def evidence(self, lines, *more):
        path = self.world.path("evidence.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(line) + "\n" if isinstance(line, dict) else line for line in lines)
        return self.world.run("audit", "evidence", *more, "--root", self.world.path("ca/root.cer"), path, check=False,
                              env=dict(os.environ, LC_ALL="C.UTF-8"))

    def export(self, *more):
        done = self.world.run("audit", "export", *more, "--folder", self.world.folder)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_r_login_8_what_was_signed_is_proven_by_itself(self):
        """Logins and acts, exported, hold with nothing but the root certificate; altered in any part they do not."""
        walk = self.walk()
        before = len(self.export("--serial", walk.serial))
        self.assertEqual(before, 1)
        finish_login(Page(self.world.address("platform")), begin_login(walk.platform, walk.serial), {"certificate": "", "signature": ""})
        self.assertEqual(len(self.export("--serial", walk.serial)), before)  # nothing of one that failed
        login = self.export("--serial", walk.serial)[0]
        done = self.evidence([login], "--json")
        told = json.loads(done.stdout)
        self.assertEqual((told["act"], told["serial"], told["expired"], told["origin"]),
                         ("login", walk.serial, False, self.world.address("platform")))
        self.assertIn("good_by_ca", told)
        every = self.export()
        self.assertEqual({line["statement"].split("\n")[0] for line in every if f"application: {walk.number}\n" in line["statement"]},
                         {"HUFU-APPROVE-v1", "HUFU-CARD-v1", "HUFU-PRODUCE-v2"})
        done = self.evidence(every)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{len(every)} in all; every one holds.", done.stdout)
        self.assertEqual(self.export("--from", "2001-01-01", "--until", "2001-12-31"), [])
        self.assertIn("--from", self.world.run("audit", "export", "--from", "2001-1-1", "--folder", self.world.folder, check=False).stderr)
        self.falsified(login, every)

    def falsified(self, login, every):
        mine = every.index(login)
        act = next(line for line in every if line["statement"].startswith("HUFU-APPROVE-v1"))
        # an operator's login
        another = next(line for line in every if line["statement"].startswith("HUFU-LOGIN-v1") and "ocsp" not in line)
        flip = lambda field: base64.b64encode(bytes(b ^ (i == 40) for i, b in enumerate(base64.b64decode(login[field])))).decode()
        wrong = {
            "EVIDENCE_BROKEN": [{**login, "statement": login["statement"].replace("time: 1", "time: 2")},
                                {**login, "signature": flip("signature")}, {**login, "issuer": another["issuer"]},
                                {**login, "certificate": another["certificate"]}, {**login, "ocsp": flip("ocsp")},
                                {**act, "signature": login["signature"]}],
            "EVIDENCE_FILE": [{**login, "format": "HUFU-PROOF-v1"}, {**login, "statement": "x"},
                              {**login, "statement": "HUFU-LOGIN-v2" + login["statement"][13:]}, {**login, "signature": ""},
                              {**login, "certificate": "AA=="}, "[]\n", "{\n"],
        }
        for words, lines in (("does not hold", wrong["EVIDENCE_BROKEN"]), ("is no evidence", wrong["EVIDENCE_FILE"])):
            for line in lines:
                with self.subTest(str(line)[:200]):
                    done = self.evidence([*every[:mine], line])
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertIn(f"line {mine + 1}", done.stderr)
        for field in "format", "statement", "signature", "certificate", "issuer":
            done = self.evidence([{name: value for name, value in login.items() if name != field}])
            self.assertEqual((done.returncode, f"line 1: {field}" in done.stderr), (1, True), done.stderr)

    def test_r_login_8_a_signer_that_does_not_answer_keeps_nobody_out(self):
        walk = self.walk()
        signer = self.world.pid("signer")
        os.kill(signer, signal.SIGSTOP)
        try:
            self.assertEqual(walk.try_login(Page(self.world.address("platform"))).status, 200)
        finally:
            os.kill(signer, signal.SIGCONT)
        told = [json.loads(line) for line in self.evidence(self.export("--serial", walk.serial), "--json").stdout.splitlines()]
        self.assertEqual(sorted("good_by_ca" in line for line in told), [False, True])

    def test_r_login_4_r_login_8_the_ca_s_own_word_decides(self):
        """The answer that the CA signs at a login is over that very statement; a database that was altered is not believed."""
        walk, other = self.walk(), self.walk()
        mine, others = (self.export("--serial", w.serial)[0] for w in (walk, other))
        self.assertIn("another statement", self.evidence([{**mine, "ocsp": others["ocsp"]}]).stderr)
        walk.revoke()
        other.try_hold()
        self.world.stop()
        database = sqlite3.connect(self.world.path("web/hufu.db"))
        with database:
            database.execute("UPDATE certificate SET state = 'valid' WHERE serial IN (?, ?)", (walk.serial, other.serial))
        database.close()
        self.world.start()
        People.staff = Staff(self.world)
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        self.refused(other.try_login(), "LOGIN_CERTIFICATE_HELD")


class Left(unittest.TestCase):
    """Applications that nobody goes on with, as days pass."""

    def test_r_form_8_and_r_fee_5_unpaid_drafts_and_sent_back_ones_lapse_with_a_warning(self):
        world = World()
        self.addCleanup(world.close)
        staff = Staff(world)
        draft, unpaid, back = (Walk(world, staff).to(step) for step in ("fill_in", "submit", "pay"))
        staff.reviewer.api("POST", back.console_path("return"),
                           {"reason": "missing-material", "items": "license", "words": "缺营业执照"})

        def later(days):
            world.later(days * DAY + 3600)
            staff.known.clear()
            for walk in draft, unpaid, back:
                walk.log_in()

        def told(walk, words):
            for channel, to in ("sms", walk.mobile), ("email", walk.email):
                world.message(channel, to, words)

        later(1)
        told(unpaid, "未收到账款 399.00 元")
        self.assertEqual(unpaid.state(), "awaiting-payment")
        later(12)
        told(unpaid, "自动失效")
        later(15)
        self.assertEqual((unpaid.state(), draft.state(), back.state()), ("lapsed", "draft", "sent-back"))
        self.assertEqual(unpaid.portal.try_api("POST", unpaid.path("payment"), {"method": "wechat"}).name, "APPLICATION_STATE")
        later(27)
        for walk in draft, back:
            told(walk, "将于")
        later(30)
        for walk in draft, back:
            wait_for("the lapse", lambda w=walk: w.state() == "lapsed")
            told(walk, "已自动失效")
        wait_for("the refund", lambda: back.portal.api("GET", back.path("payment"))["state"] == "refunded")
        anew = draft.portal.api("POST", "applications", {"service": "apply"})["number"]
        self.assertNotEqual(anew, draft.number)


if __name__ == "__main__":
    unittest.main()
