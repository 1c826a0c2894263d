"""The whole way of one certificate as methods, so that a test can do each step, or do it wrong."""
import copy
import hashlib
import random
import struct
import zlib

from page import Agent, Page, Refused
from world import wait_for

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NEW_PIN = "47281936"
DEFAULT_PIN = "000000"
STATES_AFTER_PAYMENT = ("review",)


# ---- made-up people and papers ----

def digits(count):
    return "".join(random.choice("0123456789") for _ in range(count))


def credit_code():
    while True:
        inner = digits(8)
        check = 11 - sum(w * int(d) for w, d in zip((3, 7, 9, 10, 5, 8, 4, 2), inner)) % 11
        if check != 10:
            break
    first = "91110000" + inner + ("0" if check == 11 else str(check))
    total = sum(CREDIT.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return first + CREDIT[-total % 31]


def identity_number():
    born = f"{random.randint(1960, 1999)}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    first = f"1101{random.randint(1, 9):02}" + born + digits(3)
    return first + "10X98765432"[sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(first)) % 11]


def mobile():
    return "13" + digits(9)


def png(width=200, height=120):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + b"\xf0\xf0\xf0" * (width - 20) + b"\x20\x20\x80" * 20
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b""))


def noise(size):
    """A PNG of SIZE bytes and a bit more: it does not shrink."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    width, height = 300, size // 901 + 1
    rows = b"".join(b"\0" + random.randbytes(width * 3) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))


def sm3(content):
    return hashlib.new("sm3", content).hexdigest()


def change_line(statement, name, value):
    lines = statement.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(name + ": "))
    lines[at] = f"{name}: {value}"
    return "\n".join(lines)


def line_names(statement):
    return [line.split(": ")[0] for line in statement.split("\n")[1:] if line]


def line(statement, name):
    return next(text.split(": ", 1)[1] for text in statement.split("\n") if text.startswith(name + ": "))


def expect(answer):
    if answer.status >= 400:
        raise Refused("a step", answer)


# ---- operators ----

class Operator:
    """Somebody of the CA, logged in to the console with the own USBKey unless LOGIN is false."""

    def __init__(self, world, role, number=0, login=True):
        self.world, self.person = world, world.person(role, number)
        self.page = Page(world.address("console"))
        self.agent = Agent(world.address("console"), world.address("agent"))
        self.key = wait_for("the operator's USBKey", lambda: self.agent.key(self.person["card"]))["key"]
        if login:
            key_login(self.page, self.agent, self.key, self.person["certificate"], self.person["pin"])

    def sign(self, statement):
        return self.agent.tell("sign", key=self.key, statement=statement, pin=self.person["pin"])["signature"]

    def api(self, method, path, body=None, **how):
        return self.page.api(method, path, body, **how)

    def try_api(self, method, path, body=None, **how):
        return self.page.try_api(method, path, body, **how)


def begin_login(page, serial):
    return page.api("POST", "key-logins", {"serial": serial}).json


def finish_login(page, draft, signed):
    """Whatever comes of it."""
    return page.try_api("POST", "key-logins/" + draft["id"],
                        {"certificate": signed["certificate"], "signature": signed["signature"]})


def key_login(page, agent, key, serial, pin):
    draft = begin_login(page, serial)
    signed = agent.tell("sign", key=key, statement=draft["statement"], pin=pin).json
    answer = finish_login(page, draft, signed)
    expect(answer)
    return answer.json


class Staff:
    """The operators of a world, logged in when first asked for."""

    def __init__(self, world):
        self.world, self.known = world, {}

    def get(self, role, number=0):
        if (role, number) not in self.known:
            self.known[role, number] = Operator(self.world, role, number)
        return self.known[role, number]

    @property
    def administrator(self):
        return self.get("administrator")

    @property
    def reviewer(self):
        return self.get("reviewer")

    @property
    def producer(self):
        return self.get("producer")


# ---- one certificate ----

class Walk:
    """One holder. Each method is a step and needs those before it; to(STEP) walks up to and including STEP."""

    ORDER = ["open", "log_in", "apply", "agree", "fill_in", "choose_medium", "print_form", "upload", "submit", "pay",
             "approve", "plug", "open_card", "make_key", "issue", "write", "finish", "ship", "receive", "change_pin",
             "platform_login"]

    def __init__(self, world, staff):
        self.world, self.staff = world, staff
        self.mobile, self.number_of_document = mobile(), identity_number()
        self.email = f"holder-{self.mobile}@example.org"
        self.credit_code, self.name = credit_code(), "张三"
        self.organization_name = f"测试企业{digits(6)}有限公司"
        self.waybill = "1" + digits(12)
        self.portal, self.platform = Page(world.address("portal")), Page(world.address("platform"))
        self.done = []
        self.card = None

    service, rounds = "apply", 0

    def further(self, service):
        """The same holder's next application, about the certificate at hand: nothing is to be paid, the address is known."""
        walk = copy.copy(self)
        walk.service, walk.production, walk.waybill = service, None, "1" + digits(12)
        walk.done = ["open", "log_in", "choose_medium", "pay"]
        return walk

    def begin_anew(self):
        """What was approved is to be approved and made again."""
        self.done, self.production, self.rounds = self.done[:self.done.index("approve")], None, self.rounds + 1

    def to(self, step):
        for name in self.ORDER[:self.ORDER.index(step) + 1]:
            if name not in self.done:
                getattr(self, name)()
                self.done.append(name)
        return self

    def path(self, tail=""):
        return f"applications/{self.number}" + ("/" + tail if tail else "")

    def console_path(self, tail=""):
        return "console/" + self.path(tail)

    def state(self):
        return self.portal.api("GET", self.path())["state"]

    # ---- administrator ----

    def open(self):
        administrator = self.staff.administrator
        self.organization = administrator.api("POST", "console/organizations", self.organization_fields())["id"]
        self.account = administrator.api("POST", "console/accounts", self.account_fields())["id"]

    def organization_fields(self):
        return {"name": self.organization_name, "credit_code": self.credit_code, "address": "北京市西城区示例路 1 号"}

    def account_fields(self):
        return {"organization": self.organization, "name": self.name, "document_type": "id-card",
                "document_number": self.number_of_document, "mobile": self.mobile, "email": self.email}

    # ---- holder ----

    def log_in(self):
        since = len(self.world.messages("sms"))
        self.portal.api("POST", "sms-codes", {"mobile": self.mobile})
        self.portal.api("POST", "sessions", {"mobile": self.mobile, "code": self.world.code(self.mobile, since)})

    def apply(self):
        self.number = self.portal.api("POST", "applications", {"service": self.service})["number"]

    def agree(self):
        version = self.portal.api("GET", "agreement")["version"]
        self.portal.api("PUT", self.path("agreement"), {"version": version})

    def details(self):
        return {"organization_name": self.organization_name, "credit_code": self.credit_code,
                "organization_address": "北京市西城区示例路 1 号", "holder_name": self.name, "document_type": "id-card",
                "document_number": self.number_of_document, "mobile": self.mobile, "email": self.email,
                "invoice_title": self.organization_name, "tax_number": self.credit_code, "invoice_email": self.email}

    def fill_in(self):
        self.portal.api("PUT", self.path("details"), self.details())

    def choose_medium(self):
        self.portal.api("PUT", self.path("medium"),
                        {"medium": "usbkey", "recipient": self.name, "recipient_mobile": self.mobile, "province": "北京市",
                         "address": "西城区示例路 1 号", "postcode": "100032"})

    def print_form(self):
        self.form = self.portal.api("POST", self.path("form")).json
        self.pdf = self.portal.api("GET", self.path("form")).body

    def upload(self):
        scans = [("form", self.pdf), ("license", png()), ("identity", png(300, 190))]
        for kind, content in scans + [("identity-new", png(310, 190))] * (self.service == "change"):
            self.portal.api("POST", self.path("attachments/" + kind), content=content)

    sent = 0  # bytes of pieces

    def upload_pieces(self, content, piece=100_000):
        """A scan as pages send it: whoever begins again is told how far it came."""
        begun = {"kind": "license", "size": len(content), "sm3": sm3(content)}
        upload = self.portal.api("POST", self.path("uploads"), begun).json
        while upload["offset"] < len(content):
            part = content[upload["offset"]:upload["offset"] + piece]
            self.sent += len(part)
            upload = self.portal.api("PATCH", self.path("uploads/" + upload["id"]), content=part,
                                     Upload_Offset=str(upload["offset"])).json
        self.portal.api("POST", self.path(f"uploads/{upload['id']}/attachment"))

    def submit(self):
        self.portal.api("POST", self.path("submission"))

    def order(self):
        return self.portal.api("POST", self.path("payment"), {"method": "wechat"}).json

    def phone(self, order, mode="normal"):
        """What a person with a phone does, or the simulator pretends; its report."""
        paysim = self.world.address("paysim")
        assert order["code_url"].startswith(paysim), order
        return Page(paysim).do("POST", order["code_url"][len(paysim):] + "?mode=" + mode).json

    def page(self, order, mode="normal"):
        """Opens Alipay's page and pays there."""
        paysim = self.world.address("paysim")
        assert order["page_url"].startswith(paysim + "/gateway.do?"), order
        where = Page(paysim).do("GET", order["page_url"][len(paysim):])
        assert where.status == 302, where.status
        return Page(paysim).do("POST", f"/sim/pay/{order['order']}?mode={mode}").json

    def is_paid(self):
        return self.portal.api("GET", self.path("payment"))["state"] == "paid"

    def pay(self):
        self.phone(self.order())
        wait_for("the payment", self.is_paid)

    def withdraw(self):
        self.portal.api("POST", self.path("withdrawal"))

    # ---- reviewer ----

    def draft_decision(self, decision="approve", reviewer=None, **more):
        return (reviewer or self.staff.reviewer).api("POST", self.console_path("decision-draft"),
                                                     {"decision": decision, **more})["statement"]

    def try_decide(self, statement, signature, reviewer=None, **how):
        return (reviewer or self.staff.reviewer).try_api("POST", self.console_path("decision"),
                                                         {"statement": statement, "signature": signature}, **how)

    def approve(self):
        """By a second reviewer too, where it takes two."""
        for number in range(2):
            reviewer = self.staff.get("reviewer", number)
            self.approval = self.draft_decision(reviewer=reviewer)
            self.approval_signature = reviewer.sign(self.approval)
            answer = self.try_decide(self.approval, self.approval_signature, reviewer=reviewer)
            expect(answer)
            if answer["state"] != "in-review":
                break

    # ---- producer ----

    def plug(self):
        self.card = self.world.card()
        self.key = wait_for("the fresh USBKey", lambda: self.staff.producer.agent.key(self.card.serial))["key"]

    def draft_card(self):
        self.seen = self.staff.producer.agent.tell("inspect", key=self.key).json
        return self.staff.producer.api("POST", self.console_path("card-draft"),
                                       {"card": self.card.serial, "challenge": self.seen["challenge"],
                                        "card_certificate": self.seen["card_certificate"]})["statement"]

    def try_open_card(self, statement, signature, **how):
        return self.staff.producer.try_api("POST", self.console_path("card"),
                                           {"statement": statement, "signature": signature,
                                            "card_certificate": self.seen["card_certificate"]}, **how)

    def open_card(self):
        statement = self.draft_card()
        answer = self.try_open_card(statement, self.staff.producer.sign(statement))
        expect(answer)
        self.opened = answer.json

    def make_key(self):
        made = self.staff.producer.agent.tell("open", key=self.key, device_answer=self.opened["device_answer"],
                                              admin_sealed=self.opened["admin_sealed"])
        self.public_key, self.attestation = made["public_key"], made["attestation"]

    def draft_production(self, **other):
        fields = {"card": self.card.serial, "public_key": self.public_key, "attestation": self.attestation, **other}
        return self.staff.producer.api("POST", self.console_path("produce-draft"), fields)["statement"]

    def prove(self, statement):
        return self.staff.producer.agent.tell("prove", key=self.key, statement=statement)["possession"]

    def try_issue(self, statement, signature, possession, **how):
        return self.staff.producer.try_api("POST", self.console_path("certificates"),
                                           {"statement": statement, "signature": signature, "possession": possession,
                                            "card_certificate": self.seen["card_certificate"]}, **how)

    production = None

    def issue(self):
        """Signed once: asked again, the page sends the same."""
        if not self.production:
            statement = self.draft_production()
            self.production_signature, self.possession = self.staff.producer.sign(statement), self.prove(statement)
            self.production = statement
        answer = self.try_issue(self.production, self.production_signature, self.possession)
        expect(answer)
        self.produced = answer.json

    def write(self):
        self.staff.producer.agent.tell("write", key=self.key, **self.produced)
        self.written = []
        for recovered in self.recovered():
            self.staff.producer.agent.tell("write-recovered", key=self.key, encryption_certificate=recovered["encryption_certificate"],
                                           enveloped_key=recovered["enveloped_key"])
            self.written.append(recovered["serial"])
        self.staff.producer.agent.tell("close", key=self.key)

    def recovered(self):
        """R-LOST-4: none but for a lost or damaged USBKey."""
        return self.staff.producer.api("POST", self.console_path("recovered-keys"))["items"]

    def finish(self):
        done = {"recovered": ",".join(self.written)} if self.written else {}
        self.serial = self.staff.producer.api("POST", self.console_path("production"), done)["serial"]

    def remake(self):
        self.staff.producer.api("POST", self.console_path("remake"), {"words": "USBKey 写入失败"})

    def ship(self):
        self.staff.producer.api("POST", self.console_path("shipment"), {"carrier": "ems", "waybill": self.waybill})

    # ---- the holder has it ----

    def receipt_code(self):
        self.world.a_minute_passes(self.mobile)
        since = len(self.world.messages("sms"))
        self.portal.api("POST", self.path("receipt-code"))
        return self.world.code(self.mobile, since)

    def receive(self):
        """R-SHIP-3: in transit until its holder has said that it came."""
        self.portal.api("POST", self.path("receipt"), {"code": self.receipt_code()})

    def holder_agent(self):
        if not hasattr(self, "own_agent"):
            self.own_agent = Agent(self.world.address("platform"), self.world.address("agent"))
        return self.own_agent

    def change_pin(self):
        self.holder_agent().tell("change-pin", key=self.key, old=DEFAULT_PIN, new=NEW_PIN)

    def lock(self):
        """Six wrong PINs, the agent's warning notwithstanding."""
        for _ in range(6):
            self.holder_agent().try_tell("change-pin", key=self.key, old="19283746", new=NEW_PIN, last_tries="yes")

    def unlock(self):
        """Approved: from the USBKey's challenge to 000000."""
        seen = self.holder_agent().tell("unlock-challenge", key=self.key)
        answer = self.portal.api("POST", self.path("unlock"), {"card": seen["card"], "challenge": seen["challenge"]})["answer"]
        self.holder_agent().tell("unlock-answer", key=self.key, answer=answer)

    def take(self, pin=NEW_PIN):
        """Approved: the USBKey at hand takes its new certificates (证书下载). Each step twice, as after a lost answer."""
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        self.write_taken(agent, self.take_pair(agent, pin))

    def take_over(self):
        """Approved: the USBKey of the former holder, without its PIN."""
        agent = Agent(self.world.address("portal"), self.world.address("agent"))
        seen = agent.tell("unlock-challenge", key=self.key)
        ask = {"card": seen["card"], "challenge": seen["challenge"]}
        answer = self.portal.api("POST", self.path("unlock"), ask)["answer"]
        assert self.portal.api("POST", self.path("unlock"), ask)["answer"] == answer
        agent.tell("unlock-answer", key=self.key, answer=answer)
        self.write_taken(agent, self.take_pair(agent, approved="yes"))

    def take_pair(self, agent, pin=None, **how):
        made = agent.tell("download-open", key=self.key).json
        assert agent.tell("download-open", key=self.key)["public_key"] == made["public_key"], made
        fields = {name: made[name] for name in ("card", "container", "public_key", "attestation")}
        fields["certificate"] = next(c["serial"] for c in agent.key(self.card.serial)["certificates"] if c["purpose"] == "signing")
        statement = self.portal.api("POST", self.path("download-draft"), fields)["statement"]
        if pin:
            how["pin"] = pin
        signed = agent.tell("download-sign", key=self.key, statement=statement, **how).json
        self.taken = {"statement": statement, "signature": signed["signature"], "possession": signed["possession"],
                      "card_certificate": made["card_certificate"]}
        pair = self.portal.api("POST", self.path("certificates"), self.taken).json
        assert self.portal.api("POST", self.path("certificates"), self.taken).json == pair
        return pair

    def write_taken(self, agent, pair):
        assert self.portal.api("GET", self.path("certificates")).json == pair
        for _ in range(2):
            agent.tell("download-write", key=self.key, **pair)
        self.serial = self.portal.api("POST", self.path("download"))["serial"]

    def sign_login(self, draft, pin=NEW_PIN):
        return self.holder_agent().tell("sign", key=self.key, statement=draft["statement"], pin=pin).json

    def try_login(self, page=None):
        page = page or Page(self.world.address("platform"))
        draft = begin_login(page, self.serial)
        return finish_login(page, draft, self.sign_login(draft))

    def platform_login(self):
        answer = self.try_login(self.platform)
        expect(answer)
        self.session = answer.json

    # ---- later ----

    def colleague(self, name="李四"):
        """Somebody else of the same organization, with an account and logged in."""
        other = type(self)(self.world, self.staff)
        other.organization, other.credit_code, other.organization_name = self.organization, self.credit_code, self.organization_name
        other.name = name
        other.account = self.staff.administrator.api("POST", "console/accounts", other.account_fields())["id"]
        other.done = ["open"]
        return other.to("log_in")

    def pass_to(self, other, keep=False):
        """A change of holder that OTHER agreed to, in review; its USBKey is in OTHER's hands."""
        change = self.further("change")
        change.to("fill_in")
        change.portal.api("PUT", change.path("particulars"), {"successor_mobile": other.mobile, "keep_encryption": keep})
        change.to("submit")
        other.number, other.key, other.card = change.number, self.key, self.card
        other.portal.api("POST", other.path("confirmation"))
        return change

    def try_hold(self, page=None):
        return (page or self.portal).try_api("POST", f"certificates/{self.serial}/hold")

    def draft_release(self):
        return self.staff.reviewer.api("POST", f"console/certificates/{self.serial}/release-draft")["statement"]

    def try_release(self, statement, signature):
        return self.staff.reviewer.try_api("POST", f"console/certificates/{self.serial}/release",
                                           {"statement": statement, "signature": signature})

    def revoke(self, reason="keyCompromise"):
        reviewer = self.staff.reviewer
        path = f"console/certificates/{self.serial}/"
        statement = reviewer.api("POST", path + "revocation-draft", {"reason": reason})["statement"]
        return reviewer.api("POST", path + "revocation", {"statement": statement, "signature": reviewer.sign(statement)})
