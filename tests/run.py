#!/usr/bin/env python3
"""Runs every test and tells of each rule (R-…) whether it was shown.

    tests/run.py [--build DIR] [--faults DIR] [--jobs N] [--only PART]… [--again] [--list] [--json FILE]

A job is one program: a unit test of meson, or a file of tests in Python. Its cases are what it runs: functions of cmocka,
methods of unittest, titles of Playwright; a line "note: …" that it prints is told. A case shows the rules that its name
(r_apply_3_…), the comment before or the text within it names. tests/rules.txt lists the rules that must be shown: one that
no case shows has failed.
The last line is "N passed, N failed, N skipped", in cases; the exit status is 0 only if none failed and none was skipped.
"""
import argparse
import ctypes
import glob
import importlib.util
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RULE = re.compile(r"\bR-([A-Z]+)-(\d+)")
RULES_TOO = re.compile(r"\bR-([A-Z]+)-(\d+)((?:, ?\d+)+)")  # "R-APPLY-1, 2"
RULE_NAME = re.compile(r"(?:^|_)r_([a-z]+)_(\d+)(?=_|$)")
PYTHON_PATIENCE_S, SUBREAPER, BURY_S = 900, 36, 0.5
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def rules_of(name, text):
    found = {f"R-{a.upper()}-{n}" for a, n in RULE_NAME.findall(name.lower())} | {f"R-{a}-{n}" for a, n in RULE.findall(text)}
    for area, _, more in RULES_TOO.findall(text):
        found |= {f"R-{area}-{n}" for n in re.findall(r"\d+", more)}
    return found


class Case:
    def __init__(self, name, state, words="", rules=()):
        self.name, self.state, self.words, self.rules = name, state, words, set(rules)


class Job:
    """One program. run() gives its cases; HEAVY ones keep a whole installation running."""
    patience_s, heavy = 60, False

    def __init__(self, name):
        self.name, self.cases, self.notes, self.seconds = name, [], [], 0.0

    def command(self):
        raise NotImplementedError

    def read(self, output, status):
        raise NotImplementedError

    def run(self, environment):
        began = time.monotonic()
        process = subprocess.Popen(self.command(), cwd=self.folder(), env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, status = process.communicate(timeout=self.patience_s)[0].decode(errors="replace"), process.returncode
            self.cases = self.read(output, status)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0].decode(errors="replace")
            self.cases = [c for c in self.read(output, 0) if c.state != FAILED or c.words]
            self.cases.append(Case("ends in time", FAILED, f"it took more than {self.patience_s} s\n{output[-3000:]}"))
        self.seconds = time.monotonic() - began

    def folder(self):
        return ROOT


# ---- unit tests of meson ----

def functions_of(folder):
    """name → text of every function in the C files of FOLDER, the comment before it included."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*.c")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        head = re.compile(r"((?:/\*(?:[^*]|\*(?!/))*\*/\s*)?)^(?:static )?\w[\w \*]*?\b(\w+)\(void \*\*\w+\)\s*^\{(.*?)^\}",
                          re.S | re.M)
        for comment, name, body in head.findall(text):
            found[name] = comment + body
    return found


class Meson(Job):
    def __init__(self, told, build):
        super().__init__(f"unit/{told['name']}")
        self.told, self.build = told, build
        self.patience_s = 2 * (told["timeout"] or 600)

    def command(self):
        return self.told["cmd"]

    def folder(self):
        return self.told["workdir"] or self.build

    def run(self, environment):
        super().run({**environment, **(self.told["env"] if isinstance(self.told["env"], dict) else {})})

    def sources(self):
        """The folder of the program's sources: the build folder has the same shape as the checkout."""
        for part in self.told["cmd"]:
            path = os.path.relpath(part, self.build)
            if path.startswith("tests/unit"):
                return os.path.join(ROOT, os.path.dirname(path))
        return None

    def read(self, output, status):
        functions = functions_of(self.sources()) if self.sources() else {}
        cases = {}
        # "[ RUN      ] sqlite: name", what it said, "[       OK ] sqlite: name"
        parts = re.split(r"^\[ RUN      \] ((?:\w+: )?\w+)$", output, flags=re.M)
        for title, said in zip(parts[1::2], parts[2::2]):
            ended = re.findall(rf"^\[ +(OK|FAILED|SKIPPED) +\] {title}$", said, re.M)
            state = {"OK": PASSED, "SKIPPED": SKIPPED}.get(ended[0], FAILED) if ended else FAILED
            name = title.split(": ")[-1]
            cases[title] = Case(title, state, said[-6000:] if state == FAILED else "",
                                rules_of(name, functions.get(name, "")))
        listed = list(cases.values())
        if not listed:  # a program that is one case
            listed.append(Case(self.told["name"], PASSED if status == 0 else SKIPPED if status == 77 else FAILED,
                               output[-6000:], rules_of("", self.text())))
        elif status != 0 and all(c.state != FAILED for c in listed):
            listed.append(Case("ends well", FAILED, f"exit status {status}\n{output[-6000:]}"))
        return listed

    def text(self):
        for part in self.told["cmd"]:
            if part.endswith(".py") and os.path.exists(part):
                with open(part, encoding="utf-8") as f:
                    return f.read()
        return ""


# ---- files of tests in Python ----

class Python(Job):
    patience_s = PYTHON_PATIENCE_S

    def __init__(self, path):
        super().__init__(os.path.relpath(path, os.path.join(ROOT, "tests")).removesuffix(".py"))
        self.path = path
        with open(path, encoding="utf-8") as f:
            self.heavy = "world" in f.read()

    def command(self):
        return [sys.executable, os.path.abspath(__file__), "--unittest", self.path]

    def read(self, output, status):
        cases, rest = [], []
        for line in output.split("\n"):  # splitlines would take the mark for an end
            if line.startswith("\x1e"):
                told = json.loads(line[1:])
                cases.append(Case(told["name"], told["state"], told["words"], told["rules"]))
            else:
                rest.append(line)
        self.notes = [line for line in rest if line.startswith("note: ")]
        if status not in (0, 1) or not cases:
            cases.append(Case("ends well", FAILED, f"exit status {status}\n" + "\n".join(rest)[-6000:]))
        for case in cases:
            if case.state == FAILED:
                case.words += "\n".join(rest)[-2000:]
        return cases


class Told(unittest.TestResult):
    """Writes one line of JSON for each case, marked so that what the tests print is told apart."""

    def tell(self, test, state, words=""):
        holder = test if hasattr(test, "_testMethodName") else None
        text = ""
        if holder:
            import inspect
            method = getattr(holder, holder._testMethodName)
            text = inspect.getsource(method) + (inspect.getdoc(type(holder)) or "")
        name = test.id().removeprefix("case.")
        print("\x1e" + json.dumps({"name": name, "state": state, "words": words, "rules": sorted(rules_of(name, text))}),
              flush=True)

    def addSuccess(self, test):
        self.tell(test, PASSED)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, FAILED, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, FAILED, self.errors[-1][1])

    def addSkip(self, test, reason):
        self.tell(test, SKIPPED, reason)

    def addExpectedFailure(self, test, err):
        self.tell(test, FAILED, "an expected failure is no test")

    def addUnexpectedSuccess(self, test):
        self.tell(test, FAILED, "an expected failure is no test")

    def addSubTest(self, test, subtest, err):
        if err:
            self.failures.append((subtest, self._exc_info_to_string(err, test)))
            self.tell(test, FAILED, f"{subtest}\n{self.failures[-1][1]}")


def run_unittest(path):
    """Under its own name where that is one, so that processes which a test spawns find it too."""
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    result = Told()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    return 0 if result.wasSuccessful() else 1


# ---- tests in the browser ----

class Node(Job):
    """A program that prints TAP (node --test --test-reporter=tap): one case a line "ok 1 - title"."""
    patience_s, heavy = PYTHON_PATIENCE_S, True

    def __init__(self, path):
        super().__init__(os.path.relpath(path, os.path.join(ROOT, "tests")))
        self.path = path

    def command(self):
        return ["node", "--test", "--test-reporter=tap", self.path]

    def read(self, output, status):
        cases = []
        for found in re.finditer(r"^( *)(not )?ok \d+ - ([^\n#]*?)\s*(# .*)?$", output, re.M):
            indent, bad, title, mark = found.groups()
            if title.endswith((".mjs", ".js")):
                continue  # the file as a whole
            state = SKIPPED if mark else FAILED if bad else PASSED
            why = output[found.start():].partition(f"\n{indent}  ...\n")[0]  # what TAP says of it
            cases.append(Case(title, state, why[:6000] if state == FAILED else "", rules_of("", title)))
        if status != 0 and all(c.state != FAILED for c in cases) or not cases:
            cases.append(Case("ends well", FAILED, f"exit status {status}\n{output[-6000:]}"))
        return cases


# ---- what is there ----

def discover(build):
    jobs = [Python(os.path.join(ROOT, "tests", name)) for name in ("lint.py", "include-graph.py")]
    told = subprocess.run(["meson", "introspect", build, "--tests"], capture_output=True, check=True).stdout
    jobs += [Meson(test, build) for test in json.loads(told)]
    jobs += [Python(path) for path in glob.glob(os.path.join(ROOT, "tests/api/test_*.py"))]
    jobs += [Node(path) for path in glob.glob(os.path.join(ROOT, "tests/ui/*.test.mjs"))]
    # The longest first, so that none of them is what everybody waits for at the end.
    return sorted(jobs, key=lambda job: (not job.heavy, -job.patience_s, job.name))


def rules_to_show():
    with open(os.path.join(ROOT, "tests/rules.txt"), encoding="utf-8") as f:
        return [line.split()[0] for line in f if line.strip() and not line.startswith("#")]


# ---- what must hold of the whole ----

def tree():
    told = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout if told.returncode == 0 else None


def our_children():
    """pid, name, state and session of each."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                name, rest = re.fullmatch(r"\d+ \((.*)\) (.*)", f.read().strip(), re.S).groups()
        except (OSError, AttributeError):
            continue
        state, parent, _, session = rest.split()[:4]
        if int(parent) == os.getpid():
            yield int(path.split("/")[2]), name, state, int(session)


def left_running():
    """Processes that tests left behind: they have become ours, and are ended."""
    left = []
    for pid, name, state, _ in our_children():
        if state != "Z":
            left.append(name)
            os.kill(pid, signal.SIGKILL)
    return left


def bury():
    """Orphans that have ended are gone at once, as init would have it: tests look whether a process is there. Those that
    lead a session are our jobs, and waited for elsewhere."""
    while True:
        for pid, _, state, session in our_children():
            if state == "Z" and session != pid:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
        time.sleep(BURY_S)


class Whole(Job):
    def __init__(self, cases):
        super().__init__("whole")
        self.cases = cases


# ---- running ----

def say(job):
    bad = [c for c in job.cases if c.state != PASSED]
    word = "failed" if any(c.state == FAILED for c in bad) else "skipped" if bad else "ok"
    print("\n    ".join([f"{word:8}{job.name:40}{len(job.cases):4} cases {job.seconds:7.1f} s", *job.notes]), flush=True)
    for case in bad:
        print(f"    {case.state}: {case.name}")
        print("        " + case.words.strip().replace("\n", "\n        "), flush=True)


def run_all(jobs, count, environment):
    waiting, lock = queue.SimpleQueue(), threading.Lock()
    for job in jobs:
        waiting.put(job)

    def work():
        while True:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            job.run(environment)
            with lock:
                say(job)

    workers = [threading.Thread(target=work) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def run_again(jobs, environment):
    """A machine that is busy with something else makes tests of whole installations fail; a fault in the code stays. What
    passed only now is named, since it is unsteady."""
    bad = [job for job in jobs if any(c.state == FAILED for c in job.cases)]
    if not bad:
        return
    print("\nOnce more, one at a time", flush=True)
    run_all(bad, 1, environment)
    steady = [job.name for job in bad if all(c.state != FAILED for c in job.cases)]
    print(f"Passed at the second try only: {', '.join(steady) or 'none'}", flush=True)


def table(jobs, must):
    """rule → state over all cases that show it; None: no case does."""
    states = {rule: None for rule in must}
    order = [SKIPPED, PASSED, FAILED]
    for case in (c for job in jobs for c in job.cases):
        for rule in case.rules:
            states[rule] = max(states.get(rule) or SKIPPED, case.state, key=order.index)
    return states


def print_rules(states, must):
    print("\nRules")
    for rule in sorted(states, key=lambda r: (r.split("-")[1], int(r.split("-")[2]))):
        print(f"  {rule:12} {states[rule] or 'failed: no test shows it'}{'' if rule in must else '  (beyond what must be shown)'}")


def main():
    parser = argparse.ArgumentParser(description="runs every test")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--faults", default=os.path.join(ROOT, "build-faults"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", default=[], help="jobs with this in their name")
    parser.add_argument("--again", action="store_true", help="run failed jobs once more, one at a time, and say so")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--json", help="the outcome as JSON into this file")
    parser.add_argument("--unittest", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.unittest:
        return run_unittest(options.unittest)
    jobs = [j for j in discover(os.path.abspath(options.build)) if not options.only or any(o in j.name for o in options.only)]
    if options.list:
        print("\n".join(job.name for job in jobs))
        return 0
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    threading.Thread(target=bury, daemon=True).start()
    environment = {**os.environ, "HUFU_BUILD": os.path.abspath(options.build),
                   "HUFU_BUILD_FAULTS": os.path.abspath(options.faults)}
    before, began = tree(), time.monotonic()
    run_all(jobs, options.jobs, environment)
    if options.again:
        run_again(jobs, environment)
    left = left_running()
    whole = [Case("nothing keeps running", FAILED if left else PASSED, ", ".join(left)),
             Case("the tree is clean afterwards", PASSED if tree() == before else FAILED, tree() or "")]
    must = [] if options.only else rules_to_show()
    states = table(jobs, must)
    played = {rule for job in jobs if job.name.startswith(("api/", "ui/")) for case in job.cases for rule in case.rules}
    whole += [Case(f"{rule} is shown by a test", FAILED, "none of tests/api and tests/ui names it")
              for rule in must if rule not in played]
    jobs.append(Whole(whole))
    say(jobs[-1])
    print_rules(states, set(must))
    cases = [c for job in jobs for c in job.cases]
    count = {state: sum(c.state == state for c in cases) for state in (PASSED, FAILED, SKIPPED)}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump({"rules": states, **count, "seconds": time.monotonic() - began,
                       "cases": [{"job": j.name, "name": c.name, "state": c.state, "rules": sorted(c.rules)}
                                 for j in jobs for c in j.cases]}, f, indent=1)
    print(f"\n{len(jobs)} jobs in {time.monotonic() - began:.0f} s")
    print(f"{count[PASSED]} passed, {count[FAILED]} failed, {count[SKIPPED]} skipped")
    return 0 if count[FAILED] == count[SKIPPED] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
