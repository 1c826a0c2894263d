"""Bank transfers (R-FEE-2) and money that goes back (R-FEE-4, R-FEE-6), through the API, with the simulated payment platform."""
import datetime
import json
import time
import unittest

from page import Page
from walk import Staff, Walk, expect
from world import World, wait_for


class Payments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def setUp(self):
        self.sim = Page(self.world.address("paysim"))
        self.addCleanup(self.api_mode, "normal")

    def api_mode(self, mode):
        self.sim.do("POST", "/sim/api?mode=" + mode)

    def paid(self):
        return Walk(self.world, self.staff).to("pay")

    def payment(self, walk):
        payment, = walk.portal.api("GET", walk.path("payments"))["items"]
        return payment

    def is_back(self, walk):
        return self.payment(walk)["state"] == "refunded"

    def listed(self, walk, state):
        """What finance sees of it under STATE."""
        after, found = "", []
        while after is not None:
            page = self.staff.get("finance").api("GET", f"console/payments?state={state}" + (f"&after={after}" if after else "")).json
            found += [p for p in page["items"] if p["application"] == walk.number]
            after = page.get("next")
        return found

    def at_gateway(self, order):
        with open(self.world.path("paysim/orders.jsonl"), encoding="utf-8") as f:
            return [o for o in map(json.loads, f) if o["out_trade_no"] == order][-1]

    def holds(self, walk):
        """One refund, whole, under the one number; the holder is told once, page and console show it."""
        wait_for("the refund", lambda: self.is_back(walk))
        payment = self.payment(walk)
        self.assertEqual([(r["out_refund_no"], r["amount"]) for r in self.at_gateway(payment["order"])["refunds"]],
                         [(payment["refund"], 39900)])
        self.assertEqual(payment["refund"], payment["order"].replace("P", "R"))
        self.assertGreater(payment["refunded_s"], 0)
        self.world.message("sms", walk.mobile, "已原路退回")
        self.world.message("email", walk.email, "已由支付平台原路全额退回")
        self.assertEqual(len([m for m in self.world.messages("sms", walk.mobile) if "已原路退回" in m["text"]]), 1)
        self.assertEqual([p["order"] for p in self.listed(walk, "refunded")], [payment["order"]])
        self.assertEqual(self.listed(walk, "refunding"), [])
        shown = self.staff.reviewer.api("GET", walk.console_path("payments"))["items"]
        self.assertEqual([p["state"] for p in shown], ["refunded"])

    def test_r_fee_6_withdrawn(self):
        walk = self.paid()
        walk.withdraw()
        self.holds(walk)

    def test_r_fee_4_rejected(self):
        walk = self.paid()
        statement = walk.draft_decision("reject", words="证照已过期")
        expect(walk.try_decide(statement, self.staff.reviewer.sign(statement)))
        self.assertEqual(walk.state(), "rejected")
        self.holds(walk)

    def test_r_fee_4_what_the_gateway_refuses_or_the_bank_makes_later(self):
        refused, waiting = self.paid(), self.paid()
        self.api_mode("balance")
        refused.withdraw()
        wait_for("a try", lambda: self.listed(refused, "refunding")[0].get("trouble"))
        seen, = self.listed(refused, "refunding")
        self.assertIn("余额不足", seen["trouble"])
        self.assertEqual(seen["tries"], 1)
        self.assertNotIn("trouble", self.payment(refused))  # that is finance's to see

        self.api_mode("refund-waits")
        waiting.withdraw()
        order = self.payment(waiting)["order"]
        wait_for("the refund at the gateway", lambda: self.at_gateway(order)["refunds"])
        for mode in "wrong-signature", "wrong-amount", "other-merchant", "other-event", "probe":
            report = self.sim.do("POST", f"/sim/refund/{order}?mode={mode}").json
            self.assertNotIn(204, report["callbacks"], mode)
            self.assertEqual(self.payment(waiting)["state"], "refunding", mode)
        self.assertEqual(self.sim.do("POST", f"/sim/refund/{order}?mode=repeated")["callbacks"], [204] * 3)
        self.holds(waiting)

        self.api_mode("normal")
        self.holds(refused)  # asked again by itself, under the same number

    # ---- Alipay ----

    def alipay(self, walk):
        return walk.portal.api("POST", walk.path("payment"), {"method": "alipay"}).json

    def test_r_fee_2_and_r_fee_3_alipay(self):
        walk = Walk(self.world, self.staff).to("submit")
        about = walk.portal.api("GET", "about")
        self.assertEqual((about["wechat"], about["alipay"]), (True, True))
        order = self.alipay(walk)
        self.assertEqual((order["state"], order["amount_fen"], order["method"]), ("open", 39900, "alipay"))
        self.assertNotIn("code_url", order)
        self.assertEqual(self.alipay(walk)["page_url"], order["page_url"])  # asked again it is the same: R-FEE-4
        for mode in "wrong-signature", "wrong-amount", "wrong-currency", "other-merchant", "probe", "other-event":
            report = walk.page(order, mode)
            self.assertEqual((report["paid"], 200 in report["callbacks"]), (False, False), mode)
            self.assertFalse(walk.is_paid(), mode)
        report = walk.page(order, "repeated")
        self.assertEqual(report["callbacks"], [200] * 3)  # the word "success"
        self.assertTrue(walk.is_paid())
        self.assertEqual(walk.state(), "in-review")
        walk.withdraw()
        self.holds(walk)
        self.assertEqual(self.sim.do("POST", f"/sim/tell/{order['order']}?mode=normal")["callbacks"], [200])  # out of order
        self.assertEqual(self.payment(walk)["state"], "refunded")

    def test_r_fee_3_alipay_told_late_or_never(self):
        for mode in "days-late", "lost":
            walk = Walk(self.world, self.staff).to("submit")
            report = walk.page(self.alipay(walk), mode)
            self.assertNotIn(200, report["callbacks"])
            wait_for("the payment by query", walk.is_paid)

    def test_r_fee_4_another_way_while_the_page_is_open(self):
        walk = Walk(self.world, self.staff).to("submit")
        first = self.alipay(walk)
        walk.pay()
        states = lambda: {p["order"]: p["state"] for p in walk.portal.api("GET", walk.path("payments"))["items"]}
        self.assertEqual(states()[first["order"]], "open")  # somebody may still open its page
        walk.page(first)
        wait_for("the end of what was paid twice", lambda: states()[first["order"]] == "refunded")
        self.assertEqual(sorted(states().values()), ["paid", "refunded"])

    # ---- cases for finance ----

    def retry(self, order):
        return self.staff.get("finance").try_api("POST", f"console/payments/{order}/retry")

    def refused(self, walk):
        return [p["order"] for p in self.listed(walk, "refused")]

    def test_r_fee_4_a_refund_that_is_refused_for_good_is_a_case_for_finance(self):
        wechat, alipay = self.paid(), Walk(self.world, self.staff).to("submit")
        alipay.page(self.alipay(alipay))
        self.assertTrue(alipay.is_paid())
        orders = {walk: self.payment(walk)["order"] for walk in (wechat, alipay)}
        self.assertEqual(self.retry(orders[wechat]).name, "REFUND_NO_CASE")
        self.assertEqual(self.give_back(orders[wechat], "X1").name, "PAYMENT_METHOD")
        self.api_mode("refund-refused")
        for walk, why in ((wechat, "用户账户已注销"), (alipay, "当前交易不允许退款")):
            walk.withdraw()
            wait_for("the case", lambda: self.refused(walk))
            seen, = self.listed(walk, "refused")
            self.assertEqual((seen["state"], seen["tries"]), ("refunding", 1))
            self.assertIn("不同意退款", seen["trouble"])
            self.assertIn(why, seen["trouble"])  # the gateway's own words
            self.assertNotIn("trouble", self.payment(walk))
        time.sleep(4)  # a round of the job: it is not asked for any more
        self.assertEqual([self.listed(walk, "refused")[0]["tries"] for walk in orders], [1, 1])
        self.api_mode("normal")
        self.assertEqual(self.retry(orders[wechat])["state"], "refunding")
        self.holds(wechat)
        self.assertEqual(self.give_back(orders[alipay], "R" + alipay.number)["state"], "refunded")
        self.assertEqual(self.give_back(orders[alipay], "R" + alipay.number).name, "PAYMENT_SETTLED")
        self.world.message("sms", alipay.mobile, "款项已退回")
        for walk in orders:
            self.assertEqual(self.refused(walk), [])
            actions = [e["action"] for e in self.staff.reviewer.api("GET", walk.console_path("history"))["items"]]
            self.assertIn("payment.refused", actions)

    def test_r_fee_6_after_the_issue_two_people_give_it_back(self):
        finance, reviewer = self.staff.get("finance"), self.staff.reviewer
        early = self.paid()
        ask = lambda who, order, words="证书单位名称由我方录入错误": who.try_api("POST", f"console/payments/{order}/refund", {"words": words})
        decide = lambda who, id, decision, **more: who.try_api("PUT", f"console/refunds/{id}", {"decision": decision, **more})
        self.assertEqual(ask(finance, self.payment(early)["order"]).name, "REFUND_EARLY")
        self.assertEqual(ask(finance, "20261124000000010Pzzzzzzzz").name, "PAYMENT_NONE")
        walk = Walk(self.world, self.staff).to("finish")
        order = self.payment(walk)["order"]
        asked = ask(finance, order)
        self.assertEqual((asked.status, asked["state"], asked["own"], asked["amount_fen"]), (201, "waiting", True, 39900))
        self.assertEqual(ask(reviewer, order).name, "REFUND_WAITS")
        self.assertEqual(decide(finance, asked["id"], "approve").name, "REFUND_OWN")  # not by who asked
        self.assertEqual(self.payment(walk)["state"], "paid")
        self.assertEqual(decide(reviewer, asked["id"], "reject", words="差错不成立")["state"], "rejected")
        self.assertEqual(decide(reviewer, asked["id"], "approve").name, "REFUND_DECIDED")
        self.assertEqual(self.payment(walk)["state"], "paid")
        again = ask(reviewer, order)
        seen = [r for r in finance.api("GET", "console/refunds")["items"] if r["order"] == order]
        self.assertEqual([(r["state"], r["own"]) for r in seen], [("waiting", False), ("rejected", True)])
        self.assertEqual(decide(reviewer, again["id"], "approve").name, "REFUND_OWN")
        state = walk.state()
        self.assertEqual(decide(finance, again["id"], "approve")["state"], "approved")
        self.holds(walk)
        self.assertEqual(walk.state(), state)  # the certificate stays
        self.assertEqual(ask(finance, order).name, "PAYMENT_SETTLED")

    # ---- reconciliation ----

    def day(self, ago=0):
        shanghai = datetime.timezone(datetime.timedelta(hours=8))
        return (datetime.datetime.now(shanghai) - datetime.timedelta(days=ago)).strftime("%Y-%m-%d")

    def fetch(self, method, day=None):
        return self.staff.get("finance").try_api("POST", "console/bills", {"method": method, "day": day or self.day()})

    def differences(self, state="open"):
        after, found = "", []
        while after is not None:
            page = self.staff.get("finance").api("GET", f"console/differences?state={state}" + (f"&after={after}" if after else "")).json
            found += page["items"]
            after = page.get("next")
        return {(d["order"], d["kind"]): d for d in found}

    def spoil(self, order, mode):
        self.assertEqual(self.sim.do("POST", f"/sim/bill/{order}?mode={mode}").status, 200)

    def settle(self, difference, words="已核对", **more):
        return self.staff.get("finance").try_api("PUT", f"console/differences/{difference['id']}", {"words": words, **more})

    def test_r_fee_4_bills_are_compared_with_ours(self):
        for method, open_, pay in (("wechat", lambda w: w.order(), Walk.phone), ("alipay", self.alipay, Walk.page)):
            walks = [Walk(self.world, self.staff).to("submit") for _ in range(5)]
            orders = [open_(walk)["order"] for walk in walks]
            for walk in walks[:4]:
                pay(walk, open_(walk))
                self.assertTrue(walk.is_paid())
            good, hidden, more, by_hand, lost = orders
            pay(walks[4], open_(walks[4]), "lost")
            stray = "STRAY" + good[:17]
            self.spoil(hidden, "hidden")
            self.spoil(more, "more")
            self.spoil(by_hand, "by-hand")
            self.spoil(stray, "stray-" + method)
            bill = self.fetch(method)
            self.assertEqual((bill.status, bill["state"]), (200, "compared"), bill)
            self.assertGreaterEqual(bill["entries"], 6)
            self.assertTrue(walks[4].is_paid())  # what was lost is made good by it
            found = {k: (d["ours_fen"], d["theirs_fen"]) for k, d in self.differences().items() if k[0] in (*orders, stray)}
            self.assertEqual(found, {(hidden, "missing-there"): (39900, 0), (more, "other-amount"): (39900, 39901),
                                     (by_hand, "by-hand"): (39900, 39900), (stray, "missing-here"): (0, 12300)})
            self.assertEqual(self.payment(walks[3])["state"], "paid")  # while the row says so, it is seen that it is not
            opened = self.differences()
            self.assertEqual(self.settle(opened[stray, "missing-here"], refunded=True).name, "DIFFERENCE_KIND")
            settled = self.settle(opened[by_hand, "by-hand"], "客户来电，财务在商户平台退款", refunded=True)
            self.assertEqual((settled["state"], settled["words"]), ("settled", "客户来电，财务在商户平台退款"))
            self.assertTrue(settled["settled_by"])
            self.assertEqual(self.settle(opened[by_hand, "by-hand"]).name, "DIFFERENCE_SETTLED")
            self.assertEqual(self.payment(walks[3])["state"], "refunded")
            self.assertEqual(self.settle(opened[stray, "missing-here"])["state"], "settled")
            for order in hidden, more:
                self.spoil(order, "shown")
            self.assertEqual(self.fetch(method).status, 200)  # again: what agrees now is gone, what was settled stays
            left = [k for k in self.differences() if k[0] in (*orders, stray)]
            self.assertEqual(left, [])
            self.assertIn((hidden, "missing-there"), self.differences("gone"))
            self.assertIn((by_hand, "by-hand"), self.differences("settled"))

    def test_r_fee_4_a_refund_of_ours_is_no_difference(self):
        walk = self.paid()
        walk.withdraw()
        self.holds(walk)
        self.assertEqual(self.fetch("wechat").status, 200)
        self.assertNotIn(self.payment(walk)["order"], [order for order, _ in self.differences()])

    def test_bills_that_are_not_there_or_not_true(self):
        bills = lambda: {(b["method"], b["day"]): b for b in self.staff.get("finance").api("GET", "console/bills")["items"]}
        for method in "wechat", "alipay":
            self.api_mode("bill-none")
            self.assertEqual(self.fetch(method, self.day(3)).name, "RELAY_NO_BILL")
            seen = bills()[method, self.day(3)]
            self.assertEqual((seen["state"], seen["differences"]), ("waiting", 0))
            self.assertIn("还没有这一天的账单", seen["trouble"])
            self.api_mode("normal")
            self.assertEqual(self.fetch(method, self.day(3))["entries"], 0)
            self.assertEqual(bills()[method, self.day(3)]["state"], "compared")
            for bad in "2026-02-30", "2026-1-001", "yesterday!", "2026/01/01":
                self.assertEqual(self.fetch(method, bad).name, "FIELD_FORMAT", bad)
        self.api_mode("bill-altered")
        self.assertEqual(self.fetch("wechat").name, "RELAY_ANSWER")
        self.api_mode("unsigned")
        self.assertEqual(self.fetch("alipay").name, "RELAY_ANSWER_SIGNATURE")
        self.assertEqual(self.settle({"id": "0" * 26}).name, "NOT_FOUND")

    # ---- bank transfer ----

    def transfer(self, walk):
        return walk.portal.api("POST", walk.path("payment"), {"method": "transfer"}).json

    def receive(self, order, fen, booking, **more):
        return self.staff.get("finance").try_api("POST", f"console/payments/{order}/receipt", {
            "amount_fen": fen, "received_s": int(time.time()) - 60, "booking": booking, **more})

    def give_back(self, order, booking):
        return self.staff.get("finance").try_api("POST", f"console/payments/{order}/return", {"booking": booking})

    def test_r_fee_2_bank_transfer(self):
        walk = Walk(self.world, self.staff).to("submit")
        about = walk.portal.api("GET", "about")
        for name in "transfer_name", "transfer_account", "transfer_bank":
            self.assertTrue(about[name])
        order = self.transfer(walk)
        self.assertRegex(order["reference"], r"^HF\d{9}$")
        self.assertEqual((order["amount_fen"], order["state"]), (39900, "open"))
        self.assertEqual(self.transfer(walk)["order"], order["order"])  # asked again it is the same: R-FEE-4
        self.assertEqual([p["reference"] for p in self.listed(walk, "transfers")], [order["reference"]])
        booking = "B" + walk.number

        few = self.receive(order["order"], 39000, booking)
        self.assertEqual((few.status, few.name, few["field"]), (409, "PAYMENT_AMOUNT", "amount_fen"))
        self.assertIn("应收 399.00 元，实收 390.00 元，少 9.00 元", few["detail"])
        self.assertEqual(self.receive(order["order"], 39900, booking, received_s=int(time.time()) + 900).name, "FIELD_RANGE")
        self.assertEqual(self.receive("20261124000000010Pzzzzzzzz", 39900, booking).name, "PAYMENT_NONE")
        self.assertEqual(self.payment(walk)["state"], "open")

        self.assertEqual(self.receive(order["order"], 39900, booking)["state"], "paid")
        self.assertEqual(walk.state(), "in-review")
        self.assertEqual(self.receive(order["order"], 39900, booking)["state"], "paid")  # entered again: nothing more
        self.assertEqual(self.receive(order["order"], 39900, booking + "X").name, "PAYMENT_SETTLED")
        other = Walk(self.world, self.staff).to("submit")
        self.assertEqual(self.receive(self.transfer(other)["order"], 39900, booking).name, "PAYMENT_BOOKED")
        scanned = other.order()["order"]
        self.assertEqual(self.receive(scanned, 39900, "C" + booking).name, "PAYMENT_METHOD")

        walk.withdraw()  # what was transferred goes back by a transfer, which people make
        self.assertEqual(self.payment(walk)["state"], "refunding")
        self.assertEqual(self.give_back(order["order"], "R" + booking)["state"], "refunded")
        self.assertEqual(self.give_back(order["order"], "R" + booking).name, "PAYMENT_SETTLED")
        self.world.message("sms", walk.mobile, "转账款项已退回")

    def test_r_fee_4_a_transfer_of_another_amount_and_one_that_comes_late(self):
        walk = Walk(self.world, self.staff).to("submit")
        first = self.transfer(walk)["order"]
        many = self.receive(first, 40000, "D" + walk.number, back=True)
        self.assertEqual((many["state"], many["received_fen"]), ("refunding", 40000))
        self.world.message("sms", walk.mobile, "与应缴的 399.00 元不符")
        self.assertEqual(walk.state(), "awaiting-payment")
        self.assertEqual(self.give_back(first, "E" + walk.number)["state"], "refunded")

        second = self.transfer(walk)["order"]
        self.assertNotEqual(second, first)
        walk.pay()  # in another way, in between
        states = lambda: {p["order"]: p["state"] for p in walk.portal.api("GET", walk.path("payments"))["items"]}
        wait_for("the end of the transfer's order", lambda: states()[second] == "closed")
        late = self.receive(second, 39900, "F" + walk.number)
        self.assertEqual(late["state"], "refunding")  # the fee counts once
        self.assertEqual(sorted(states().values()), ["paid", "refunded", "refunding"])


if __name__ == "__main__":
    unittest.main()
