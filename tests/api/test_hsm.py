"""R-PKI-4: an installation whose root, issuing CA and OCSP responder have their keys in an HSM (SoftHSM, P-256), and what
becomes of it when token, PIN or the HSM's library fail. One installation for all of it."""
import json
import os
import re
import shutil
import unittest

from softhsm import LABEL, PIN, Token, run
from walk import Staff, Walk
from world import ROOT, World, build_folder, wait_for

BUILD = build_folder()
ENGLISH = dict(os.environ, LANG="C.UTF-8", LC_ALL="C.UTF-8")


class Hsm(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.token = Token()
        cls.addClassCleanup(shutil.rmtree, cls.token.folder)
        cls.token.write("hsm.conf", cls.token.section())
        cls.world = World(hsm=cls.token.path("hsm.conf"))
        cls.addClassCleanup(cls.world.close)
        cls.world.set("signer", "hsm_seconds", "1")
        cls.world.stop()
        cls.world.start()
        cls.staff = Staff(cls.world)
        cls.walk = Walk(cls.world, cls.staff).to("finish")

    def setUp(self):
        self.addCleanup(self.mend)

    def mend(self):
        self.token.trouble("none")
        self.token.write("pin", PIN + "\n")
        if self.state() == "HSM_PIN":
            self.world.kill("hsm")
        self.comes_back()

    # ---- what is seen ----

    def state(self):
        with open(self.world.path("signer/hsm.state"), encoding="utf-8") as f:
            return f.read()

    def comes(self, state):
        wait_for(f"the state {state}", lambda: self.state().startswith(state), 30)

    def comes_back(self):
        self.comes("ready " + LABEL)

    def pids(self):
        return {name: pid for name, pid in self.world.state()["processes"].items() if name != "hsm"}

    def issued(self):
        return sorted(os.listdir(self.world.path("publish/certificates")))

    def refused(self, walk, error):
        """Asked to issue, the signer refuses with ERROR and has written nothing but the refusal."""
        walk.to("make_key")
        if not walk.production:
            statement = walk.draft_production()
            walk.production_signature, walk.possession = self.staff.producer.sign(statement), walk.prove(statement)
            walk.production = statement
        answer = walk.try_issue(walk.production, walk.production_signature, walk.possession)
        self.assertEqual((answer.status, answer.json["name"]), (503, error), answer.json)
        self.assertIn("nothing was issued", answer.json["message"])
        self.assertTrue(answer.json["hint"])
        return answer.json

    def doctor(self):
        done = run(self.world.hufu, "doctor", "--folder", self.world.folder, "--json", env=ENGLISH)
        return {f["id"]: f for f in json.loads(done.stdout)["findings"]}

    def openssl(self, *command):
        done = run("openssl", *command)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def pem(self, name, kind="x509"):
        """Of what is published, for OpenSSL's commands."""
        into = self.token.path(os.path.basename(name) + ".pem")
        self.openssl(kind, "-inform", "DER", "-in", self.world.path("publish", name), "-out", into)
        return into

    def certificate(self, walk):
        serial = walk.serial
        path = f"certificates/{serial[:2]}/{serial}.cer"
        wait_for("the certificate", lambda: os.path.exists(self.world.path("publish", path)))
        return self.pem(path)

    def list_of(self, *names):
        """Lists and certificates in one file, which is how OpenSSL takes them."""
        with open(self.token.path("all.pem"), "w", encoding="utf-8") as into:
            for name in names:
                with open(name, encoding="utf-8") as f:
                    into.write(f.read())
        return self.token.path("all.pem")

    # ---- what holds ----

    def test_r_pki_1_a_chain_that_openssl_takes_as_it_is(self):
        """R-PKI-5: OpenSSL's own commands, and Bouncy Castle, verify chain, list and OCSP answer: none of it needs SM2."""
        root, issuing, leaf = self.pem("ca/root.cer"), self.pem("ca/issuing.cer"), self.certificate(self.walk)
        told = self.openssl("x509", "-in", leaf, "-noout", "-text")
        self.assertIn("ecdsa-with-SHA256", told)
        self.assertIn("SM2", told)  # the holder's own key
        self.walk.to("receive")  # R-SHIP-3
        wait_for("the receipt", lambda: ": good" in self.ocsp(root, issuing, leaf, "-no_nonce"), 30)
        wait_for("the list of it", lambda: self.walk.serial.upper() not in self.openssl(
            "crl", "-inform", "DER", "-in", self.world.path("publish/crl/issuing-0000.crl"), "-noout", "-text"), 30)
        crl = self.pem("crl/issuing-0000.crl", "crl")
        self.assertIn("OK", self.openssl("verify", "-CAfile", root, "-untrusted", issuing, leaf))
        self.assertIn("verify OK", self.openssl("crl", "-in", crl, "-CAfile", issuing, "-noout"))
        # the root has no list here: the issuing CA is where this looks begin
        self.assertIn("OK", self.openssl("verify", "-partial_chain", "-crl_check", "-CAfile", self.list_of(issuing, crl), leaf))
        for more in ("-nonce", "-no_nonce"):
            self.assertIn(": good", self.ocsp(root, issuing, leaf, more))
        self.bouncy_castle_takes_them_too()
        self.walk.revoke("keyCompromise")
        wait_for("the revocation", lambda: "Reason: keyCompromise" in self.ocsp(root, issuing, leaf, "-nonce"), 30)
        wait_for("the list of it", lambda: "Key Compromise" in self.openssl(
            "crl", "-inform", "DER", "-in", self.world.path("publish/crl/issuing-0000.crl"), "-noout", "-text"), 30)

    def ocsp(self, root, issuing, leaf, *more):
        """What is said of the certificate, verified."""
        url = self.world.address("status") + "/ocsp"
        told = self.openssl("ocsp", "-issuer", issuing, "-cert", leaf, "-url", url.replace("status.localhost", "127.0.0.1"),
                            "-header", "Host=" + url.split("/")[2], "-CAfile", root, "-verify_other", issuing, "-respout",
                            self.token.path("answer"), *more)
        self.assertIn("Response verify OK", told)
        return told

    def bouncy_castle_takes_them_too(self):
        root, issuing, leaf, listed = (self.world.path("publish", name) for name in (
            "ca/root.cer", "ca/issuing.cer", f"certificates/{self.walk.serial[:2]}/{self.walk.serial}.cer", "crl/issuing-0000.crl"))
        jars = ":".join(f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil"))
        done = run("java", "-cp", jars, os.path.join(ROOT, "tests/outside/Bouncy.java"), "chain", root, issuing, leaf,
                   "crl", issuing, listed, leaf, "ocsp", issuing, self.token.path("answer"), leaf)
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["good"] * 3), done.stderr)

    def test_the_process_is_closed_off_and_tells_no_pin(self):
        """R-OPS-3: the library runs where nothing else is, and its PIN stands in no argument, variable or log."""
        pid = self.world.pid("hsm")
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            told = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        self.assertEqual((told["NoNewPrivs"], told["Seccomp"]), ("1", "2"))
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as f:
                self.assertNotIn(PIN.encode(), f.read(), name)
        self.assertNotIn(PIN, self.world.log())
        with open(f"/proc/{self.world.pid('signer')}/maps", encoding="utf-8") as f:
            self.assertNotIn("pkcs11", f.read())
        self.assertEqual(os.listdir(self.world.path("signer/keys")).count("issuing-ca.key"), 0)
        self.assertEqual(self.doctor()["hsm"]["state"], "good")

    def test_a_token_that_is_taken_away(self):
        """Refused with the reason, nothing half done, and the same approval holds when it is back."""
        walk = Walk(self.world, self.staff).to("make_key")
        issued = self.issued()
        self.token.trouble("gone")
        self.refused(walk, "HSM_TOKEN")
        self.refused(walk, "HSM_TOKEN")
        self.comes("HSM_TOKEN")
        self.assertEqual(self.doctor()["hsm"]["state"], "wrong")
        self.assertIn("The token", run(self.world.hufu, "status", "--folder", self.world.folder, env=ENGLISH).stdout)
        self.assertEqual(self.issued(), issued)
        self.assertEqual(walk.state(), "in-production")
        self.token.trouble("none")
        self.comes_back()
        self.assertEqual(walk.to("change_pin").state(), "done")

    def test_a_signature_that_does_not_hold_never_leaves(self):
        """A module that is broken signs nothing that anybody sees."""
        walk = Walk(self.world, self.staff).to("make_key")
        self.token.trouble("wrong")
        walk.production = walk.draft_production()
        walk.production_signature, walk.possession = self.staff.producer.sign(walk.production), walk.prove(walk.production)
        answer = walk.try_issue(walk.production, walk.production_signature, walk.possession)
        self.assertEqual(answer.json["name"], "SIGNATURE_INVALID", answer.json)
        self.token.trouble("none")
        walk.to("issue")

    def test_a_library_that_crashes_harms_itself_alone(self):
        walk, others, pid = Walk(self.world, self.staff).to("make_key"), self.pids(), self.world.pid("hsm")
        self.token.trouble("crash")
        self.refused(walk, "HSM_AWAY")
        self.token.trouble("none")
        self.world.wait_for_new("hsm", pid)
        self.comes_back()
        walk.to("issue")
        self.assertEqual(self.pids(), others)

    def test_a_library_that_hangs_harms_itself_alone(self):
        """The signer waits for a second, not for ever, and hufu-hsm is ended and started anew."""
        walk, others, pid = Walk(self.world, self.staff).to("make_key"), self.pids(), self.world.pid("hsm")
        self.token.trouble("hang")
        self.refused(walk, "HSM_AWAY")
        self.world.wait_for_new("hsm", pid)
        self.assertTrue(re.search(r"end name=hsm signal=14", self.world.log()))
        self.token.trouble("none")
        self.comes_back()
        walk.to("issue")
        self.assertEqual(self.pids(), others)

    def test_a_wrong_pin_is_said_and_tried_once(self):
        """A token locks after a few tries: one for each start of the process, however often is asked."""
        walk = Walk(self.world, self.staff).to("make_key")
        self.token.write("pin", "111111\n")
        before = self.token.logins()
        self.world.kill("hsm")
        self.comes("HSM_PIN")
        self.refused(walk, "HSM_PIN")
        self.refused(walk, "HSM_PIN")
        self.assertEqual(self.token.logins(), before + 1)
        self.assertIn("pin_file", self.doctor()["hsm"]["mend"])
        self.assertNotIn("111111", self.world.log())
        self.token.write("pin", PIN + "\n")
        self.world.kill("hsm")
        self.comes_back()
        walk.to("issue")

    def test_a_key_that_is_not_the_cas_signs_nothing(self):
        """A label that was mistyped, or a token that was exchanged: another key is there, and is not used."""
        walk = Walk(self.world, self.staff).to("make_key")
        try:
            self.relabel("ocsp")
            self.refused(walk, "HSM_KEY")
        finally:
            self.relabel("issuing")
        walk.to("issue")

    def relabel(self, label):
        self.world.stop()
        self.world.set("hsm", "issuing_key", label)
        self.world.start()

    def test_a_pin_that_others_may_read_is_not_taken(self):
        os.chmod(self.token.path("pin"), 0o644)
        self.addCleanup(os.chmod, self.token.path("pin"), 0o600)
        before = self.token.logins()
        self.assertIn("chmod 600", self.doctor()["pin"]["mend"])
        self.world.kill("hsm")
        self.comes("HSM_PIN")
        self.assertEqual(self.token.logins(), before)
        os.chmod(self.token.path("pin"), 0o600)
        self.world.kill("hsm")
        self.comes_back()


class Refusals(unittest.TestCase):
    """What hufu init says of an HSM that does not do; nothing is left behind."""

    @classmethod
    def setUpClass(cls):
        cls.token = Token()
        cls.addClassCleanup(shutil.rmtree, cls.token.folder)

    def said(self, *changes, pin=PIN):
        section = self.token.section()
        for name, value in changes:
            section = re.sub(rf"(?m)^{name} = .*\n", f"{name} = {value}\n" if value else "", section)
        self.token.write("hsm.conf", section)
        self.token.write("pin", pin)
        folder = self.token.path("installation")
        done = run(os.path.join(BUILD, "src/cli/hufu"), "init", "--demo", "--folder", folder, "--hsm", self.token.path("hsm.conf"),
                   env=ENGLISH)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertFalse(os.path.exists(folder) or os.path.exists(folder + ".init"))
        self.assertNotIn(PIN, done.stdout + done.stderr)
        return done.stderr

    def test_each_is_named(self):
        self.assertIn("no private keys with the label other", self.said(("issuing_key", "other")))
        self.assertIn("0 tokens with the label elsewhere", self.said(("token", "elsewhere")))
        self.assertIn("CKR_PIN_INCORRECT", self.said(pin="111111"))
        self.assertIn("pin_file", self.said(("pin_file", "/nonexistent")))
        self.assertIn("ocsp_key", self.said(("ocsp_key", "")))
        self.assertIn("/nonexistent/library.so", self.said(("module", "/nonexistent/library.so")))

    def test_other_sections_do_not_come_in_by_it(self):
        self.token.write("hsm.conf", "[hsm]\nmodule = x\n[signer]\npolicy = 1.2.3\n")
        folder = self.token.path("installation")
        done = run(os.path.join(BUILD, "src/cli/hufu"), "init", "--demo", "--folder", folder, "--hsm", self.token.path("hsm.conf"),
                   env=ENGLISH)
        self.assertIn("signer", done.stderr)


if __name__ == "__main__":
    unittest.main()
