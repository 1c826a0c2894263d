#!/usr/bin/python3
"""Figures, each beside a named peer measured in the same run on the same machine.

    bench/run.py [--quick] [--json FILE] [--only crypto|signer|api|paths|office]…

crypto  our SM2, SM3, SM4 beside `openssl speed`, on one core, by the processor's time
signer  pairs issued with and without OCSP answers being made beside; how soon a revocation is seen meanwhile
api     reads by 32 connections (wrk) beside nginx with a static file of the same answer
paths   `hufu demo --count 200 --clients 16`: whole certificates a second, and where the time goes
office  the console over 100,000 of each (--rows), on SQLite and PostgreSQL, beside a plain scan by LIKE
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests/api"))
BUILD = os.environ.setdefault("HUFU_BUILD", os.path.join(ROOT, "build"))

AREAS = ["crypto", "signer", "api", "paths", "office"]
CONNECTIONS = 32
# Of `openssl speed -mr`: where the figure stands, and what to ask.
OPENSSL = {
    "SM2 sign": (["sm2"], r"^\+F7:\d+:256:CurveSM2:([\d.]+):", 1),
    "SM2 verify": (["sm2"], r"^\+F7:\d+:256:CurveSM2:[\d.]+:([\d.]+)", 1),
    "SM3, 16 KiB": (["-bytes", "16384", "-evp", "sm3"], r"^\+F:\d+:sm3:([\d.]+)", 16384),
    "SM4-CTR, 16 KiB": (["-bytes", "16384", "-evp", "sm4-ctr"], r"^\+F:\d+:SM4-CTR:([\d.]+)", 16384),
}
OURS = {"SM2 sign": "sm2-sign", "SM2 verify": "sm2-verify", "SM2 encrypt": "sm2-encrypt", "SM2 decrypt": "sm2-decrypt",
        "SM3, 16 KiB": "sm3-16k", "SM4-CTR, 16 KiB": "sm4-ctr-16k"}


def run(*command, **how):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, **how).stdout


class Table:
    def __init__(self):
        self.rows = []

    def add(self, area, what, unit, ours, peer=None, theirs=None, less_is_better=False):
        ratio = None if not theirs else theirs / ours if less_is_better else ours / theirs
        self.rows.append({"area": area, "what": what, "unit": unit, "ours": ours, "peer": peer, "theirs": theirs,
                          "ratio": ratio})

    def title(self, words):
        """Of what follows."""
        self.rows.append({"title": words})

    def show(self):
        print(f"\n{'':34}{'Hufu':>12}  {'':8}{'peer':>12}  {'':22}{'ratio':>8}")
        for row in self.rows:
            if "title" in row:
                print(row["title"])
                continue
            theirs = f"{row['theirs']:12,.1f}" if row["theirs"] else " " * 12
            ratio = f"{row['ratio']:8.2f}" if row["ratio"] else ""
            print(f"{row['what']:34}{row['ours']:12,.1f}  {row['unit']:8}{theirs}  {row['peer'] or '':22}{ratio}")
        print("\nratio: how many times better Hufu is (above 1) or how much worse (below 1)")


# ---- crypto ----

def crypto(table, seconds):
    ours = dict(line.split() for line in run(os.path.join(BUILD, "bench/bench-crypto"), seconds).splitlines())
    version = "openssl " + run("openssl", "version").split()[1]
    told = {}
    for what, name in OURS.items():
        peer, theirs = None, None
        if what in OPENSSL:
            arguments, pattern, divisor = OPENSSL[what]
            key = tuple(arguments)
            if key not in told:
                told[key] = run("openssl", "speed", "-mr", "-seconds", int(max(1, seconds)), *arguments)
            found = re.search(pattern, told[key], re.M)
            peer, theirs = version, float(found[1]) / divisor
        table.add("crypto", what, "/s", float(ours[name]), peer, theirs)


# ---- reads ----

def wrk(url, seconds, headers):
    """Requests a second, p50 and p99 in ms; anything but 200 is a failure."""
    more = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    said = run("wrk", "-t2", f"-c{CONNECTIONS}", f"-d{int(seconds)}s", "--latency", *more, url)
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk {url}: {said}")
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}

    def share(percent):
        number, name = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s)$", said, re.M).groups()
        return float(number) * unit[name]
    return float(re.search(r"Requests/sec: +([\d.]+)", said)[1]), share(50), share(99)


class Nginx:
    """The peer: as many workers as cores, one static file."""

    def __init__(self, port, content):
        self.folder = tempfile.mkdtemp(prefix="hufu-bench-")
        os.chmod(self.folder, 0o755)
        with open(os.path.join(self.folder, "answer"), "wb") as f:
            f.write(content)
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"daemon off; master_process on; worker_processes auto; pid {self.folder}/pid;\n"
                    f"error_log {self.folder}/error.log; events {{ worker_connections 1024; }}\n"
                    f"http {{ access_log off; default_type application/json;\n"
                    f"server {{ listen 127.0.0.1:{port}; root {self.folder}; }} }}\n")
        self.url = f"http://127.0.0.1:{port}/answer"
        self.process = subprocess.Popen(["nginx", "-c", conf, "-e", f"{self.folder}/error.log"])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def read(table, world, what, path, page, seconds):
    from world import free_ports, wait_for
    import urllib.request
    host = page.origin.split("://")[1]
    port = host.split(":")[1]
    headers = {"Host": host}
    if page.cookies:
        headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in page.cookies.items())
    url = f"http://127.0.0.1:{port}/api/v1/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        content = answer.read()
    nginx = Nginx(free_ports(1)[0], content)

    def answers():
        try:
            return urllib.request.urlopen(nginx.url).status == 200
        except OSError:
            return False
    try:
        wait_for("nginx", answers)
        ours, theirs = wrk(url, seconds, headers), wrk(nginx.url, seconds, {})
    finally:
        nginx.stop()
    table.add("api", f"{what}, reads", "/s", ours[0], "nginx, static file", theirs[0])
    for name, at in (("p50", 1), ("p99", 2)):
        table.add("api", f"{what}, {name}", "ms", ours[at], "nginx, static file", theirs[at], less_is_better=True)


def api(table, world, seconds):
    from page import Page
    from walk import Staff, Walk
    stranger = Page(world.address("portal"))
    holder = Walk(world, Staff(world)).to("submit").portal
    read(table, world, "tariff", "tariff", stranger, seconds)
    read(table, world, "own applications", "applications", holder, seconds)


# ---- the signer ----

def signer(table, count):
    """By the program that speaks to it as web does; in /tmp, so that its disk is the one that is measured."""
    load, signed_by = (os.path.join(BUILD, name) for name in ("tests/takeover/signer-load", "src/signer/hufu-signer"))
    program = [load, signed_by, count, 32, "/tmp"]
    quiet, told = run(*program, "quiet"), run(*program)
    issued = r"pairs issued ([\d.]+)/s"
    table.add("signer", "pairs issued, 32 at a time", "/s", float(re.search(issued, told)[1]), "without OCSP answers",
              float(re.search(issued, quiet)[1]))
    seen = re.search(r"at most ([\d.]+) ms by OCSP, ([\d.]+) ms in the list", told)
    table.add("signer", "revocation seen by OCSP, longest", "ms", float(seen[1]))
    table.add("signer", "revocation seen in list, longest", "ms", float(seen[2]))
    start = re.search(r"start with (\d+) records ([\d.]+) s", told)
    table.add("signer", f"start with {start[1]} records", "ms", float(start[2]) * 1000)


# ---- whole paths ----

def paths(table, world, count, clients):
    told = json.loads(world.run("demo", "--folder", world.folder, "--count", count, "--clients", clients, "--json",
                                timeout=3600).stdout)
    table.add("paths", f"whole paths, {clients} at a time", "/s", told["paths_per_second"])
    table.add("paths", "whole path, p50", "ms", told["p50_ms"])
    table.add("paths", "whole path, p99", "ms", told["p99_ms"])
    return sorted(told["steps"], key=lambda s: -s["share"])


def show_steps(steps):
    print(f"\nWhere the time of a path goes\n{'':34}{'share':>8}{'p50 ms':>10}{'p99 ms':>10}")
    for step in steps[:12]:
        print(f"{step['id']:34}{step['share'] * 100:7.1f}%{step['p50_ms']:10.1f}{step['p99_ms']:10.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short and rough")
    parser.add_argument("--json", help="the figures as JSON into this file")
    parser.add_argument("--only", action="append", choices=AREAS)
    parser.add_argument("--rows", type=int, default=100_000, help="of each in office")
    options = parser.parse_args()
    areas, seconds = options.only or AREAS, 1 if options.quick else 5
    table, steps = Table(), []
    if "crypto" in areas:
        crypto(table, seconds)
    if "signer" in areas:
        signer(table, 500 if options.quick else 5000)
    if {"api", "paths"} & set(areas):
        from world import World
        with World() as world:
            if "api" in areas:
                api(table, world, seconds)
            if "paths" in areas:
                steps = paths(table, world, *((20, 4) if options.quick else (200, 16)))
    if "office" in areas:
        from office import office
        office(table, 5000 if options.quick else options.rows)
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        processor = re.search(r"model name\s*: (.*)", f.read())
    print(f"{os.cpu_count()} cores, {processor[1] if processor else 'unknown processor'}; load before: "
          f"{os.getloadavg()[2]:.1f}")
    table.show()
    if steps:
        show_steps(steps)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump({"figures": table.rows, "steps": steps}, f, indent=1)


main()
