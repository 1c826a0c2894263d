#!/usr/bin/env python3
"""Flips one guard after another in a scratch copy of the tree and shows that the test named beside it turns red.

    tests/flip.py [--only WORD] [--scratch DIR] [--list]

Run by hand: each flip is a build and a test. The table is tests/flips.txt, a block a flip, empty lines between:

    R-SMS-1 a code is tried five times at most
    file: src/service/session.c
    - the line as it stands there, exactly once in the file
    + the line in its place (several - and + lines are taken together)
    file: …                (another place, where a guard stands twice: each file line begins one)
    test: unit NAME | api MODULE.CLASS.METHOD | script PATH
"""
import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Edit:
    def __init__(self, file):
        self.file, self.old, self.new = file, [], []

    def read(self, tree):
        """The file's text, in which the lines stand once."""
        with open(os.path.join(tree, self.file), encoding="utf-8") as f:
            text = f.read()
        count = text.count("\n".join(self.old))
        if count != 1:
            raise LookupError(f"{self.file} has {count} places like {self.old[0].strip()!r}")
        return text

    def apply(self, tree):
        """The file's text of before."""
        text = self.read(tree)
        with open(os.path.join(tree, self.file), "w", encoding="utf-8") as f:
            f.write(text.replace("\n".join(self.old), "\n".join(self.new)))
        return text


class Flip:
    def __init__(self, block, number):
        lines = block.split("\n")
        self.name, self.number = lines[0].strip(), number
        self.edits, self.test = [], None
        for line in lines[1:]:
            if line.startswith("file: "):
                self.edits.append(Edit(line[6:].strip()))
            elif line.startswith("test: "):
                self.test = line[6:].strip()
            elif line.startswith("- "):
                self.edits[-1].old.append(line[2:])
            elif line.startswith("+ "):
                self.edits[-1].new.append(line[2:])
            elif line.strip() not in ("", "+"):
                raise SystemExit(f"tests/flips.txt:{number}: {line!r}")
        if not (self.test and self.edits and all(e.old for e in self.edits)):
            raise SystemExit(f"tests/flips.txt:{number}: {self.name}: needs file, - and test")

    @property
    def files(self):
        return ", ".join(edit.file for edit in self.edits)


def read_flips():
    with open(os.path.join(ROOT, "tests/flips.txt"), encoding="utf-8") as f:
        lines = [line for line in f.read().split("\n") if not line.startswith("#")]
    blocks, number = "\n".join(lines).split("\n\n"), 0
    for block in blocks:
        if block.strip():
            number += 1
            yield Flip(block.strip("\n"), number)


class Scratch:
    """A copy of what is committed and changed here, built once."""

    def __init__(self, folder):
        self.tree, self.build = folder, os.path.join(folder, "build")
        os.makedirs(folder, exist_ok=True)
        files = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True,
                               check=True).stdout
        for name in files.decode().split("\0"):
            if os.path.isfile(os.path.join(ROOT, name)):
                self.copy(name)
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            self.run(["meson", "setup", self.build], check=True)
        self.run(["ninja", "-C", self.build], check=True)

    def copy(self, name):
        """Unless it is the same already, so that the build keeps what it has."""
        source, copy = os.path.join(ROOT, name), os.path.join(self.tree, name)
        if os.path.exists(copy) and filecmp.cmp(source, copy, shallow=False):
            return
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(source, copy)

    def run(self, command, check=False, **how):
        return subprocess.run(command, cwd=self.tree, capture_output=True, text=True, check=check, **how)

    def builds(self):
        done = self.run(["ninja", "-C", self.build])
        return done.returncode == 0, done.stdout[-2000:]

    def passes(self, test):
        kind, name = test.split(" ", 1)
        environment = dict(os.environ, HUFU_BUILD=self.build)
        if kind == "unit":
            done = self.run(["meson", "test", "-C", self.build, "--no-rebuild", *name.split()], env=environment)
        elif kind == "api":
            done = subprocess.run(["/usr/bin/python3", "-m", "unittest", *name.split()], env=environment,
                                  cwd=os.path.join(self.tree, "tests/api"), capture_output=True, text=True)
        else:
            done = self.run(name.split(), env=environment)
        return done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def flip_one(scratch, flip):
    """"red", or what went wrong."""
    before = []
    try:
        for edit in flip.edits:
            before.append((edit.file, edit.apply(scratch.tree)))
        good, words = scratch.builds()
        if not good:
            return "does not build:\n" + words
        green, words = scratch.passes(flip.test)
        return "STAYS GREEN" if green else "red"
    except (LookupError, FileNotFoundError) as e:
        return str(e)
    finally:
        for file, text in reversed(before):
            with open(os.path.join(scratch.tree, file), "w", encoding="utf-8") as f:
                f.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="flips with this word in their name, file or test")
    parser.add_argument("--scratch", help="folder of the copy, kept for the next time (default: a new one)")
    parser.add_argument("--list", action="store_true", help="only list them")
    options = parser.parse_args()
    flips = [f for f in read_flips() if options.only in f"{f.name} {f.files} {f.test}"]
    if options.list:
        for f in flips:
            print(f"{f.name}\n    {f.files}\n    {f.test}")
        return 0
    scratch = Scratch(options.scratch or tempfile.mkdtemp(prefix="hufu-flip-"))
    bad = 0
    for test in sorted({f.test for f in flips}):
        green, words = scratch.passes(test)
        if not green:
            bad += 1
            print(f"NOT GREEN BEFORE  {test}\n{words}", flush=True)
    for f in flips:
        told = flip_one(scratch, f)
        bad += told != "red"
        print(f"{'red' if told == 'red' else 'NO '}  {f.name}  [{f.test}]" + ("" if told == "red" else f"\n     {told}"), flush=True)
    scratch.builds()
    print(f"{len(flips)} flips, {bad} not as they should be")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
