"""R-SHIP-3: a USBKey travels with its certificate in transit; its holder confirms the receipt by a code, which puts it in use."""
import unittest

from page import Page
from walk import Staff, Walk, begin_login, expect, finish_login
from world import World


class Receipt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def walk(self, step="ship"):
        return Walk(self.world, self.staff).to(step)

    def states(self, walk):
        return {c["state"] for c in walk.portal.api("GET", "certificates")["items"]}

    def refused(self, answer, name, field=None):
        self.assertEqual(answer.name, name, answer)
        if field:
            self.assertEqual(answer["field"], field)

    def confirm(self, walk, code):
        return walk.portal.try_api("POST", walk.path("receipt"), {"code": code})

    def ask(self, walk):
        return walk.portal.try_api("POST", walk.path("receipt-code"))

    def no_login(self, walk, name):
        self.refused(walk.try_login(), name)

    def test_r_ship_3_in_transit_until_its_holder_confirms(self):
        walk, stranger = self.walk("finish"), self.walk("log_in")
        self.assertEqual(self.states(walk), {"transit"})
        self.refused(self.ask(walk), "APPLICATION_STATE")  # not before it is sent
        self.refused(self.confirm(walk, "123456"), "APPLICATION_STATE")
        walk.to("ship")
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.assertIn("确认收货", self.world.message(channel, to, walk.waybill)["text"])
        walk.change_pin()  # whoever has the parcel can
        self.no_login(walk, "LOGIN_CERTIFICATE_TRANSIT")
        portal = Page(self.world.address("portal"))
        draft = begin_login(portal, walk.serial)
        walk.own_agent, own = type(walk.own_agent)(self.world.address("portal"), self.world.address("agent")), walk.own_agent
        self.refused(finish_login(portal, draft, walk.sign_login(draft)), "LOGIN_CERTIFICATE_TRANSIT")
        walk.own_agent = own
        self.refused(stranger.portal.try_api("POST", walk.path("receipt-code")), "NOT_FOUND")
        self.refused(stranger.portal.try_api("POST", walk.path("receipt"), {"code": "123456"}), "NOT_FOUND")
        self.refused(self.confirm(walk, "123456"), "SMS_CODE_OVER")
        self.refused(self.confirm(walk, "12345"), "FIELD_LENGTH", "code")
        code = walk.receipt_code()
        self.refused(walk.portal.try_api("POST", "sessions", {"mobile": walk.mobile, "code": code}), "SMS_CODE_OVER")
        wrong = self.confirm(walk, ("1" if code[0] == "0" else "0") + code[1:])
        self.refused(wrong, "SMS_CODE_WRONG", "code")
        self.assertEqual(self.states(walk), {"transit"})
        self.assertEqual(self.confirm(walk, code)["state"], "done")
        self.assertEqual(self.states(walk), {"valid"})
        self.refused(self.confirm(walk, code), "APPLICATION_STATE")
        expect(walk.try_login())
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.world.message(channel, to, "确认收到 USBKey")
        actions = [e["action"] for e in self.staff.reviewer.api("GET", f"console/certificates/{walk.serial}/history")["items"]]
        self.assertIn("certificate.receive", actions)
        told = self.world.run("audit", "verify", self.world.folder, check=False)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    def test_r_sms_1_a_code_a_minute_and_five_tries(self):
        walk = self.walk()
        code = walk.receipt_code()
        self.refused(self.ask(walk), "SMS_TOO_SOON")
        wrong = ("1" if code[0] == "0" else "0") + code[1:]
        for name in ["SMS_CODE_WRONG"] * 4 + ["SMS_CODE_TRIES"] * 2:
            self.refused(self.confirm(walk, wrong), name)
        self.refused(self.confirm(walk, code), "SMS_CODE_TRIES")
        walk.receive()

    def test_r_ship_3_r_revoke_3_a_hold_outlives_the_receipt_and_its_release_the_transit(self):
        walk, other = self.walk(), self.walk()
        self.assertEqual(walk.try_hold()["state"], "held")
        self.assertEqual(self.states(walk), {"held"})
        walk.receive()
        walk.change_pin()
        self.assertEqual(self.states(walk), {"held"})
        self.no_login(walk, "LOGIN_CERTIFICATE_HELD")
        for held, state in (walk, "valid"), (other, "transit"):
            if held is other:
                expect(held.try_hold())
            statement = held.draft_release()
            self.assertEqual(held.try_release(statement, self.staff.reviewer.sign(statement))["state"], state)
        expect(walk.try_login())
        other.change_pin()
        self.no_login(other, "LOGIN_CERTIFICATE_TRANSIT")
        other.receive()
        expect(other.try_login())

    def test_r_ship_3_r_revoke_2_revoked_on_its_way(self):
        walk = self.walk()
        walk.revoke()
        self.refused(self.ask(walk), "CERTIFICATE_STATE")
        self.refused(self.confirm(walk, "123456"), "CERTIFICATE_STATE")
        walk.change_pin()
        self.no_login(walk, "LOGIN_CERTIFICATE_REVOKED")

    def test_r_ship_3_services_that_begin_with_the_usbkey_in_hand(self):
        walk = self.walk()
        for service in "renew", "unlock", "change":
            answer = walk.portal.try_api("POST", "applications", {"service": service})
            self.refused(answer, "APPLICATION_CERTIFICATE_NONE")
            self.assertIn("确认收货", answer["detail"])
        self.refused(walk.portal.try_api("POST", "applications", {"service": "apply"}), "APPLICATION_CERTIFICATE")
        expect(walk.portal.try_api("POST", "applications", {"service": "revoke"}))

    def test_r_ship_3_r_ship_4_what_was_sent_again_is_confirmed_anew(self):
        walk = self.walk()
        first, code = walk.serial, walk.receipt_code()
        walk.remake()
        self.refused(self.confirm(walk, code), "APPLICATION_STATE")
        walk.begin_anew()
        walk.to("finish")
        found = {c["serial"]: c["state"] for c in walk.portal.api("GET", "certificates")["items"] if c["purpose"] == "signing"}
        self.assertEqual(found, {first: "revoked", walk.serial: "transit"})
        walk.to("platform_login")
        self.assertEqual(walk.state(), "done")


if __name__ == "__main__":
    unittest.main()
