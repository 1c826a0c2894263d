"""R-ORG-1: an organization that changes its name or credit code has its certificates reissued free, with the same end."""
import unittest
import urllib.parse

from page import Agent, Page
from walk import Staff, Walk, credit_code, expect, png
from world import World, wait_for


class OrganizationChange(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)
        cls.other_administrator = cls.staff.get("administrator", 1)

    def refused(self, answer, name, field=None):
        self.assertEqual(answer.name, name, answer)
        if field:
            self.assertEqual(answer["field"], field)

    def enter(self, walk, name, code, content=None, by=None):
        path = f"console/organizations/{walk.organization}/changes?" + urllib.parse.urlencode({"name": name, "credit_code": code})
        return (by or self.staff.administrator).try_api("POST", path, content=content or png())

    def decide(self, change, decision="approve", by=None):
        return (by or self.other_administrator).try_api("PUT", f"console/organization-changes/{change['id']}",
                                                        {"decision": decision, "words": "已核对新的营业执照"})

    def changed(self, walk):
        """The organization is called otherwise from now on."""
        walk.organization_name, walk.credit_code = walk.organization_name + "（集团）", credit_code()
        change = self.enter(walk, walk.organization_name, walk.credit_code)
        expect(change)
        expect(self.decide(change))

    def reissue(self, walk):
        """The application that the holder finds."""
        found = wait_for("the reissue", lambda: [a for a in walk.portal.api("GET", "applications")["items"]
                                                 if a["service"] == "reissue"])
        more = walk.further("reissue")
        more.number = found[0]["number"]
        more.done += ["apply", "agree", "fill_in", "print_form", "upload", "submit"]
        return more

    def test_r_org_1_reissued_free_with_the_same_end(self):
        walk = Walk(self.world, self.staff).to("platform_login")
        before = {c["serial"]: c for c in walk.portal.api("GET", "certificates")["items"]}[walk.serial]
        self.changed(walk)
        more = self.reissue(walk)
        self.assertEqual(more.state(), "in-review")
        self.world.message("sms", walk.mobile, "免费换发")
        self.world.message("email", walk.email, more.number)
        self.assertEqual(self.staff.reviewer.api("GET", more.console_path("differences"))["items"], [])
        returned = self.staff.reviewer.try_api("POST", more.console_path("return"),
                                               {"reason": "other", "items": "organization", "words": "x"})
        self.refused(returned, "APPLICATION_STATE")  # there is nothing that its holder gave
        expect(walk.try_login())  # the old one goes on until the new one is in place
        more.to("approve")
        for words in walk.organization_name, walk.credit_code, f"until:{before['not_after_s']}", walk.serial:
            self.assertIn(words, more.approval)
        self.world.message("sms", walk.mobile, "证书换发")
        more.take()
        self.assertEqual(more.state(), "done")
        self.assertEqual(more.portal.api("GET", more.path()).json.get("fee_fen", 0), 0)
        now = {c["serial"]: c for c in walk.portal.api("GET", "certificates")["items"]}
        self.assertEqual((now[walk.serial]["state"], now[walk.serial]["reason"]), ("revoked", "affiliationChanged"))
        new = now[more.serial]
        self.assertEqual((new["state"], new["not_after_s"]), ("valid", before["not_after_s"]))
        self.assertIn(walk.organization_name, new["subject"])
        expect(more.try_login(Page(self.world.address("platform"))))

    def test_r_renew_3_r_form_7_a_usbkey_locked_before_the_download(self):
        """An unlock stands beside what was approved and waits for the USBKey, one at a time; nothing is lost."""
        walk = Walk(self.world, self.staff).to("platform_login")
        self.changed(walk)
        more = self.reissue(walk)
        self.refused(walk.portal.try_api("POST", "applications", {"service": "unlock"}), "APPLICATION_OPEN")  # not yet approved
        more.to("approve")
        walk.lock()
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        self.refused(agent.try_tell("download-open", key=walk.key), "AGENT_PIN_LOCKED")
        unlocking = walk.further("unlock")
        unlocking.to("approve")
        self.assertEqual((more.state(), unlocking.state()), ("approved", "approved"))
        self.refused(walk.portal.try_api("POST", "applications", {"service": "unlock"}), "APPLICATION_OPEN")
        self.refused(walk.portal.try_api("POST", "applications", {"service": "renew"}), "RENEWAL_EARLY")
        unlocking.unlock()
        walk.change_pin()
        more.take()
        self.assertEqual((more.state(), unlocking.state()), ("done", "done"))
        expect(more.try_login(Page(self.world.address("platform"))))

    def test_r_form_7_r_acct_7_an_unlock_beside_is_cancelled_too(self):
        """By a revocation, and by the end of the account."""
        for ended in "revoked", "closed":
            walk = Walk(self.world, self.staff).to("platform_login")
            self.changed(walk)
            more = self.reissue(walk)
            more.to("approve")
            unlocking = walk.further("unlock")
            unlocking.to("submit")
            if ended == "revoked":
                walk.further("revoke").to("apply")
            else:
                self.staff.administrator.api("PUT", f"console/accounts/{walk.account}/state", {"state": "closed", "reason": "离职"})
            for each in more, unlocking:
                shown = self.staff.reviewer.api("GET", each.console_path())
                self.assertEqual(shown["state"], "cancelled", (ended, shown["service"]))

    def test_r_org_1_what_else_is_under_way_comes_first(self):
        walk = Walk(self.world, self.staff).to("platform_login")
        unlocking = walk.further("unlock")
        unlocking.to("apply")
        self.changed(walk)
        self.assertEqual({a["service"] for a in walk.portal.api("GET", "applications")["items"]}, {"unlock", "apply"})
        unlocking.withdraw()
        self.changed(walk)  # the job looks again with it
        more = self.reissue(walk)
        self.assertEqual(more.state(), "in-review")

    def test_r_change_1_a_change_of_holder_after_another_credit_code(self):
        """Said before anybody approves what the signer would refuse: reissued first, it passes on."""
        walk = Walk(self.world, self.staff).to("platform_login")
        other = walk.colleague()
        change = walk.further("change")
        change.to("apply")
        self.changed(walk)
        change.credit_code, change.organization_name = walk.credit_code, walk.organization_name
        change.to("fill_in")
        change.portal.api("PUT", change.path("particulars"), {"successor_mobile": other.mobile})
        change.to("upload")
        self.refused(change.portal.try_api("POST", change.path("submission")), "CHANGE_REISSUE_FIRST")
        change.withdraw()
        self.changed(walk)  # the job looks again with it
        more = self.reissue(walk)
        more.to("approve")
        more.take()
        again = more.pass_to(other)
        again.to("approve")
        self.refused(more.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        other.take()
        self.assertEqual(other.state(), "done")

    def test_r_org_1_entered_by_one_administrator_and_decided_by_another(self):
        walk, far = Walk(self.world, self.staff).to("open"), Walk(self.world, self.staff).to("open")
        name, code = "新名称有限公司", credit_code()
        self.refused(self.enter(walk, walk.organization_name, walk.credit_code), "ORGANIZATION_CHANGE_SAME")
        self.refused(self.enter(walk, name, far.credit_code), "ORGANIZATION_EXISTS", "credit_code")
        self.refused(self.enter(walk, name, code[:-1] + ("0" if code[-1] != "0" else "1")), "CREDIT_CODE")
        self.refused(self.enter(walk, "国" * 65, code), "CERTIFICATE_NAME_LONG", "name")
        self.refused(self.enter(walk, name, code, content=b"no scan"), "FILE_TYPE")
        self.refused(self.enter(walk, name, code, by=self.staff.reviewer), "NOT_PERMITTED")
        change = self.enter(walk, name, code)
        expect(change)
        self.refused(self.enter(walk, name + "二", code), "ORGANIZATION_CHANGE_WAITS")
        self.refused(self.decide(change, by=self.staff.administrator), "ORGANIZATION_CHANGE_OWN")
        scan = self.staff.reviewer.api("GET", f"console/organization-changes/{change['id']}/evidence")
        self.assertEqual(scan.body[:4], b"\x89PNG")
        expect(self.decide(change, "reject"))
        self.refused(self.decide(change), "ORGANIZATION_CHANGE_DECIDED")
        listed = {c["id"]: c for c in self.staff.get("auditor").api("GET", "console/organization-changes?state=decided")["items"]}
        self.assertEqual((listed[change["id"]]["state"], listed[change["id"]]["words"]), ("rejected", "已核对新的营业执照"))
        again = self.enter(walk, name, code)
        taken = self.staff.administrator.try_api("POST", "console/organizations", {"name": "别家", "credit_code": code, "address": "北京"})
        expect(taken)
        self.refused(self.decide(again), "ORGANIZATION_EXISTS")  # somebody else has the code meanwhile

    def test_r_org_1_nobody_applies_for_it(self):
        walk = Walk(self.world, self.staff).to("log_in")
        self.refused(walk.portal.try_api("POST", "applications", {"service": "reissue"}), "FIELD_CHOICE", "service")
        offered = {s["service"]: s["offered"] for s in walk.portal.api("GET", "services")["items"]}
        self.assertEqual([s for s, is_offered in offered.items() if not is_offered], ["reissue"])


if __name__ == "__main__":
    unittest.main()
