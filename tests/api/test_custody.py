"""R-PKI-2, R-OPS-4: custodians with USBKeys, from their appointment to a holder's key that they open for an authority, by
`hufu ceremony` at an installation and away from it."""
import base64
import ctypes
import json
import os
import pty
import re
import shutil
import tempfile
import time
import unittest

from ceremonies import HUFU, Scripts, openssl, sm3
from usbkeys import UsbKeys
from walk import Staff, Walk
from world import ROOT, World, build_folder, wait_for

PINS = {f"CUSTODY{n}": pin for n, pin in enumerate(("31415926", "27182818", "14142135", "17320508"), 1)}
HANDED = "the passphrase of the authority"
NAMES = "赵三,钱四,孙五"


class Custody(Scripts, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A certificate from before there were custodians, three custodians, and an order of a court about it."""
        cls.place = tempfile.mkdtemp(prefix="hufu-custody-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.usbkeys = cls.world.path("usbkeys")
        cls.keys = UsbKeys(cls.world.path("maker"), cls.usbkeys)
        cls.addClassCleanup(cls.keys.close)
        cls.keys.new(*PINS)
        cls.staff = Staff(cls.world)
        cls.walk = Walk(cls.world, cls.staff).to("finish")
        cls.walk.card.pull()  # lost
        cls.serial = cls.serial_of(cls.walk.produced["encryption_certificate"])
        cls.before = cls.doctor(demonstration=False)
        cls.script("custodians", cls.custodians())
        cls.made = cls.performed("custodians", *PINS.values())
        cls.script("order", cls.order())
        cls.ordered = wait_for("the key in escrow", lambda: cls.tried("order"))

    @classmethod
    def serial_of(cls, der):
        with open(cls.path("certificate.der"), "wb") as f:
            f.write(base64.b64decode(der))
        return openssl("x509", "-inform", "DER", "-in", cls.path("certificate.der"), "-noout", "-serial",
                       text=True).stdout.strip().split("=")[1].lower()

    # ---- files ----

    @classmethod
    def card(cls, role, number=0):
        return cls.world.person(role, number)["card"]

    @classmethod
    def fields(cls, kind, own, other):
        common = {"kind": kind, "title": "托管", "people": "王一主持，李二见证", "folder": kind + "-1"}
        return {"ceremony": {k: other.pop(k, v) for k, v in common.items()}, kind: {**own, **other}}

    @classmethod
    def custodians(cls, **other):
        own = {"version": 1, "threshold": 2, "administrator_1": cls.card("administrator"),
               "administrator_2": cls.card("administrator", 1), "maker_certificate": cls.world.path("maker/maker.cer"),
               "maker_transport_key": cls.world.path("maker/transport.key")}
        own.update({f"custodian_{n}": f"{name} | CUSTODY{n}" for n, name in enumerate(NAMES.split(","), 1)})
        return cls.fields("custodians", own, other)

    @classmethod
    def order(cls, **other):
        return cls.fields("order", {"case_number": "（2026）京01刑初1号", "authority": "某中级人民法院", "holder_name": "张三",
                                    "certificate": cls.serial, "reviewer": cls.card("reviewer"),
                                    "auditor": cls.card("auditor")}, other)

    @classmethod
    def recovery(cls, **other):
        return cls.fields("recovery", {"custodians": "custodians-1", "order": "order-1", "opened_by": "1,3"}, other)

    @classmethod
    def at_work(cls, *arguments, secrets=()):
        """At the installation that runs."""
        return cls.ceremony("--folder", cls.world.folder, *arguments, secrets=secrets)

    @classmethod
    def operators_pins(cls, name):
        """Of those who sign, as the file names their USBKeys."""
        with open(cls.path(name)) as f:
            fields = dict(line.strip().split(" = ", 1) for line in f if " = " in line)
        pins = {**PINS, **{person["card"]: person["pin"] for person in cls.world.people()}}
        return [pins[fields[field]] for field in ("administrator_1", "administrator_2", "reviewer", "auditor") if field in fields]

    @classmethod
    def performed(cls, name, *secrets):
        """As many PINs as the file has custodians."""
        with open(cls.path(name)) as f:
            count = f.read().count("\ncustodian_")
        ran = cls.at_work("--perform", "--json", cls.path(name), secrets=[*secrets[:count], *cls.operators_pins(name)])
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    @classmethod
    def tried(cls, name):
        """An order that comes before the key is wrapped for the custodians is refused, and tried again."""
        ran = cls.at_work("--perform", "--json", cls.path(name), secrets=cls.operators_pins(name))
        assert ran.returncode == 0 or "not in escrow yet" in ran.stderr, ran.stdout + ran.stderr
        return ran.returncode == 0 and json.loads(ran.stdout)

    def refused_at_work(self, fields, words, *secrets, perform=True):
        fields["ceremony"]["folder"] = "refused-1"
        self.script("refused", fields)
        ran = self.at_work(*(["--perform"] if perform else []), self.path("refused"),
                           secrets=[*secrets, *(self.operators_pins("refused") if perform else [])])
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn(words, ran.stderr)
        self.assertFalse(os.path.exists(self.path("refused-1")))

    def recovered(self, who, *secrets, **other):
        self.script("recovery", self.recovery(**{"folder": f"recovery-{who}", "opened_by": who, **other}))
        made = self.done("recovery", *secrets)
        return os.path.join(self.place, made["folder"], "recovered.pem")

    def decrypts(self, key, data=b"what a court wants to read", passphrase=HANDED):
        """What OpenSSL encrypted to the certificate is read with the key, by OpenSSL."""
        with open(self.path("plain"), "wb") as f:
            f.write(data)
        openssl("x509", "-inform", "DER", "-in", self.path("order-1/encryption.cer"), "-noout", "-pubkey", "-out",
                self.path("public"), check=True)
        openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", self.path("public"), "-in", self.path("plain"), "-out",
                self.path("cipher"), check=True)
        told = openssl("pkeyutl", "-decrypt", "-inkey", key, "-passin", "pass:" + passphrase, "-in", self.path("cipher"))
        self.assertEqual(told.stdout, data, told.stderr)

    def pins(self, *numbers):
        return [PINS[f"CUSTODY{n}"] for n in numbers]

    @classmethod
    def doctor(cls, demonstration=True):
        """What `hufu doctor` finds about custodians; as if it were no demonstration where it is told so."""
        folder = tempfile.mkdtemp(dir=cls.place)
        for name in os.listdir(cls.world.folder):
            os.symlink(cls.world.path(name), os.path.join(folder, name))
        os.remove(os.path.join(folder, "hufu.conf"))
        with open(cls.world.path("hufu.conf")) as f:
            text = f.read()
        with open(os.path.join(folder, "hufu.conf"), "w") as f:
            f.write(text if demonstration else re.sub(r"(?m)^\[demo\]\n(?:[^\[].*\n|\n)*", "", text))
        ran = cls.world.run("doctor", "--json", "--folder", folder, check=False)
        return [(found["state"], found["words"]) for found in json.loads(ran.stdout)["findings"] if found["id"] == "custodians"]

    # ---- what is done ----

    def test_r_pki_2_the_doctor_tells_whether_there_are_custodians(self):
        self.assertEqual([state for state, _ in self.before], ["warning"])
        for demonstration in (True, False):
            (state, words), = self.doctor(demonstration)
            self.assertEqual(state, "good")
            self.assertRegex(words, r"custodial key \d|第 \d 版")

    def test_r_pki_2_two_of_three_custodians_open_what_was_encrypted_to_a_lost_usbkey(self):
        self.decrypts(self.recovered("1,3", *self.pins(1, 3), HANDED))
        self.decrypts(self.recovered("2,3", *self.pins(2, 3), HANDED))
        key = self.recovered("1,2,3", *self.pins(1, 2, 3), "口令" * 30)  # longer than a block of its hash
        self.decrypts(key, passphrase="口令" * 30)
        self.assertEqual(os.stat(key).st_mode & 0o077, 0)
        told = openssl("pkey", "-in", key, "-passin", "pass:another passphrase", "-noout")
        self.assertNotEqual(told.returncode, 0)
        public = openssl("pkey", "-in", key, "-passin", "pass:" + "口令" * 30, "-pubout").stdout
        self.assertEqual(public, openssl("x509", "-inform", "DER", "-in", self.path("order-1/encryption.cer"), "-noout",
                                         "-pubkey").stdout)

    def test_r_pki_2_each_ceremony_is_recorded_and_says_no_secret(self):
        key = self.recovered("1,3", *self.pins(1, 3), HANDED, folder="recorded-1")
        for folder, words in (
                ("custodians-1", ["kind: custodians", "made a key in USBKey CUSTODY2 of 钱四", "attested by its maker",
                                  "USBKey " + self.card("administrator", 1), "appointed: custodial key 1, threshold 2 of 3",
                                  "custodial-share-3.usbkey"]),
                ("order-1", ["kind: order", "USBKey " + self.card("auditor"), self.serial, " case", " encryption.cer"]),
                ("recorded-1", ["kind: recovery", "by USBKey CUSTODY3", "张三", "某中级人民法院", "it fits the certificate",
                                "recovered.pem", "input: " + sm3(self.path("order-1/case"))])):
            with self.subTest(folder):
                with open(self.path(folder + "/record")) as f:
                    record = f.read()
                for word in words:
                    self.assertIn(word, record)
                ran = self.ceremony("verify", "--json", self.path(folder))
                self.assertEqual(json.loads(ran.stdout)["away"], 0, ran.stderr)
                for name in os.listdir(self.path(folder)):
                    with open(self.path(f"{folder}/{name}"), "rb") as f:
                        content = f.read()
                    for secret in (*PINS.values(), HANDED):
                        self.assertNotIn(secret.encode(), content)
        with open(key) as f:
            self.assertTrue(f.read().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
        for secret in (*PINS.values(), HANDED):
            self.assertNotIn(secret, self.world.log())
        for action, told in (("custody.appoint", NAMES), ("key.judicial", "-")):
            entries = self.staff.get("auditor").api("GET", "console/audit?action=" + action)["items"]
            self.assertEqual({entry["action"] for entry in entries}, {action})
            self.assertIn(told, [entry.get("detail") for entry in entries])

    def test_without_perform_nothing_is_done(self):
        for name, fields, told in (("dry", self.custodians(folder="dry-1", version=2), ["2  钱四  USBKey CUSTODY2", "any 2 of"]),
                                   ("dry", self.order(folder="dry-1"), ["某中级人民法院", self.serial, self.card("auditor")]),
                                   ("dry", self.recovery(folder="dry-1"), ["3  孙五  USBKey CUSTODY3", "张三"])):
            self.script(name, fields)
            before = sorted(os.listdir(self.place))
            ran = self.at_work(self.path(name))
            self.assertEqual(ran.returncode, 0, ran.stderr)
            for words in ("Nothing was done", *told):
                self.assertIn(words, ran.stdout)
            self.assertEqual(sorted(os.listdir(self.place)), before)

    # ---- what is refused before anything is done ----

    def test_each_bad_field_is_named(self):
        for fields, words in (
                (self.custodians(custodian_2="钱四"), "custodian_2: names no USBKey"),
                (self.custodians(custodian_2="钱四 | CUSTODY1"), "custodian_2: has a USBKey that another one has"),
                (self.custodians(custodian_2="赵三 | CUSTODY2"), "custodian_2: is named twice"),
                (self.custodians(threshold=1), "threshold: is not from 2"),
                (self.custodians(threshold=4), "threshold: is not from 2"),
                (self.custodians(version=0), "version: is not a number"),
                (self.custodians(version="one"), "version: is not a number"),
                (self.custodians(maker_certificate=None), "maker_certificate: is named where"),
                (self.custodians(administrator_1=None), "administrator_1: is missing"),
                (self.custodians(administrator_2=self.card("administrator")), "administrator_2: is the same USBKey"),
                (self.order(auditor=self.card("reviewer")), "auditor: is the same USBKey"),
                (self.order(certificate="xyz"), "certificate: is no serial number"),
                (self.order(case_number="号" * 86), "case_number: "),
                (self.recovery(opened_by="1"), "opened_by: names fewer than two"),
                (self.recovery(opened_by="1,1"), "opened_by: is not a list"),
                (self.recovery(opened_by="1,4"), "custodial-share-4.usbkey: is not there"),
                (self.recovery(order="custodians-1"), "case cannot be read"),
                (self.recovery(custodians="nowhere"), "custodial-share-1.usbkey: is not there")):
            with self.subTest(words):
                self.refused_at_work(fields, words, perform=False)

    def test_only_the_reviewed_file_is_performed(self):
        self.script("other", self.custodians(folder="other-1", version=2))
        ran = self.at_work("--perform", "--reviewed", sm3(self.path("custodians")), self.path("other"), secrets=self.pins(1, 2, 3))
        self.assertEqual(ran.returncode, 1)
        self.assertIn("not the one that was reviewed", ran.stderr)

    def containers(self, serial):
        """On the USBKey, for custody, by its driver."""
        os.environ["HUFU_USBKEYS"] = self.usbkeys
        library = ctypes.CDLL(os.path.join(build_folder(), "src/token/skf/libhufu-skf.so"))
        device, application, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint32(4096)
        names = ctypes.create_string_buffer(size.value)
        self.assertEqual(library.SKF_ConnectDev(serial.encode(), ctypes.byref(device)), 0)
        self.assertEqual(library.SKF_OpenApplication(device, b"HUFU-CUSTODY", ctypes.byref(application)), 0)
        self.assertEqual(library.SKF_EnumContainer(application, names, ctypes.byref(size)), 0)
        library.SKF_DisConnectDev(device)
        return sorted(name for name in names.raw[:size.value].split(b"\0") if name)

    def test_a_ceremony_that_fails_leaves_nothing_in_the_usbkeys(self):
        before = self.containers("CUSTODY1"), self.containers("CUSTODY2")
        self.refused_at_work(self.custodians(version=7), self.words_of("CUSTODY_UNFIT"), *self.pins(1, 2, 3))
        self.refused_at_work(self.custodians(version=2), "5 tries are left", *self.pins(1, 2), "99887766")
        self.assertEqual((self.containers("CUSTODY1"), self.containers("CUSTODY2")), before)
        self.decrypts(self.recovered("1,3", *self.pins(1, 3), HANDED, folder="still-1"))

    def test_r_ops_4_who_signs_gives_the_own_pin(self):
        self.script("refused", self.order(folder="refused-1"))
        right = self.operators_pins("refused")
        for secrets, words in (([right[0], "99887766"], "审计员一, USBKey " + self.card("auditor")),
                               (right[:1], "has not one line for each of 2"), ([], "there is no terminal")):
            ran = self.at_work("--perform", self.path("refused"), secrets=secrets)
            self.assertEqual(ran.returncode, 1, ran.stdout)
            self.assertIn(words, ran.stderr)
            self.assertFalse(os.path.exists(self.path("refused-1")))
        self.refused_at_work(self.order(auditor="CUSTODY4", reviewer=self.card("reviewer")), "USBKey CUSTODY4")

    def test_r_pki_2_the_shares_are_those_of_the_signers_journal(self):
        """Without the journal at hand, which is read instead of believing web, nothing is begun."""
        away = self.path("away")
        for name in ("run", "usbkeys", "ca"):
            os.makedirs(away, exist_ok=True)
            os.symlink(self.world.path(name), os.path.join(away, name))
        shutil.copy(self.world.path("hufu.conf"), away)
        self.script("away-custodians", self.custodians(folder="away-1", version=2))
        before = self.containers("CUSTODY1")
        ran = self.ceremony("--folder", away, "--perform", self.path("away-custodians"),
                            secrets=[*self.pins(1, 2, 3), *self.operators_pins("away-custodians")])
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn("signer/journal", ran.stderr)
        self.assertEqual(self.containers("CUSTODY1"), before)
        self.assertFalse(os.path.exists(self.path("away-1")))

    # ---- who is not enough ----

    def test_r_ops_4_custodians_and_orders_take_the_right_two(self):
        pins = self.pins(1, 2, 3)
        for fields, words, secrets in (
                (self.custodians(version=2, administrator_2=self.card("auditor")), "OPERATOR_ROLE", pins),
                (self.custodians(version=2, administrator_1=self.card("reviewer")), "NOT_PERMITTED", pins),
                (self.custodians(version=7), "CUSTODY_UNFIT", pins),
                (self.custodians(version=1), "CUSTODY_UNFIT", pins),
                (self.order(auditor=self.card("reviewer", 1)), "OPERATOR_ROLE", ()),
                (self.order(reviewer=self.card("administrator")), "NOT_PERMITTED", ()),
                (self.order(holder_name="李四"), "SERIAL_OTHER", ()),
                (self.order(certificate="0" * 32), "SERIAL_UNKNOWN", ()),
                (self.order(certificate=self.serial_of(self.walk.produced["signing_certificate"])), "SERIAL_OTHER", ())):
            with self.subTest(words, fields=str(fields)):
                self.refused_at_work(fields, self.words_of(words), *secrets)

    @staticmethod
    def words_of(name):
        with open(os.path.join(ROOT, "src/base/errors.txt")) as f:
            return next(row[5] for row in (line.split(" | ") for line in f) if row[1:2] == [name])

    def statement(self, by, **other):
        """HUFU-JUDICIAL-v1 by somebody, with the signature."""
        fields = {"case_number": "（2026）2号", "authority": "某检察院", "holder_name": "张三", "certificate": self.serial,
                  "nonce": self.new_id(), "operator_serial": by.person["certificate"], "time": str(int(time.time()))}
        fields.update(other)
        text = "HUFU-JUDICIAL-v1\n" + "".join(f"{k}: {v}\n" for k, v in fields.items())
        return text, by.sign(text)

    def new_id(self):
        """As ids are written: one that the console draws."""
        return self.staff.reviewer.page.api("POST", "key-logins", {"serial": self.staff.reviewer.person["certificate"]})["id"]

    def ask(self, one, two, by=None):
        return (by or self.staff.reviewer).try_api("POST", "console/judicial-orders",
                                                   {"statement1": one[0], "signature1": one[1], "statement2": two[0],
                                                    "signature2": two[1]})

    def test_r_ops_4_statements_serve_once_and_two_people_sign_the_same(self):
        reviewer, auditor = self.staff.reviewer, self.staff.get("auditor")
        one, two = self.statement(reviewer), self.statement(auditor)
        altered = (two[0].replace("某检察院", "某公司"), two[1])
        other = self.statement(auditor, case_number="（2026）3号")
        for a, b, name in ((one, altered, "SIGNATURE_INVALID"), (one, other, "APPROVALS_DIFFER"), (one, one, "OPERATOR_ROLE"),
                           (self.statement(self.staff.get("reviewer", 1)), one, "OPERATOR_ROLE"), (two, one, "OPERATOR_ROLE")):
            answer = self.ask(a, b)
            self.assertEqual(answer.name, name, answer)
        first = self.ask(one, two)
        self.assertEqual(first.status, 200, first)
        again = self.ask(one, two, by=auditor)  # its answer was lost: the same once more
        self.assertEqual((again.status, again.json), (200, first.json))
        for a, b in ((one, self.statement(auditor)), (self.statement(reviewer), two)):
            answer = self.ask(a, b)
            self.assertEqual(answer.name, "APPROVAL_USED", answer)

    # ---- the custodians ----

    def test_r_pki_2_another_usbkey_another_pin_and_an_absent_one_open_nothing(self):
        more = {"perform": True}
        self.refused(self.recovery(), "5 tries are left", self.pins(1)[0], "99887766", HANDED, **more)
        self.refused(self.recovery(), "has not one line for each of 3", *self.pins(1, 3), **more)
        self.refused(self.recovery(), "passphrase 3 has less than 16 bytes", *self.pins(1, 3), "short", **more)
        self.keys.pull("CUSTODY3")
        self.addCleanup(lambda: "CUSTODY3" in self.keys.running or self.keys.plug("CUSTODY3"))
        self.refused(self.recovery(), "孙五, USBKey CUSTODY3", *self.pins(1, 3), HANDED, **more)
        self.keys.plug("CUSTODY3")
        self.decrypts(self.recovered("1,3", *self.pins(1, 3), HANDED, folder="after-1"))

    def at_terminal(self, name, *dialogue):
        """What it said. Each prompt is answered, or by Enter after something is done."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(HUFU, ["hufu", "ceremony", "--perform", "--folder", self.world.folder, self.path(name)],
                      dict(os.environ, LC_ALL="C.UTF-8", HUFU_USBKEYS=self.usbkeys))
        said = b""
        for prompt, answer in dialogue:
            while prompt.encode() not in said:
                said += os.read(terminal, 4096)
            if callable(answer):
                answer()
            os.write(terminal, (b"" if callable(answer) else answer.encode()) + b"\n")
        try:
            while True:
                said += os.read(terminal, 4096)
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, said)
        return said

    def test_r_ops_3_who_signs_sees_what_is_signed(self):
        self.script("shown", self.order(folder="shown-1"))
        reviewer, auditor = self.operators_pins("shown")
        said = self.at_terminal("shown", (f"Operator, PIN of USBKey {self.card('reviewer')}: ", reviewer),
                                (f"Operator, PIN of USBKey {self.card('auditor')}: ", auditor),
                                (f"审核员一 (USBKey {self.card('reviewer')}) is about to sign this. Enter goes on: ", ""),
                                (f"审计员一 (USBKey {self.card('auditor')}) is about to sign this. Enter goes on: ", ""))
        for line in ("HUFU-JUDICIAL-v1", "authority: 某中级人民法院", "holder_name: 张三", "certificate: " + self.serial):
            self.assertIn(line.encode(), said)
        self.assertTrue(os.path.exists(self.path("shown-1/case")))

    def test_r_pki_2_at_the_terminal_each_custodian_is_asked_in_turn(self):
        """PINs without an echo, the passphrase twice, and the USBKey that is not there yet."""
        self.script("terminal", self.recovery(folder="terminal-1"))
        self.keys.pull("CUSTODY3")
        self.addCleanup(lambda: "CUSTODY3" in self.keys.running or self.keys.plug("CUSTODY3"))
        said = self.at_terminal(
            "terminal", ("1 赵三, PIN for custody on USBKey CUSTODY1: ", self.pins(1)[0]),
            ("3 孙五, PIN for custody on USBKey CUSTODY3: ", self.pins(3)[0]),
            ("Passphrase of the file for the authority: ", HANDED), ("Once more: ", HANDED),
            ("孙五: plug in USBKey CUSTODY3, then press Enter: ", lambda: self.keys.plug("CUSTODY3")))
        for secret in (*self.pins(1, 3), HANDED):
            self.assertNotIn(secret.encode(), said)
        self.decrypts(self.path("terminal-1/recovered.pem"))

    def altered(self, file, line, value):
        """Copies of what the ceremonies left, one line of FILE changed."""
        for name in ("custodians", "order"):
            shutil.rmtree(self.path(f"altered-{name}"), ignore_errors=True)
            shutil.copytree(self.path(f"{name}-1"), self.path(f"altered-{name}"))
            self.addCleanup(shutil.rmtree, self.path(f"altered-{name}"), True)
        with open(self.path("altered-" + file)) as f:
            before = f.read()
        old = next(text.split(": ", 1)[1] for text in before.splitlines() if text.startswith(line + ": "))
        with open(self.path("altered-" + file), "w") as f:
            f.write(before.replace(f"\n{line}: {old}\n", f"\n{line}: {value(old)}\n"))
        return self.recovery(custodians="altered-custodians", order="altered-order")

    def test_r_pki_2_what_was_altered_opens_nothing(self):
        flip = lambda v: v[:-1] + "0123456789abcdef"[int(v[-1], 16) ^ 1]
        share = "custodians/custodial-share-3.usbkey"
        with open(self.path("custodians-1/custodial-share-1.usbkey")) as f:
            first = dict(line.split(": ", 1) for line in f.read().splitlines()[1:])
        for file, line, value, words in (
                (share, "sealed", flip, "not sealed to that USBKey, or was altered"),
                (share, "sealed", lambda v: first["sealed"], "not sealed to that USBKey, or was altered"),
                (share, "card", lambda v: "CUSTODY1", "has another's USBKey"),
                (share, "card", lambda v: "CUSTODY4", "USBKey CUSTODY4"),
                (share, "key", lambda v: "custodial-2", "is of another version than the case"),
                (share, "key", lambda v: "root", "is of another version than the case"),
                (share, "whole", lambda v: first["public_key"], "is of another key"),
                (share, "number", lambda v: "1", "is no share of this custodian"),
                (share, "number", lambda v: "3 ", "is no share of this custodian"),
                ("order/case", "escrow", flip, "could not be decrypted"),
                ("order/case", "escrow", lambda v: v[2:], "is not what an order leaves"),
                ("order/case", "certificate", lambda v: "0" * 32, "is not the certificate of the case"),
                ("order/case", "version", lambda v: "2", "is of another version than the case")):
            with self.subTest(file=file, line=line, words=words):
                self.refused(self.altered(file, line, value), words, *self.pins(1, 3), HANDED, perform=True)

    def test_r_pki_2_zz_new_custodians_take_over_and_the_old_ones_are_out(self):
        """Last: the keys are wrapped anew. Three of three, one of them with a USBKey of before."""
        names = {"custodian_1": "周六 | CUSTODY4", "custodian_2": "赵三 | CUSTODY1", "custodian_3": "孙五 | CUSTODY3"}
        self.script("new", self.custodians(folder="custodians-2", version=2, threshold=3, **names))
        self.performed("new", *self.pins(4, 1, 3))
        for round_ in range(1000):
            self.script("order-2", self.order(folder=f"order-2-{round_}", case_number=f"（2026）9号之{round_}"))
            self.performed("order-2")
            with open(self.path(f"order-2-{round_}/case")) as f:
                if "\nversion: 2\n" in f.read():
                    break
        more = {"order": f"order-2-{round_}"}
        self.refused(self.recovery(**more), "is of another version than the case", *self.pins(1, 3), HANDED, perform=True)
        self.refused(self.recovery(custodians="custodians-2", opened_by="1,2", **more), "The shares are too few",
                     *self.pins(4, 1), HANDED, perform=True)
        self.decrypts(self.recovered("1,2,3", *self.pins(4, 1, 3), HANDED, folder="taken-over-1", custodians="custodians-2",
                                     **more))
        self.decrypts(self.recovered("1,3", *self.pins(1, 3), HANDED, folder="old-order-1"))  # what was handed out stays open


if __name__ == "__main__":
    unittest.main()
