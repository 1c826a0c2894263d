"""R-PKI-1, R-PKI-4: `hufu ceremony`: an offline root as a reviewed file says it, checked before anything is made."""
import hashlib
import json
import os
import pty
import re
import shutil
import tempfile
import time
import unittest

from ceremonies import DAY, HUFU, IDENTITY, Scripts, openssl, sm3
from usbkeys import UsbKeys

ONE, TWO, THREE = (f"the passphrase of custodian {n}" for n in ("one", "two", "three"))
YESTERDAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 16 * 3600))


class Ceremony(Scripts, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One root in three shares, one issuing CA below it, one list: what most cases look at."""
        cls.place = tempfile.mkdtemp(prefix="hufu-ceremony-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.script("root", cls.root())
        cls.made = cls.done("root", ONE, TWO, THREE)
        cls.request("issuing", "/C=CN/O=某省国资委/CN=某省国资CA 签发")
        cls.script("issuing", cls.certificate())
        cls.done("issuing", ONE, THREE)
        cls.serial = openssl("x509", "-inform", "DER", "-in", cls.path("issuing-2026/issuing-ca.cer"), "-noout",
                             "-serial", text=True).stdout.strip().split("=")[1].lower()
        cls.script("crl", cls.crl())
        cls.done("crl", TWO, THREE)

    # ---- what is done ----

    def test_without_perform_nothing_is_made(self):
        self.script("dry", self.root(folder="dry-2026"))
        before = sorted(os.listdir(self.place))
        ran = self.ceremony(self.path("dry"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(sorted(os.listdir(self.place)), before)
        for words in ("Nothing was done", sm3(self.path("dry")), "赵三", "any 2 of which", "root-ca"):
            self.assertIn(words, ran.stdout)

    def test_r_pki_1_openssl_verifies_what_was_made(self):
        for name, der in (("root", "root-2026/root.cer"), ("issuing", "issuing-2026/issuing-ca.cer")):
            openssl("x509", "-inform", "DER", "-in", self.path(der), "-out", self.path(name + ".cert"), check=True)
        told = openssl("verify", "-vfyopt", IDENTITY, "-partial_chain", "-trusted", self.path("root.cert"),
                       self.path("issuing.cert"), text=True)
        self.assertEqual(told.returncode, 0, told.stderr)
        # `openssl verify` does not take the identity for a root's own signature (docs/interop.md): piece by piece.
        openssl("x509", "-in", self.path("root.cert"), "-noout", "-pubkey", "-out", self.path("root.pub"), check=True)
        for name, where in (("tbs", "4"), ("signature", None)):
            at = where or re.findall(r"^ *(\d+):d=1 .*BIT STRING", openssl("asn1parse", "-in", self.path("root.cert"),
                                                                          text=True).stdout, re.M)[-1]
            openssl("asn1parse", "-in", self.path("root.cert"), "-strparse", at, "-noout", "-out", self.path(name), check=True)
        told = openssl("pkeyutl", "-verify", "-pubin", "-inkey", self.path("root.pub"), "-rawin", "-digest", "sm3",
                       "-pkeyopt", IDENTITY, "-in", self.path("tbs"), "-sigfile", self.path("signature"), text=True)
        self.assertIn("Verified Successfully", told.stdout, told.stderr)
        text = openssl("x509", "-in", self.path("issuing.cert"), "-noout", "-text", text=True).stdout
        self.assertIn("CA:TRUE, pathlen:0", text)
        self.assertIn("root.crl", text)
        # The key that is certified is the one that asked, and no other.
        keys = [openssl(*a, text=True).stdout for a in (
            ("x509", "-in", self.path("issuing.cert"), "-noout", "-pubkey"),
            ("pkey", "-in", self.path("issuing.pem"), "-pubout"))]
        self.assertEqual(*keys)

    def test_r_pki_3_the_roots_list_says_what_is_revoked(self):
        text = openssl("crl", "-inform", "DER", "-in", self.path("crl-1/root.crl"), "-noout", "-text", text=True).stdout
        self.assertIn(self.serial.upper(), text.upper())
        self.assertIn("CA Compromise", text)
        self.assertRegex(text, r"CRL Number:\s+1\b")

    def test_the_record_names_everything_by_its_hash(self):
        with open(self.path("root-2026/record")) as f:
            record = f.read()
        self.assertEqual(hashlib.new("sm3", record.encode()).hexdigest(), self.made["record"])
        self.assertIn(f"script: {sm3(self.path('root'))}\n", record)
        outputs = dict(reversed(line.split(" ", 1)) for line in re.findall(r"^output: (.*)$", record, re.M))
        self.assertEqual(sorted([*outputs, "record"]), sorted(os.listdir(self.path("root-2026"))))
        self.assertEqual(set(outputs), {"script", "root.cer", *(f"root-share-{n}.key" for n in (1, 2, 3))})
        for name, told in outputs.items():
            self.assertEqual(sm3(self.path("root-2026/" + name)), told)
        for words in ("kind: root", "people: 王一主持，李二见证", "begun: ", "ended: ", "drew the root's key", "for 钱四"):
            self.assertIn(words, record)
        for name in os.listdir(self.path("root-2026")):
            self.assertEqual(os.stat(self.path("root-2026/" + name)).st_mode & 0o077, 0)

    def test_a_folder_is_held_against_its_record(self):
        copy = self.path("copy")
        shutil.copytree(self.path("root-2026"), copy)
        self.addCleanup(shutil.rmtree, copy)
        os.remove(copy + "/root-share-2.key")  # in its custodian's safe
        ran = self.ceremony("verify", "--json", copy)
        self.assertEqual(json.loads(ran.stdout), {"record": self.made["record"], "there": 4, "away": 1}, ran.stderr)
        with open(copy + "/root.cer", "r+b") as f:
            f.seek(200)
            f.write(b"\0")
        ran = self.ceremony("verify", copy)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("root.cer", ran.stderr)

    def test_a_second_run_refuses_in_words(self):
        before = {name: sm3(self.path("root-2026/" + name)) for name in os.listdir(self.path("root-2026"))}
        for perform in (["--perform"], []):
            ran = self.ceremony(*perform, self.path("root"), secrets=(ONE, TWO, THREE))
            self.assertEqual(ran.returncode, 1)
            self.assertIn("The folder exists already", ran.stderr)
        self.assertEqual({name: sm3(self.path("root-2026/" + name)) for name in before}, before)

    def test_only_the_reviewed_file_is_performed(self):
        self.script("other", self.root(folder="other-2026"))
        ran = self.ceremony("--perform", "--reviewed", sm3(self.path("root")), self.path("other"), secrets=(ONE, TWO, THREE))
        self.assertEqual(ran.returncode, 1)
        self.assertIn("not the one that was reviewed", ran.stderr)
        self.assertFalse(os.path.exists(self.path("other-2026")))
        ran = self.ceremony("--reviewed", sm3(self.path("other")), self.path("other"))
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_one_passphrase_asked_for_twice_at_the_terminal(self):
        fields = self.root(folder="single-2026", threshold=None, custodian_1=None, custodian_2=None, custodian_3=None)
        self.script("single", fields)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(HUFU, ["hufu", "ceremony", "--perform", self.path("single")], dict(os.environ, LC_ALL="C.UTF-8"))
        said = b""
        for prompt in (b"root's key: ", b"Once more: "):
            while prompt not in said:
                said += os.read(terminal, 4096)
            os.write(terminal, ONE.encode() + b"\n")
        try:
            while True:
                said += os.read(terminal, 4096)
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, said)
        self.assertNotIn(ONE.encode(), said)
        self.assertTrue(os.path.exists(self.path("single-2026/root.key")))
        self.script("list", self.crl(folder="single-crl", root="single-2026", opened_by=None, revoked_1=None))
        self.done("list", ONE)

    # ---- what is refused ----

    def test_each_bad_field_is_named(self):
        for fields, words in (
                (self.root(kind="leaf"), "kind: is none of"),
                (self.root(title=None), "title: is missing"),
                (self.root(years=31), "years: is not a number from 1 to 30"),
                (self.root(not_before="2026-02-30"), "not_before: is not a day"),
                (self.root(not_before="1999-01-01"), "not_before: is more than a year from today"),
                (self.root(threshold=1), "threshold: is not from 2"),
                (self.root(threshold=4), "threshold: is not from 2"),
                (self.root(custodian_2=None), "custodian_3: the one before it is missing"),
                (self.root(custodian_3="赵三"), "custodian_3: is named twice"),
                (self.root(common_name="根" * 65), "A name is empty, too long"),
                (self.root(country="C1"), "A name is empty, too long"),
                (self.root(key="root.key"), "key: is not a known key"),
                ({**self.root(), "crl": {"number": 1}}, "crl: is not a section"),
                (self.certificate(profile="holder-signing"), "profile: is none of"),
                (self.certificate(years=21), "validity_keeps_the_profiles_limit"),
                (self.certificate(not_before=YESTERDAY, years=1), "validity_lies_within_the_issuers"),
                (self.certificate(crl_url="ftp://x"), "not a URL"),
                (self.certificate(opened_by="1"), "opened_by: names fewer than two"),
                (self.certificate(opened_by="3,1"), "opened_by: is not a list"),
                (self.certificate(request_sm3="0" * 63 + "g"), "request_sm3: is not SM3"),
                (self.certificate(root="nowhere"), "root.cer cannot be read"),
                (self.crl(days=367), "next_update_comes_in_time"),
                (self.crl(number=0), "number: is not a number"),
                (self.crl(number=2), "previous: is named from number 2"),
                (self.crl(revoked_1="00ff | 2026-01-01 | superseded"), "revoked_1: the serial number"),
                (self.crl(revoked_1=f"{self.serial} | 2026-01-01 | whim"), "revoked_1: is no reason"),
                (self.crl(revoked_1=f"{self.serial} 2026-01-01"), "revoked_1: is not written as"),
                (self.crl(revoked_2=f"{self.serial} | {DAY} | superseded"), "revoked: a serial number stands twice")):
            with self.subTest(words):
                self.refused(fields, words)

    def test_a_request_that_is_not_the_reviewed_one_is_refused(self):
        reviewed = self.certificate()
        with open(self.path("issuing.csr"), "rb") as f:
            good = f.read()
        with open(self.path("altered.csr"), "wb") as f:
            f.write(good[:-1] + bytes([good[-1] ^ 1]))
        self.request("foreign", "/C=CN/O=某省国资委/CN=另一个")
        reviewed["certificate"]["request"] = "altered.csr"
        self.refused(reviewed, "its SM3 is not request_sm3")
        self.refused(self.certificate(request="altered.csr", request_sm3=sm3(self.path("altered.csr"))),
                     "does not prove possession")
        self.refused(self.certificate(request="foreign.csr", request_sm3=sm3(self.path("foreign.csr"))),
                     "it names another subject")

    def test_what_was_revoked_stays_on_the_list(self):
        more = {"number": 2, "previous": "crl-1/root.crl"}
        self.refused(self.crl(**more, revoked_1=None), "is not older")
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 32 * 3600))
        self.refused(self.crl(**more, this_update=tomorrow, revoked_1=None), "what it revoked is not revoked any more")
        self.refused(self.crl(number=1, this_update=tomorrow, previous="crl-1/root.crl"), "previous: is named from")
        self.script("second", self.crl(**more, folder="crl-2", this_update=tomorrow))
        self.done("second", TWO, THREE)

    def test_r_pki_4_the_key_opens_for_enough_custodians_alone(self):
        more = {"perform": True}
        self.refused(self.certificate(), "root-share-3.key", ONE, TWO, **more)       # a wrong passphrase
        self.refused(self.certificate(), "has not one line for each of 2", ONE, **more)
        self.refused(self.certificate(), "has less than 16 bytes", ONE, "short", **more)
        self.script("strict", self.root(folder="strict-2026", threshold=3))
        self.done("strict", ONE, TWO, THREE)
        self.refused(self.certificate(root="strict-2026"), "The shares are too few", ONE, THREE, **more)
        self.refused(self.certificate(opened_by=None), "root.key cannot be read", ONE, **more)


PINS = {"CUST0001": "31415926", "CUST0002": "27182818", "CUST0003": "14142135"}


class Custodians(Scripts, unittest.TestCase):
    """R-PKI-4: shares of the root's key sealed to the custodians' USBKeys, and to passphrases beside them."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="hufu-ceremony-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.keys = UsbKeys()
        cls.addClassCleanup(cls.keys.close)
        cls.keys.new(*PINS, "CUST0004")
        cls.usbkeys = cls.keys.folder
        cls.script("root", cls.usbkey_root())
        cls.made = cls.done("root", *cls.pins(1), TWO, *cls.pins(3))
        cls.request("issuing", "/C=CN/O=某省国资委/CN=某省国资CA 签发")

    @classmethod
    def usbkey_root(cls, **other):
        more = {"custodian_1": "赵三 | CUST0001", "custodian_3": "孙五|CUST0003",
                "maker_certificate": cls.keys.maker + "/maker.cer", "maker_transport_key": cls.keys.maker + "/transport.key"}
        return cls.root(**{**more, **other})

    @staticmethod
    def pins(*numbers):
        return [PINS[f"CUST000{n}"] for n in numbers]

    def share(self, number, folder="root-2026"):
        return self.path(f"{folder}/root-share-{number}.usbkey")

    def altered(self, number, line, change):
        """The root's folder with one line of a share changed."""
        shutil.copytree(self.path("root-2026"), self.path("altered-2026"))
        self.addCleanup(shutil.rmtree, self.path("altered-2026"))
        with open(self.share(number, "altered-2026")) as f:
            lines = f.read().splitlines()
        lines = [f"{line}: {change(text.split(': ', 1)[1])}" if text.startswith(line + ": ") else text for text in lines]
        with open(self.share(number, "altered-2026"), "w") as f:
            f.write("\n".join(lines) + "\n")

    def test_r_pki_4_the_root_is_opened_by_usbkeys_and_passphrases_alike(self):
        for who, secrets in (("1,3", self.pins(1, 3)), ("1,2", [*self.pins(1), TWO]), ("2,3", [TWO, *self.pins(3)])):
            folder = f"issuing-{who[0]}-{who[2]}"
            self.script("issuing", self.certificate(folder=folder, opened_by=who))
            self.done("issuing", *secrets)
            for name, der in (("root", "root-2026/root.cer"), ("issuing", f"{folder}/issuing-ca.cer")):
                openssl("x509", "-inform", "DER", "-in", self.path(der), "-out", self.path(name + ".cert"), check=True)
            told = openssl("verify", "-vfyopt", IDENTITY, "-partial_chain", "-trusted", self.path("root.cert"),
                           self.path("issuing.cert"), text=True)
            self.assertEqual(told.returncode, 0, told.stderr)
        with open(self.path("issuing-1-3/record")) as f:
            self.assertIn("opened the share of custodian 3, 孙五, by USBKey CUST0003", f.read())

    def test_the_record_says_where_each_share_is(self):
        with open(self.path("root-2026/record")) as f:
            record = f.read()
        for words in ("made a key in USBKey CUST0001 of 赵三, container share-", "attested by its maker",
                      "sealed share 2 of 3, threshold 2, for 钱四", "root-share-1.usbkey", "root-share-2.key"):
            self.assertIn(words, record)
        with open(self.share(1)) as f:
            share = f.read()
        self.assertTrue(share.startswith("HUFU-SHARE-v1\nkey: root\nwhole: "), share)
        for line in ("number: 1\n", "threshold: 2\n", "custodian: 赵三\n", "card: CUST0001\n"):
            self.assertIn(line, share)
        self.assertNotIn(self.pins(1)[0], share + record)
        ran = self.ceremony("verify", "--json", self.path("root-2026"))
        self.assertEqual(json.loads(ran.stdout), {"record": self.made["record"], "there": 5, "away": 0}, ran.stderr)

    def test_a_dry_run_tells_whose_usbkeys_are_needed(self):
        self.script("dry", self.certificate(folder="dry-2026"))
        ran = self.ceremony(self.path("dry"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        for words in ("1  赵三  USBKey CUST0001", "3  孙五  USBKey CUST0003", "Nothing was done"):
            self.assertIn(words, ran.stdout)

    def test_r_pki_4_each_bad_field_of_a_custodian_is_named(self):
        for fields, words in (
                (self.usbkey_root(custodian_1="赵三 | "), "custodian_1: is not written as name"),
                (self.usbkey_root(custodian_1=" | CUST0001"), "custodian_1: has no name"),
                (self.usbkey_root(custodian_1="赵,三"), "custodian_1: has no name that does"),
                (self.usbkey_root(custodian_1="赵三 | CUST 1"), "custodian_1: is not written as name"),
                (self.usbkey_root(custodian_1="赵三 | " + "C" * 33), "custodian_1: is not written as name"),
                (self.usbkey_root(custodian_3="孙五 | CUST0001"), "custodian_3: has a USBKey that another one has"),
                (self.usbkey_root(custodian_3="赵三 | CUST0003"), "custodian_3: is named twice"),
                (self.usbkey_root(maker_certificate=None), "maker_certificate: is named where"),
                (self.usbkey_root(custodian_1="赵三", custodian_3="孙五"), "maker_certificate: is named where"),
                (self.usbkey_root(maker_certificate="nowhere.cer"), "nowhere.cer cannot be read"),
                (self.usbkey_root(maker_certificate="root"), "breaks the rules of DER")):
            with self.subTest(words):
                self.refused(fields, words)

    def test_r_pki_4_fewer_others_and_wrong_pins_open_nothing(self):
        more = {"perform": True}
        self.refused(self.certificate(), "has not one line for each of 2", *self.pins(1), **more)
        self.refused(self.certificate(), "5 tries are left", self.pins(1)[0], "99887766", **more)
        self.refused(self.certificate(), "PIN 2 has less than 6 bytes", self.pins(1)[0], "12345", **more)
        self.keys.pull("CUST0003")
        self.addCleanup(lambda: "CUST0003" in self.keys.running or self.keys.plug("CUST0003"))
        self.refused(self.certificate(), "孙五, USBKey CUST0003", *self.pins(1, 3), **more)
        self.keys.plug("CUST0003")
        self.script("again", self.certificate(folder="again-2026"))
        self.done("again", *self.pins(1, 3))  # and the tries are whole again
        self.script("strict", self.usbkey_root(folder="strict-2026", threshold=3))
        self.done("strict", *self.pins(1), TWO, *self.pins(3))
        self.refused(self.certificate(root="strict-2026"), "The shares are too few", *self.pins(1, 3), **more)
        self.refused(self.certificate(root="strict-2026", opened_by="1,2,3"), "root-share-2.key", self.pins(1)[0], ONE,
                     self.pins(3)[0], **more)

    def test_r_pki_4_an_altered_share_opens_nothing(self):
        with open(self.share(1)) as f:
            other = dict(line.split(": ", 1) for line in f.read().splitlines()[1:])
        for line, change, words in (
                ("sealed", lambda v: v[:-2] + f"{int(v[-2:], 16) ^ 1:02x}", "not sealed to that USBKey, or was altered"),
                ("sealed", lambda v: v[:-2], "its form is wrong"),
                ("sealed", lambda v: other["sealed"], "not sealed to that USBKey, or was altered"),  # another's share
                ("card", lambda v: "CUST0004", "CUST0004"),                                          # another's USBKey
                ("container", lambda v: "share-0000000000000000", "SKF_OpenContainer answers"),
                ("number", lambda v: "1", "is no share of this custodian")):
            with self.subTest(line=line, words=words):
                self.altered(3, line, change)
                self.refused(self.certificate(root="altered-2026"), words, *self.pins(1, 3), perform=True)
                self.doCleanups()

    def test_r_pki_4_a_usbkey_is_of_the_maker_that_the_script_names(self):
        strangers = UsbKeys(folder=self.keys.folder)
        self.addCleanup(strangers.close)
        strangers.new("ALIEN001")
        fields = self.usbkey_root(custodian_1="赵三 | ALIEN001", maker_transport_key=strangers.maker + "/transport.key")
        self.refused(fields, "赵三, USBKey ALIEN001", "31415926", TWO, *self.pins(3), perform=True)
        self.refused(self.usbkey_root(custodian_1="赵三 | CUST0004", maker_transport_key=None), "is blank, and no maker",
                     "31415926", TWO, *self.pins(3), perform=True)
        self.refused(self.usbkey_root(custodian_1="赵三 | CUST0004", maker_transport_key=strangers.maker + "/transport.key"),
                     "SKF_DevAuth answers", "31415926", TWO, *self.pins(3), perform=True)
        self.refused(self.usbkey_root(custodian_1="赵三 | CUST0004"), "it is too simple", "123456", TWO, *self.pins(3),
                     perform=True)


if __name__ == "__main__":
    unittest.main()
