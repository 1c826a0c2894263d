"""The services beside the first application, with real processes: what each asks for, revokes, issues, costs and tells."""
import os
import unittest

from envelope import Key, encrypt
from page import Agent, Page, Refused
from walk import NEW_PIN, Staff, Walk, expect, mobile
from world import World, wait_for


class Services(unittest.TestCase):
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

    def told(self, walk, words):
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.world.message(channel, to, words)

    def signing(self, walk):
        return {c["serial"]: c for c in walk.portal.api("GET", "certificates")["items"] if c["purpose"] == "signing"}

    def begin(self, walk, service):
        return walk.portal.try_api("POST", "applications", {"service": service})

    # ---- what fails on its way ----

    def test_r_apply_3_a_usbkey_pulled_between_issue_and_write(self):
        """Plugged in again, whoever goes on gets the pair of before; one that is broken is made again under a new approval,
        which revokes what was lost."""
        walk = self.walk("issue")
        walk.card.pull()
        walk.card.plug()
        wait_for("the USBKey again", lambda: self.staff.producer.agent.key(walk.card.serial))
        self.assertEqual(self.staff.producer.api("GET", walk.console_path("certificates")).json, walk.produced)
        self.refused(self.staff.reviewer.try_api("GET", walk.console_path("certificates")), "NOT_PERMITTED")
        lost = next(iter(self.signing(walk)))
        walk.card.pull()
        walk.remake()
        self.assertEqual(walk.state(), "in-review")
        self.refused(self.staff.producer.try_api("GET", walk.console_path("certificates")), "APPLICATION_STATE")
        walk.begin_anew()
        walk.to("approve")
        self.assertIn(lost, walk.approval)
        walk.to("finish")
        self.refused(self.staff.producer.try_api("POST", walk.console_path("production"), {}), "APPLICATION_STATE")
        found = self.signing(walk)
        self.assertEqual({serial: c["state"] for serial, c in found.items()}, {lost: "revoked", walk.serial: "transit"})

    def test_r_ship_4_lost_in_the_post_is_made_again_free(self):
        walk = self.walk("ship")
        first, paid = walk.serial, walk.portal.api("GET", walk.path("payment"))["order"]
        walk.remake()
        walk.begin_anew()
        walk.waybill = "9" + walk.waybill[1:]
        walk.to("platform_login")
        self.assertEqual(self.signing(walk)[first]["state"], "revoked")
        self.assertEqual(walk.portal.api("GET", walk.path("payment"))["order"], paid)
        self.assertEqual(walk.portal.api("GET", walk.path("shipment"))["waybill"], walk.waybill)

    def test_r_apply_5_the_holder_of_a_shield_is_told_how_to_install_and_activate_it(self):
        walk = self.walk("fill_in")
        walk.portal.api("PUT", walk.path("medium"), {"medium": "shield"})
        walk.done.append("choose_medium")
        walk.to("approve")
        self.told(walk, "立即申请")
        self.assertEqual(walk.state(), "approved")
        self.assertIn("medium: shield\n", walk.approval)
        self.refused(self.staff.producer.try_api("POST", walk.console_path("card-draft"),
                                                 {"card": "HF00000001", "challenge": "00" * 8, "card_certificate": "MAA="}),
                     "APPLICATION_MEDIUM")  # nothing is made for it here

    # ---- shipping ----

    def test_r_ship_1_the_label_while_it_is_ready_to_be_sent(self):
        walk = self.walk("write")
        self.told(walk, "正在制作")  # R-OPS-8
        producer = self.staff.producer
        self.refused(producer.try_api("GET", walk.console_path("label")), "APPLICATION_STATE")
        walk.to("finish")
        self.assertEqual(producer.api("GET", walk.console_path("label")).json,
                         {"recipient": walk.name, "recipient_mobile": walk.mobile, "province": "北京市", "address": "西城区示例路 1 号",
                          "postcode": "100032"})
        self.refused(self.staff.reviewer.try_api("GET", walk.console_path("label")), "NOT_PERMITTED")
        shown = producer.api("GET", walk.console_path("history"))["items"]
        self.assertIn("label.look", [entry["action"] for entry in shown])
        walk.to("ship")
        self.refused(producer.try_api("GET", walk.console_path("label")), "APPLICATION_STATE")

    def test_r_form_2_names_that_fit_a_certificate(self):
        walk = self.walk("agree")
        for field in "organization_name", "holder_name":
            self.refused(walk.portal.try_api("PUT", walk.path("details"), dict(walk.details(), **{field: "国" * 65})),
                         "CERTIFICATE_NAME_LONG", field)
        walk.portal.api("PUT", walk.path("details"), dict(walk.details(), organization_name="国" * 64))
        for path, fields in (("organizations", walk.organization_fields()), ("accounts", walk.account_fields())):
            self.refused(self.staff.administrator.try_api("POST", "console/" + path, dict(fields, name="国" * 65)),
                         "CERTIFICATE_NAME_LONG", "name")

    # ---- encryption keys of before ----

    def try_recover(self, walk, by=None):
        return (by or self.staff.producer).try_api("POST", walk.console_path("recovered-keys"))

    def recovery(self, walk):
        """R-LOST-4, R-OPS-4: asked again the same, for its producer alone, in the journal with both approvals."""
        keys = walk.recovered()
        self.assertEqual(walk.recovered(), keys)
        self.assertEqual(len(keys), 1)
        self.refused(self.try_recover(walk, self.staff.reviewer), "NOT_PERMITTED")
        # Production is not finished before the new USBKey has taken it.
        for told in {}, {"recovered": "0" * 32}:
            self.refused(self.staff.producer.try_api("POST", walk.console_path("production"), told), "PRODUCTION_RECOVERED",
                         "recovered")
        self.assertEqual(walk.state(), "issued")
        shown = self.staff.producer.api("GET", walk.console_path("history"))["items"]
        self.assertEqual([entry["detail"] for entry in shown if entry["action"] == "key.recover"], [keys[0]["serial"]])

    def old_data_opens(self, old, new):
        """R-LOST-4: what was encrypted to the old certificate is read with the new USBKey, by any SKF program."""
        listed = {(c["application"], c["purpose"]): c for c in new.portal.api("GET", "certificates")["items"]}
        data = os.urandom(40)
        blobs = {name: encrypt(listed[walk.number, "encryption"]["der"], data) for name, walk in (("old", old), ("new", new))}
        key = Key(self.world, new.card.serial, NEW_PIN)
        self.addCleanup(key.close)
        recovered, = set(key.containers()) - {key.current}
        self.assertTrue(recovered.startswith("recovered-"))
        self.assertEqual(key.decrypt(recovered, blobs["old"]), data)
        self.assertEqual(key.decrypt(key.current, blobs["new"]), data)
        self.assertNotEqual(key.decrypt(key.current, blobs["old"]), data)
        # it has nothing to sign with, and the agent shows the new pair alone
        shown = {c["serial"] for c in new.holder_agent().key(new.card.serial)["certificates"]}
        self.assertEqual(shown, {listed[new.number, purpose]["serial"] for purpose in ("signing", "encryption")})

    # ---- lost ----

    def test_r_lost_1_r_lost_2_r_lost_3_lost_and_lost_again(self):
        walk = self.walk()
        first = self.signing(walk)[walk.serial]
        lost = walk.further("lost")
        lost.to("fill_in")
        shown = lost.portal.api("GET", lost.path()).json
        self.assertEqual((shown["about"], shown["address"]), (walk.serial, "西城区示例路 1 号"))  # R-SHIP-2
        lost.portal.api("PUT", lost.path("medium"), {"medium": "usbkey", "recipient": "李四", "province": "北京市",
                                                     "address": "西城区示例路 2 号"})  # the mobile, shown masked, stays
        lost.to("submit")
        self.assertEqual((lost.state(), lost.portal.api("GET", lost.path()).json.get("fee_fen", 0)), ("in-review", 0))
        first_one = lost.draft_decision()
        expect(lost.try_decide(first_one, self.staff.reviewer.sign(first_one)))  # R-OPS-4: two of them, each once
        self.refused(self.try_recover(lost), "APPLICATION_STATE")  # R-LOST-4: one approval obtains nothing
        self.assertEqual(lost.state(), "in-review")
        expect(walk.try_login())
        again = lost.draft_decision()
        self.refused(lost.try_decide(again, self.staff.reviewer.sign(again)), "APPROVAL_SAME_PERSON")
        other = self.staff.get("reviewer", 1)
        second_one = lost.draft_decision(reviewer=other)
        expect(lost.try_decide(second_one, other.sign(second_one), reviewer=other))
        lost.done.append("approve")
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        self.told(lost, "补办")
        lost.to("write")
        self.recovery(lost)
        lost.to("finish")
        self.assertEqual(self.staff.producer.api("GET", lost.console_path("label"))["recipient_mobile"], walk.mobile)
        lost.to("platform_login")
        again = self.signing(lost)
        self.assertEqual((again[lost.serial]["not_after_s"], again[lost.serial]["state"]), (first["not_after_s"], "valid"))
        self.assertEqual(again[walk.serial]["state"], "revoked")
        self.old_data_opens(walk, lost)
        self.refused(self.try_recover(lost), "APPLICATION_STATE")
        twice = lost.further("lost")
        twice.done.remove("pay")
        twice.to("submit")
        self.assertEqual(twice.order()["amount_fen"], 8000)
        twice.to("pay")
        self.assertEqual(twice.state(), "in-review")

    # ---- damaged ----

    def test_r_damaged_1_r_damaged_2_without_fault_free(self):
        walk = self.walk()
        end = self.signing(walk)[walk.serial]["not_after_s"]
        damaged = walk.further("damaged")
        damaged.to("submit")
        self.assertEqual(damaged.state(), "awaiting-return")
        damaged.portal.api("PUT", damaged.path("return-waybill"), {"waybill": "9876543210123"})
        reviewer = self.staff.reviewer
        reviewer.api("POST", damaged.console_path("key-received"))
        self.refused(reviewer.try_api("POST", damaged.console_path("decision-draft"), {"decision": "approve"}),
                     "APPLICATION_UNINSPECTED")
        reviewer.api("POST", damaged.console_path("inspection"), {"fault": "none", "words": "接口氧化"})
        damaged.to("approve")
        self.told(damaged, "您的证书更换")  # R-OPS-8
        expect(walk.try_login())  # good until the new one is made
        damaged.to("issue")
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        damaged.to("platform_login")
        self.assertEqual(self.signing(damaged)[damaged.serial]["not_after_s"], end)
        self.old_data_opens(walk, damaged)  # R-DAMAGED-2

    def test_r_damaged_1_the_holder_s_fault_makes_a_replacement_of_it(self):
        walk = self.walk()
        damaged = walk.further("damaged")
        damaged.to("submit")
        self.staff.reviewer.api("POST", damaged.console_path("key-received"))
        self.staff.reviewer.api("POST", damaged.console_path("inspection"), {"fault": "holder", "words": "外壳被撬开"})
        shown = damaged.portal.api("GET", damaged.path()).json
        self.assertEqual((shown["service"], shown["origin"], shown["state"]), ("lost", "damaged", "in-review"))  # the first is free
        self.told(damaged, "外壳被撬开")
        damaged.to("approve")
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")

    # ---- revocation ----

    def test_r_revoke_1_r_revoke_2_r_form_7_revoked_for_good(self):
        walk = self.walk()
        open_one = walk.further("lost")
        open_one.to("apply")
        revoking = walk.further("revoke")
        revoking.to("fill_in")
        self.assertEqual(open_one.state(), "cancelled")
        self.refused(revoking.portal.try_api("POST", revoking.path("form")), "APPLICATION_INCOMPLETE", "reason")
        self.refused(revoking.portal.try_api("PUT", revoking.path("particulars"), {"reason": "removeFromCRL"}), "FIELD_CHOICE")
        revoking.portal.api("PUT", revoking.path("particulars"), {"reason": "keyCompromise"})
        revoking.to("approve")
        self.assertEqual(revoking.state(), "done")
        found = self.signing(walk)[walk.serial]
        self.assertEqual((found["state"], found["reason"]), ("revoked", "keyCompromise"))
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        self.told(revoking, "证书已吊销")  # R-OPS-8
        self.refused(self.begin(walk, "renew"), "APPLICATION_CERTIFICATE_NONE")
        self.assertEqual(self.begin(walk, "apply").status, 201)

    # ---- change of holder ----

    def test_r_change_1_r_change_2_r_change_3_up_to_the_approval(self):
        walk, stranger = self.walk(), self.walk("open")
        other = walk.colleague()
        change = walk.further("change")
        change.to("fill_in")
        for unfit in mobile(), stranger.mobile, walk.mobile:
            self.refused(change.portal.try_api("PUT", change.path("particulars"), {"successor_mobile": unfit}),
                         "SUCCESSOR_UNFIT", "successor_mobile")
        asked = [change.portal.try_api("PUT", change.path("particulars"), {"successor_mobile": m}) for m in (mobile(), stranger.mobile)]
        self.assertEqual(*[{k: v for k, v in a.json.items() if k != "request_id"} for a in asked])  # whose it is, is nobody's business
        change.portal.api("PUT", change.path("particulars"), {"successor_mobile": other.mobile})
        change.to("submit")
        self.assertEqual(change.state(), "awaiting-confirmation")
        self.refused(change.portal.try_api("POST", change.path("confirmation")), "NOT_PERMITTED")
        other.portal.api("POST", change.path("confirmation"))
        change.to("approve")
        self.assertIn("李四", change.approval)
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        self.told(change, "已变更使用人")
        self.told(other, "已变更使用人")
        self.change_is_downloaded(walk, change, other)

    def change_is_downloaded(self, walk, change, other):
        """R-CHANGE-2: by the new holder, who sets a PIN; the end of validity is the old one."""
        ends = walk.portal.api("GET", "certificates")["items"][0]["not_after_s"]
        self.refused(change.portal.try_api("POST", change.path("download-draft"),
                                           {"card": walk.card.serial, "container": "HUFU-2", "public_key": "00" * 64,
                                            "attestation": "00" * 64}), "NOT_PERMITTED")
        other.number, other.key, other.card = change.number, walk.key, walk.card
        self.refused(other.portal.try_api("POST", other.path("download-draft"),
                                          {"card": "HF00000001", "container": "HUFU-2", "public_key": "00" * 64,
                                           "attestation": "00" * 64}), "DOWNLOAD_CARD")
        other.take()
        self.assertEqual(other.state(), "done")
        self.assertEqual(other.holder_agent().key(walk.card.serial)["state"], "must-change")
        other.change_pin()
        expect(other.try_login(Page(self.world.address("platform"))))
        self.assertEqual(other.portal.api("GET", "certificates")["items"][0]["not_after_s"], ends)
        self.refused(other.portal.try_api("POST", other.path("certificates"), other.taken), "APPLICATION_STATE")

    def encrypted(self, walk):
        """Data for the certificate that WALK's USBKey bears: plain, and as it lies in a file."""
        der = next(c["der"] for c in walk.portal.api("GET", "certificates")["items"] if c["purpose"] == "encryption")
        data = os.urandom(40)
        return data, encrypt(der, data)

    def test_r_change_2_r_change_4_taken_over_without_the_former_holder_s_pin(self):
        """Approved, the new holder needs no PIN of the former one, not even of a locked USBKey, and reads nothing of before."""
        walk = self.walk()
        other = walk.colleague()
        change = walk.pass_to(other)
        data, blob = self.encrypted(walk)
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        seen = agent.tell("unlock-challenge", key=walk.key)
        ask = {"card": seen["card"], "challenge": seen["challenge"]}
        self.refused(other.portal.try_api("POST", other.path("unlock"), ask), "APPLICATION_STATE")
        change.to("approve")
        self.assertIn("profile: holder\n", change.approval)
        self.refused(walk.portal.try_api("POST", change.path("unlock"), ask), "NOT_PERMITTED")
        self.refused(other.portal.try_api("POST", other.path("unlock"), dict(ask, card="HF00000001")), "UNLOCK_CARD")
        with self.assertRaisesRegex(Refused, "AGENT"):  # nothing without the authority's answer
            other.take_pair(agent, approved="yes")
        walk.lock()
        other.take_over()
        self.assertEqual(other.state(), "done")
        self.assertEqual(agent.key(walk.card.serial)["state"], "must-change")
        other.change_pin()
        expect(other.try_login(Page(self.world.address("platform"))))
        key = Key(self.world, walk.card.serial, NEW_PIN)
        self.addCleanup(key.close)
        self.assertEqual(list(key.containers()), [key.current])
        self.assertNotEqual(key.decrypt(key.current, blob), data)
        again = agent.tell("unlock-challenge", key=walk.key)
        self.refused(other.portal.try_api("POST", other.path("unlock"), {"card": again["card"], "challenge": again["challenge"]}),
                     "APPLICATION_STATE")

    def test_r_change_4_r_ops_4_the_encryption_key_passes_on_where_the_organization_asks(self):
        walk = self.walk()
        other = walk.colleague()
        change = walk.pass_to(other, keep=True)
        data, blob = self.encrypted(walk)
        first = change.draft_decision()
        self.assertIn("profile: holder-keep\n", first)
        expect(change.try_decide(first, self.staff.reviewer.sign(first)))
        self.assertEqual(change.state(), "in-review")  # one reviewer is not enough
        expect(walk.try_login())
        again = change.draft_decision()
        self.refused(change.try_decide(again, self.staff.reviewer.sign(again)), "APPROVAL_SAME_PERSON")
        second = self.staff.get("reviewer", 1)
        text = change.draft_decision(reviewer=second)
        expect(change.try_decide(text, second.sign(text), reviewer=second))
        self.assertEqual(change.state(), "approved")
        self.refused(walk.try_login(), "LOGIN_CERTIFICATE_REVOKED")
        other.take_over()
        self.assertIn("service: change-keep\n", other.taken["statement"])
        other.change_pin()
        expect(other.try_login(Page(self.world.address("platform"))))
        key = Key(self.world, walk.card.serial, NEW_PIN)
        former, = set(key.containers()) - {key.current}
        self.assertEqual(key.decrypt(former, blob), data)
        key.close()
        # R-LOST-4: lost, it comes into the next one with the new holder's own.
        own, own_blob = self.encrypted(other)
        lost = other.further("lost")
        lost.done.remove("choose_medium")
        lost.to("change_pin")
        new = Key(self.world, lost.card.serial, NEW_PIN)
        self.addCleanup(new.close)
        read = [new.decrypt(name, b) for name in new.containers() if name != new.current for b in (blob, own_blob)]
        self.assertIn(data, read)
        self.assertIn(own, read)

    def test_r_change_2_made_anew_after_the_usbkey_has_switched(self):
        """The certificates were written and nobody was told: what the USBKey bears signs for those that take their place."""
        walk = self.walk()
        other = walk.colleague()
        change = walk.pass_to(other)
        change.to("approve")
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        pair = other.take_pair(agent, NEW_PIN)
        agent.tell("download-write", key=other.key, **pair)
        first = other.portal.api("GET", other.path())["serial"]
        change.remake()
        change.begin_anew()
        change.to("approve")
        for serial in walk.serial, first:
            self.assertIn(serial, change.approval)
        other.change_pin()
        other.take()
        self.assertEqual(other.state(), "done")
        self.assertNotEqual(other.serial, first)
        other.change_pin()
        expect(other.try_login(Page(self.world.address("platform"))))
        found = {c["serial"]: c["state"] for c in other.portal.api("GET", "certificates")["items"] if c["purpose"] == "signing"}
        self.assertEqual(found, {first: "revoked", other.serial: "valid"})

    # ---- unlocking ----

    def test_r_unlock_1_r_unlock_2_an_approval_unlocks_one_key_once(self):
        walk = self.walk()
        unlocking = walk.further("unlock")
        unlocking.to("submit")
        unlocking.lock()
        agent = walk.holder_agent()
        self.assertEqual(agent.try_tell("change-pin", key=walk.key, old=NEW_PIN, new="58392017").name, "AGENT_PIN_LOCKED")
        seen = agent.tell("unlock-challenge", key=walk.key)
        ask = {"card": seen["card"], "challenge": seen["challenge"]}
        self.refused(unlocking.portal.try_api("POST", unlocking.path("unlock"), ask), "APPLICATION_STATE")
        unlocking.to("approve")
        self.told(unlocking, "进入解锁")  # R-OPS-8
        self.refused(unlocking.portal.try_api("POST", unlocking.path("unlock"), dict(ask, card="HF00000001")), "UNLOCK_CARD")
        unlocking.unlock()
        self.assertEqual(unlocking.state(), "done")
        self.assertEqual(agent.key(walk.card.serial)["state"], "must-change")
        walk.change_pin()
        expect(walk.try_login(Page(self.world.address("platform"))))
        seen = agent.tell("unlock-challenge", key=walk.key)
        self.assertGreaterEqual(unlocking.portal.try_api("POST", unlocking.path("unlock"),
                                                         {"card": seen["card"], "challenge": seen["challenge"]}).status, 400)

    # ---- by whom, and when ----

    def test_r_renew_2_not_before_a_month_and_r_apply_1_without_a_certificate(self):
        walk = self.walk()
        self.refused(self.begin(walk, "renew"), "RENEWAL_EARLY")
        fresh = self.walk("log_in")
        for service in "renew", "unlock", "lost", "damaged", "revoke", "change":
            self.refused(self.begin(fresh, service), "APPLICATION_CERTIFICATE_NONE")


if __name__ == "__main__":
    unittest.main()
