"""What people change in the console: tariff, words of notices, the outbox; and certificates that are halted."""
import datetime
import threading
import unittest
import urllib.parse

from page import Page
from walk import Staff, Walk
from world import World, wait_for

DAY_S = 86400


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def refused(self, answer, name, field=None):
        self.assertEqual(answer.name, name, answer)
        if field:
            self.assertEqual(answer["field"], field)

    def name(self, who):
        return who.api("GET", "session")["name"]

    def trail(self, action):
        return self.staff.get("auditor").api("GET", f"console/audit?action={action}")["items"]

    def changes(self, kind):
        return self.staff.get("auditor").api("GET", "console/setting-changes?kind=" + kind)["items"]


class Tariff(Case):
    """R-FEE-1"""

    def setUp(self):
        self.finance = self.staff.get("finance")

    def day(self, ahead):
        """So many days from today at Shanghai, by the world's clock."""
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8, days=ahead)
        return now.strftime("%Y-%m-%d")

    def enter(self, who=None, **changed):
        wish = {"service": "apply", "item": "certificate", "from": self.day(1), "amount_fen": 42000, "before_fen": 39900}
        return (who or self.finance).try_api("POST", "console/tariff", {**wish, **changed})

    def withdraw(self, price):
        return self.finance.try_api("POST", "console/tariff/withdrawal", {n: price[n] for n in ("service", "item", "from_s")})

    def prices(self, service="apply", item="certificate"):
        return [p for p in self.finance.api("GET", "console/tariff")["items"] if (p["service"], p["item"]) == (service, item)]

    def test_r_fee_1_a_price_of_a_day_to_come(self):
        """It holds from its day, not before; what held is shown as it was; nobody alters it."""
        for wrong, name, field in (({"from": self.day(0)}, "TARIFF_DATE", "from"), ({"from": self.day(-9)}, "TARIFF_DATE", "from"),
                                   ({"from": "2026-02-30"}, "FIELD_FORMAT", "from"), ({"from": "30.11.2026"}, "FIELD_FORMAT", "from"),
                                   ({"from": self.day(4000)}, "FIELD_RANGE", "from"), ({"amount_fen": 10000001}, "FIELD_RANGE", "amount_fen"),
                                   ({"amount_fen": -1}, "FIELD_RANGE", "amount_fen"), ({"item": "postage"}, "TARIFF_ITEM", "item"),
                                   ({"service": "revoke", "item": "service"}, "TARIFF_ITEM", "item"), ({"item": "gold"}, "FIELD_CHOICE", "item"),
                                   ({"amount_fen": 39900}, "TARIFF_SAME", None), ({"before_fen": 39800}, "SETTING_VERSION", None)):
            with self.subTest(wrong):
                self.refused(self.enter(**wrong), name, field)
        for role in "administrator", "reviewer", "producer", "auditor":
            self.refused(self.enter(self.staff.get(role)), "NOT_PERMITTED")
        self.assertEqual([(p["time"], p["amount_fen"]) for p in self.prices()], [("now", 39900)])

        coming = self.enter()
        self.assertEqual((coming.status, coming["time"], coming["entered_by"]), (201, "coming", self.name(self.finance)))
        self.refused(self.enter(amount_fen=43000), "TARIFF_EXISTS")
        self.refused(self.enter(**{"from": self.day(2)}), "SETTING_VERSION")  # who saw 399 does not see what holds by then
        later = self.enter(**{"from": self.day(3), "amount_fen": 45000, "before_fen": 42000})
        self.assertEqual([(p["time"], p["amount_fen"]) for p in self.prices()],
                         [("coming", 45000), ("coming", 42000), ("now", 39900)])
        self.assertEqual(self.withdraw(later.json).status, 204)
        self.refused(self.withdraw(later.json), "NOT_FOUND")
        self.refused(self.withdraw(self.prices()[-1]), "TARIFF_PAST")
        self.assertEqual([(c["name"], c["made_by"]) for c in self.changes("tariff")], [("apply/certificate", self.name(self.finance))] * 3)
        withdrawn, second, first = self.changes("tariff")
        self.assertTrue(first["before"].startswith("399.00 元") and first["after"] == f"420.00 元，自 {self.day(1)} 起", first)
        self.assertTrue(second["before"].startswith("420.00 元") and withdrawn["before"].startswith("450.00 元"), withdrawn)
        self.assertNotIn("after", withdrawn)
        self.assertEqual([len(self.trail("tariff." + word)) for word in ("enter", "withdraw")], [2, 1])

        walk = Walk(self.world, self.staff).to("submit")
        self.assertEqual(walk.order()["amount_fen"], 39900)
        self.world.later(2 * DAY_S)
        self.staff.known.clear()
        self.finance = self.staff.get("finance")
        self.assertEqual([(p["time"], p["amount_fen"]) for p in self.prices()], [("now", 42000), ("past", 39900)])
        self.refused(self.withdraw(self.prices()[0]), "TARIFF_PAST")
        told = Page(self.world.address("portal")).api("GET", "tariff")["items"]
        self.assertIn(42000, [p["amount_fen"] for p in told if (p["service"], p["item"]) == ("apply", "certificate")])
        self.assertEqual(Walk(self.world, self.staff).to("submit").order()["amount_fen"], 42000)


class Words(Case):
    """R-OPS-7, R-OPS-8, R-HELP-2"""

    def setUp(self):
        self.administrator = self.staff.administrator

    def template(self, name):
        return self.administrator.api("GET", "console/notice-templates/" + name).json

    def change(self, now, who=None, **changed):
        body = {n: now[n] for n in ("version", "sms", "subject", "text") if n in now}
        return (who or self.administrator).try_api("PUT", "console/notice-templates/" + now["name"], {**body, **changed})

    def restore(self, now, who=None):
        return (who or self.administrator).try_api("POST", f"console/notice-templates/{now['name']}/restoration", {"version": now["version"]})

    def test_r_ops_7_other_words_hold_at_once_and_the_old_ones_come_back(self):
        shipped = self.template("account-opened")
        self.assertEqual((shipped["version"], shipped["changed"], shipped["needs"]), (0, False, "portal"))
        words = {"sms": "【{brand}】{name}，新账户好了，请到 {portal} 申请。", "subject": "{name}的新账户", "text": "{name}：\n\n请到 {portal} 申请。\n"}
        changed = self.change(shipped, **words)
        self.assertEqual((changed["version"], changed["changed"], changed["changed_by"]), (1, True, self.name(self.administrator)))
        walk = Walk(self.world, self.staff).to("open")
        sms = self.world.message("sms", walk.mobile)["text"]
        self.assertEqual(sms, f"【国资CA】张三，新账户好了，请到 {self.world.address('portal')} 申请。")
        mail = self.world.message("email", walk.email)
        self.assertEqual((mail["subject"], mail["text"].rstrip()), ("张三的新账户", f"张三：\n\n请到 {self.world.address('portal')} 申请。"))
        self.refused(self.change(changed.json), "TEMPLATE_SAME")
        restored = self.restore(changed.json)
        self.assertEqual((restored["version"], restored["changed"], restored["sms"]), (2, False, shipped["sms"]))
        self.refused(self.restore(restored.json), "TEMPLATE_SAME")
        other = Walk(self.world, self.staff).to("open")
        self.assertIn("已为您开通国资监管平台账户", self.world.message("sms", other.mobile)["text"])
        back, first = [c for c in self.changes("notice") if c["name"] == "account-opened"][:2]
        self.assertEqual((back["before"], back["after"]), (first["after"], first["before"]))
        self.assertIn(words["sms"], first["after"])
        self.assertEqual(first["made_by"], self.name(self.administrator))
        self.assertTrue(self.trail("template.change") and self.trail("template.restore"))

    def test_r_help_2_words_that_cannot_be(self):
        """Each named by its field; what is in force stays."""
        now = self.template("application-shipped")
        good = now["sms"]
        for field, value, name in (("sms", good + "{nobody}", "TEMPLATE_NAME"), ("sms", good + "{code}", "TEMPLATE_NAME"),
                                   ("sms", good + "{", "TEMPLATE_NAME"), ("sms", good.replace("{waybill}", ""), "TEMPLATE_NEEDS"),
                                   ("sms", good + "见 https://evil.example", "TEMPLATE_LINK"), ("sms", good + "见 evil.example", "TEMPLATE_LINK"),
                                   ("sms", good.replace("【{brand}】", ""), "TEMPLATE_BRAND"), ("sms", good + "长" * 600, "FIELD_LENGTH"),
                                   ("sms", good[:60] + "长" * 440, "TEMPLATE_NEEDS"), ("sms", good + "{name}" * 90, "FIELD_LENGTH"),
                                   ("sms", good + "第二行\n", "FIELD_CONTROL"), ("subject", "看 www.evil.example", "TEMPLATE_LINK"),
                                   ("subject", "{secret}", "TEMPLATE_NAME"), ("text", now["text"].replace("{number}", ""), "TEMPLATE_NEEDS"),
                                   ("text", now["text"] + "问 ca@evil.example", "TEMPLATE_LINK"),
                                   ("sms", good + "{portal}.evil.cn", "TEMPLATE_LINK")):
            with self.subTest(value[-24:]):
                self.refused(self.change(now, **{field: value}), name, field)
        over = good.replace("{number}", "{number}" + "长" * (498 - len(good)))  # within its limit, beyond it with values
        self.refused(self.change(now, sms=over), "TEMPLATE_LONG", "sms")
        missing = self.administrator.try_api("PUT", "console/notice-templates/" + now["name"], {"version": 0, "sms": good})
        self.refused(missing, "FIELD_MISSING", "subject")
        self.refused(self.change(self.template("sms-code"), subject="验证码"), "FIELD_UNKNOWN", "subject")
        self.refused(self.administrator.try_api("PUT", "console/notice-templates/nothing", {"version": 0, "sms": "x"}), "NOT_FOUND")
        self.assertEqual(self.template("application-shipped"), now)
        for role in "reviewer", "producer", "finance", "auditor":
            self.refused(self.change(now, self.staff.get(role), sms=good + "！"), "NOT_PERMITTED")
            self.refused(self.restore(now, self.staff.get(role)), "NOT_PERMITTED")

    def test_r_ops_7_the_second_of_two_editors_is_told(self):
        """Also when the words went back meanwhile, and when both come at once."""
        seen = self.template("account-reopened")
        first = self.change(seen, sms=seen["sms"] + "甲")
        self.refused(self.change(seen, sms=seen["sms"] + "乙"), "SETTING_VERSION")
        self.refused(self.restore(seen), "SETTING_VERSION")
        back = self.restore(first.json)
        self.refused(self.change(first.json, sms=seen["sms"] + "丙"), "SETTING_VERSION")
        answers = []

        def race(word):
            page = Page(self.administrator.page.origin)
            page.cookies = dict(self.administrator.page.cookies)
            answers.append(page.try_api("PUT", "console/notice-templates/account-reopened",
                                        {"version": back["version"], "sms": seen["sms"] + word, "subject": seen["subject"],
                                         "text": seen["text"]}).status)
        threads = [threading.Thread(target=race, args=(word,)) for word in "丁戊己庚"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [200, 412, 412, 412])
        self.assertEqual(self.template("account-reopened")["version"], back["version"] + 1)

    def test_r_ops_8_every_notice_has_words_and_samples(self):
        names = {n["name"]: n for n in self.administrator.api("GET", "console/notice-names")["items"]}
        templates = self.administrator.api("GET", "console/notice-templates")["items"]
        self.assertGreaterEqual(len(templates), 40)
        for service in "apply", "renew", "unlock", "lost", "damaged", "revoke", "change":
            self.assertIn(service + "-approved", [t["name"] for t in templates])
        for t in templates:
            self.assertLessEqual(set(t["gives"].split(",")), set(names))
            self.assertLessEqual(set(filter(None, t["needs"].split(","))), set(t["gives"].split(",")))

    def test_r_help_1_what_is_set_elsewhere_is_shown(self):
        shown = {s["name"]: s for s in self.administrator.api("GET", "console/settings")["items"]}
        self.assertEqual((shown["lapse_days"]["value"], shown["lapse_days"]["place"]), ("30", "program"))
        self.assertEqual((shown["brand"]["value"], shown["brand"]["place"]), ("国资CA", "configuration"))
        self.refused(self.staff.producer.try_api("GET", "console/settings"), "NOT_PERMITTED")


class Outbox(Case):
    """R-OPS-7"""

    def found(self, query, who=None):
        return (who or self.staff.reviewer).api("GET", "console/notices?" + query)["items"]

    def again(self, notice, words=None, who=None):
        return (who or self.staff.reviewer).try_api("POST", f"console/notices/{notice['id']}/copies", {"words": words} if words else {})

    def tries(self, notice):
        return self.staff.reviewer.api("GET", f"console/notices/{notice['id']}/tries")["items"]

    def settled(self, walk, state, count=1):
        wait_for("the notice " + state, lambda: len(self.found(f"channel=sms&state={state}&recipient={walk.mobile}")) >= count)
        return self.found(f"channel=sms&state={state}&recipient={walk.mobile}")

    def test_r_ops_7_found_and_sent_again(self):
        walk = Walk(self.world, self.staff).to("log_in")
        self.settled(walk, "sent", 2)
        opened, = self.found(f"channel=sms&template=account-opened&recipient={walk.mobile}")
        code, = self.found(f"template=sms-code&recipient={walk.mobile[-8:]}")
        mail, = self.found(f"channel=email&recipient={walk.email}")
        self.assertEqual((opened["title"], opened["state"], opened["repeatable"], code["repeatable"]), ("账户开通", "sent", True, False))
        self.assertNotIn(walk.mobile, str(opened))
        self.assertEqual(self.found(f"state=failed&recipient={walk.mobile}"), [])
        self.assertEqual([t["outcome"] for t in self.tries(opened)], ["sent"])
        self.refused(self.again(code, "没有收到"), "NOTICE_SECRET")
        self.refused(self.again(opened), "NOTICE_REASON", "words")
        self.refused(self.again(opened, "没有收到", self.staff.get("auditor")), "NOT_PERMITTED")
        self.refused(self.again({"id": "0" * 26}, "没有收到"), "NOT_FOUND")
        self.refused(self.staff.reviewer.try_api("GET", f"console/notices/{'0' * 26}/tries"), "NOT_FOUND")

        copy = self.again(opened, "申请人说没有收到")
        self.assertEqual((copy.status, copy["again"], copy["asked_by"]), (201, opened["id"], self.name(self.staff.reviewer)))
        wait_for("the copy", lambda: len(self.found(f"channel=sms&template=account-opened&state=sent&recipient={walk.mobile}")) == 2)
        one, other = [m for m in self.world.messages("sms", walk.mobile) if "开通" in m["text"]]
        self.assertEqual(one["text"], other["text"])
        self.assertNotEqual(one["id"], other["id"])  # or the recipient's side takes it for the same
        self.assertEqual([t["outcome"] for t in self.tries(copy.json)], ["sent"])
        entry, = self.trail("notice.again")
        self.assertIn("申请人说没有收到", entry["detail"])
        self.assertFalse(mail["state"] == "failed")

    def test_r_ops_7_what_failed_is_sent_again(self):
        """The gateway has no text for it; with one that takes it, the copy goes out and tells so."""
        with open(self.world.path("codes"), "w", encoding="utf-8") as f:
            f.write("sms-code = SMS_1\n")
        with open(self.world.path("sms-secret"), "w", encoding="utf-8") as f:
            f.write("secret\n")
        gateway = {"sms_gateway": "aliyun", "sms_url": "http://127.0.0.1:9", "sms_key_id": "key", "sms_signature": "国资CA",
                   "sms_secret_file": self.world.path("sms-secret"), "sms_templates": self.world.path("codes")}
        self.world.stop()
        for name, value in gateway.items():
            self.world.set("relay", name, value)
        self.world.start()
        walk = Walk(self.world, self.staff).to("open")
        failed, = self.settled(walk, "failed")
        self.assertIn("没有登记", failed["last_error"])
        self.assertEqual([(t["outcome"], t["error"]) for t in self.tries(failed)], [("failed", failed["last_error"])])
        self.world.stop()
        for name in gateway:
            self.world.set("relay", name, None)
        self.world.start()
        self.assertEqual(self.again(failed).status, 201)
        sent, = self.settled(walk, "sent")
        self.assertEqual(sent["again"], failed["id"])
        self.world.message("sms", walk.mobile, "开通")


class Halted(Case):
    """R-REVOKE-3, R-ACCT-3"""

    def listed(self, which, text=""):
        page = self.staff.reviewer.api("GET", f"console/certificates?which={which}" + (f"&text={urllib.parse.quote(text)}" if text else ""))
        return {h["key"]: h for h in page["items"]}

    def test_r_ship_3_certificates_in_transit_are_listed_and_their_holders_reminded(self):
        walk = Walk(self.world, self.staff).to("ship")
        listed = self.listed("transit", walk.organization_name[4:10])[walk.serial]
        self.assertEqual((listed["state"], listed["application"], listed.get("reminded", 0)), ("transit", walk.number, 0))
        def reminded():
            return [m for m in self.world.messages("sms", walk.mobile) if "还没有确认收货" in m["text"]]
        for days, count in (4, 0), (5, 1), (21, 2):  # what fell due while nobody looked is told once
            self.world.later(days * 86400 + 3600)
            type(self).staff = Staff(self.world)
            wait_for(f"{count} reminders", lambda n=count: len(reminded()) >= n)
        self.assertEqual(len(reminded()), 2)
        self.world.message("email", walk.email, "还没有确认收货")
        self.assertEqual(self.listed("transit")[walk.serial]["reminded"], 3)
        walk.staff = self.staff
        walk.log_in()
        walk.receive()
        self.assertNotIn(walk.serial, self.listed("transit"))

    def test_r_revoke_3_certificates_on_hold_are_listed(self):
        walk = Walk(self.world, self.staff).to("change_pin")
        self.assertNotIn(walk.serial, self.listed("held"))
        walk.portal.api("POST", f"certificates/{walk.serial}/hold")
        held = self.listed("held")[walk.serial]
        self.assertEqual((held["name"], held["organization"], held["state"], held["about"]), (walk.name, walk.organization_name, "held", "open"))
        self.assertGreater(held["at_s"], 0)
        self.assertIn(walk.serial, self.listed("held", walk.organization_name[4:10]))
        self.assertNotIn(walk.serial, self.listed("held", "无此单位"))
        self.assertNotIn(walk.serial, self.listed("suspended"))
        self.staff.administrator.api("PUT", f"console/accounts/{walk.account}/state", {"state": "suspended", "reason": "调查"})
        self.assertEqual(self.listed("suspended")[walk.serial]["about"], "suspended")
        draft = self.staff.reviewer.api("POST", f"console/certificates/{walk.serial}/release-draft")["statement"]
        self.staff.reviewer.api("POST", f"console/certificates/{walk.serial}/release",
                                {"statement": draft, "signature": self.staff.reviewer.sign(draft)})
        self.assertNotIn(walk.serial, self.listed("held"))
        self.assertIn(walk.serial, self.listed("suspended"))


if __name__ == "__main__":
    unittest.main()
