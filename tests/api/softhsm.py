"""A token of SoftHSM with the keys of a CA on P-256, in a folder of its own."""
import os
import subprocess
import tempfile

from world import build_folder

PIN, LABEL = "246813", "hufu-ca"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def run(*command, **how):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60, **how)


class Token:
    """A token of SoftHSM with three keys, and the library that gives trouble in front of it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hufu-hsm-")
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.write("pin", PIN + "\n")
        self.trouble("none")
        self.softhsm("--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", PIN)
        for number, name in enumerate(("root", "issuing", "ocsp"), 1):
            made = run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", check=True).stdout
            self.write("key.pem", made)
            self.softhsm("--import", self.path("key.pem"), "--token", LABEL, "--label", name, "--id", f"{number:02}", "--pin", PIN)
        os.unlink(self.path("key.pem"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(text)

    def softhsm(self, *arguments):
        run("softhsm2-util", *arguments, check=True, env=dict(os.environ, SOFTHSM2_CONF=self.path("softhsm2.conf")))

    def trouble(self, what):
        self.write("trouble.new", what)
        os.rename(self.path("trouble.new"), self.path("trouble"))

    def logins(self):
        return os.path.getsize(self.path("logins"))

    def section(self):
        variables = {"SOFTHSM2_CONF": self.path("softhsm2.conf"), "PKCS11_REAL": SOFTHSM,
                     "PKCS11_TROUBLE": self.path("trouble"), "PKCS11_LOGINS": self.path("logins")}
        return "\n".join(["[hsm]", f"module = {build_folder()}/tests/outside/libpkcs11-trouble.so", f"token = {LABEL}",
                          f"pin_file = {self.path('pin')}", "root_key = root", "issuing_key = issuing", "ocsp_key = ocsp",
                          "variables = " + " ".join(f"{k}={v}" for k, v in variables.items()), f"writes = {self.folder}",
                          "call_seconds = 2", ""])
