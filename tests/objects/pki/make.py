#!/usr/bin/env python3
"""Certificates, paths, requests, revocation lists and OCSP messages, good and hostile: make.py FOLDER.

FOLDER/index.txt has a line each: name, kind, what must be said of it (an error's name, or OK), files joined by ",".
A hostile object differs in one defect from the good one that follows it under NAME/twin. Kinds and their files:
  certificate  leaf issuer          path     leaf intermediates… root
  request      request              crl      list issuer
  ocsp         response issuer      ocsp-request  request
Time of everything: 2026-11-24T08:00:00Z (1795507200).
"""
import pathlib
import sys

import cases_certificate
import cases_p256
import cases_path
import cases_status
from objects import Case


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written, lines = {}, []

    def write(data):
        if data not in written:
            written[data] = f"{len(written):04}.der"
            (folder / written[data]).write_bytes(data)
        return written[data]

    cases = [*cases_certificate.cases(), *cases_path.cases(), *cases_status.cases(), *cases_p256.cases()]
    names = [c.name for c in cases]
    assert len(set(names)) == len(names), sorted({n for n in names if names.count(n) > 1})
    for c in cases:
        assert isinstance(c, Case)
        lines.append(f"{c.name} {c.kind} {c.error} {','.join(write(d) for d in c.bad)}")
        if c.good:
            assert c.bad != c.good, c.name
            lines.append(f"{c.name}/twin {c.kind} OK {','.join(write(d) for d in c.good)}")
    (folder / "index.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


main(*sys.argv[1:])
