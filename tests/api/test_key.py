#!/usr/bin/env python3
"""hufu-key over any SKF library."""
import base64
import ctypes
import json
import os
import subprocess
import unittest

from peer import BUILD
from test_card import LIBRARY, OK, Maker, connect, driver, verifies

KEY = os.path.join(BUILD, "src/token/key/hufu-key")
SHIMS = [os.path.join(BUILD, f"tests/outside/libskf-shim-{abi}.so") for abi in
         ("4-packed", "4-natural", "8-packed", "8-natural")]
ISSUER = os.path.join(BUILD, "tests/unit/token/agent/agent-issuer")
PIN, WRONG = "824619", "197340"


def issuer(*arguments):
    """What a CA answers during production (tests/unit/token/agent/agent_issuer.c), bytes decoded."""
    done = subprocess.run([ISSUER, *arguments], capture_output=True, check=True, timeout=60)
    return {n: base64.b64decode(v) for n, v in json.loads(done.stdout).items() if n != "serial"}


def produce(maker, name):
    """From a blank key to one with certificates, closed with 000000."""
    library = driver(maker.folder)
    sar, handle = connect(library, name)
    assert sar == OK
    challenge, der, size = ctypes.create_string_buffer(8), ctypes.create_string_buffer(4096), ctypes.c_uint32(4096)
    point, attestation = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
    assert library.HUFU_ProductionChallenge(handle, challenge) == OK
    assert library.HUFU_GetCardCertificate(handle, der, ctypes.byref(size)) == OK
    opened = issuer("open", maker.maker, name, challenge.raw.hex(), base64.b64encode(der.raw[:size.value]).decode())
    assert library.HUFU_OpenProduction(handle, opened["device_answer"], opened["admin_sealed"], point, attestation) == OK
    issued = issuer("certificates", point.raw.hex(), "测试一")
    parts = [issued[n] for n in ("signing_certificate", "encryption_certificate", "enveloped_key")]
    assert library.HUFU_WriteProduction(handle, parts[0], len(parts[0]), parts[1], len(parts[1]), parts[2],
                                        len(parts[2])) == OK
    assert library.HUFU_CloseProduction(handle) == OK
    assert library.SKF_DisConnectDev(handle) == OK
    return point.raw, parts


class KeyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.maker = Maker()
        cls.maker.make("HFkey")
        cls.maker.plug("HFkey")
        cls.device_key = cls.maker.path("device.key")
        with open(cls.device_key, "wb") as f:
            f.write(cls.maker.device_key("HFkey"))

    @classmethod
    def tearDownClass(cls):
        cls.maker.close()

    def key(self, *arguments, given="", library=LIBRARY, language="C"):
        """Status, standard output, standard error."""
        environment = dict(os.environ, HUFU_USBKEYS=self.maker.folder, HUFU_SHIM_LIBRARY=LIBRARY, LC_ALL=language)
        before = [] if arguments and arguments[0] == "conformance" else ["--library", library]
        done = subprocess.run([KEY, *before, *arguments], input=given, capture_output=True, text=True, timeout=120,
                              env=environment)
        return done.returncode, done.stdout, done.stderr

    def test_r_key_2_the_driver_conforms_in_every_abi(self):
        """R-KEY-2: the whole API, and the tool that finds out width and packing by itself."""
        for library in (LIBRARY, *SHIMS):
            with self.subTest(library):
                status, out, err = self.key("conformance", library, "HFkey", "--device-key", self.device_key, "--json")
                self.assertEqual(status, 0, out + err)
                rows = json.loads(out)
                self.assertGreater(len(rows), 190)
                self.assertEqual({r["verdict"] for r in rows}, {"same"})

    def test_conformance_says_what_is_different(self):
        """The shims of all ABIs over a library that is none: nothing is taken for granted."""
        status, _, err = self.key("conformance", "/nonexistent.so")
        self.assertEqual((status, "cannot be loaded" in err), (1, True))
        status, out, _ = self.key("conformance", LIBRARY, language="zh_CN.UTF-8")
        self.assertEqual(status, 0)
        self.assertIn("没有指定 USBKey", out)

    def test_wrong_device_key_is_told_and_changes_nothing(self):
        wrong = self.maker.path("wrong.key")
        with open(wrong, "wb") as f:
            f.write(bytes(16))
        status, out, _ = self.key("conformance", LIBRARY, "HFkey", "--device-key", wrong, "--json")
        self.assertEqual(status, 1)
        differ = [r for r in json.loads(out) if r["verdict"] == "different"]
        self.assertEqual([r["function"] for r in differ], ["SKF_DevAuth"])
        with open(wrong, "wb") as f:
            f.write(bytes(15))
        self.assertEqual(self.key("conformance", LIBRARY, "HFkey", "--device-key", wrong)[0], 1)

    def test_list_and_info(self):
        for library in (LIBRARY, *SHIMS):
            status, out, _ = self.key("--json", "list", library=library)
            self.assertEqual(status, 0)
            keys = json.loads(out)
            self.assertEqual([(k["key"], k["serial"]) for k in keys], [("HFkey", "HFkey")])
            status, out, _ = self.key("--json", "info", "HFkey", library=library)
            self.assertEqual(json.loads(out)["hash_algorithms"], 1)
        self.assertIn("序列号: HFkey", self.key("list", language="zh_CN.UTF-8")[1])
        self.assertEqual(self.key("info", "nokey")[0], 1)

    def test_wrong_use(self):
        for arguments in ((), ("what",), ("info",), ("list", "x"), ("info", "a", "b"), ("conformance",), ("--what", "list")):
            status, _, err = self.key(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertIn("usage: hufu-key", err)
        self.assertEqual(self.key("--help")[0], 0)
        status, _, err = self.key("list", library="/nonexistent.so")
        self.assertEqual((status, "/nonexistent.so" in err), (1, True))

    def test_r_key_1_a_holders_key_from_000000_to_a_signature(self):
        """R-KEY-1: pin, certificates, sign and test on a key as production leaves it."""
        self.maker.make("HFheld")
        card = self.maker.plug("HFheld")
        point, issued = produce(self.maker, "HFheld")
        message = self.maker.path("message")
        with open(message, "wb") as f:
            f.write("要签名的内容\n".encode())
        self.assertEqual(json.loads(self.key("--json", "list")[1])[0]["state"], "must-change")
        status, _, err = self.key("sign", "HFheld", "--file", message, "--stdin", given="000000\n")
        self.assertEqual((status, "must be changed" in err), (1, True))
        for given, words in ((f"000000\n{PIN}\n{WRONG}\n", "differ"), (f"{WRONG}\n{PIN}\n{PIN}\n", "5 tries left"),
                             ("000000\n123456\n123456\n", "too simple"), ("000000\n", "No PIN")):
            status, _, err = self.key("pin", "HFheld", "--stdin", given=given)
            self.assertEqual((status, words in err), (1, True), err)
        self.assertEqual(self.key("pin", "HFheld", "--stdin", given=f"000000\n{PIN}\n{PIN}\n")[0], 0)
        status, out, _ = self.key("--json", "sign", "HFheld", "--file", message, "--stdin", given=PIN + "\n")
        self.assertEqual(status, 0)
        signature = bytes.fromhex(json.loads(out)["signature"])
        self.assertTrue(verifies(self.maker, point, "要签名的内容\n".encode(), signature))
        status, out, _ = self.key("certificates", "HFheld", "--output", self.maker.folder)
        self.assertEqual(status, 0)
        self.assertIn("CN=测试一", out)
        for part, purpose in zip(issued, ("signing", "encryption")):
            with open(self.maker.path(f"HUFU-1-{purpose}.cer"), "rb") as f:
                self.assertEqual(f.read(), part)
        status, out, err = self.key("--json", "test", "HFheld", "--stdin", given=PIN + "\n")
        self.assertEqual(status, 0, err)
        self.assertEqual([r["result"] for r in json.loads(out)], ["passed"] * 4)
        status, out, _ = self.key("--json", "info", "HFheld")
        self.assertEqual(json.loads(out)["applications"][0]["user_pin"], {"tries": 6, "tries_left": 6, "initial": "no"})
        self.assertEqual(json.loads(self.key("--json", "containers", "HFheld")[1]),
                         [{"container": "HUFU-1", "type": "SM2"}])
        self.assertEqual(self.key("sign", "HFheld", "--file", "/nonexistent", "--stdin", given=PIN + "\n")[0], 1)
        self.maker.pull(card)

    def test_blank_key_has_no_certificates(self):
        for command in ("certificates", "containers", "sign"):
            status, _, err = self.key(command, "HFkey", "--stdin", "--file", self.device_key)
            self.assertEqual(status, 1, command)
            self.assertIn("no such", err)


if __name__ == "__main__":
    unittest.main()
