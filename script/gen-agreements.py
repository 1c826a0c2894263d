#!/usr/bin/env python3
"""data/agreement/VERSION.txt -> the table of agreements. Makes a table only.

A file: "title: …", "issued: YYYY-MM-DD" (from then on by Asia/Shanghai), an empty line, the text.
"""
import datetime
import glob
import json
import os
import re
import sys

TEXT_MAX = 20000  # characters, as openapi.json has it


def fail(path, why):
    sys.exit(f"{path}: {why}")


def read(path):
    with open(path, encoding="utf-8") as f:
        head, _, text = f.read().partition("\n\n")
    match = re.fullmatch(r"title: (\S.*)\nissued: (\d{4})-(\d{2})-(\d{2})", head)
    if not match:
        fail(path, "does not begin with title and issued")
    if not 0 < len(text) <= TEXT_MAX:
        fail(path, "is empty or too long")
    zone = datetime.timezone(datetime.timedelta(hours=8))
    issued = datetime.datetime(int(match[2]), int(match[3]), int(match[4]), tzinfo=zone)
    return match[1], int(issued.timestamp()), text.rstrip("\n") + "\n"


def main():
    out, depfile, folder = sys.argv[1:]
    paths = sorted(glob.glob(os.path.join(folder, "*.txt")))
    with open(out, "w", encoding="utf-8") as f:
        f.write('#include "service/agreement.h"\n\nconst struct agreement_row agreements[] = {\n')
        for path in paths:
            title, issued, text = read(path)
            version = os.path.basename(path)[:-4]
            f.write("    {{ {}, {}, {}, {} }},\n".format(json.dumps(version), json.dumps(title, ensure_ascii=False),
                                                       json.dumps(text, ensure_ascii=False), issued))
        f.write("};\nconst size_t agreements_count = COUNT(agreements);\n")
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{out}: {folder} " + " ".join(paths) + "\n")


main()
