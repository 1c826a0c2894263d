"""Scripts of `hufu ceremony`, written and run: for whoever tests ceremonies."""
import hashlib
import json
import os
import subprocess
import time

from world import build_folder

HUFU = os.path.join(build_folder(), "src/cli/hufu")
IDENTITY = "distid:1234567812345678"
DAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))


def sm3(path):
    with open(path, "rb") as f:
        return hashlib.new("sm3", f.read()).hexdigest()


def openssl(*arguments, **how):
    return subprocess.run(["openssl", *arguments], capture_output=True, timeout=30, **how)


class Scripts:
    """PLACE is the test's folder; USBKEYS where the driver looks."""
    place = usbkeys = None
    root_folder = "root-2026"

    @classmethod
    def path(cls, name):
        return os.path.join(cls.place, name)

    @classmethod
    def script(cls, name, fields):
        """FIELDS by section; a value None leaves the line out."""
        lines = []
        for section, pairs in fields.items():
            lines += [f"[{section}]"] + [f"{k} = {v}" for k, v in pairs.items() if v is not None]
        with open(cls.path(name), "w") as f:
            f.write("\n".join(lines) + "\n")

    @classmethod
    def root(cls, **other):
        common = {"kind": "root", "title": "某省国资CA 根密钥生成", "people": "王一主持，李二见证", "folder": "root-2026"}
        own = {"organization": "某省国资委", "common_name": "某省国资CA 根", "not_before": DAY, "years": 30, "threshold": 2,
               "custodian_1": "赵三", "custodian_2": "钱四", "custodian_3": "孙五"}
        return {"ceremony": {k: other.pop(k, v) for k, v in common.items()}, "root": {**own, **other}}

    @classmethod
    def certificate(cls, **other):
        common = {"kind": "certificate", "title": "签发", "people": "王一", "folder": "issuing-2026"}
        own = {"profile": "issuing-ca", "root": "root-2026", "opened_by": "1,3", "request": "issuing.csr",
               "request_sm3": sm3(cls.path("issuing.csr")), "organization": "某省国资委", "common_name": "某省国资CA 签发",
               "not_before": DAY, "years": 20, "crl_url": "http://status.example.cn/crl/root.crl"}
        return {"ceremony": {k: other.pop(k, v) for k, v in common.items()}, "certificate": {**own, **other}}

    @classmethod
    def crl(cls, **other):
        common = {"kind": "crl", "title": "根吊销列表", "people": "王一", "folder": "crl-1"}
        own = {"root": "root-2026", "opened_by": "2,3", "number": 1, "this_update": DAY, "days": 366,
               "revoked_1": f"{cls.serial} | {DAY} | cACompromise"}
        return {"ceremony": {k: other.pop(k, v) for k, v in common.items()}, "crl": {**own, **other}}

    @classmethod
    def request(cls, name, subject):
        key = cls.path(name + ".pem")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", key, check=True)
        openssl("req", "-new", "-utf8", "-key", key, "-subj", subject, "-sm3", "-sigopt", IDENTITY, "-outform", "DER",
                "-out", cls.path(name + ".csr"), check=True)

    @classmethod
    def ceremony(cls, *arguments, secrets=()):
        read, write = os.pipe()
        os.write(write, "\n".join(secrets).encode())
        os.close(write)
        try:
            given = ["--passphrase-fd", str(read)] if secrets else []
            return subprocess.run([HUFU, "ceremony", *given, *arguments], text=True, pass_fds=[read], capture_output=True,
                                  timeout=60, stdin=subprocess.DEVNULL, start_new_session=True,
                                  env=dict(os.environ, LC_ALL="C.UTF-8", HUFU_USBKEYS=cls.usbkeys or cls.place))
        finally:
            os.close(read)

    @classmethod
    def done(cls, name, *secrets):
        ran = cls.ceremony("--perform", "--json", cls.path(name), secrets=secrets)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    def refused(self, fields, words, *secrets, name="refused", perform=False):
        """Nothing is there that was not there before."""
        fields["ceremony"]["folder"] = "refused-2026"
        self.script(name, fields)
        before = sorted(os.listdir(self.place))
        ran = self.ceremony(*(["--perform"] if perform else []), self.path(name), secrets=secrets)
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn(words, ran.stderr)
        self.assertEqual(sorted(os.listdir(self.place)), before)
