"""hufu-status: answers signed ahead are found by whatever hash a client names the issuer with, and nothing else is."""
import base64
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BUILD = os.environ["HUFU_BUILD"]
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "objects/pki"))
import cases_status as made  # noqa: E402
import objects  # noqa: E402
from page import Page  # noqa: E402
from walk import Staff, Walk, change_line, expect, line  # noqa: E402
from world import ROOT, World, wait_for  # noqa: E402
from der import explicit, generalized, implicit, integer, null, octets, oid, seq  # noqa: E402

HASHES = {1: ("sha1", "1.3.14.3.2.26"), 2: ("sha256", "2.16.840.1.101.3.4.2.1"), 3: ("sm3", "1.2.156.10197.1.401")}
SERIAL = 0x1A2B3C4D5E6F708192A3B4C5D6E7F801


def cert_id(kind, serial=SERIAL):
    name, dotted = HASHES[kind]
    subject = objects.name("虎符签发 CA").der()
    return seq(seq(oid(dotted), null()), octets(hashlib.new(name, subject).digest()),
               octets(hashlib.new(name, objects.ISSUING.public()).digest()), integer(serial))


def when(offset_s):
    return generalized(time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + offset_s)))


def answers(next_s):
    singles = [seq(cert_id(kind), implicit(0, b""), when(-60), explicit(0, when(next_s))) for kind in HASHES]
    response = made.response(made.data(produced=when(-60), singles=singles))
    return b"HUFUOCS2" + int(time.time() + next_s).to_bytes(8, "big") + bytes(8) + bytes(2) + response


def request(*ids, extra=()):
    return seq(seq(seq(*[seq(i) for i in ids]), *extra)).der()


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.put("publish/ca/issuing.cer", objects.issuing().der())
        cls.put("publish/crl/issuing.crl", made.crl().der())
        cls.put("publish/crl/issuing-0007.crl", made.crl().der())
        cls.put(f"publish/ocsp/issuing/1a/{SERIAL:032x}", answers(3600))
        cls.put("secret", b"not for anybody")
        cls.put("hufu.conf", b"[status]\nfolder = publish\n")
        cls.log = (cls.path / "log").open("w+b")
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(64)
            cls.port = listening.getsockname()[1]
            cls.process = subprocess.Popen(
                [f"{BUILD}/src/status/hufu-status", "--config", str(cls.path / "hufu.conf"), "--listen",
                 str(listening.fileno()), "--insecure-dev"], pass_fds=[listening.fileno()], stderr=cls.log)

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        status = cls.process.wait(10)
        cls.log.seek(0)
        assert status == 0, f"hufu-status ended with {status}: {cls.log.read()[-2000:].decode()}"
        cls.log.close()
        cls.folder.cleanup()

    @classmethod
    def put(cls, name, data):
        path = cls.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_bytes(data)
        path.with_suffix(".new").rename(path)

    def ask(self, method, target, body=None, kind="application/ocsp-request"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, target, skip_accept_encoding=True)
        if body is not None:
            connection.putheader("Content-Type", kind)
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def refusal(self, number):
        return bytes([0x30, 3, 10, 1, number])

    def test_a_moved_clock_is_for_demonstrations(self):
        """Neither what answers nor what signs takes one in an installation that is none."""
        self.put("moved.conf", b"[status]\nfolder = publish\nclock_offset_s = 5\n[signer]\nfolder = s\n"
                               b"crl_url = http://status.example/a.crl\nocsp_url = http://status.example/ocsp\nclock_offset_s = 5\n")
        for program in "status", "signer":
            command = [f"{BUILD}/src/{program}/hufu-{program}", "--config", str(self.path / "moved.conf"), "-t"]
            refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
            self.assertEqual(refused.returncode, 1, refused)
            self.assertIn("clock_offset_s: is for demonstrations", refused.stderr)
            taken = subprocess.run(command + ["--insecure-dev"], capture_output=True, text=True, timeout=30)
            self.assertNotIn("clock_offset_s", taken.stderr)

    def test_r_pki_3_answer_by_post_for_each_hash(self):
        for kind in HASHES:
            answer, data = self.ask("POST", "/ocsp", request(cert_id(kind)))
            self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "application/ocsp-response"))
            self.assertIn(cert_id(kind).der(), data)
            self.assertIn("max-age=", answer.getheader("Cache-Control"))

    def test_r_pki_3_answer_by_get(self):
        text = base64.b64encode(request(cert_id(1))).decode()
        for escaped in (urllib.parse.quote(text, safe=""), urllib.parse.quote(text, safe="/+=")):
            answer, data = self.ask("GET", "/ocsp/" + escaped)
            self.assertEqual(answer.status, 200)
            self.assertIn(cert_id(1).der(), data)

    def test_r_pki_3_a_nonce_is_passed_over(self):
        nonce = explicit(2, seq(seq(oid("1.3.6.1.5.5.7.48.1.2"), octets(octets(bytes(16))))))
        _, data = self.ask("POST", "/ocsp", request(cert_id(1), extra=[nonce]))
        self.assertIn(cert_id(1).der(), data)

    def test_r_pki_5_openssl_asks_and_reads_good(self):
        leaf = objects.certificate().der()
        for name, der in (("leaf", leaf), ("issuer", objects.issuing().der())):
            pem = base64.encodebytes(der).decode()
            (self.path / f"{name}.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n")
        said = subprocess.run(["openssl", "ocsp", "-issuer", self.path / "issuer.pem", "-cert", self.path / "leaf.pem", "-url",
                               f"http://127.0.0.1:{self.port}/ocsp", "-noverify"], capture_output=True, text=True, timeout=20)
        self.assertIn("leaf.pem: good", said.stdout, said.stderr)

    def test_unknown_certificates_and_issuers_are_unauthorized(self):
        other = seq(seq(oid("1.3.14.3.2.26"), null()), octets(bytes(20)), octets(bytes(20)), integer(SERIAL))
        for ids in ([cert_id(1, 5)], [other], [cert_id(1), cert_id(2)]):
            self.assertEqual(self.ask("POST", "/ocsp", request(*ids))[1], self.refusal(6))

    def test_malformed_requests_are_told_so(self):
        for body in (b"\x30\x00", b"garbage", request(cert_id(1)) + b"\0"):
            answer, data = self.ask("POST", "/ocsp", body)
            self.assertEqual((answer.status, data), (200, self.refusal(1)))
        for target in ("/ocsp/", "/ocsp/%%%", "/ocsp/!!!!"):
            answer, data = self.ask("GET", target)
            self.assertIn(answer.status, (200, 400))
            if answer.status == 200:
                self.assertEqual(data, self.refusal(1))

    def test_an_answer_past_its_time_is_not_given(self):
        serial = 0x2200000000000000000000000000001
        self.put(f"publish/ocsp/issuing/02/{serial:032x}", answers(-5))
        self.assertEqual(self.ask("POST", "/ocsp", request(cert_id(1, serial)))[1], self.refusal(3))

    def test_a_damaged_file_is_an_internal_error(self):
        serial = 0x3300000000000000000000000000001
        self.put(f"publish/ocsp/issuing/03/{serial:032x}", b"HUFUOCS1" + bytes(7))
        self.assertEqual(self.ask("POST", "/ocsp", request(cert_id(1, serial)))[1], self.refusal(2))

    def test_r_pki_3_lists_and_certificates_as_files(self):
        for target, kind, data in (("/crl/issuing.crl", "application/pkix-crl", made.crl().der()),
                                   ("/crl/issuing-0007.crl", "application/pkix-crl", made.crl().der()),
                                   ("/ca/issuing.cer", "application/pkix-cert", objects.issuing().der())):
            answer, got = self.ask("GET", target)
            self.assertEqual((answer.status, answer.getheader("Content-Type"), got), (200, kind, data))

    def test_nothing_else_is_handed_out(self):
        for target in ("/", "/crl/", "/crl/other.crl", "/ca/../../secret", "/ca/%2e%2e/%2e%2e/secret", "/crl/..%2fca%2fissuing.cer",
                       "/secret", "/ca/issuing.crl", "/ocsp", f"/ocsp/issuing/1a/{SERIAL:032x}.."):
            answer, data = self.ask("GET", target)
            self.assertNotIn(b"not for anybody", data)
            self.assertTrue(answer.status in (400, 404) or data == self.refusal(1), target)

    def test_other_methods_types_and_sizes_are_refused(self):
        self.assertEqual(self.ask("PUT", "/ocsp", b"x")[0].status, 405)
        self.assertEqual(self.ask("POST", "/crl/issuing.crl", b"x")[0].status, 405)
        self.assertEqual(self.ask("POST", "/ocsp", request(cert_id(1)), "text/plain")[0].status, 415)
        self.assertEqual(self.ask("POST", "/ocsp", bytes(5000))[0].status, 413)


class Installation(unittest.TestCase):
    """With everything that really runs: what the signer publishes, as OpenSSL reads it from where certificates say it is."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.port = int(cls.world.address("status").rsplit(":", 1)[1])
        # The full list is made once a day; the first one is to know nothing of the certificates below.
        wait_for("the first full list", lambda: os.path.exists(cls.world.path("publish/crl/issuing.crl")))
        cls.walk = Walk(cls.world, Staff(cls.world)).to("finish")
        cls.serials = {c["purpose"]: c["serial"] for c in cls.walk.portal.api("GET", "certificates")["items"]}
        for purpose, serial in cls.serials.items():
            path = cls.world.path("publish/certificates", serial[:2], serial + ".cer")
            wait_for("the published certificate", lambda path=path: os.path.exists(path))
            setattr(cls, purpose, path)
        cls.issuer = os.path.join(cls.folder.name, "issuer.cer")
        pathlib.Path(cls.issuer).write_bytes(cls.get(cls.urls(cls.signing)["CA Issuers"]))

    @classmethod
    def get(cls, url, body=None):
        """status.localhost is this machine, whether or not its resolver knows."""
        address = urllib.parse.urlsplit(url)
        assert address.hostname == "status.localhost", url
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=10)
        fields = {"Host": address.netloc, **({"Content-Type": "application/ocsp-request"} if body else {})}
        connection.request("POST" if body else "GET", address.path, body, fields)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        assert answer.status == 200, (url, answer.status)
        return data

    @classmethod
    def urls(cls, certificate):
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", certificate, "-noout", "-text"], check=True,
                              capture_output=True, text=True).stdout
        found = dict(re.findall(r"(OCSP|CA Issuers) - URI:(\S+)", text))
        found["list"] = re.search(r"Full Name:\s+URI:(\S+)", text)[1]
        return found

    def judge(self, kind, data, certificate):
        """What OpenSSL says of it: "good" or "revoked REASON", and number or nonce."""
        path = os.path.join(self.folder.name, "judged")
        pathlib.Path(path).write_bytes(data)
        done = subprocess.run([f"{BUILD}/tests/outside/openssl-status", kind, self.issuer, path, certificate], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        said, last = done.stdout.strip().rsplit(" ", 1)
        return said, last

    def request(self, certificate, *more):
        path = os.path.join(self.folder.name, "asked")
        subprocess.run(["openssl", "ocsp", "-issuer", self.issuer, "-cert", certificate, *(more or ["-no_nonce"]), "-reqout", path],
                       check=True, capture_output=True)
        return pathlib.Path(path).read_bytes()

    def ocsp(self, certificate):
        """By POST, and by GET, which say the same."""
        url, asked = self.urls(certificate)["OCSP"], self.request(certificate)
        posted = self.judge("ocsp", self.get(url, asked), certificate)
        escaped = urllib.parse.quote(base64.b64encode(asked), safe="")
        self.assertEqual(self.judge("ocsp", self.get(f"{url}/{escaped}"), certificate), posted)
        return posted[0]

    def in_list(self, certificate):
        return self.judge("crl", self.get(self.urls(certificate)["list"]), certificate)

    def test_a_r_pki_3_r_ship_3_on_hold_in_transit_and_good_once_it_has_come(self):
        for certificate in self.signing, self.encryption:
            wait_for("an answer", lambda certificate=certificate: len(self.get(self.urls(certificate)["OCSP"],
                                                                               self.request(certificate))) > 5)
            self.assertEqual(self.ocsp(certificate), "revoked 6")
            wait_for("the list", lambda certificate=certificate: self.in_list(certificate)[0] == "revoked 6")
        self.walk.to("receive")
        for certificate in self.signing, self.encryption:
            wait_for("OCSP", lambda certificate=certificate: self.ocsp(certificate) == "good")
            wait_for("the list", lambda certificate=certificate: self.in_list(certificate)[0] == "good")
        self.assertRegex(self.urls(self.signing)["list"], r"/crl/issuing-0000\.crl$")
        full = self.get(self.urls(self.signing)["list"].replace("-0000", ""))
        self.assertEqual(self.judge("crl", full, self.signing)[0], "good")

    def test_b_r_pki_5_bouncy_castle_accepts_chains_lists_and_answers(self):
        root, answer, listed = self.world.path("ca/root.cer"), self.folder.name + "/answer", self.folder.name + "/listed"
        pathlib.Path(answer).write_bytes(self.get(self.urls(self.signing)["OCSP"], self.request(self.signing)))
        pathlib.Path(listed).write_bytes(self.get(self.urls(self.signing)["list"]))
        jars = ":".join(f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil"))
        bouncy = ["java", "-cp", jars, os.path.join(ROOT, "tests/outside/Bouncy.java")]
        done = subprocess.run([*bouncy, "chain", root, self.issuer, self.signing, "chain", root, self.issuer, self.encryption,
                               "crl", self.issuer, listed, self.signing, "ocsp", self.issuer, answer, self.signing], text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["good"] * 4), done.stderr)
        whole = pathlib.Path(self.signing).read_bytes()
        broken = self.folder.name + "/broken.cer"
        pathlib.Path(broken).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        done = subprocess.run([*bouncy, "chain", root, self.issuer, broken], capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_b_r_pki_3_a_nonce_comes_back(self):
        asked = self.request(self.signing, "-nonce")
        said, nonce = self.judge("ocsp", self.get(self.urls(self.signing)["OCSP"], asked), self.signing)
        self.assertEqual(said, "good")
        self.assertNotEqual(nonce, "-")
        self.assertIn(bytes.fromhex(nonce), asked)

    def test_c_r_pki_3_without_the_signer_answers_go_on_without_nonce(self):
        asked, url = self.request(self.signing, "-nonce"), self.urls(self.signing)["OCSP"]
        signer = self.world.pid("signer")
        os.kill(signer, signal.SIGSTOP)
        try:
            self.assertEqual(self.judge("ocsp", self.get(url, asked), self.signing), ("good", "-"))
        finally:
            os.kill(signer, signal.SIGCONT)
        wait_for("nonces again", lambda: self.judge("ocsp", self.get(url, asked), self.signing)[1] != "-")

    def test_c_r_revoke_3_a_holders_own_hold_at_once_and_a_reviewers_release(self):
        walk, stranger, reviewer = self.walk.to("platform_login"), Walk(self.world, self.walk.staff).to("log_in"), self.walk.staff.reviewer
        self.assertEqual(walk.try_hold(stranger.portal).name, "NOT_FOUND")
        self.assertEqual(walk.platform.try_api("GET", "session").status, 200)
        held = walk.try_hold()
        self.assertEqual((held.status, held["state"]), (200, "held"), held)
        self.assertEqual({c["state"] for c in walk.portal.api("GET", "certificates")["items"]}, {"held"})
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_HELD")  # R-LOGIN-4
        self.assertEqual(walk.platform.try_api("GET", "session").status, 401)  # what was open has ended
        self.assertEqual(walk.try_hold()["state"], "held")  # pressed twice
        for channel, to in ("sms", walk.mobile), ("email", walk.email):
            self.world.message(channel, to, "已临时挂失")
        for certificate in self.signing, self.encryption:
            wait_for("OCSP", lambda certificate=certificate: self.ocsp(certificate) == "revoked 6")
            wait_for("the list", lambda certificate=certificate: self.in_list(certificate)[0] == "revoked 6")
        statement = walk.draft_release()
        self.assertEqual(line(statement, "certificates"), ",".join(sorted(self.serials.values())))
        signature = reviewer.sign(statement)
        self.assertEqual(walk.try_release(statement, signature[:-2] + ("00" if signature[-2:] != "00" else "01")).name,
                         "DECISION_SIGNATURE")
        other = change_line(statement, "holder", stranger.account)
        self.assertEqual(walk.try_release(other, reviewer.sign(other)).name, "DECISION_STATEMENT")
        refused = self.walk.staff.producer.try_api("POST", f"console/certificates/{walk.serial}/release-draft")
        self.assertEqual(refused.name, "NOT_PERMITTED")
        self.assertEqual(walk.try_login().name, "LOGIN_CERTIFICATE_HELD")
        self.assertEqual(walk.try_release(statement, signature)["state"], "valid")
        expect(walk.try_login(Page(self.world.address("platform"))))
        self.assertEqual(self.walk.staff.reviewer.try_api("POST", f"console/certificates/{walk.serial}/release-draft").name, "NOT_HELD")
        for certificate in self.signing, self.encryption:
            wait_for("OCSP", lambda certificate=certificate: self.ocsp(certificate) == "good")
            wait_for("the list", lambda certificate=certificate: self.in_list(certificate)[0] == "good")
        self.world.message("sms", walk.mobile, "已解除挂失")
        self.assertEqual(walk.try_hold().name, "HOLD_LIMIT")  # a release stands: whoever took over web cannot undo it at once

    def test_d_r_pki_3_revocation_is_seen_and_outlives_a_kill(self):
        before = self.in_list(self.signing)[1]
        self.walk.revoke("keyCompromise")
        wait_for("OCSP", lambda: self.ocsp(self.signing) == "revoked 1")
        wait_for("the list", lambda: self.in_list(self.signing)[0] == "revoked 1")
        number = self.in_list(self.signing)[1]
        self.assertGreater(int(number, 16), int(before, 16))
        for process in "signer", "status":
            self.world.kill(process)
            self.world.settle()
        self.assertEqual(self.ocsp(self.signing), "revoked 1")
        said, after = self.in_list(self.signing)
        self.assertEqual(said, "revoked 1")
        self.assertGreaterEqual(int(after, 16), int(number, 16))

    def test_e_r_pki_3_what_is_lost_of_the_folder_comes_back(self):
        number = self.in_list(self.signing)[1]
        shutil.rmtree(self.world.path("publish/crl"))
        shutil.rmtree(self.world.path("publish/ocsp"))
        self.world.kill("signer")
        self.world.settle()
        wait_for("answers", lambda: len(self.get(self.urls(self.signing)["OCSP"], self.request(self.signing))) > 5)
        self.assertEqual(self.ocsp(self.signing), "revoked 1")
        wait_for("lists", lambda: os.path.exists(self.world.path("publish/crl/issuing-0000.crl")))
        said, after = self.in_list(self.signing)
        self.assertEqual(said, "revoked 1")
        self.assertGreater(int(after, 16), int(number, 16))


if __name__ == "__main__":
    unittest.main()
