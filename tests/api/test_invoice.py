"""Invoices (R-APPLY-6, R-INV-1, R-INV-2) through the API, with the simulated tax platform and without any."""
import csv
import io
import json
import time
import unittest
import zipfile

from page import Page
from walk import Staff, Walk, credit_code, expect
from world import World, wait_for


class Invoices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def setUp(self):
        self.finance = self.staff.get("finance")
        self.addCleanup(self.mode, "normal")

    def mode(self, mode):
        Page(self.world.address("paysim")).do("POST", "/sim/tax?mode=" + mode)

    def at_platform(self):
        """Its invoices, each as it stands now."""
        with open(self.world.path("paysim/invoices.jsonl"), encoding="utf-8") as f:
            return {i["EIid"]: i for i in map(json.loads, f)}

    def own(self, walk):
        return walk.portal.api("GET", walk.path("invoices"))["items"]

    def listed(self, walk, state=""):
        after, found = "", []
        while after is not None:
            query = "&".join(part for part in (state and "state=" + state, after and "after=" + after) if part)
            page = self.finance.api("GET", "console/invoices" + ("?" + query if query else "")).json
            found += [i for i in page["items"] if i["application"] == walk.number]
            after = page.get("next")
        return found

    def wait(self, walk, *states):
        def look():
            invoices = self.own(walk)
            return [i["state"] for i in invoices] == list(states) and invoices
        try:
            return wait_for("invoices " + ", ".join(states), look, 40)
        except AssertionError as failure:
            raise AssertionError(f"{failure}: {self.listed(walk)}") from None

    def ask(self, invoice, what, body=None):
        return self.finance.try_api("POST", f"console/invoices/{invoice['number']}/{what}", body)

    def mails(self, walk, part):
        return [m for m in self.world.messages("email", walk.email) if part in m["subject"]]

    def issued(self):
        return Walk(self.world, self.staff).to("issue")

    # ---- by itself ----

    def test_r_apply_6_issued_by_itself_and_sent(self):
        walk = Walk(self.world, self.staff).to("make_key")
        self.assertEqual(self.own(walk), [])
        walk.to("issue")
        invoice, = self.wait(walk, "sent")
        self.assertEqual([invoice[f] for f in ("kind", "way", "amount_fen", "title", "tax_number", "email")],
                         ["blue", "platform", 39900, walk.organization_name, walk.credit_code, walk.email])
        self.assertRegex(invoice["invoice_number"], r"^\d{20}$")
        made = self.at_platform()[invoice["number"]]
        for part in (f"<BuyerName>{walk.organization_name}</BuyerName>", f"<BuyerIdNum>{walk.credit_code}</BuyerIdNum>",
                     "<TotalTax-includedAmount>399.00</TotalTax-includedAmount>", "<TotalTaxAm>22.58</TotalTaxAm>",
                     "<TotalAmWithoutTax>376.42</TotalAmWithoutTax>",
                     "<TotalTax-includedAmountInChinese>叁佰玖拾玖元整</TotalTax-includedAmountInChinese>"):
            self.assertIn(part, made["Document"])
        mail, = self.mails(walk, "电子发票")
        self.assertIn(invoice["invoice_number"], mail["text"])
        self.assertEqual([line.split("|")[:2] for line in mail["files"].splitlines()],
                         [[f"电子发票-{invoice['invoice_number']}.pdf", "application/pdf"],
                          [f"电子发票-{invoice['invoice_number']}.ofd", "application/ofd"]])
        path = walk.path(f"invoices/{invoice['number']}/files/")
        pdf, ofd = (walk.portal.api("GET", path + kind).body for kind in ("pdf", "ofd"))
        self.assertTrue(pdf.startswith(b"%PDF-"))
        self.assertIn(invoice["invoice_number"], zipfile.ZipFile(io.BytesIO(ofd)).read("Doc_0/Number.xml").decode())
        self.assertEqual(walk.portal.try_api("GET", path + "receipt").status, 404)
        other = Walk(self.world, self.staff).to("log_in")
        self.assertEqual(other.portal.try_api("GET", path + "pdf").status, 404)  # another person's
        self.assertEqual(len(self.listed(walk, "sent")), 1)

        self.assertEqual(self.ask(invoice, "delivery", {"email": "other-" + walk.email}).status, 200)
        again = wait_for("the e-mail again", lambda: [m for m in self.world.messages("email", "other-" + walk.email)])
        self.assertEqual(again[0]["files"], mail["files"])
        self.assertEqual(self.ask(invoice, "request").name, "INVOICE_STATE")

        walk.remake()  # made anew it is paid and invoiced once
        walk.begin_anew()
        walk.to("issue")
        self.assertEqual(len(self.own(walk)), 1)

    def test_r_inv_1_what_the_platform_does_not_do_is_tried_again_and_visible(self):
        for mode, words in (("down", "频率"), ("wrong-signature", "签名不对"), ("other", "不能识别")):
            with self.subTest(mode):
                self.mode(mode)
                walk = self.issued()
                seen = wait_for("a failure", lambda: [i for i in self.listed(walk, "trouble")])
                self.assertEqual((seen[0]["state"], seen[0].get("invoice_number")), ("requested", None))
                self.assertIn(words, seen[0]["trouble"])
                self.assertNotIn("trouble", self.own(walk)[0])
                self.mode("normal")
                self.wait(walk, "sent")
                self.assertEqual(len(self.mails(walk, "电子发票")), 1)

    def test_r_inv_1_the_platform_takes_its_time_or_refuses(self):
        self.mode("refuses")
        refused = self.issued()
        self.wait(refused, "failed")
        seen, = self.listed(refused, "trouble")
        self.assertIn("不匹配", seen["trouble"])
        self.mode("waits")
        waits = self.issued()
        wait_for("the request", lambda: self.listed(waits, "requested"))
        correction = {"title": "另一家公司", "tax_number": credit_code(), "email": waits.email}
        put = lambda walk, body: walk.portal.try_api("PUT", walk.path("invoice"), body)
        self.assertEqual(put(waits, correction).name, "INVOICE_STATE")  # it is under way
        self.mode("normal")
        self.wait(waits, "sent")
        self.assertEqual(put(refused, correction)["state"], "due")  # R-INV-2: before it is issued, at once
        invoice, = self.wait(refused, "sent")
        self.assertEqual(invoice["title"], "另一家公司")
        self.assertIn("<BuyerName>另一家公司</BuyerName>", self.at_platform()[invoice["number"]]["Document"])

    # ---- a wrong title ----

    def test_r_inv_2_red_letter_and_reissue(self):
        walk = self.issued()
        first, = self.wait(walk, "sent")
        wish = {"title": "更正后的公司", "tax_number": credit_code(), "email": walk.email}
        self.assertEqual(walk.portal.api("PUT", walk.path("invoice"), wish)["wish_title"], "更正后的公司")
        self.assertEqual(len(self.listed(walk, "trouble")), 1)  # finance has to look at it
        self.assertEqual(self.ask(first, "refusal", {"words": "请提供证明"}).status, 200)
        refusal = wait_for("the refusal", lambda: self.mails(walk, "更正申请未通过"))
        self.assertIn("请提供证明", refusal[0]["text"])
        self.assertEqual(self.ask(first, "refusal", {"words": "再次"}).name, "INVOICE_WISH_NONE")

        walk.portal.api("PUT", walk.path("invoice"), wish)
        half = self.ask(first, "red-letter", {"reason": "抬头有误", "title": wish["title"]})
        self.assertEqual((half.name, half["field"]), ("INVOICE_BUYER", "tax_number"))
        self.mode("waits")
        self.assertEqual(self.ask(first, "red-letter", {"reason": "抬头有误", **wish}).status, 200)
        self.assertEqual(self.ask(first, "red-letter", {"reason": "又一次"}).name, "INVOICE_UNDER_WAY")
        self.assertEqual(walk.portal.try_api("PUT", walk.path("invoice"), wish).name, "INVOICE_UNDER_WAY")
        self.mode("normal")
        old, red, new = self.wait(walk, "replaced", "sent", "sent")
        self.assertEqual((red["kind"], red["amount_fen"], red["about"]), ("red", -39900, first["number"]))
        self.assertEqual((new["title"], new["about"], new["amount_fen"]), ("更正后的公司", first["number"], 39900))
        document = self.at_platform()[red["number"]]["Document"]
        self.assertIn("被红冲蓝字数电发票号码：" + old["invoice_number"], document)
        self.assertIn("<TotalTax-includedAmount>-399.00</TotalTax-includedAmount>", document)
        self.assertEqual(len(self.mails(walk, "红字电子发票")), 1)
        self.assertEqual(self.ask(old, "delivery", {}).name, "INVOICE_STATE")
        self.assertEqual(self.ask(red, "red-letter", {"reason": "红字的红字"}).name, "INVOICE_STATE")

    def test_r_inv_2_money_that_goes_back_takes_its_invoice_back(self):
        walk = self.issued()
        self.wait(walk, "sent")
        walk.remake()
        statement = walk.draft_decision("reject", words="材料有误")
        expect(walk.try_decide(statement, self.staff.reviewer.sign(statement)))
        self.wait(walk, "red-lettered", "sent")

    # ---- without a platform ----

    def test_r_inv_1_without_a_platform_a_receipt_and_by_hand(self):
        url = "http://127.0.0.1:" + self.world.address("paysim").rsplit(":", 1)[1]
        self.world.stop()
        self.world.set("relay", "tax_url", None)
        self.world.start()
        self.addCleanup(self.with_platform, url)
        self.finance, walk = self.staff.get("finance"), self.issued()
        wait_for("the receipt", lambda: self.own(walk)[0]["receipt"])
        invoice, = self.own(walk)
        self.assertEqual((invoice["state"], invoice["way"], invoice["pdf"]), ("due", "manual", False))
        path = walk.path(f"invoices/{invoice['number']}/files/receipt")
        receipt = walk.portal.api("GET", path).body
        self.assertTrue(receipt.startswith(b"%PDF-"))
        mail = wait_for("the receipt by e-mail", lambda: self.mails(walk, "收据（非发票）"))[0]
        self.assertEqual(mail["files"].split("|")[0], f"收据-{walk.number}.pdf")
        self.assertIn("收据不是发票", mail["text"])

        # A title that a spreadsheet would take for a formula.
        walk.portal.api("PUT", walk.path("invoice"), {"title": "=1+1\"公司", "tax_number": walk.credit_code, "email": walk.email})
        wait_for("another receipt", lambda: walk.portal.api("GET", path).body != receipt)
        batch = wait_for("the export", lambda: self.export())
        text = self.finance.api("GET", f"console/invoice-exports/{batch}?format=csv").body.decode("utf-8-sig")
        rows = {row["申请编号"]: row for row in csv.DictReader(io.StringIO(text))}
        self.assertEqual(rows[invoice["number"]]["购买方名称"], "'=1+1\"公司")
        self.assertEqual(rows[invoice["number"]]["价税合计"], "399.00")
        xml = self.finance.api("GET", f"console/invoice-exports/{batch}?format=xml").body.decode()
        self.assertIn(f"<EIid>{invoice['number']}</EIid>", xml)
        self.assertEqual(self.finance.try_api("POST", "console/invoice-exports").name, "INVOICE_NONE_DUE")
        self.assertEqual(self.finance.try_api("GET", f"console/invoice-exports/{'0' * 26}?format=csv").status, 404)

        self.by_hand(walk, invoice)

    def with_platform(self, url):
        self.world.stop()
        self.world.set("relay", "tax_url", url)
        self.world.start()

    def export(self):
        answer = self.finance.try_api("POST", "console/invoice-exports")
        return answer.status == 201 and answer["batch"]

    def by_hand(self, walk, invoice):
        file = lambda kind, content: self.finance.try_api("POST", f"console/invoices/{invoice['number']}/files/{kind}",
                                                          content=content)
        number = "2698" + walk.number[:16]
        when = int(time.time()) - 60
        self.assertEqual(file("pdf", walk.pdf).status, 200)
        self.assertEqual(self.ask(invoice, "number", {"invoice_number": number, "issued_s": when}).name, "INVOICE_FILES")
        self.assertEqual(file("ofd", walk.pdf).name, "INVOICE_FILE_TYPE")
        for name, broken in (("FILE_OFD_STRUCTURE", self.zip({"readme.txt": b"x"})),
                             ("FILE_OFD_STRUCTURE", self.zip({"OFD.xml": b"x", "../up": b"x"})),
                             ("FILE_TRUNCATED", self.zip({"OFD.xml": b"x"})[:-3])):
            self.assertEqual(file("ofd", broken).name, name)
        good = self.zip({"OFD.xml": b"<ofd:OFD/>", "Doc_0/Document.xml": b"y" * 1000})
        self.assertEqual(walk.portal.try_api("POST", walk.path("attachments/license"), content=good).status, 409)
        self.assertEqual(file("ofd", good).status, 200)
        late = self.ask(invoice, "number", {"invoice_number": number, "issued_s": when + 3600})
        self.assertEqual((late.name, late["field"]), ("FIELD_RANGE", "issued_s"))
        self.assertEqual(self.ask(invoice, "number", {"invoice_number": number, "issued_s": when}).status, 200)
        sent, = self.wait(walk, "sent")
        self.assertEqual(sent["invoice_number"], number)
        self.assertEqual(walk.portal.api("GET", walk.path(f"invoices/{invoice['number']}/files/ofd")).body, good)
        self.assertEqual(file("ofd", good).name, "INVOICE_STATE")

    @staticmethod
    def zip(entries):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name, content in entries.items():
                z.writestr(name, content)
        return out.getvalue()


if __name__ == "__main__":
    unittest.main()
