"""R-SHIP-1: EMS fetches a parcel and tells where it is; whatever it does, a waybill can be entered by hand."""
import json
import unittest

from page import Page
from walk import Staff, Walk, expect
from world import World, wait_for


class Courier(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(settings=[("web", "parcel_seconds", 1)])
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def setUp(self):
        self.addCleanup(self.mode, "normal")

    def walk(self):
        return Walk(self.world, self.staff).to("finish")

    def mode(self, mode):
        self.assertEqual(Page(self.world.address("paysim")).do("POST", "/sim/ems?mode=" + mode).status, 200)

    def happens(self, waybill, event):
        self.assertEqual(Page(self.world.address("paysim")).do("POST", f"/sim/ems/{waybill}?mode={event}").status, 200)

    def at_platform(self, walk):
        """The orders for WALK's recipient, each as it stands now."""
        with open(self.world.path("paysim/parcels.jsonl"), encoding="utf-8") as f:
            kept = {p["out_trade_no"]: p for p in map(json.loads, f)}
        return [p for p in kept.values() if p["asked"]["receiver"]["mobile"] == walk.mobile]

    def order(self, walk):
        return self.staff.producer.try_api("POST", walk.console_path("parcel"))

    def taken(self, walk):
        answer = self.order(walk)
        expect(answer)
        return answer["waybill"]

    def by_hand(self, walk):
        return self.staff.producer.try_api("POST", walk.console_path("shipment"), {"carrier": "ems", "waybill": walk.waybill})

    def holder_sees(self, walk):
        return walk.portal.api("GET", walk.path("shipment")).json

    def operator_sees(self, walk):
        return self.staff.producer.api("GET", walk.console_path("shipment")).json

    def wait_state(self, walk, state):
        return wait_for(state, lambda: (seen := self.holder_sees(walk)).get("state") == state and seen)

    def sent(self, walk, waybill):
        walk.waybill = waybill
        walk.done.append("ship")
        self.assertEqual(walk.state(), "shipped")
        self.world.message("sms", walk.mobile, waybill)

    def test_r_ship_1_ems_gives_the_waybill_and_tells_where_it_is(self):
        walk = self.walk()
        self.assertTrue(Page(self.world.address("console")).api("GET", "about")["courier"])
        waybill = self.taken(walk)
        self.sent(walk, waybill)
        self.assertEqual(self.order(walk).name, "APPLICATION_STATE")
        parcel, = self.at_platform(walk)
        self.assertEqual(parcel["waybillNo"], walk.waybill)
        to = parcel["asked"]["receiver"]
        self.assertEqual([to[f] for f in ("name", "prov", "city", "county", "address", "postCode")],
                         [walk.name, "北京市", "北京市", "西城区", "示例路 1 号", "100032"])
        seen = self.wait_state(walk, "ordered")
        self.assertEqual((seen["carrier"], seen["waybill"]), ("ems", walk.waybill))
        for event, state in (("collected", "collected"), ("moving", "moving"), ("failed", "delivering")):
            self.happens(walk.waybill, event)
            seen = self.wait_state(walk, state)
        self.assertIn("再次投递", seen["words"])
        self.assertEqual(seen["place"], "演示揽投部")
        self.mode("reversed")  # the latest first: what is older does not come back
        self.happens(walk.waybill, "delivered")
        seen = self.wait_state(walk, "delivered")
        self.assertEqual(self.operator_sees(walk), seen)
        walk.receive()
        self.assertEqual(walk.state(), "done")

    def test_r_ship_1_nothing_waits_for_ems(self):
        walk = self.walk()
        for mode, name in (("down", "RELAY_RATE"), ("wrong-signature", "RELAY_ANSWER_SIGNATURE"), ("garbage", "RELAY_ANSWER"),
                           ("other", "RELAY_ANSWER"), ("refuses", "RELAY_REFUSED")):
            self.mode(mode)
            answer = self.order(walk)
            self.assertEqual(answer.name, name, (mode, answer))
            self.assertEqual(walk.state(), "produced")
        self.assertIn("收件地址超出服务范围", answer["detail"])
        self.mode("unknown")
        expect(self.by_hand(walk))
        self.sent(walk, walk.waybill)
        seen = wait_for("its trouble", lambda: (s := self.operator_sees(walk)).get("trouble") and s)
        self.assertIn("运单号不存在", seen["trouble"])
        self.assertNotIn("state", seen)  # nothing is known of it
        self.assertEqual(set(self.holder_sees(walk)), {"carrier", "waybill", "shipped_s"})
        walk.receive()

    def test_r_ship_1_r_ship_4_one_order_whatever_falls_and_another_for_what_was_lost(self):
        walk = self.walk()
        self.mode("lost")  # taken, and we never hear of it
        self.assertEqual(self.order(walk).name, "RELAY_RATE")
        self.world.kill("web")
        self.world.settle()
        self.mode("normal")
        waybill = self.taken(walk)
        parcel, = self.at_platform(walk)
        self.assertEqual(parcel["waybillNo"], waybill)
        self.sent(walk, waybill)
        self.happens(walk.waybill, "collected")
        self.wait_state(walk, "collected")
        self.mode("down")
        self.happens(walk.waybill, "moving")
        seen = wait_for("its trouble", lambda: (s := self.operator_sees(walk)).get("trouble") and s)
        self.assertEqual(seen["state"], "collected")
        self.assertNotIn("trouble", self.holder_sees(walk))
        self.mode("normal")
        self.wait_state(walk, "moving")
        self.assertNotIn("trouble", self.operator_sees(walk))
        walk.remake()
        walk.begin_anew()
        walk.to("finish")
        again = self.taken(walk)
        self.assertNotEqual(again, waybill)
        self.assertEqual({p["waybillNo"] for p in self.at_platform(walk)}, {waybill, again})
        self.assertEqual(self.holder_sees(walk)["waybill"], again)

    def test_r_ship_1_an_address_that_cannot_be_told_apart(self):
        walk = Odd(self.world, self.staff).to("finish")
        answer = self.order(walk)
        self.assertEqual(answer.name, "PARCEL_ADDRESS")
        self.assertEqual(self.at_platform(walk), [])
        expect(self.by_hand(walk))
        self.sent(walk, walk.waybill)

    def test_r_ship_1_without_ems_by_hand(self):
        walk = self.walk()
        url = "http://127.0.0.1:" + self.world.address("paysim").rsplit(":", 1)[1] + "/amp-prod-api/f/amp/api/open"
        self.restart(None)
        self.addCleanup(self.restart, url)
        self.assertFalse(Page(self.world.address("console")).api("GET", "about")["courier"])
        self.assertEqual(self.order(walk).name, "RELAY_COURIER_NONE")
        expect(self.by_hand(walk))
        self.sent(walk, walk.waybill)
        self.assertEqual(set(self.operator_sees(walk)), {"carrier", "waybill", "shipped_s"})

    def restart(self, url):
        self.world.stop()
        self.world.set("relay", "ems_url", url)
        self.world.start()


class Odd(Walk):
    def choose_medium(self):
        self.portal.api("PUT", self.path("medium"),
                        {"medium": "usbkey", "recipient": self.name, "recipient_mobile": self.mobile, "province": "山东省",
                         "address": "示例路 1 号", "postcode": "250000"})


if __name__ == "__main__":
    unittest.main()
