#!/usr/bin/env python3
"""data/notices/NAME.txt -> the table of templates. Makes a table only.

A file: lines of "# comment", then "key: value" lines, at the end "text:" alone with the e-mail's text below it.
    secret: yes     what it says must not stay in the outbox once it is sent
    life: SECONDS   after which it is not worth sending any more
    sms: …          one line; a notice without it goes by e-mail only
    subject: …      of the e-mail; with text:, or neither
In sms, subject and text {name} stands for a value; a brace that is no such name ends the build.
"""
import glob
import json
import os
import re
import sys

SMS_MAX = 500  # characters, with room for values: gateways cut longer ones into many


def fail(path, why):
    sys.exit(f"{path}: {why}")


def read(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    found = {}
    while lines:
        line = lines.pop(0)
        if not line or line.startswith("#"):
            continue
        if line == "text:":
            found["text"] = "\n".join(lines).strip("\n") + "\n"
            break
        match = re.fullmatch(r"(secret|life|sms|subject): (\S.*)", line)
        if not match or match[1] in found:
            fail(path, f"{line!r} is not understood, or stands twice")
        found[match[1]] = match[2]
    return found


def check(path, t):
    if "sms" not in t and "text" not in t:
        fail(path, "says nothing")
    if ("subject" in t) != ("text" in t):
        fail(path, "an e-mail has both subject and text")
    if t.get("secret", "yes") != "yes" or not re.fullmatch("[1-9][0-9]{0,6}", t.get("life", "1")):
        fail(path, "secret is yes, life a number of seconds")
    if len(t.get("sms", "")) > SMS_MAX:
        fail(path, "the SMS is too long")
    for key in ("sms", "subject", "text"):
        rest = re.sub(r"\{[a-z_]+\}", "", t.get(key, ""))
        if "{" in rest or "}" in rest:
            fail(path, f"a brace in {key} that is not around a name")


def c_text(text):
    return "NULL" if text is None else json.dumps(text, ensure_ascii=False)


def main():
    out, depfile, folder = sys.argv[1:]
    paths = sorted(glob.glob(os.path.join(folder, "*.txt")))
    rows = []
    for path in paths:
        name = os.path.basename(path)[:-4]
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
            fail(path, "not a name for a template")
        t = read(path)
        check(path, t)
        rows.append("    {{ {}, {}, {}, {}, {}, {} }},".format(
            c_text(name), c_text(t.get("sms")), c_text(t.get("subject")), c_text(t.get("text")),
            "true" if "secret" in t else "false", t.get("life", "0")))
    with open(out, "w", encoding="utf-8") as f:
        f.write('#include "service/template.h"\n\n'
                "const struct template notice_templates[] = {\n" + "\n".join(rows) + "\n};\n"
                "const size_t notice_templates_count = COUNT(notice_templates);\n")
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{out}: {folder} " + " ".join(paths) + "\n")


main()
