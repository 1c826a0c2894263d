#!/usr/bin/env python3
"""Folders of .sql -> statements.h, statements.c: named statements, schema steps and what tables these make, as tables,
for both engines.

A folder holds *.sql (named statements) and schema/NNNN-name.sql (migration steps). What the engines do not take
alike ends the build with file and line. Makes tables only.

  -- name: account_get            begins a statement; :name is a parameter
  directory.postgresql.sql        statements that are worded otherwise for PostgreSQL
"""
import json
import pathlib
import re
import sys

VALUES_MAX = 100      # parameters of a statement, as VALUES_MAX in record.h
STEPS_OF_FILE = 1000  # a step's number is that of its file times this, plus its place in the file
NAME_MAX = 30         # letters of a table, column or index
# Texts are compared byte by byte, as SQLite does, whatever locale the server was made with.
TYPES = {"INTEGER": "BIGINT", "TEXT": 'TEXT COLLATE "C"', "BLOB": "BYTEA"}
CASTS = {"INTEGER": "BIGINT", "TEXT": "TEXT", "BLOB": "BYTEA"}
TABLE_RULES = ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "CONSTRAINT")

# What the engines differ in or what does not scale out, and what to write instead.
FORBIDDEN = [
    (r"\b(BIG|SMALL)SERIAL\b|\b(?-i:SERIAL)\b|\bAUTO_?INCREMENT\b|\bIDENTITY\b|\bNEXTVAL\b", "ids are made in C"),
    (r"\bON\s+CONFLICT\b|\bON\s+DUPLICATE\b|\bINSERT\s+OR\b|\bUPDATE\s+OR\b|\bREPLACE\s+INTO\b|\bMERGE\b",
     "insert, and update on ERROR_STORE_EXISTS"),
    (r"\bRETURNING\b", "ids are made in C"),
    (r"\bLISTEN\b|\bNOTIFY\b", "poll an outbox"),
    (r"\bPG_\w+", "PostgreSQL's own functions are not portable"),
    (r"\bADVISORY\b", "use a lease in a row"),
    (r"::", "write CAST(… AS …)"),
    (r"\bOFFSET\b|\bLIMIT\s+\S+\s*,", "page by key"),
    (r"\bILIKE\b|\bGLOB\b|\bREGEXP\b|~", "compare with LIKE or in C"),
    (r"\bFOR\s+(UPDATE|SHARE)\b", "guard with a version in WHERE"),
    (r"\bNOW\s*\(|\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\bDATETIME\s*\(|\bSTRFTIME\s*\(", "the time is a parameter"),
    (r"\bRANDOM\s*\(|\bRANDOMBLOB\s*\(", "random numbers are made in C"),
    (r"\bTRUE\b|\bFALSE\b|\bBOOLEAN\b", "flags are INTEGER, 0 or 1"),
    (r"\bATTACH\b|\bPRAGMA\b|\bVACUUM\b", "that is the engine's business"),
    (r"\bROWID\b|\bSTRICT\b", "that is SQLite's only"),
    (r"\bTRIGGER\b|\bPROCEDURE\b|\bFUNCTION\b|\bENUM\b|\bSEQUENCE\b", "rules stand in C"),
    (r"\"|`|\[", "names are plain lower case"),
    (r"\?|\$\d", "parameters are :name"),
    (r"(?<!CAST\()\b(SUM|AVG)\s*\(", "write CAST(SUM(…) AS INTEGER): its type differs"),
]


def fail(where, why):
    sys.exit(f"{where}: {why}")


def code_of(line):
    """The line without its comment; "--" inside quotes is text."""
    parts = re.split(r"('(?:[^']|'')*')", line)
    for i in range(0, len(parts), 2):
        cut = parts[i].find("--")
        if cut >= 0:
            return "".join(parts[:i]) + parts[i][:cut]
    return line


def outside_quotes(sql, change):
    parts = re.split(r"('(?:[^']|'')*')", sql)
    parts[::2] = [change(p) for p in parts[::2]]
    return "".join(parts)


def lint(where, code):
    bare = re.sub(r"'(?:[^']|'')*'", "''", code)
    for pattern, instead in FORBIDDEN:
        found = re.search(pattern, bare, re.IGNORECASE)
        if found:
            fail(where, f"{found.group(0)!r} is not portable: {instead}")


def squeeze(lines):
    return outside_quotes(" ".join(lines), lambda p: re.sub(r"\s+", " ", p)).strip().rstrip(";").strip()


class Piece:
    """Consecutive lines of SQL and where they begin."""

    def __init__(self, name, where):
        self.name, self.where, self.lines = name, where, []

    def add(self, where, code):
        lint(where, code)
        self.lines.append(code)

    def text(self):
        text = squeeze(self.lines)
        if not text:
            fail(self.where, "there is no SQL here")
        if ";" in re.sub(r"'(?:[^']|'')*'", "''", text):
            fail(self.where, "holds more than one statement")
        # A pattern over lines is found only now that they stand in one.
        lint(self.where, text)
        return text


# ---- statements ----

class Statement:
    def __init__(self, piece):
        self.name, self.where = piece.name, piece.where
        self.sql = self.sql_postgresql = piece.text()
        self.params = self.names(self.sql)
        word = self.sql.split()[0].upper()
        if word not in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            fail(self.where, f"begins with {word}, not SELECT, INSERT, UPDATE or DELETE")
        self.reads = word == "SELECT"
        if len(self.params) > VALUES_MAX:
            fail(self.where, f"more than {VALUES_MAX} parameters")

    @staticmethod
    def names(sql):
        bare = re.sub(r"'(?:[^']|'')*'", "''", sql)
        return list(dict.fromkeys(re.findall(r":([a-z_][a-z0-9_]*)", bare)))

    def override(self, piece):
        self.sql_postgresql = piece.text()
        if set(self.names(self.sql_postgresql)) != set(self.params):
            fail(piece.where, f"{self.name} takes other parameters than in {self.where}")

    def worded(self, sql, mark):
        return outside_quotes(sql, lambda p: re.sub(
            r":([a-z_][a-z0-9_]*)", lambda m: f"{mark}{self.params.index(m.group(1)) + 1}", p))

    def sqlite(self):
        return self.worded(self.sql, "?")

    def postgresql(self):
        return types_of_postgresql(self.worded(self.sql_postgresql, "$"), "CAST")


def pieces(path):
    piece = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path}:{number}"
        named = re.fullmatch(r"--\s*name:\s*(\S+)\s*", line)
        if named:
            if piece:
                yield piece
            if not re.fullmatch(r"[a-z][a-z0-9_]*", named.group(1)):
                fail(where, f"{named.group(1)!r} is not a name")
            piece = Piece(named.group(1), where)
        elif code_of(line).strip():
            if not piece:
                fail(where, "SQL before the first '-- name:'")
            piece.add(where, code_of(line))
    if piece:
        yield piece


def read_statements(folders):
    table = {}
    paths = [p for folder in folders for p in sorted(folder.glob("*.sql"))]
    for path in (p for p in paths if not p.name.endswith(".postgresql.sql")):
        for piece in pieces(path):
            if piece.name in table:
                fail(piece.where, f"{piece.name} stands already in {table[piece.name].where}")
            table[piece.name] = Statement(piece)
    for path in (p for p in paths if p.name.endswith(".postgresql.sql")):
        for piece in pieces(path):
            if piece.name not in table:
                fail(piece.where, f"{piece.name} has no common wording")
            table[piece.name].override(piece)
    return list(table.values())


# ---- schema ----

def types_of_postgresql(sql, context):
    """INTEGER is 64 bit and BLOB is bytes; in statements these words are types only in a CAST."""
    if context == "CAST":
        return re.sub(r"\bAS (INTEGER|TEXT|BLOB)\)", lambda m: f"AS {CASTS[m.group(1).upper()]})", sql,
                      flags=re.IGNORECASE)
    return outside_quotes(sql, lambda p: re.sub(r"\b(INTEGER|TEXT|BLOB)\b", lambda m: TYPES[m.group(1)], p))


def check_name(where, name):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > NAME_MAX:
        fail(where, f"{name!r}: names are lower case, at most {NAME_MAX} letters")


def check_column(where, text):
    words = text.split()
    if words[0].upper() in TABLE_RULES:
        return
    check_name(where, words[0])
    if len(words) < 2 or words[1] not in TYPES:
        fail(where, f"column {words[0]}: the types are INTEGER, TEXT and BLOB, in capitals")


def elements(body):
    """The parts between the commas that stand in no inner parentheses or quotes."""
    depth, part = 0, ""
    for token in re.findall(r"'(?:[^']|'')*'|[(),]|[^'(),]+", body):
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += token
    yield part.strip()


def check_step(where, sql):
    table = re.fullmatch(r"CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)", sql)
    index = re.fullmatch(r"CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\S+) ON \S+ \(.*\)(?: WHERE .*)?", sql)
    column = re.fullmatch(r"ALTER TABLE (\S+) ADD COLUMN (.*)", sql)
    drop = re.fullmatch(r"DROP (?:TABLE|INDEX) IF EXISTS (\S+)", sql)
    data = re.match(r"(UPDATE|INSERT INTO|DELETE FROM) (\S+)", sql)
    if table:
        for part in elements(table.group(2)):
            check_column(where, part)
    elif column:
        check_column(where, column.group(2))
        if re.search(r"\bIF NOT EXISTS\b", sql):
            fail(where, "ADD COLUMN without IF NOT EXISTS: SQLite does not know it, for PostgreSQL it is added")
    elif not (index or drop or data):
        fail(where, "a step is CREATE TABLE or INDEX IF NOT EXISTS, ALTER TABLE … ADD COLUMN, DROP … IF EXISTS, "
                    "UPDATE, INSERT INTO or DELETE FROM")
    for found in (table, index, drop):
        if found:
            check_name(where, found.group(1))


class Step:
    def __init__(self, number, name, piece):
        self.number, self.name, self.sqlite = number, name, piece.text()
        check_step(piece.where, self.sqlite)
        self.rows = self.sqlite.split()[0] not in ("CREATE", "ALTER", "DROP")
        self.postgresql = types_of_postgresql(self.sqlite, "DDL").replace(" ADD COLUMN ", " ADD COLUMN IF NOT EXISTS ")


def read_steps(folders):
    steps = []
    for path in (p for folder in folders for p in sorted((folder / "schema").glob("*.sql"))):
        named = re.fullmatch(r"(\d{4})-([a-z0-9-]+)", path.stem)
        if not named:
            fail(path, "is not called NNNN-name.sql")
        place, piece = 1, None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = code_of(line)
            if not code.strip():
                continue
            piece = piece or Piece(path.stem, f"{path}:{number}")
            piece.add(f"{path}:{number}", code)
            if code.rstrip().endswith(";"):
                steps.append(Step(int(named.group(1)) * STEPS_OF_FILE + place, f"{path.stem}/{place}", piece))
                place, piece = place + 1, None
        if piece:
            fail(piece.where, "the last step does not end with ';'")
    for a, b in zip(steps, steps[1:]):
        if a.number >= b.number:
            fail(b.name, f"its number is not above that of {a.name}")
    return steps


# ---- the tables that the steps leave ----

class Table:
    def __init__(self, name, columns):
        self.name, self.columns = name, columns

    def select(self):
        return f"SELECT {', '.join(name for name, _ in self.columns)} FROM {self.name}"

    def insert(self, mark):
        names = ", ".join(name for name, _ in self.columns)
        values = ", ".join(f"{mark}{i}" for i in range(1, len(self.columns) + 1))
        return f"INSERT INTO {self.name} ({names}) VALUES ({values})"

    def kinds(self):
        return "".join(kind[0] for _, kind in self.columns)


def read_tables(steps):
    """In the order in which they were made: what a table refers to stands before it."""
    tables = {}
    for step in steps:
        made = re.fullmatch(r"CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)", step.sqlite)
        column = re.fullmatch(r"ALTER TABLE (\S+) ADD COLUMN (\S+) (\S+).*", step.sqlite)
        gone = re.fullmatch(r"DROP TABLE IF EXISTS (\S+)", step.sqlite)
        if made:
            parts = [part.split() for part in elements(made.group(2))]
            columns = [words[:2] for words in parts if words[0].upper() not in TABLE_RULES]
            tables.setdefault(made.group(1), Table(made.group(1), columns))
        elif column:
            tables[column.group(1)].columns.append((column.group(2), column.group(3)))
        elif gone:
            tables.pop(gone.group(1), None)
    for table in tables.values():
        if len(table.columns) > VALUES_MAX:
            fail(table.name, f"more than {VALUES_MAX} columns")
    return list(tables.values())


# ---- output ----

def c_text(text):
    return json.dumps(text, ensure_ascii=False)


def header(statements):
    lines = ["/* Generated from *.sql. */", "#pragma once", "", "enum statement {"]
    lines += [f"    STATEMENT_{s.name.upper()}, /* {', '.join(s.params) or 'no parameters'} */" for s in statements]
    return "\n".join(lines + ["    STATEMENT_COUNT", "};", ""])


def source(statements, steps):
    lines = ["/* Generated from *.sql. */", '#include "statements.h"', '#include "store/tables.h"', ""]
    for s in statements:
        if s.params:
            lines.append(f"static const char *const params_{s.name}[] = {{ {', '.join(map(c_text, s.params))} }};")
    lines += ["", "const struct statement_entry store_statements[] = {"]
    for s in statements:
        lines.append(f"    [STATEMENT_{s.name.upper()}] = {{ {c_text(s.name)},\n        {{ {c_text(s.sqlite())},\n"
                     f"          {c_text(s.postgresql())} }},\n"
                     f"        {'params_' + s.name if s.params else '0'}, {len(s.params)}, {int(s.reads)} }},")
    lines += ["};", "const size_t store_statements_count = STATEMENT_COUNT;", "",
              "const struct schema_step store_schema[] = {"]
    for s in steps:
        lines.append(f"    {{ {s.number}, {c_text(s.name)},\n      {{ {c_text(s.sqlite)},\n"
                     f"        {c_text(s.postgresql)} }}, {int(s.rows)} }},")
    lines += ["};", "const size_t store_schema_count = sizeof store_schema / sizeof store_schema[0];", "",
              "const struct store_table store_tables[] = {"]
    for t in read_tables(steps):
        lines.append(f"    {{ {c_text(t.name)}, {len(t.columns)}, {c_text(t.kinds())}, {c_text(t.select())},\n"
                     f"      {{ {c_text(t.insert('?'))},\n        {c_text(t.insert('$'))} }} }},")
    return "\n".join(lines + ["};", "const size_t store_tables_count = sizeof store_tables / sizeof store_tables[0];",
                              ""])


def write(path, text):
    """Leaves an unchanged file alone, so that nothing is compiled again for it."""
    path = pathlib.Path(path)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main(out_h, out_c, depfile, *folders):
    folders = [pathlib.Path(f) for f in folders]
    statements, steps = read_statements(folders), read_steps(folders)
    write(out_h, header(statements))
    write(out_c, source(statements, steps))
    # The folders themselves too: a file that is added changes them.
    read = [p for f in folders
            for p in [f, f / "schema", *sorted(f.glob("*.sql")), *sorted((f / "schema").glob("*.sql"))]]
    pathlib.Path(depfile).write_text(f"{out_h}: {' '.join(str(p) for p in read if p.exists())}\n", encoding="utf-8")


main(*sys.argv[1:])
