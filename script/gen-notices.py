#!/usr/bin/env python3
"""data/notices/NAME.txt -> the table of templates; data/notice-values.txt -> the names in them.
Makes tables only.

A file: lines of "# comment", then "key: value" lines, at the end "text:" alone with the e-mail's text below it.
    title: WORDS    the occasion, as the console names it; without it the e-mail's subject, or NAME
    needs: a, b     names that must stand in SMS and text, whoever writes them
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
        match = re.fullmatch(r"(title|needs|secret|life|sms|subject): (\S.*)", line)
        if not match or match[1] in found:
            fail(path, f"{line!r} is not understood, or stands twice")
        found[match[1]] = match[2]
    return found


def read_values(path):
    """name -> (what it is, a sample)"""
    values = {}
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if not line or line.startswith("#"):
                continue
            match = re.fullmatch(r"([a-z_]{1,30}): (\S.*) \| (\S.*)", line)
            if not match or match[1] in values:
                fail(path, f"{line!r} is not understood, or stands twice")
            values[match[1]] = match[2], match[3]
    return values


def names_in(text):
    return set(re.findall(r"\{([a-z_]+)\}", text))


def check_names(path, t, values):
    for key in ("sms", "subject", "text"):
        unknown = names_in(t.get(key, "")) - set(values) - {"brand", "portal"}
        if unknown:
            fail(path, f"{key} names {', '.join(sorted(unknown))}, which data/notice-values.txt does not have")
    for name in needs_of(t):
        for key in ("sms", "text"):
            if key in t and name not in names_in(t[key]):
                fail(path, f"needs {name}, which {key} does not have")


def needs_of(t):
    return [name.strip() for name in t.get("needs", "").split(",") if name.strip()]


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
    out, depfile, folder, values_path = sys.argv[1:]
    values = read_values(values_path)
    paths = sorted(glob.glob(os.path.join(folder, "*.txt")))
    rows = []
    for path in paths:
        name = os.path.basename(path)[:-4]
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
            fail(path, "not a name for a template")
        t = read(path)
        check(path, t)
        check_names(path, t, values)
        rows.append("    {{ {}, {}, {}, {}, {}, {}, {}, {} }},".format(
            c_text(name), c_text(t.get("title", t.get("subject", name))), c_text(",".join(needs_of(t))),
            c_text(t.get("sms")), c_text(t.get("subject")), c_text(t.get("text")),
            "true" if "secret" in t else "false", t.get("life", "0")))
    with open(out, "w", encoding="utf-8") as f:
        f.write('#include "service/template.h"\n\n'
                "const struct template notice_templates[] = {\n" + "\n".join(rows) + "\n};\n"
                "const size_t notice_templates_count = COUNT(notice_templates);\n\n"
                "const struct template_name notice_names[] = {\n" +
                "".join(f"    {{ {c_text(n)}, {c_text(what)}, {c_text(sample)} }},\n"
                        for n, (what, sample) in values.items()) +
                "};\nconst size_t notice_names_count = COUNT(notice_names);\n")
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{out}: {folder} {values_path} " + " ".join(paths) + "\n")


main()
