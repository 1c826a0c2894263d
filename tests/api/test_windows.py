#!/usr/bin/env python3
"""Driver, virtual key and tool as Windows programs, under wine: built by MinGW from the same sources."""
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "build-windows")
PROGRAMS = {"hufu-card.exe": "card", "hufu-key.exe": "key", "hufu-skf.dll": "skf"}


class Windows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(os.path.join(FOLDER, "build.ninja")):
            cls.run_here("meson", "setup", "--cross-file", "packaging/windows-x86_64.ini", "-Dpart=token", FOLDER)
        cls.run_here("ninja", "-C", FOLDER, *(f"src/token/{part}/{name}" for name, part in PROGRAMS.items()))
        cls.folder = tempfile.mkdtemp(prefix="hufu-wine-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name, part in PROGRAMS.items():
            shutil.copy(os.path.join(FOLDER, "src/token", part, name), cls.folder)
        cls.environment = dict(os.environ, WINEPREFIX=os.path.join(cls.folder, "prefix"), WINEDEBUG="-all", LC_ALL="C.UTF-8",
                               HUFU_USBKEYS=".")
        cls.addClassCleanup(subprocess.run, ["wineserver", "-k"], env=cls.environment, capture_output=True, check=False)
        cls.wine("hufu-card.exe", "--new-maker", "--maker", "maker")
        cls.wine("hufu-card.exe", "--new", "--image", "key.image", "--serial", "HFwindows", "--maker", "maker")

    @classmethod
    def run_here(cls, *command):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    @classmethod
    def wine(cls, *command, status=0):
        done = subprocess.run(["wine", *command], cwd=cls.folder, env=cls.environment, capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if status else "")

    def path(self, name):
        return os.path.join(self.folder, name)

    def plug(self):
        card = subprocess.Popen(["wine", "hufu-card.exe", "--image", "key.image", "--socket", "key.sock"], cwd=self.folder,
                                env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(card.stdout.readline().strip(), "ready: key.sock")
        return card

    def test_r_key_4_the_driver_conforms_on_windows(self):
        """R-KEY-4, R-KEY-6: the whole API against a virtual key; both for Windows."""
        card = self.plug()
        try:
            with open(self.path("maker/transport.key"), "rb") as f, open(self.path("device.key"), "wb") as out:
                out.write(hmac.new(f.read(), b"HUFU-DEVICE-KEY-v1HFwindows", "sm3").digest()[:16])
            keys = json.loads(self.wine("hufu-key.exe", "--json", "list"))
            self.assertEqual([(k["key"], k["serial"], k["state"]) for k in keys], [("key", "HFwindows", "blank")])
            rows = json.loads(self.wine("hufu-key.exe", "conformance", "hufu-skf.dll", "key", "--device-key", "device.key",
                                        "--json"))
            self.assertGreater(len(rows), 190)
            self.assertEqual({r["verdict"] for r in rows}, {"same"})
            said = self.wine("hufu-card.exe", "--image", "key.image", "--socket", "other.sock", status=1)
            self.assertIn("CARD_BUSY", said)
        finally:
            card.kill()
            card.communicate(timeout=60)
        end = time.monotonic() + 30
        while json.loads(self.wine("hufu-key.exe", "--json", "list")):  # its file is left, nobody answers there
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)

    def test_others_do_not_get_in_without_the_secret(self):
        """The file beside the image names port and secret; another secret is shown the door."""
        card = self.plug()
        try:
            with open(self.path("key.sock"), encoding="ascii") as f:
                port, secret = f.read().split()
            self.assertEqual(len(secret), 64)
            with open(self.path("wrong.sock"), "w", encoding="ascii") as f:
                f.write(f"{port} {'0' * 64}")
            self.wine("hufu-key.exe", "info", "wrong", status=1)
            self.wine("hufu-key.exe", "info", "key")
        finally:
            card.kill()
            card.communicate(timeout=60)
            os.unlink(self.path("wrong.sock"))


if __name__ == "__main__":
    unittest.main()
