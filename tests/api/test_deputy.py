"""R-FORM-6: who acts for the holder (经办人) with a letter (委托书), with real processes: may fill in, upload and pay, and
nothing else."""
import subprocess
import unittest

from walk import Staff, Walk, mobile, png
from world import World, wait_for


class Deputy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def refused(self, answer, name, field=None):
        self.assertEqual(answer.name, name, answer)
        if field:
            self.assertEqual(answer["field"], field)

    def begun(self):
        """An application that its holder began, and a colleague."""
        walk = Walk(self.world, self.staff).to("agree")
        return walk, walk.colleague("李经办")

    def name(self, walk, number, by=None):
        return (by or walk.portal).try_api("PUT", walk.path("deputy"), {"mobile": number})

    def end(self, walk, by=None):
        return (by or walk.portal).try_api("DELETE", walk.path("deputy"))

    def history(self, walk):
        return self.staff.reviewer.api("GET", walk.console_path("history"))["items"]

    def text_of(self, walk):
        """The form as it is printed now."""
        return subprocess.run(["pdftotext", "-layout", "-", "-"], input=walk.pdf, capture_output=True, check=True).stdout.decode()

    def test_r_form_6_fills_in_uploads_and_pays_and_a_reviewer_sees_who_did(self):
        walk, other = self.begun()
        self.refused(other.portal.try_api("GET", walk.path()), "NOT_FOUND")
        named = self.name(walk, other.mobile)
        self.assertEqual((named.status, named["deputy"], named["deputy_name"]), (200, other.account, "李经办"))
        self.world.message("sms", other.mobile, walk.number)
        listed = other.portal.api("GET", "entrusted-applications")["items"]
        self.assertEqual([a["number"] for a in listed], [walk.number])
        self.assertEqual(other.portal.api("GET", "applications")["items"], [])
        self.assertEqual(walk.portal.api("GET", "entrusted-applications")["items"], [])
        for page, path, body in ((other.portal, "details", walk.details()),
                                 (other.portal, "medium", {"medium": "usbkey", "recipient": "张三", "recipient_mobile": walk.mobile,
                                                           "province": "北京市", "address": "西城区示例路 1 号"})):
            self.assertEqual(page.try_api("PUT", walk.path(path), body).status, 200)
        other.portal.api("POST", walk.path("form"))
        pdf = other.portal.api("GET", walk.path("form")).body
        for kind, content in ("form", pdf), ("license", png()), ("identity", png(300, 190)):
            other.portal.api("POST", walk.path("attachments/" + kind), content=content)
        self.refused(walk.portal.try_api("POST", walk.path("submission")), "APPLICATION_INCOMPLETE", "letter")
        other.portal.api("POST", walk.path("attachments/letter"), content=png(310, 190))
        self.refused(other.portal.try_api("POST", walk.path("submission")), "DEPUTY")
        walk.portal.api("POST", walk.path("submission"))
        self.assertEqual(walk.state(), "awaiting-payment")
        order = other.portal.api("POST", walk.path("payment"), {"method": "wechat"}).json
        walk.phone(order)
        wait_for("the payment", lambda: other.portal.api("GET", walk.path("payment"))["state"] == "paid")
        self.assertEqual(walk.state(), "in-review")
        done = {(e["action"], e["actor"]) for e in self.history(walk)}
        for action in "application.fill", "application.print", "application.upload", "application.pay":
            self.assertIn((action, "李经办"), done)
        self.assertIn(("application.submit", walk.name), done)
        self.assertIn(("form.look", "李经办"), done)
        seen = self.staff.reviewer.api("GET", walk.console_path()).json
        self.assertEqual(seen["deputy_name"], "李经办")
        scans = self.staff.reviewer.api("GET", walk.console_path("attachments"))["items"]
        self.assertIn("letter", [s["kind"] for s in scans])

    def test_r_form_6_what_is_the_holder_s_own_is_refused(self):
        walk, other = self.begun()
        self.name(walk, other.mobile)
        page = other.portal
        version = page.api("GET", "agreement")["version"]
        key = {"card": "HF00000001", "container": "HUFU-2", "public_key": "00" * 64, "attestation": "00" * 64}
        for method, path, body in (("PUT", "agreement", {"version": version}), ("POST", "submission", None),
                                   ("POST", "withdrawal", None), ("POST", "confirmation", None), ("POST", "receipt", {"code": "123456"}),
                                   ("POST", "receipt-code", None),
                                   ("POST", "download-draft", key), ("GET", "certificates", None),
                                   ("POST", "unlock", {"card": "HF00000001", "challenge": "00" * 16}),
                                   ("PUT", "deputy", {"mobile": other.mobile}), ("DELETE", "deputy", None)):
            self.refused(page.try_api(method, walk.path(path), body), "DEPUTY")
        stranger = Walk(self.world, self.staff).to("log_in")
        for method, path, body in ("GET", "", None), ("PUT", "deputy", {"mobile": other.mobile}), ("DELETE", "deputy", None):
            self.refused(stranger.portal.try_api(method, walk.path(path), body), "NOT_FOUND")

    def test_r_form_6_only_a_colleague_can_be_named(self):
        walk, other = self.begun()
        stranger = Walk(self.world, self.staff).to("open")
        for number in mobile(), stranger.mobile, walk.mobile:
            self.refused(self.name(walk, number), "DEPUTY_UNFIT", "mobile")
        self.staff.administrator.api("PUT", f"console/accounts/{other.account}/state", {"state": "suspended", "reason": "休假"})
        self.refused(self.name(walk, other.mobile), "DEPUTY_UNFIT", "mobile")
        self.refused(self.end(walk), "DEPUTY_NONE")

    def test_r_form_6_the_letter_is_asked_for_exactly_then(self):
        walk, other = self.begun()
        walk.to("print_form")
        self.assertNotIn("经办人", self.text_of(walk))
        letter = walk.portal.try_api("POST", walk.path("attachments/letter"), content=png())
        self.refused(letter, "APPLICATION_FIELD", "kind")
        first = walk.form["revision"]
        self.name(walk, other.mobile)
        walk.print_form()
        self.assertEqual(walk.form["revision"], first + 1)
        text = self.text_of(walk)
        for words in "李经办", "委托书一份":
            self.assertIn(words, text)
        walk.portal.api("POST", walk.path("attachments/letter"), content=png())
        self.assertEqual(self.end(walk).status, 200)
        self.world.message("sms", other.mobile, "不再委托")
        self.refused(other.portal.try_api("GET", walk.path()), "NOT_FOUND")
        walk.print_form()
        self.assertNotIn("委托书", self.text_of(walk))
        walk.to("submit")  # no letter is missing
        self.assertEqual(walk.state(), "awaiting-payment")

    def test_r_form_6_withdrawn_at_any_time_and_what_was_signed_stays(self):
        walk, other = self.begun()
        self.name(walk, other.mobile)
        walk.to("upload")
        walk.portal.api("POST", walk.path("attachments/letter"), content=png())
        walk.to("pay")
        self.assertEqual(walk.state(), "in-review")
        self.refused(self.name(walk, other.mobile), "APPLICATION_STATE")
        self.assertEqual(self.end(walk).status, 200)
        shown = walk.portal.api("GET", walk.path()).json
        self.assertEqual((shown["state"], shown["deputy_name"], shown.get("deputy")), ("in-review", "李经办", None))
        self.refused(other.portal.try_api("GET", walk.path()), "NOT_FOUND")
        self.assertEqual(other.portal.api("GET", "entrusted-applications")["items"], [])
        self.assertIn("application.deputy-end", [e["action"] for e in self.history(walk)])
        walk.to("approve")  # the form that was signed with the name is as good as before

    def test_r_form_6_r_acct_6_named_by_the_organization_s_administrator(self):
        walk, other = self.begun()
        chief = walk.colleague("王主管")
        self.refused(self.name(walk, other.mobile, chief.portal), "NOT_FOUND")
        self.staff.administrator.api("PUT", f"console/accounts/{chief.account}/organization-role", {"administrator": True})
        self.assertEqual(self.name(walk, other.mobile, chief.portal).status, 200)
        self.world.message("sms", walk.mobile, "李经办")
        self.assertIn(("application.fill", "王主管"), {(e["action"], e["actor"]) for e in self.history(walk)})
        self.assertEqual(self.end(walk).status, 200)  # by the holder, who did not want it
        far = Walk(self.world, self.staff).to("log_in")
        self.staff.administrator.api("PUT", f"console/accounts/{far.account}/organization-role", {"administrator": True})
        self.refused(self.name(walk, other.mobile, far.portal), "NOT_FOUND")

    def test_r_form_6_another_person_s_letter_counts_no_more(self):
        walk, other = self.begun()
        third = walk.colleague("赵经办")
        self.name(walk, other.mobile)
        walk.to("upload")
        walk.portal.api("POST", walk.path("attachments/letter"), content=png())
        self.name(walk, third.mobile)
        self.world.message("sms", other.mobile, "不再委托")
        kinds = [x["kind"] for x in walk.portal.api("GET", walk.path("attachments"))["items"]]
        self.assertNotIn("letter", kinds)
        self.refused(other.portal.try_api("GET", walk.path()), "NOT_FOUND")
        self.assertEqual(third.portal.try_api("GET", walk.path()).status, 200)


if __name__ == "__main__":
    unittest.main()
