#!/usr/bin/env python3
"""src/service/workflow.c -> docs/workflow.md: the state table as diagrams and as a table.

  script/gen-workflow.py [--check]     writes the page, or says that it is not what the table gives
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE, PAGE = ROOT / "src/service/workflow.c", ROOT / "docs/workflow.md"
# A loop that is the same in most states would hide the way; they stand in the table below.
QUIET = {"paid", "fill", "print", "upload", "pay", "send-back", "inspect"}
SERVICES = ["apply", "renew", "unlock", "lost", "damaged", "revoke", "change", "reissue"]


def word(name):
    return name.lower().replace("_", "-")


def read():
    text = SOURCE.read_text(encoding="utf-8")
    groups = {"ALL": SERVICES}
    for name, bits in re.findall(r"#define (\w+) \(((?:BIT\(\w+\)(?: \| )?)+)\)", text):
        groups[name] = [word(b) for b in re.findall(r"BIT\((\w+)\)", bits)]
    body = text.split("/* ---- rows ---- */")[1].split("/* ---- end ---- */")[0]
    rows = []
    for line in body.splitlines():
        match = re.fullmatch(r"\s*ROW\((.*)\)\s*", line)
        if not match:
            continue
        services, state, event, guard, actions, following = [p.strip() for p in match[1].split(",")]
        names = [s for part in services.split("|") for s in
                 groups.get(part.strip(), re.findall(r"bit\((\w+)\)", part.lower()))]
        actions = "" if actions == "NOTHING" else ", ".join(word(a.strip()) for a in actions.split("|"))
        rows.append((names, word(state), word(event), "" if guard == "ALWAYS" else word(guard), actions,
                     word(following)))
    if len(rows) != len(re.findall(r"\bROW\(", body)):
        sys.exit("workflow.c: a row is not written as the others")
    return rows


def diagram(rows, service):
    arrows = {}
    for names, state, event, guard, _, following in rows:
        if service in names and not (state == following and event in QUIET):
            label = event + (f" [{guard}]" if guard else "")
            arrows.setdefault((state, following), []).append(label)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {a} --> {b}: {', '.join(labels)}" for (a, b), labels in arrows.items()]
    ends = {b for _, b in arrows} - {a for a, _ in arrows}
    return lines + [f"    {end} --> [*]" for end in sorted(ends)] + ["```"]


def page(rows):
    lines = ["# The way of an application", "",
             "Made by `script/gen-workflow.py` from the table in `src/service/workflow.c`; what is written here is",
             "what the code does. In brackets: the guard that must hold.", ""]
    drawn = {}
    for service in SERVICES:
        drawn.setdefault("\n".join(diagram(rows, service)), []).append(service)
    for text, services in drawn.items():
        lines += [f"## {', '.join(services)}", "", text, ""]
    lines += ["## Every row", "", "| services | state | event | guard | goes along | next |",
              "|---|---|---|---|---|---|"]
    for names, *rest in rows:
        lines.append("| " + " | ".join(["all" if names == SERVICES else ", ".join(names), *rest]) + " |")
    return "\n".join(lines) + "\n"


def main():
    text = page(read())
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/workflow.md is not what src/service/workflow.c gives: run script/gen-workflow.py")
    else:
        PAGE.write_text(text, encoding="utf-8")


main()
