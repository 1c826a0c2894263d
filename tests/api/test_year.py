"""A year and more of one certificate, in one installation with real processes and a clock that is moved: application, reminders,
renewal, lost twice, damaged twice, change of holder, revocation, and an application anew. At each step each certificate's state
and end, who may log in, the fee, and what people were told. The cases are one story, in the order of their numbers."""
import base64
import datetime
import json
import time
import unittest

from page import Agent, Page
from walk import DEFAULT_PIN, NEW_PIN, Staff, Walk, expect, key_login
from world import World, wait_for

HOUR, DAY, SHANGHAI = 3600, 86400, datetime.timezone(datetime.timedelta(hours=8))


def months_later(time_s, count):
    """COUNT calendar months by Asia/Shanghai; the month's last day where it has no such day."""
    t = datetime.datetime.fromtimestamp(time_s, SHANGHAI)
    month = t.year * 12 + t.month - 1 + count
    for day in range(t.day, t.day - 4, -1):
        try:
            return int(t.replace(year=month // 12, month=month % 12 + 1, day=day).timestamp())
        except ValueError:
            continue
    raise AssertionError(time_s)


def years_after(end_s):
    """The end of a year that begins when END_S, itself the last second, is over."""
    return months_later(end_s + 1, 12) - 1


class Year(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    # ---- what is looked at ----

    def later(self, time_s):
        """Everybody's login has ended by then."""
        self.world.later(int(time_s - time.time()))
        Year.staff = Staff(self.world)
        for walk in (self.main, self.busy, self.late):
            walk.staff = self.staff
            walk.log_in()

    def pairs(self, walk):
        """serial of the signing certificate → what the holder's list says; both of a pair stand alike."""
        found = walk.portal.api("GET", "certificates")["items"]
        signing = {c["serial"]: c for c in found if c["purpose"] == "signing"}
        for serial, c in signing.items():
            other = [e for e in found if e["purpose"] == "encryption" and e["application"] == c["application"]]
            self.assertEqual([(e["state"], e["not_after_s"]) for e in other], [(c["state"], c["not_after_s"])], serial)
        return signing

    def stand(self, walk, **serials):
        """WALK's certificates by state: valid="…", revoked=["…", …]; no others."""
        wanted = {}
        for state, which in serials.items():
            wanted.update({serial: state for serial in ([which] if isinstance(which, str) else which)})
        self.assertEqual({serial: c["state"] for serial, c in self.pairs(walk).items()}, wanted)

    def end(self, walk):
        return self.pairs(walk)[walk.serial]["not_after_s"]

    def encryption_key(self, walk):
        """The public key in the encryption certificate beside WALK's signing one."""
        found = walk.portal.api("GET", "certificates")["items"]
        own = next(c for c in found if c["serial"] == walk.serial)
        other = next(c for c in found if c["application"] == own["application"] and c["purpose"] == "encryption")
        der = base64.b64decode(other["der"])
        at = der.index(bytes.fromhex("03420004")) + 4
        return der[at:at + 64]

    def published_as_revoked(self, serial):
        """R-REVOKE-1: in the list and in the answer about it."""
        def published(*path):
            with open(self.world.path("publish", *path), "rb") as f:
                return f.read()
        wait_for("its list", lambda: bytes.fromhex(serial) in published("crl/issuing-0000.crl"))
        wait_for("its answer", lambda: published("ocsp/issuing", serial[:2], serial)[24:25] == b"\x01")

    def logs_in(self, walk, pin=NEW_PIN):
        page = Page(self.world.address("platform"))
        draft = page.api("POST", "key-logins", {"serial": walk.serial}).json
        signed = walk.sign_login(draft, pin)
        expect(page.try_api("POST", "key-logins/" + draft["id"],
                            {"certificate": signed["certificate"], "signature": signed["signature"]}))

    def no_login(self, walk, why):
        self.assertEqual(walk.try_login(Page(self.world.address("platform"))).name, why)

    def told(self, walk, words):
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.world.message(channel, to, words)

    def reminded(self, walk, ending, over=0):
        """By SMS and by e-mail, as often as told, and not once more."""
        def count(channel, to, words):
            return len([m for m in self.world.messages(channel, to) if words in m["text"]])
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            for words, wanted in ("将于", ending), ("不能再登录", over):
                wait_for(f"reminder {wanted} by {channel}", lambda c=channel, t=to, w=words, n=wanted: count(c, t, w) >= n)
                self.assertEqual(count(channel, to, words), wanted, (channel, words))

    def queued(self, walk):
        """R-OPS-1: whether a producer has to do with it."""
        items = self.staff.producer.api("GET", "console/queue?state=approved")["items"]
        return walk.number in [item["number"] for item in items]

    def refused(self, walk, service, name):
        self.assertEqual(walk.portal.try_api("POST", "applications", {"service": service}).name, name)

    def paid(self, walk, fen):
        """Submitted; what is asked for it, and paid."""
        self.assertEqual(walk.state(), "awaiting-payment")
        self.assertEqual(walk.order()["amount_fen"], fen)
        walk.pay()
        self.assertEqual(walk.state(), "in-review")

    def fee_free(self, walk):
        self.assertEqual((walk.state(), walk.portal.api("GET", walk.path()).json.get("fee_fen", 0)), ("in-review", 0))

    def renew(self, walk):
        """Applied for and paid."""
        renewing = walk.further("renew")
        renewing.done.remove("pay")
        renewing.to("submit")
        self.paid(renewing, 39900)
        renewing.done.append("pay")
        return renewing

    def delivered(self, walk):
        """Produced, sent, received, its first PIN changed."""
        walk.to("ship")
        self.told(walk, walk.waybill)
        walk.to("platform_login")
        self.assertEqual(walk.state(), "done")

    # ---- the story ----

    def test_01_r_apply_1_a_certificate_for_a_year(self):
        """Three colleagues of the office: one renews in time, one while it ends, one too late."""
        for name in "main", "busy", "late":
            walk = Walk(self.world, self.staff).to("submit")
            self.paid(walk, 39900)
            walk.done.append("pay")
            self.delivered(walk)
            setattr(Year, name, walk)
            c = self.pairs(walk)[walk.serial]
            self.assertAlmostEqual(c["not_after_s"], months_later(c["not_before_s"], 12) - 1, delta=600)
            self.stand(walk, valid=walk.serial)
            self.refused(walk, "apply", "APPLICATION_CERTIFICATE")
        self.refused(self.main, "renew", "RENEWAL_EARLY")  # R-RENEW-2
        Year.ends = self.end(self.main)

    def test_02_r_renew_1_r_renew_2_r_renew_4_a_month_before_and_renewed_in_time(self):
        self.later(months_later(self.ends, -1) + HOUR)
        for walk in self.main, self.busy, self.late:
            self.reminded(walk, 1)
        renewing = self.renew(self.main)
        renewing.to("approve")
        self.assertIn(f"validity: renew:{self.ends}\n", renewing.approval)
        self.told(renewing, "证书下载")  # R-OPS-8
        self.assertFalse(self.queued(renewing))
        self.stand(self.main, valid=self.main.serial)
        self.logs_in(self.main)  # R-RENEW-4: until the new one is in place
        renewing.take()
        self.assertEqual(renewing.state(), "done")
        self.assertEqual(self.end(renewing), years_after(self.ends))
        self.stand(renewing, valid=renewing.serial, revoked=self.main.serial)
        self.logs_in(renewing)
        Year.main = renewing

    def test_03_r_renew_1_a_week_and_a_day_before(self):
        self.later(self.ends - 7 * DAY + HOUR)
        for walk in self.busy, self.late:
            self.reminded(walk, 2)
        self.later(self.ends - DAY + HOUR)
        for walk in self.busy, self.late:
            self.reminded(walk, 3)
        Year.renewing = self.renew(self.busy)  # and nobody looks at it today

    def test_04_r_renew_1_r_renew_5_r_login_4_the_end(self):
        self.later(self.ends + HOUR)
        for walk in self.busy, self.late:
            self.reminded(walk, 3, over=1)
            self.no_login(walk, "LOGIN_CERTIFICATE_EXPIRED")
            self.stand(walk, expired=walk.serial)
        self.reminded(self.main, 1)  # the one that was renewed is nobody's concern any more
        self.logs_in(self.main)

    def test_05_r_renew_3_r_renew_5_an_end_during_the_review_shortens_nothing(self):
        self.renewing.staff = self.staff
        self.renewing.to("approve")
        self.no_login(self.busy, "LOGIN_CERTIFICATE_EXPIRED")
        self.renewing.take()
        c = self.pairs(self.renewing)[self.renewing.serial]
        self.assertAlmostEqual(c["not_after_s"], months_later(c["not_before_s"], 12) - 1, delta=600)  # from issuance
        self.assertGreater(c["not_after_s"], years_after(self.ends))
        self.stand(self.busy, valid=self.renewing.serial, revoked=self.busy.serial)
        self.logs_in(self.renewing)

    def test_05_r_sms_2_r_login_8_an_expired_usbkey_opens_renewal_alone(self):
        """What it signed says that it had expired."""
        portal = self.world.address("portal")
        page, agent = Page(portal), Agent(portal, self.world.address("agent"))
        key_login(page, agent, self.late.key, self.late.serial, NEW_PIN)
        for service in "revoke", "change", "lost", "unlock", "damaged":
            self.assertEqual(page.try_api("POST", "applications", {"service": service}).name, "NOT_PERMITTED")
        self.assertEqual(page.try_api("GET", "organization").name, "SESSION_MEANS")
        lines = self.world.path("evidence.jsonl")
        with open(lines, "w", encoding="utf-8") as f:
            f.write(self.world.run("audit", "export", "--serial", self.late.serial, "--folder", self.world.folder).stdout)
        told = self.world.run("audit", "evidence", "--json", "--root", self.world.path("ca/root.cer"), lines).stdout
        self.assertTrue(json.loads(told.splitlines()[-1])["expired"])
        walk = self.late
        walk.number = page.api("POST", "applications", {"service": "renew"})["number"]
        walk.withdraw()

    def test_06_r_renew_2_r_renew_4_renewed_after_the_end(self):
        for service in "lost", "damaged", "change":
            self.refused(self.late, service, "APPLICATION_CERTIFICATE_NONE")
        renewing = self.renew(self.late)
        renewing.to("approve")
        renewing.take()
        c = self.pairs(renewing)[renewing.serial]
        self.assertAlmostEqual(c["not_after_s"], months_later(c["not_before_s"], 12) - 1, delta=600)  # from issuance
        self.stand(renewing, valid=renewing.serial, revoked=self.late.serial)
        self.logs_in(renewing)

    def test_07_r_lost_1_r_lost_2_r_lost_3_lost_free(self):
        self.later(self.ends + 90 * DAY)
        self.reminded(self.late, 3, over=1)  # and never again
        self.reminded(self.main, 1)
        Year.kept = self.end(self.main)
        self.lose(self.main, None)

    def lose(self, walk, fen):
        """The old one is dead with the approval, the new one ends as it would have."""
        lost = walk.further("lost")
        lost.to("submit")
        if fen:
            self.paid(lost, fen)
        else:
            self.fee_free(lost)
        self.logs_in(walk)
        self.replaced(walk, lost)

    def replaced(self, walk, lost):
        before = [serial for serial in self.pairs(walk)]
        lost.to("approve")
        self.assertTrue(self.queued(lost))
        self.told(lost, "补办")
        self.no_login(walk, "LOGIN_CERTIFICATE_REVOKED")
        self.stand(lost, revoked=before)
        self.delivered(lost)
        self.stand(lost, valid=lost.serial, revoked=before)
        self.assertEqual(self.end(lost), self.kept)
        Year.main = lost

    def test_08_r_lost_3_lost_again_for_80(self):
        self.lose(self.main, 8000)

    def test_09_r_damaged_1_r_damaged_2_damaged_without_fault(self):
        walk = self.main
        before = [serial for serial in self.pairs(walk)]
        damaged = self.sent_back(walk)
        self.staff.reviewer.api("POST", damaged.console_path("inspection"), {"fault": "none", "words": "接口氧化"})
        self.fee_free(damaged)
        damaged.to("approve")
        self.assertTrue(self.queued(damaged))
        self.logs_in(walk)  # good until the new one is produced
        damaged.to("issue")
        self.no_login(walk, "LOGIN_CERTIFICATE_REVOKED")
        self.delivered(damaged)
        self.stand(damaged, valid=damaged.serial, revoked=before)
        self.assertEqual(self.end(damaged), self.kept)
        Year.main = damaged

    def sent_back(self, walk):
        damaged = walk.further("damaged")
        damaged.to("submit")
        self.assertEqual(damaged.state(), "awaiting-return")
        damaged.portal.api("PUT", damaged.path("return-waybill"), {"waybill": "9876543210123"})
        self.staff.reviewer.api("POST", damaged.console_path("key-received"))
        return damaged

    def test_10_r_damaged_1_the_holder_s_fault_is_a_replacement_for_80(self):
        """The third: one without a fault was no replacement and did not count."""
        damaged = self.sent_back(self.main)
        self.staff.reviewer.api("POST", damaged.console_path("inspection"), {"fault": "holder", "words": "外壳被撬开"})
        shown = damaged.portal.api("GET", damaged.path()).json
        self.assertEqual((shown["service"], shown["origin"]), ("lost", "damaged"))
        self.told(damaged, "外壳被撬开")
        self.paid(damaged, 8000)
        self.logs_in(self.main)
        self.replaced(self.main, damaged)

    def test_11_r_change_1_r_change_3_to_a_colleague(self):
        Year.other, walk = self.main.colleague(), self.main
        other = self.other
        change = walk.further("change")
        change.to("fill_in")
        answer = change.portal.try_api("PUT", change.path("particulars"), {"successor_mobile": self.late.mobile})
        self.assertEqual(answer.name, "SUCCESSOR_UNFIT")
        change.portal.api("PUT", change.path("particulars"), {"successor_mobile": other.mobile})
        change.to("submit")
        self.assertEqual(change.state(), "awaiting-confirmation")
        other.portal.api("POST", change.path("confirmation"))
        self.fee_free(change)
        Year.change = change

    def test_12_r_change_2_r_change_4_the_certificate_passes(self):
        change, other, walk = self.change, self.other, self.main
        before = [serial for serial in self.pairs(walk)]
        self.logs_in(walk)
        change.to("approve")
        self.assertFalse(self.queued(change))
        self.no_login(walk, "LOGIN_CERTIFICATE_REVOKED")  # at approval, not at download
        self.stand(walk, revoked=before)
        for person in change, other:
            self.told(person, "已变更使用人")
        other.number, other.key, other.card = change.number, walk.key, walk.card
        other.take()
        self.assertEqual(other.state(), "done")
        self.stand(walk, revoked=before)
        self.stand(other, valid=other.serial)
        self.assertEqual(self.end(other), self.kept)
        self.assertNotEqual(self.encryption_key(other), self.encryption_key(walk))
        agent = other.holder_agent()
        self.assertEqual(agent.key(walk.card.serial)["state"], "must-change")
        self.assertEqual(agent.try_tell("change-pin", key=other.key, old=NEW_PIN, new="58392017").name, "AGENT_PIN_WRONG")
        agent.tell("change-pin", key=other.key, old=DEFAULT_PIN, new="58392017")
        self.logs_in(other, "58392017")
        self.refused(walk, "renew", "APPLICATION_CERTIFICATE_NONE")

    def test_13_r_revoke_1_r_revoke_2_revoked_for_good(self):
        other = self.other
        revoking = other.further("revoke")
        revoking.to("fill_in")
        revoking.portal.api("PUT", revoking.path("particulars"), {"reason": "cessationOfOperation"})
        revoking.to("submit")
        self.fee_free(revoking)
        self.logs_in(other, "58392017")
        revoking.to("approve")
        self.assertEqual(revoking.state(), "done")
        self.told(revoking, "证书已吊销")
        self.stand(other, revoked=other.serial)
        self.published_as_revoked(other.serial)
        self.assertEqual(self.pairs(other)[other.serial]["reason"], "cessationOfOperation")
        page = Page(self.world.address("platform"))
        draft = page.api("POST", "key-logins", {"serial": other.serial}).json
        signed = other.sign_login(draft, "58392017")
        self.assertEqual(page.try_api("POST", "key-logins/" + draft["id"],
                                      {"certificate": signed["certificate"], "signature": signed["signature"]}).name,
                         "LOGIN_CERTIFICATE_REVOKED")
        for service in "renew", "unlock", "lost", "damaged", "revoke", "change":
            self.refused(other, service, "APPLICATION_CERTIFICATE_NONE")
        self.assertGreaterEqual(other.try_hold().status, 400)

    def test_14_r_revoke_2_r_apply_1_applied_for_anew(self):
        anew = self.other.further("apply")
        anew.done = ["open", "log_in"]
        anew.to("submit")
        self.paid(anew, 39900)
        anew.done.append("pay")
        self.delivered(anew)
        self.stand(anew, valid=anew.serial, revoked=self.other.serial)
        c = self.pairs(anew)[anew.serial]
        self.assertAlmostEqual(c["not_after_s"], months_later(c["not_before_s"], 12) - 1, delta=600)
        self.logs_in(anew)


if __name__ == "__main__":
    unittest.main(failfast=True)
