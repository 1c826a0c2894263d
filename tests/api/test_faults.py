"""Kills a process at each point of tests/faults.txt and looks at what holds afterwards: nothing lost, nothing twice.

Needs a build with -Dfaults=true: HUFU_BUILD_FAULTS names it; otherwise build-faults in the checkout is made."""
from collections import Counter
import http.client
import json
import os
import re
import subprocess
import unittest

from envelope import Key, encrypt
from page import Agent, Refused
from walk import NEW_PIN, Staff, Walk, expect, noise
from world import ROOT, World, wait_for

TABLE = os.path.join(ROOT, "tests/faults.txt")
# What a person may see while a process is away: told to try again, never a code of ours that says something wrong.
AWAY = {"IPC_CLOSED", "IPC_TIMEOUT", "IPC_BROKEN", "STORE_BUSY", "STORE_UNAVAILABLE", "STORE_UNKNOWN", "BUSY", "LOGIN_NOT_READY",
        "IDEMPOTENCY_RUNNING", "FILE_CHECK_FAILED", "FORM_FAILED", "ISSUING_CLOSED", "AGENT_LIBRARY_FAILED", "AGENT_KEY_REMOVED",
        "AGENT_NO_KEY", "AGENT_BUSY", "RELAY_UNREACHABLE", "JOURNAL_BUSY", "AGENT_ISSUER", "AGENT_STEP"}
GONE = (ConnectionError, http.client.HTTPException, TimeoutError)


def build_with_faults():
    told = os.environ.get("HUFU_BUILD_FAULTS")
    if told:
        return os.path.abspath(told)
    build = os.path.join(ROOT, "build-faults")
    if not os.path.exists(os.path.join(build, "build.ninja")):
        subprocess.run(["meson", "setup", "-Dfaults=true", build], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["ninja", "-C", build], check=True, capture_output=True)
    return build


class Fault:
    """A row: the point, the step of walk.py during which it is reached, and what must hold."""

    def __init__(self, text, number):
        cells = [cell.strip() for cell in text.split("|")]
        if len(cells) != 3 or not all(cells):
            raise ValueError(f"tests/faults.txt:{number}: point | step | what must hold")
        self.point, self.step, self.words = cells
        self.process = re.split("[@:]", self.point)[0]
        self.number = number


def read_faults():
    with open(TABLE, encoding="utf-8") as f:
        return [Fault(line, number) for number, line in enumerate(f, 1) if line.strip() and not line.startswith("#")]


class Stubborn(Walk):
    """A person who goes on after a failure as the pages let people go on: the same request with the same key again, and
    what the list shows where that is not enough."""

    # A USBKey whose production was broken off is begun anew.
    AGAIN = {"make_key": "open_card"}
    ANEW = ("log_in", "platform_login", "open_card", "make_key")

    def __init__(self, world, staff):
        super().__init__(world, staff)
        self.codes = {}  # by application and round, of receipts
        self.errors = []  # names of the errors, "gone" for a broken connection

    def step(self, name):
        if name in self.done:
            return
        self.repeat_by(f"{self.mobile}-{self.rounds}-{name}" if name not in self.ANEW else None)
        for _ in range(20):
            try:
                getattr(self, name)()
                break
            except GONE:
                self.errors.append("gone")
            except Refused as refused:
                if self.is_done(name, refused.answer):
                    break
                self.errors.append(refused.answer.name)
            except AssertionError as failure:
                self.errors.append(str(failure)[:200])
            self.wait_for_everything()
            if name in self.AGAIN and self.AGAIN[name] != name:
                self.done = [done for done in self.done if done != self.AGAIN[name]]
                self.step(self.AGAIN[name])
        else:
            raise AssertionError(f"{name} is never done: {self.errors}")
        self.done.append(name)
        self.repeat_by(None)

    def repeat_by(self, key):
        """Requests asked again bear the key of before."""
        for page in (self.portal, *(operator.page for operator in self.staff.known.values())):
            page.sticky = key

    def upload_license(self):
        self.upload_pieces(self.content)

    def pay_lost(self):
        """The callback is lost: what the gateway knows is asked."""
        if not hasattr(self, "lost"):
            self.lost = self.order()
            self.phone(self.lost, "lost")
        wait_for("the payment by query", self.is_paid)

    def transfer(self):
        """Finance enters what the bank has booked."""
        if not hasattr(self, "transferred"):
            self.transferred = self.portal.api("POST", self.path("payment"), {"method": "transfer"})["order"]
        self.staff.get("finance").api("POST", f"console/payments/{self.transferred}/receipt",
                                      {"amount_fen": 39900, "received_s": 1, "booking": "B" + self.number})

    def transfer_back(self):
        self.staff.get("finance").api("POST", f"console/payments/{self.transferred}/return", {"booking": "R" + self.number})

    def take(self, pin=NEW_PIN):
        """As the page goes on: what was issued is only written, with a USBKey that is plugged in."""
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        issued = self.state() == "issued"
        self.write_taken(agent, self.portal.api("GET", self.path("certificates")).json if issued else self.take_pair(agent, pin))

    def hold(self):
        expect(self.try_hold())

    def hold_for(self):
        """By who runs the holder's organization."""
        if not hasattr(self, "head"):
            self.head = self.colleague("王总")
            self.staff.administrator.api("PUT", f"console/accounts/{self.head.account}/organization-role", {"administrator": True})
        expect(self.head.portal.try_api("POST", f"organization/certificates/{self.serial}/hold"))

    def receive(self):
        """The code is asked for once."""
        parcel = self.number, self.rounds
        if self.codes.get(parcel) is None:
            self.codes[parcel] = self.receipt_code()
        self.portal.api("POST", self.path("receipt"), {"code": self.codes[parcel]})

    def release(self):
        """Signed once: asked again, the page sends the same."""
        if not hasattr(self, "releasing"):
            statement = self.draft_release()
            self.releasing = statement, self.staff.reviewer.sign(statement)
        expect(self.try_release(*self.releasing))

    def to(self, step):
        for name in self.ORDER[:self.ORDER.index(step) + 1]:
            self.step(name)
        return self

    def wait_for_everything(self):
        self.world.settle()
        if self.card and self.card.process and self.card.process.poll() is not None:
            self.card.plug()
            wait_for("the USBKey again", lambda: self.staff.producer.agent.key(self.card.serial))

    def is_done(self, name, answer):
        """Whether the refusal says that it was done before: then the list has it."""
        if name == "apply" and answer.name == "APPLICATION_OPEN":
            self.number = self.portal.api("GET", "applications")["items"][0]["number"]
            return True
        if name == "open" and answer.name in ("ORGANIZATION_EXISTS", "ACCOUNT_DOCUMENT_TAKEN"):
            found = self.find("organizations", lambda o: o["credit_code"] == self.credit_code)
            self.organization = found["id"]
            if answer.name == "ORGANIZATION_EXISTS":
                self.account = self.staff.administrator.api("POST", "console/accounts", self.account_fields())["id"]
            else:
                self.account = self.find("accounts", lambda a: a["organization"] == self.organization)["id"]
            return True
        if name == "finish" and answer.name == "APPLICATION_STATE" or name == "take" and self.state() == "done":
            certificates = self.portal.api("GET", "certificates")["items"]
            self.serial = next(c["serial"] for c in certificates if c["purpose"] == "signing")
            return True
        if name == "release" and answer.name == "NOT_HELD":
            return True
        return name in ("approve", "ship", "receive", "submit", "pay", "revoke", "remake", "withdraw",
                        "transfer_back") and answer.name in (
            "DECISION_MADE", "APPLICATION_STATE", "PAYMENT_NOT_DUE", "CERTIFICATE_STATE", "PAYMENT_SETTLED")

    def find(self, what, fits):
        after = ""
        while True:
            page = self.staff.administrator.api("GET", f"console/{what}" + (f"?after={after}" if after else "")).json
            for item in page["items"]:
                if fits(item):
                    return item
            after = page["next"]


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(build=build_with_faults())
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def test_thirty_points_at_least(self):
        self.assertGreaterEqual(len({f.point for f in read_faults()}), 30)

    def test_every_point_in_the_code_stands_in_the_table(self):
        found = subprocess.run(["grep", "-rhoE", "--include=*.c", r'FAULT\("[^"]+"\)', os.path.join(ROOT, "src")], capture_output=True,
                               text=True).stdout
        named = set(re.findall(r'FAULT\("([^"]+)"\)', found))
        listed = {f.point.split("@")[-1].split("=")[0] for f in read_faults()}
        self.assertEqual(named, listed)

    def arm(self, fault):
        """The point is reached from now on."""
        self.world.stop()
        self.log_from = len(self.world.log())
        self.world.start(fault=fault.point)

    def died(self, process):
        """Whether it ended at its point since arm()."""
        return re.search(rf"name={process} status=137", self.world.log()[self.log_from:])

    def pull_all(self):
        """A workplace has a few USBKeys, not one of each case before."""
        for card in list(self.world.cards):
            card.pull()

    def one(self, fault):
        self.addCleanup(self.pull_all)
        if not self.world.serve or self.world.serve.poll() is not None:
            self.world.start()  # an earlier test left it so
        special = getattr(self, "at_" + fault.step, None)
        if special:
            return special(fault)
        walk = Stubborn(self.world, self.staff)
        if Walk.ORDER.index(fault.step):
            walk.to(Walk.ORDER[Walk.ORDER.index(fault.step) - 1])
        if fault.process == "card":
            self.with_card(fault, walk)
        else:
            self.arm(fault)
            walk.step(fault.step)
            walk.to("platform_login")
            wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        for name in walk.errors:
            self.assertTrue(name == "gone" or name in AWAY, walk.errors)
        self.holds(walk)

    def with_card(self, fault, walk):
        walk.card.pull()
        walk.card.plug(fault.point)
        wait_for("the USBKey", lambda: self.staff.producer.agent.key(walk.card.serial))
        card = walk.card.process
        walk.step(fault.step)
        walk.to("platform_login")
        self.assertEqual(card.wait(180), 137, "it did not die there")

    def at_stop(self, fault):
        """At the end of `hufu serve`."""
        walk = Stubborn(self.world, self.staff).to("make_key")
        self.arm(fault)
        walk.to("write")  # the journal is longer than its last checkpoint
        self.world.stop()
        self.assertTrue(self.died(fault.process))
        self.world.start()
        walk.to("platform_login")
        self.holds(walk)

    def at_pay_lost(self, fault):
        """While the gateway is asked for a payment of which it did not tell."""
        walk = Stubborn(self.world, self.staff).to("submit")
        self.arm(fault)
        walk.step("pay_lost")
        walk.done.append("pay")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        walk.to("platform_login")
        self.holds(walk)

    def at_upload_pieces(self, fault):
        """While a scan comes in pieces: what arrived is not sent twice, and it is taken once."""
        walk = Stubborn(self.world, self.staff).to("print_form")
        content = noise(350_000)
        self.arm(fault)
        walk.content = content
        walk.step("upload_license")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        scans = walk.portal.api("GET", walk.path("attachments"))["items"]
        self.assertEqual([(s["kind"], s["size"]) for s in scans], [("license", len(content))])
        self.assertEqual(walk.portal.api("GET", walk.path("uploads"))["items"], [])
        self.assertLessEqual(walk.sent, 2 * len(content) if fault.point == "web:upload-taken" else len(content) + 100_000)

    def at_refund(self, fault):
        """While what was paid for an application that is withdrawn goes back."""
        walk = Stubborn(self.world, self.staff).to("pay")
        self.arm(fault)
        walk.step("withdraw")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        wait_for("the refund", lambda: walk.portal.api("GET", walk.path("payment"))["state"] == "refunded")
        payment = walk.portal.api("GET", walk.path("payment")).json
        order = [o for o in self.orders() if o["out_trade_no"] == payment["order"]][-1]
        self.assertEqual([(r["out_refund_no"], r["amount"]) for r in order["refunds"]], [(payment["refund"], 39900)])
        self.world.message("sms", walk.mobile, "已原路退回")

    def at_transfer(self, fault):
        """While finance enters what came by bank transfer."""
        walk = Stubborn(self.world, self.staff).to("submit")
        self.staff.get("finance")
        self.arm(fault)
        walk.step("transfer")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        self.assertEqual(walk.state(), "in-review")
        self.assertEqual([p["state"] for p in walk.portal.api("GET", walk.path("payments"))["items"]], ["paid"])

    def at_transfer_back(self, fault):
        """While finance enters that it went back."""
        walk = Stubborn(self.world, self.staff).to("submit")
        walk.step("transfer")
        walk.step("withdraw")
        self.arm(fault)
        walk.step("transfer_back")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        self.assertEqual([p["state"] for p in walk.portal.api("GET", walk.path("payments"))["items"]], ["refunded"])
        self.world.message("sms", walk.mobile, "转账款项已退回")
        self.assertEqual(len([m for m in self.world.messages("sms", walk.mobile) if "转账款项已退回" in m["text"]]), 1)

    def at_invoice(self, fault):
        """While the invoice for what was issued is made."""
        walk = Stubborn(self.world, self.staff).to("make_key")
        self.arm(fault)
        walk.step("issue")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        invoices = lambda: walk.portal.api("GET", walk.path("invoices"))["items"]
        wait_for("the invoice", lambda: [i["state"] for i in invoices()] == ["sent"])
        with open(self.world.path("paysim/invoices.jsonl"), encoding="utf-8") as f:
            made = [i for i in map(json.loads, f) if walk.organization_name in i["Document"]]
        self.assertEqual([i["InvoiceNumber"] for i in made], [invoices()[0]["invoice_number"]])
        self.assertEqual(len([m for m in self.world.messages("email", walk.email) if "电子发票" in m["subject"]]), 1)

    def at_revoke(self, fault):
        """When the certificate is revoked."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        self.arm(fault)
        walk.step("revoke")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        self.assertEqual({c["state"] for c in walk.portal.api("GET", "certificates")["items"]}, {"revoked"})
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_REVOKED")
        for certificate in walk.portal.api("GET", "certificates")["items"]:
            wait_for("its answer", lambda serial=certificate["serial"]: self.told_revoked(serial))
            wait_for("its list", lambda serial=certificate["serial"]: self.listed(serial))

    def states(self, walk):
        return {c["state"] for c in walk.portal.api("GET", "certificates")["items"]}

    def at_hold(self, fault):
        """When a holder puts the own certificate on hold."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        self.arm(fault)
        walk.step("hold")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        self.assertEqual(self.states(walk), {"held"})
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_HELD")
        self.world.message("sms", walk.mobile, "临时挂失")
        self.assertEqual(len([m for m in self.world.messages("sms", walk.mobile) if "临时挂失" in m["text"]]), 1)

    def at_hold_for(self, fault):
        """R-OPS-9: when who runs the organization does."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        self.arm(fault)
        walk.step("hold_for")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        held, = {(c["state"], c["held_for"], c["held_by"]) for c in walk.portal.api("GET", "certificates")["items"]}
        self.assertEqual(held, ("held", "organization", "王总"))
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_HELD")
        for to in walk.mobile, walk.head.mobile:
            self.world.message("sms", to, "已冻结")
            self.assertEqual(len([m for m in self.world.messages("sms", to) if "已冻结" in m["text"]]), 1)

    def at_release(self, fault):
        """When a reviewer lifts it."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        walk.step("hold")
        self.arm(fault)
        walk.step("release")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        self.assertEqual(self.states(walk), {"valid"})
        expect(walk.try_login())

    def at_recover(self, fault):
        """R-LOST-4: when the old encryption key is asked for, for the new USBKey."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        lost = walk.further("lost")
        lost.to("issue")
        self.arm(fault)
        lost.to("platform_login")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.world.settle()
        old, = (c for c in lost.portal.api("GET", "certificates")["items"]
                if c["application"] == walk.number and c["purpose"] == "encryption")
        key = Key(self.world, lost.card.serial, NEW_PIN)
        self.addCleanup(key.close)
        recovered, = set(key.containers()) - {key.current}
        self.assertEqual(key.decrypt(recovered, encrypt(old["der"], b"of before")), b"of before")

    def published(self, *path):
        try:
            with open(self.world.path("publish", *path), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def told_revoked(self, serial):
        """The answer's head says how the certificate stands (pki/published.h)."""
        return self.published("ocsp/issuing", serial[:2], serial)[24:25] == b"\x01"

    def listed(self, serial):
        return bytes.fromhex(serial) in self.published("crl/issuing-0000.crl")

    def at_write_lost(self, fault):
        """While what was issued, and got lost with its USBKey, is approved and made again on another one."""
        walk = Stubborn(self.world, self.staff).to("issue")
        walk.card.pull()
        self.arm(fault)
        walk.step("remake")
        walk.begin_anew()
        walk.to("platform_login")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.holds(walk, {"revoked": 2, "valid": 2})

    def at_approve_revoke(self, fault):
        """When an approval revokes at once."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        revoking = walk.further("revoke")
        revoking.to("fill_in")
        revoking.portal.api("PUT", revoking.path("particulars"), {"reason": "keyCompromise"})
        revoking.to("submit")
        self.arm(fault)
        revoking.step("approve")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        wait_for("the end of the application", lambda: revoking.state() == "done")
        self.assertEqual({c["state"] for c in walk.portal.api("GET", "certificates")["items"]}, {"revoked"})
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_REVOKED")
        self.world.message("sms", walk.mobile, "已吊销")

    def at_unlock(self, fault):
        """When a locked USBKey is unlocked."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        unlocking = walk.further("unlock")
        unlocking.to("approve")
        unlocking.lock()
        self.arm(fault)
        unlocking.step("unlock")
        wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
        self.assertEqual(unlocking.state(), "done")
        walk.change_pin()
        expect(walk.try_login())

    def at_take(self, fault):
        """When a USBKey takes the certificate that passes to a colleague."""
        walk = Stubborn(self.world, self.staff).to("platform_login")
        other = walk.colleague()
        change = walk.pass_to(other)
        change.to("approve")
        if fault.process == "card":
            walk.card.pull()
            walk.card.plug(fault.point)
            wait_for("the USBKey", lambda: self.staff.producer.agent.key(walk.card.serial))
            card = walk.card.process
        else:
            self.arm(fault)
        other.step("take")
        if fault.process == "card":
            self.assertEqual(card.wait(180), 137, "it did not die there")
        else:
            wait_for(f"death of {fault.process}", lambda: self.died(fault.process))
            self.world.settle()
        for name in other.errors:  # what the journal brings to the database may come between two steps: the page looks anew
            self.assertTrue(name in ("gone", "APPLICATION_STATE") or name in AWAY, other.errors)
        self.assertEqual(other.state(), "done")
        self.assertEqual([c["state"] for c in other.portal.api("GET", "certificates")["items"]], ["valid", "valid"])
        self.assertEqual({c["state"] for c in walk.portal.api("GET", "certificates")["items"]}, {"revoked"})
        self.assertEqual(other.holder_agent().key(walk.card.serial)["state"], "must-change")
        other.change_pin()
        expect(other.try_login())

    def at_init(self, fault):
        """During `hufu init`: what was begun is not served; the folder is made anew or refused in words."""
        world = World(build=self.world.build, start=False, fault=fault.point)
        self.addCleanup(world.close)
        self.assertNotEqual(world.init_status, 0)
        done = world.run("serve", "--folder", world.folder, "--insecure-dev", check=False)
        self.assertNotEqual(done.returncode, 0)
        world.init()
        world.start()
        Walk(world, Staff(world)).to("platform_login")

    def holds(self, walk, states=None):
        """Nothing lost, nothing twice."""
        certificates = walk.portal.api("GET", "certificates")["items"]
        found = Counter((c["purpose"], c["state"]) for c in certificates)
        wanted = states or {"valid": 2}
        self.assertEqual(found, {(purpose, state): n // 2 for state, n in wanted.items() for purpose in ("encryption", "signing")})
        applications = walk.portal.api("GET", "applications")["items"]
        self.assertEqual([a["number"] for a in applications], [walk.number])
        self.assertEqual(applications[0]["state"], "done")
        self.assertEqual(walk.portal.api("GET", walk.path("payment"))["state"], "paid")
        self.assertEqual(self.orders_paid(walk), 1)
        self.assertEqual(sorted(a["kind"] for a in walk.portal.api("GET", walk.path("attachments"))["items"]),
                         ["form", "identity", "license"])
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.world.message(channel, to, walk.waybill)
        self.world.settle()

    def orders(self):
        """Of the payment platform, each as often as it changed."""
        with open(self.world.path("paysim/orders.jsonl"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def orders_paid(self, walk):
        """Of this application, at the payment platform."""
        paid = {order["out_trade_no"]: order for order in self.orders()}
        mine = walk.portal.api("GET", walk.path("payment"))["order"]
        return sum(o["state"] == "SUCCESS" and (number == mine or walk.number in o["description"])
                   for number, o in paid.items())


def add(fault):
    def test(self):
        self.one(fault)
    name = re.sub(r"\W+", "_", f"test_{fault.point}_{fault.step}")
    test.__doc__ = f"{fault.point} during {fault.step}: {fault.words}"
    setattr(Faults, name, test)


for row in read_faults():
    add(row)


if __name__ == "__main__":
    unittest.main()
