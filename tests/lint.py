#!/usr/bin/env python3
"""House style, as far as a program can see it (STYLE.md). An exception stands in its line: /* lint: RULE, why */."""
import os
import re
import subprocess
import unittest

import flip

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS_MAX, COLUMNS_MAX_TESTS, FUNCTION_MAX, FILE_MAX = 120, 155, 70, 1000

# What overflows, keeps hidden state, reads the locale or runs a shell; and what to take instead.
BANNED = {
    r"strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strncat": "write_format (bytes.h) or snprintf",
    r"strtok": "strtok_r, or a reader",
    r"atoi|atol|atoll|atof": "text_number",
    r"gmtime|localtime|ctime|asctime|mktime": "civil_utc, civil_shanghai",
    r"rand|srand|random|srandom|drand48": "random_fill",
    r"system|popen": "process_start, posix_spawn",
    r"tmpnam|tempnam|mktemp|tmpfile": "mkdtemp",
    r"alloca|setjmp|longjmp|vfork": "nothing",
}
# Where libraries may read what they read: these say why.
ALLOWED = {"tests/": r"setjmp|longjmp"}

# Comparisons of what is public: markers, names, hashes of what came in. bytes_equal (base/bytes.h) is the usual way.
MEMCMP = {
    "src/base/bytes.c": 1, "src/base/text.c": 1, "src/files/inspect.c": 2, "src/files/inspect_pdf.c": 1,
    "src/files/pdf_value.c": 1, "src/pki/crl.c": 1, "src/pki/der.c": 1, "src/service/seal.c": 1, "src/token/agent/http.c": 2,
    "src/token/agent/origins.c": 2, "src/token/agent/pin.c": 1, "src/web/router_match.c": 2, "src/web/router_repeat.c": 3,
}


def tracked(*ends):
    told = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                          capture_output=True, text=True).stdout.split("\n")
    return sorted(f for f in told if f.endswith(ends) and os.path.exists(os.path.join(ROOT, f)))


def lines_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read().split("\n")


def excused(line, rule):
    return f"lint: {rule}" in line


def bare(path):
    """The lines without comments and the content of strings, so that words in them are not taken for code."""
    text = "\n".join(lines_of(path))
    keep_lines = lambda m: "\n" * m[0].count("\n")  # noqa: E731
    text = re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|/\*.*?\*/',
                  lambda m: '""' if m[0][0] in "\"'" else keep_lines(m), text, flags=re.S)
    return text.split("\n")


class Lint(unittest.TestCase):
    maxDiff = None

    def none(self, found):
        if found:
            self.fail(f"{len(found)} places:\n" + "\n".join(found))

    def test_banned_functions_are_not_called(self):
        found = []
        for path in tracked(".c", ".h"):
            said = lines_of(path)
            for number, line in enumerate(bare(path), 1):
                for names, instead in BANNED.items():
                    match = re.search(rf"(?<![\w.>])({names})\s*\(", line)
                    allowed = any(path.startswith(p) and re.fullmatch(a, match[1]) for p, a in ALLOWED.items()) if match else 0
                    if match and not allowed and not excused(said[number - 1], "banned"):
                        found.append(f"{path}:{number}: {match[1]}: take {instead}")
        self.none(found)

    def test_functions_fit_a_page(self):
        found = []
        for path in tracked(".c"):
            begin = None
            lines = lines_of(path)
            for number, line in enumerate(lines, 1):
                if line == "{":
                    begin = number
                elif line == "}" and begin:
                    if number - begin + 1 > FUNCTION_MAX and not excused(lines[begin - 2], "long"):
                        found.append(f"{path}:{begin}: {number - begin + 1} lines, not {FUNCTION_MAX}")
                    begin = None
        self.none(found)

    def test_lines_fit_the_screen(self):
        found = []
        for path in tracked(".c", ".h", ".py", ".sh", "meson.build"):
            most = COLUMNS_MAX_TESTS if path.startswith("tests/") else COLUMNS_MAX
            free = False  # a table that reads better in one row each
            for number, line in enumerate(lines_of(path), 1):
                free = (free or "clang-format off" in line) and "clang-format on" not in line
                if len(line) > most and not free and not excused(line, "columns"):
                    found.append(f"{path}:{number}: {len(line)} columns, not {most}")
        self.none(found)

    def test_files_have_one_subject(self):
        found = [f"{path}: {len(lines_of(path))} lines, not {FILE_MAX}"
                 for path in tracked(".c", ".h", ".py") if len(lines_of(path)) > FILE_MAX]
        self.none(found)

    def test_comments_are_of_one_kind(self):
        found = [f"{path}:{number}: // instead of /* */" for path in tracked(".c", ".h")
                 for number, line in enumerate(bare(path), 1) if "//" in line]
        self.none(found)

    def test_no_tabs_and_blanks_at_ends(self):
        found = [f"{path}:{number}" for path in tracked(".c", ".h", ".py", ".sql", ".md", ".txt", ".json")
                 for number, line in enumerate(lines_of(path), 1) if "\t" in line or line != line.rstrip()]
        self.none(found)

    def test_headers_are_read_once(self):
        found = [path for path in tracked(".h") if "#pragma once" not in lines_of(path)]
        self.none(found)

    def test_files_begin_by_saying_what_they_are(self):
        found = [path for path in tracked(".h")
                 if path.startswith("src/") and not lines_of(path)[0].startswith("/* ")]
        self.none(found)

    def test_nothing_is_left_to_do(self):
        words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
        found = [f"{path}:{number}: {line.strip()}" for path in tracked(".c", ".h", ".py", ".md", ".sql", ".vue", ".ts")
                 for number, line in enumerate(lines_of(path), 1) if words.search(line)]
        self.none(found)

    def test_guards_to_flip_stand_in_the_code(self):
        """tests/flips.txt follows the code; whether a flip turns its test red, only tests/flip.py shows."""
        found = []
        for edit in (edit for one in flip.read_flips() for edit in one.edits):
            try:
                edit.read(ROOT)
            except (LookupError, FileNotFoundError) as e:
                found.append(str(e))
        self.none(found)

    def test_comparisons_that_take_their_time_are_counted(self):
        """memcmp tells by its time where two secrets part; secret_equal does not. Each place was looked at."""
        found = {}
        for path in tracked(".c", ".h"):
            count = sum(len(re.findall(r"(?<!\w)memcmp\s*\(", line)) for line in bare(path))
            if path.startswith("src/") and count:
                found[path] = count
        self.assertEqual(found, MEMCMP)

    def test_no_sql_outside_the_store(self):
        pattern = re.compile(r'"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM)\s', re.I)
        found = [f"{path}:{number}" for path in tracked(".c", ".h")
                 if path.startswith("src/") and not path.startswith("src/store/")
                 for number, line in enumerate(lines_of(path), 1) if pattern.search(line)]
        self.none(found)

    def test_what_the_trail_says_has_words_on_its_pages(self):
        """R-OPS-6: an auditor reads Chinese, not the names of actions."""
        said = set()
        for path in tracked(".c"):
            if path.startswith(("src/service/", "src/web/")):
                for call in re.findall(r"(?<!\w)(?:audit_write|audit_write_alone|note)\([^;]*;", "\n".join(lines_of(path))):
                    said |= set(re.findall(r'"([a-z]+\.[a-z-]+)"', call))
        with open(os.path.join(ROOT, "ui/console/src/texts.ts"), encoding="utf-8") as f:
            words = set(re.findall(r'^ +"([a-z]+\.[a-z-]+)": "', f.read(), re.M))
        self.assertGreater(len(said), 20)
        self.none(sorted(said - words))

    def test_the_brand_is_a_setting(self):
        """R-HELP-1: what people read names the installation's own authority."""
        people_read = [p for p in tracked(".ts", ".vue", ".txt") if p.startswith(("ui/", "data/notices/", "src/base/"))]
        self.none([f"{path}:{number}: 国资CA" for path in people_read for number, line in enumerate(lines_of(path), 1) if "国资CA" in line])

    def test_libraries_do_not_print(self):
        """Only main files, the commands and log.c write to the standard streams."""
        found = []
        for path in tracked(".c"):
            if not path.startswith("src/") or path.startswith(("src/cli/", "src/token/key/", "src/base/log.c")) or path.endswith("main.c"):
                continue
            for number, line in enumerate(bare(path), 1):
                if re.search(r"(?<!\w)(printf|puts|perror|putchar)\s*\(|\bstderr\b|\bstdout\b", line):
                    found.append(f"{path}:{number}: {line.strip()}")
        self.none(found)


if __name__ == "__main__":
    unittest.main()
