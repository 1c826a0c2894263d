"""A way on from everywhere: what was approved is not lost with the USBKey that was to take it."""
import time
import unittest

from envelope import Key, encrypt
from page import Agent, Page
from test_year import DAY, years_after
from walk import NEW_PIN, Staff, Walk, expect
from world import World, wait_for


class Former(unittest.TestCase):
    """A renewal, a reissue or a change of holder is approved; its USBKey is lost or broken before the download."""
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)
        walks = [Walk(cls.world, cls.staff).to("platform_login") for _ in range(7)]
        cls.ends = cls.pairs(walks[0])[walks[0].serial]["not_after_s"]
        cls.world.later(int(cls.ends - 20 * DAY - time.time()))
        cls.staff = Staff(cls.world)
        for walk in walks:
            walk.staff = cls.staff
            walk.log_in()
        cls.walks = walks

    @staticmethod
    def pairs(walk):
        return {c["serial"]: c for c in walk.portal.api("GET", "certificates")["items"] if c["purpose"] == "signing"}

    def refused(self, answer, name):
        self.assertEqual(answer.name, name, answer)

    def renewed(self):
        """An approved renewal, paid for."""
        walk = self.walks.pop()
        end = self.pairs(walk)[walk.serial]["not_after_s"]
        renewing = walk.further("renew")
        renewing.done.remove("pay")
        renewing.to("approve")
        return walk, renewing, end

    def shown(self, walk):
        return walk.portal.api("GET", walk.path()).json

    def paid(self, walk):
        return walk.portal.api("GET", walk.path("payment"))["state"]

    def test_r_lost_2_r_renew_5_r_lost_3_a_replacement_takes_the_place_of_an_approved_renewal(self):
        """The year that was paid for goes over to it; nothing is paid twice, and the two bring one pair."""
        walk, renewing, end = self.renewed()
        lost = walk.further("lost")
        lost.to("submit")
        self.assertEqual((lost.state(), self.shown(lost).get("fee_fen", 0)), ("in-review", 0))
        former = self.shown(renewing)
        self.assertEqual((former["state"], former["replaced_by"]), ("replaced", lost.number))
        self.assertEqual(self.shown(lost)["former"], renewing.number)
        with self.assertRaisesRegex(Exception, "APPLICATION_STATE"):
            renewing.take()  # found again: its place is taken, until that is withdrawn
        lost.withdraw()
        self.assertEqual((renewing.state(), self.paid(renewing)), ("approved", "paid"))
        again = walk.further("lost")
        again.to("approve")
        self.assertIn(f"validity: renew:{end}\n", again.approval)
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")  # R-LOST-1
        again.to("platform_login")
        found = self.pairs(again)
        self.assertEqual({serial: (c["state"], c["not_after_s"]) for serial, c in found.items()},
                         {walk.serial: ("revoked", end), again.serial: ("valid", years_after(end))})
        self.assertEqual((renewing.state(), self.paid(renewing)), ("replaced", "paid"))
        self.assertEqual(len(renewing.portal.api("GET", renewing.path("invoices"))["items"]), 1)  # R-APPLY-6: of what was paid there

    def test_r_lost_2_r_ship_4_made_again_after_the_post_lost_it(self):
        walk, renewing, end = self.renewed()
        lost = walk.further("lost")
        lost.to("ship")
        first = lost.serial
        time.sleep(1.1)  # approvals are told apart by their second
        lost.remake()
        lost.begin_anew()
        lost.waybill = "9" + lost.waybill[1:]
        lost.to("platform_login")
        found = self.pairs(lost)
        self.assertEqual((found[first]["state"], found[lost.serial]["not_after_s"]), ("revoked", years_after(end)))

    def test_r_lost_4_r_renew_4_every_key_of_before_comes_into_the_new_usbkey(self):
        walk, renewing, _ = self.renewed()
        renewing.take()
        data, ders = b"of a year before", [c["der"] for c in walk.portal.api("GET", "certificates")["items"] if c["purpose"] == "encryption"]
        self.assertEqual(len(ders), 2)
        lost = walk.further("lost")
        lost.to("change_pin")
        key = Key(self.world, lost.card.serial, NEW_PIN)
        self.addCleanup(key.close)
        for blob in (encrypt(der, data) for der in ders):
            self.assertIn(data, [key.decrypt(name, blob) for name in key.containers()])

    def test_r_renew_3_r_damaged_1_a_usbkey_that_is_full(self):
        """Refused before anything is issued; it is replaced, with the year that was paid for."""
        walk, renewing, _ = self.renewed()
        key = Key(self.world, walk.card.serial, NEW_PIN)
        for number in range(12 - len(key.containers())):
            key.fill(f"old-{number}")
        key.close()
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        full = agent.try_tell("download-open", key=walk.key)
        self.refused(full, "AGENT_KEY_FULL")
        self.assertIn("证书更换", full["hint"])
        self.assertEqual((renewing.state(), self.pairs(walk)[walk.serial]["state"]), ("approved", "valid"))
        damaged = walk.further("damaged")
        damaged.apply()
        self.assertEqual(renewing.state(), "replaced")

    def test_r_form_7_r_fee_6_a_revocation_ends_both_and_refunds(self):
        walk, renewing, _ = self.renewed()
        damaged = walk.further("damaged")
        damaged.to("submit")
        self.assertEqual((damaged.state(), renewing.state()), ("awaiting-return", "replaced"))
        revoking = walk.further("revoke")
        revoking.apply()
        self.assertEqual((damaged.state(), renewing.state()), ("cancelled", "cancelled"))
        wait_for("the refund", lambda: self.paid(renewing) == "refunded")

    def test_r_change_2_the_new_holder_gets_a_usbkey_when_the_former_one_s_is_lost(self):
        walk = self.walks.pop()
        end = self.pairs(walk)[walk.serial]["not_after_s"]
        other = walk.colleague()
        change = walk.pass_to(other)
        self.refused(other.portal.try_api("POST", "applications", {"service": "lost"}), "APPLICATION_CERTIFICATE_NONE")
        change.to("approve")
        self.refused(walk.portal.try_api("POST", "applications", {"service": "lost"}), "APPLICATION_CERTIFICATE_NONE")
        lost = other.further("lost")
        lost.done.remove("choose_medium")
        lost.to("fill_in")
        self.assertEqual(change.state(), "replaced")
        # R-ACCT-7: what has passed on stays the new holder's when the former one's account is closed.
        self.staff.administrator.api("PUT", f"console/accounts/{walk.account}/state", {"state": "closed", "reason": "离职"})
        lost.to("approve")
        self.assertIn("revokes: -\n", lost.approval)
        lost.to("platform_login")
        self.assertEqual({serial: c["not_after_s"] for serial, c in self.pairs(lost).items()}, {lost.serial: end})
        self.assertEqual(self.staff.reviewer.api("GET", change.console_path())["state"], "replaced")
        expect(lost.try_login(Page(self.world.address("platform"))))

    def test_z_r_renew_5_an_approval_that_has_grown_old_is_given_anew(self):
        """Who comes for the download after the approval has lapsed is reviewed once more, and gets the year that was paid for."""
        walk, renewing, end = self.renewed()
        self.world.later(int(end + 15 * DAY - time.time()))
        walk.staff = renewing.staff = Staff(self.world)
        renewing.log_in()
        with self.assertRaisesRegex(Exception, "STATEMENT_OLD"):
            renewing.take()
        self.assertEqual(renewing.state(), "approved")
        renewing.remake()
        self.assertEqual(renewing.state(), "in-review")
        renewing.approve()
        renewing.take()
        self.assertEqual((renewing.state(), self.paid(renewing)), ("done", "paid"))
        ends = max(c["not_after_s"] for c in self.pairs(renewing).values())
        self.assertGreater(ends, end + (365 + 14) * DAY)  # it had ended before it was issued: a year from then


if __name__ == "__main__":
    unittest.main()
