#!/usr/bin/env python3
"""errors.txt -> errors.h, errors.c, errors.json, errors.md. Makes tables only."""
import json
import sys

COLUMNS = ["number", "name", "status", "retry", "zh", "en", "hint_zh", "hint_en"]


def rows(path):
    seen, last = set(), 0
    for line_number, line in enumerate(open(path, encoding="utf-8"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [c.strip() for c in line.split("|")]
        if len(cells) != len(COLUMNS):
            sys.exit(f"{path}:{line_number}: {len(cells)} columns, not {len(COLUMNS)}")
        row = dict(zip(COLUMNS, cells))
        row["number"], row["status"] = int(row["number"]), int(row["status"])
        if row["number"] <= last or row["name"] in seen:
            sys.exit(f"{path}:{line_number}: numbers rise, names are used once")
        if row["retry"] not in ("yes", "no") or not all(cells):
            sys.exit(f"{path}:{line_number}: retry is yes or no, and no column is empty")
        last = row["number"]
        seen.add(row["name"])
        yield row


def c_text(text):
    return json.dumps(text, ensure_ascii=False)


def main(source, out_h, out_c, out_json, out_md):
    table = list(rows(source))
    with open(out_h, "w", encoding="utf-8") as f:
        f.write("/* Generated from errors.txt. */\n#pragma once\n\nenum error {\n    ERROR_NONE = 0,\n")
        for r in table:
            f.write(f"    ERROR_{r['name']} = {r['number']},\n")
        f.write("};\n\nstruct error_entry {\n    enum error code;\n    const char *name;\n    int status; /* HTTP */\n"
                "    int retry;  /* whether the same request may succeed later */\n"
                "    const char *zh, *en, *hint_zh, *hint_en;\n};\n\n"
                "/* The row of CODE; that of ERROR_INTERNAL for a number that is not in the table. */\n"
                "const struct error_entry *error_find(enum error code);\n")
    with open(out_c, "w", encoding="utf-8") as f:
        f.write('/* Generated from errors.txt. */\n#include "errors.h"\n\n'
                'static const struct error_entry table[] = {\n')
        for r in table:
            texts = ", ".join(c_text(r[k]) for k in COLUMNS[4:])
            f.write(f"    {{ ERROR_{r['name']}, \"{r['name']}\", {r['status']}, {int(r['retry'] == 'yes')}, "
                    f"{texts} }},\n")
        f.write("};\n\nconst struct error_entry *error_find(enum error code)\n{\n"
                "    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++)\n"
                "        if (table[i].code == code) return &table[i];\n    return &table[0];\n}\n")
    with open(out_json, "w", encoding="utf-8") as f:
        json.dump(table, f, ensure_ascii=False, indent=1)
    with open(out_md, "w", encoding="utf-8") as f:
        f.write("# Errors\n\nGenerated from `src/base/errors.txt`.\n\n"
                "| number | name | HTTP | retry | message | hint |\n|---|---|---|---|---|---|\n")
        for r in table:
            f.write(f"| {r['number']} | {r['name']} | {r['status']} | {r['retry']} | "
                    f"{r['zh']}<br>{r['en']} | {r['hint_zh']}<br>{r['hint_en']} |\n")


main(*sys.argv[1:])
