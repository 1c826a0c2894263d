"""R-PKI-1, R-PKI-3, R-OPS-1: what runs out is told before, by doctor, status and console in the same words."""
import json
import os
import shutil
import subprocess
import time
import unittest

from walk import Staff
from world import ROOT, World

CHINESE = dict(os.environ, LC_ALL="zh_CN.UTF-8")


class RunsOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(start=False)
        cls.addClassCleanup(cls.world.close)
        year = time.localtime().tm_year
        os.makedirs(cls.world.path("calendar"))
        shutil.copy(os.path.join(ROOT, "data/calendar/office.txt"), cls.world.path("calendar"))
        for known in range(year, year + 3):
            with open(cls.world.path("calendar", f"{known}.txt"), "w", encoding="utf-8") as f:
                f.write(f"{known}-01-01 off 元旦\n")
        cls.world.set("web", "calendar", "calendar")
        cls.world.start()

    def console(self):
        return Staff(self.world).get("auditor").api("GET", "console/runs-out")["items"]

    def doctor(self):
        done = self.world.run("doctor", "--folder", self.world.folder, "--json", check=False, env=CHINESE)
        return [f for f in json.loads(done.stdout)["findings"] if f["id"] == "validity" and f["state"] != "good"]

    def root_list(self, days):
        """The root's list as it is brought here from where its key is; whose signature it bears is not what is looked at."""
        made = self.world.path("made")
        os.makedirs(made, exist_ok=True)
        with open(made + "/ca.conf", "w", encoding="utf-8") as f:
            f.write(f"[ca]\ndefault_ca = one\n[one]\ndatabase = {made}/index\ncrlnumber = {made}/number\ndefault_md = sha256\n"
                    "crl_extensions = list\n[list]\nauthorityKeyIdentifier = keyid\n")
        for name, content in ("index", ""), ("number", "01\n"):
            with open(f"{made}/{name}", "w", encoding="utf-8") as f:
                f.write(content)
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", made + "/key",
                "-subj", "/CN=Root", "-out", made + "/root.pem")
        at = lambda s: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + s))
        openssl("ca", "-config", made + "/ca.conf", "-gencrl", "-keyfile", made + "/key", "-cert", made + "/root.pem",
                "-crl_lastupdate", at(-90 * 86400), "-crl_nextupdate", at(days * 86400), "-out", made + "/root.crl")
        os.makedirs(self.world.path("publish/crl"), exist_ok=True)
        openssl("crl", "-in", made + "/root.crl", "-outform", "DER", "-out", self.world.path("publish/crl/root.crl"))

    def test_r_pki_3_walk_what_runs_out(self):
        self.assertEqual((self.console(), self.doctor()), ([], []))
        for role in ("reviewer", "producer", "finance"):
            refused = Staff(self.world).get(role).try_api("GET", "console/runs-out")
            self.assertEqual((refused.status, refused.name), (403, "NOT_PERMITTED"))
        # The root's list: three weeks, then over.
        self.root_list(40)
        self.assertEqual((self.console(), self.doctor()), ([], []))
        for days, words, state, over in (20, "将于", "warning", False), (-2, "已于", "wrong", True):
            self.root_list(days)
            told, found = self.console(), self.doctor()
            self.assertEqual([(t["kind"], t["over"]) for t in told], [("list", over)])
            self.assertIn(f"吊销列表 publish/crl/root.crl {words}", told[0]["words"])
            self.assertEqual([(f["words"], f["mend"], f["state"]) for f in found], [(told[0]["words"], told[0]["mend"], state)])
            self.assertIn("hufu ceremony", told[0]["mend"])
            status = json.loads(self.world.run("status", "--folder", self.world.folder, "--json", env=CHINESE).stdout)
            self.assertEqual(status["runs_out"], [told[0]["words"]])
        os.unlink(self.world.path("publish/crl/root.crl"))
        # Three weeks before the first operators' certificates end, which is years later: the calendar ends before.
        # The responder's, which is of two weeks, the signer makes anew by itself; while it stands still it runs out.
        self.world.stop()
        self.world.set_offset(15 * 86400)
        self.assertTrue(any("OCSP 应答证书 已于" in f["words"] and f["state"] == "wrong" for f in self.doctor()))
        self.world.later(int(3 * 365.25 * 86400) - 20 * 86400)
        told = self.console()
        self.assertEqual({t["kind"] for t in told}, {"calendar", "operator"})
        people = {p["person"] for p in self.world.people()}
        for name in people:
            self.assertTrue(any(f"操作员 {name} 的证书 将于" in t["words"] for t in told), name)
        self.assertEqual([t["kind"] for t in told if t["over"]], ["calendar"])
        self.assertEqual(told, sorted(told, key=lambda t: t["end_s"]))
        self.assertIn("国务院", told[0]["mend"])
        found = {f["words"]: f for f in self.doctor() if "OCSP" not in f["words"]}
        self.assertEqual({w: f["mend"] for w, f in found.items()}, {t["words"]: t["mend"] for t in told})
        self.assertEqual(found[told[0]["words"]]["state"], "warning")  # nothing stops without a calendar


if __name__ == "__main__":
    unittest.main()
