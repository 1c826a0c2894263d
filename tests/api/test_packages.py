#!/usr/bin/env python3
"""script/package: what is in the packages, and that they install, run and go away. R-KEY-4"""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

from agent_bench import BUILD, Agent, Card, free_ports
from world import ROOT, wait_for

HOSTS = {"amd64": [], "arm64": ["qemu-aarch64-static", "-L"]}
AGENT_FILES = """/etc/chromium/policies/managed/hufu-agent.json /etc/hufu/agent.conf
/etc/opt/chrome/policies/managed/hufu-agent.json /etc/opt/edge/policies/managed/hufu-agent.json
/etc/xdg/autostart/hufu-agent.desktop /usr/lib/hufu/hufu-agent /usr/lib/hufu/hufu-agent-helper
/usr/lib/hufu/hufu-agent-window /usr/share/applications/hufu-agent.desktop /usr/share/doc/hufu-agent/changelog.gz
/usr/share/doc/hufu-agent/copyright /usr/share/hufu-agent/origins.list
/usr/share/icons/hicolor/scalable/apps/hufu-agent.svg /usr/share/man/man1/hufu-agent.1.gz
/usr/share/man/zh_CN/man1/hufu-agent.1.gz""".split()
PORTAL = "http://portal.localhost:8080"


def run(*command, **how):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **how)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hufu-packages-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.out = os.path.join(cls.folder, "dist")
        done = subprocess.run([os.path.join(ROOT, "script/package"), "--out", cls.out], capture_output=True, text=True,
                              timeout=850, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        cls.left_out = set(re.findall(r"^(\w+) is left out: ", done.stderr, re.M))
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
            cls.version = re.search(r"version: '([^']+)'", f.read())[1]

    def deb(self, package, arch):
        """The package's path; None where Debian 11 could not be had, which script/package has said."""
        path = os.path.join(self.out, f"hufu-{package}_{self.version}_{arch}.deb")
        if arch in self.left_out:
            self.assertFalse(os.path.exists(path))
            return None
        return path

    def unpacked(self, arch):
        folder = tempfile.mkdtemp(dir=self.folder)
        for package in "agent", "skf":
            run("dpkg-deb", "-x", self.deb(package, arch), folder)
        return folder

    def sysroot(self, arch):
        return os.path.join(ROOT, f"build-package/debian-bullseye-{arch}/root")

    # ---- content ----

    def test_r_key_4_contents_and_what_they_need(self):
        for arch in HOSTS:
            if not self.deb("agent", arch):
                continue
            listed = run("dpkg-deb", "-c", self.deb("agent", arch)).splitlines()
            files = sorted(line.split()[-1][1:] for line in listed if line.startswith("-"))
            self.assertEqual(files, sorted(AGENT_FILES))
            self.assertTrue(all(line.split()[1] == "root/root" for line in listed))
            told = run("dpkg-deb", "-f", self.deb("agent", arch))
            self.assertIn(f"Architecture: {arch}\n", told)
            skf = [line.split()[-1][1:] for line in run("dpkg-deb", "-c", self.deb("skf", arch)).splitlines()]
            self.assertIn("/usr/lib/hufu/libhufu-skf.so", skf)
            self.assertIn("/usr/bin/hufu-key", skf)
            self.check_needs(arch)

    def check_needs(self, arch):
        """Nothing newer than Debian 11's glibc, no OpenSSL; no toolkit but in the window."""
        folder = self.unpacked(arch)
        for base, _, names in os.walk(os.path.join(folder, "usr")):
            for name in names:
                path = os.path.join(base, name)
                with open(path, "rb") as f:
                    if f.read(4) != b"\x7fELF":
                        continue
                told = run("objdump", "-p", path)
                versions = [tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([0-9.]+)", told)]
                self.assertLessEqual(max(versions), (2, 31), name)
                needed = re.findall(r"NEEDED +(\S+)", told)
                self.assertFalse([n for n in needed if n.startswith(("libssl", "libcrypto"))], name)
                if name != "hufu-agent-window":
                    self.assertLessEqual(set(needed), {"libc.so.6", "libpthread.so.0", "libdl.so.2",
                                                       "ld-linux-aarch64.so.1"}, name)

    def test_sums_and_the_same_again(self):
        with open(os.path.join(self.out, "SHA256SUMS"), encoding="ascii") as f:
            sums = f.read()
        run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=self.out)
        self.assertEqual(len(sums.splitlines()), len([n for n in os.listdir(self.out) if n != "SHA256SUMS"]))
        again = os.path.join(self.folder, "again")
        run(os.path.join(ROOT, "script/package"), "--out", again, "--only", "amd64")
        for name in os.listdir(again):
            if name.endswith(".deb"):
                self.assertIn(run("sha256sum", name, cwd=again).split()[0], sums)

    def test_the_list_of_websites_is_the_demonstration_s_and_signed(self):
        if not self.deb("agent", "amd64"):
            return
        folder = self.unpacked("amd64")
        with open(os.path.join(folder, "etc/hufu/agent.conf"), encoding="utf-8") as f:
            key = re.search(r"^origin_list_key = ([0-9a-f]{128})$", f.read(), re.M)[1]
        with open(os.path.join(folder, "usr/share/hufu-agent/origins.list"), encoding="utf-8") as f:
            told = run(os.path.join(BUILD, "src/token/agent/hufu-agent-origins"), "check", key, stdin=f)
        self.assertEqual(told.split("\n")[0], PORTAL)
        with open(os.path.join(folder, "etc/chromium/policies/managed/hufu-agent.json"), encoding="utf-8") as f:
            policy = json.load(f)
        self.assertIn(PORTAL, policy["LoopbackNetworkAllowedForUrls"])

    # ---- installed ----

    def in_overlay(self, script):
        """Runs SCRIPT as root of a copy of this machine that is thrown away."""
        prepare = f"""set -e
mount -t tmpfs none {self.folder}
mkdir {self.folder}/changes {self.folder}/work {self.folder}/root
mount -t overlay overlay -o lowerdir=/,upperdir={self.folder}/changes,workdir={self.folder}/work {self.folder}/root
mount -t proc none {self.folder}/root/proc
mount --bind /dev {self.folder}/root/dev
mkdir -p {self.folder}/root/packages
mount --bind /proc/self/fd/9/. {self.folder}/root/packages
exec chroot {self.folder}/root bash -ec "$1"
"""
        return run("unshare", "-m", "-p", "--fork", "bash", "-c", f"exec 9<{self.out}; {prepare}", "bash", script)

    def test_r_key_4_installs_upgrades_and_goes(self):
        if not self.deb("agent", "amd64"):
            return
        port = free_ports(1)[0]
        told = self.in_overlay(f"""
            export HOME=/root DEBIAN_FRONTEND=noninteractive
            cd /packages
            dpkg -i hufu-skf_{self.version}_amd64.deb hufu-agent_{self.version}_amd64.deb >/dev/null
            ! test -e /root/.local/state/hufu-agent
            sed -i 's/^port = .*/port = {port}/' /etc/hufu/agent.conf
            # as the session does at login
            $(sed -n 's/^Exec=//p' /etc/xdg/autostart/hufu-agent.desktop) 2>/tmp/agent.log &
            for i in $(seq 100); do grep -q ready /tmp/agent.log && break; sleep 0.1; done
            grep -o 'libraries=1 origins=3' /tmp/agent.log
            curl -s -X POST -H 'Content-Type: application/json' -H 'Origin: {PORTAL}' -d '{{}}' \\
                http://127.0.0.1:{port}/v1/hello; echo
            /usr/lib/hufu/hufu-agent --help 2>&1 | head -1
            man -l /usr/share/man/zh_CN/man1/hufu-agent.1.gz 2>/dev/null | head -3 >/dev/null
            # again, as an upgrade: what the administrator changed stays, the running one ends
            dpkg -i hufu-agent_{self.version}_amd64.deb >/dev/null
            grep -c 'port = {port}' /etc/hufu/agent.conf
            pgrep -x hufu-agent || echo ended
            dpkg -r hufu-agent >/dev/null; test -e /etc/hufu/agent.conf; ! test -e /usr/lib/hufu/hufu-agent
            dpkg -P hufu-agent hufu-skf >/dev/null
            find / -xdev -newer /packages -name '*hufu*' -not -path '/root/*' -not -path '/proc/*' -not -path '/tmp/*' \\
                -not -path '/packages/*' -not -path '/var/*' 2>/dev/null | wc -l
            find /etc/hufu /usr/lib/hufu /usr/share/hufu-agent /etc/xdg/autostart/hufu-agent.desktop 2>/dev/null | wc -l
        """)
        self.assertEqual(told.splitlines(), [
            "libraries=1 origins=3", '{"agent":"1.0","protocol":"1","paired":false,"pin":"window"}',
            "usage: hufu-agent --config FILE [--insecure-dev] [-t]", "1", "ended", "0", "0"])

    # ---- other machines ----

    def test_r_key_4_arm64_runs(self):
        if not self.deb("agent", "arm64"):
            return
        folder = self.unpacked("arm64")
        programs = os.path.join(folder, "usr/lib/hufu")
        emulator = ["qemu-aarch64-static", "-L", self.sysroot("arm64")]
        with Agent(prefix=emulator, program=os.path.join(programs, "hufu-agent")) as agent:
            page = agent.page("https://portal.example")
            self.assertEqual(page.tell("hello")["protocol"], "1")
        card = Card(self.folder, "HF00000041")
        self.addCleanup(card.pull)
        helper = subprocess.Popen([*emulator, os.path.join(programs, "hufu-agent-helper"),
                                   os.path.join(programs, "libhufu-skf.so")], stdin=(pair := socket.socketpair())[1],
                                  stdout=pair[1], env=dict(os.environ, HUFU_USBKEYS=card.usbkeys))
        pair[1].close()
        with pair[0] as agent:
            agent.settimeout(60)
            agent.sendall(struct.pack(">IB", 1, 1))  # HELPER_LIST
            length, code = struct.unpack(">II", agent.recv(8, socket.MSG_WAITALL))
            rest = agent.recv(length - 4, socket.MSG_WAITALL)
        helper.wait(60)
        self.assertEqual(code, 0)
        self.assertIn(b"HF00000041", rest)

    def test_r_key_4_windows_installs_runs_and_goes(self):
        installer = os.path.join(self.out, f"hufu-agent_{self.version}_windows.exe")
        if "windows" in self.left_out:
            self.assertFalse(os.path.exists(installer))
            return
        prefix = os.path.join(self.folder, "wine")
        environment = dict(os.environ, WINEPREFIX=prefix, WINEDEBUG="-all", WINEDLLOVERRIDES="mscoree=;mshtml=")
        environment.pop("DISPLAY", None)
        self.addCleanup(subprocess.run, ["wineserver", "-k"], env=environment, check=False)
        installed = os.path.join(prefix, "drive_c/Program Files/Hufu")
        run("wine", installer, "/S", env=environment)
        wait_for("the files", lambda: os.path.exists(os.path.join(installed, "uninstall-agent.exe")))
        self.assertEqual(sorted(os.listdir(installed)), sorted(
            ["agent.conf", "copyright.txt", "hufu-agent-helper.exe", "hufu-agent-window.exe", "hufu-agent.exe", "origins.list",
             "uninstall-agent.exe"]))
        told = run("wine", "reg", "query", r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run", "/v", "hufu-agent",
                   env=environment)
        self.assertIn(r'"C:\Program Files\Hufu\hufu-agent.exe" --config', told)
        policy = run("wine", "reg", "query", r"HKLM\Software\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls",
                     env=environment)
        self.assertIn(PORTAL, policy)
        with Agent(prefix=["wine"], program=os.path.join(installed, "hufu-agent.exe"), environment=environment) as agent:
            self.assertEqual(agent.page("https://portal.example").tell("keys")["keys"], [])
            run("wine", os.path.join(installed, "uninstall-agent.exe"), "/S", env=environment)
            wait_for("the files' end", lambda: not os.path.exists(os.path.join(installed, "hufu-agent.exe")))
        done = subprocess.run(["wine", "reg", "query", r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run", "/v",
                               "hufu-agent"], env=environment, capture_output=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
