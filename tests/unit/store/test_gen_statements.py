#!/usr/bin/env python3
"""What gen-statements.py refuses, with file and line, and what it makes of what it takes.

test_gen_statements.py GENERATOR
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

GENERATOR = sys.argv.pop(1)
TABLE = "CREATE TABLE IF NOT EXISTS a (\n    id BLOB NOT NULL PRIMARY KEY,\n    text TEXT,\n    n INTEGER NOT NULL\n);\n"


class Generator(unittest.TestCase):
    def run_on(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "sql" / "schema").mkdir(parents=True)
            for name, text in files.items():
                name = name.replace("__", ".").replace("schema_", "schema/").replace("_", "-")
                (folder / "sql" / f"{name}.sql").write_text(text, encoding="utf-8")
            out = [folder / n for n in ("s.h", "s.c", "s.d")]
            done = subprocess.run([sys.executable, GENERATOR, *out, folder / "sql"], capture_output=True, text=True)
            if done.returncode:
                return done.stderr.replace(str(folder / "sql") + "/", "").strip()
            self.texts = [p.read_text(encoding="utf-8") for p in out]
            return None

    def refused(self, expected, **files):
        said = self.run_on(**files)
        self.assertIsNotNone(said, f"was taken: {files}")
        self.assertTrue(said.startswith(expected), f"{said!r} does not begin with {expected!r}")

    def taken(self, **files):
        self.assertIsNone(self.run_on(**files))

    def test_statements_that_engines_do_not_take_alike(self):
        for sql in ["INSERT INTO a (n) VALUES (1) ON CONFLICT DO NOTHING", "INSERT OR REPLACE INTO a (n) VALUES (1)",
                    "INSERT INTO a (n) VALUES (1) RETURNING id", "SELECT pg_advisory_lock(1)",
                    "SELECT n::text FROM a", "SELECT * FROM a LIMIT 10 OFFSET 20", "SELECT * FROM a LIMIT 10, 20",
                    "SELECT * FROM a WHERE text ILIKE 'x'", "SELECT * FROM a WHERE text GLOB 'x'",
                    "SELECT * FROM a FOR UPDATE", "SELECT now()", "UPDATE a SET n = CURRENT_TIMESTAMP",
                    "SELECT random()", "UPDATE a SET n = TRUE", "SELECT rowid FROM a", 'SELECT "n" FROM a',
                    "SELECT n FROM a WHERE id = ?", "SELECT n FROM a WHERE id = $1", "SELECT SUM(n) AS n FROM a",
                    "SELECT nextval('x')"]:
            self.refused("x.sql:3: ", x=f"-- name: one\nSELECT 1 AS n\n-- name: two\n{sql}\n".replace(
                "SELECT 1 AS n\n-- name: two\n", "\n"))

    def test_what_is_forbidden_over_two_lines(self):
        self.refused("x.sql:1: ", x="-- name: one\nINSERT INTO a (n) VALUES (1) ON\nCONFLICT DO NOTHING\n")

    def test_other_statements(self):
        for sql in ["DROP TABLE a", "PRAGMA foreign_keys = OFF", "ATTACH 'x' AS y", "LISTEN x", "BEGIN",
                    "WITH x AS (SELECT 1) SELECT * FROM x"]:
            self.refused("x.sql:", x=f"-- name: one\n{sql}\n")
        self.refused("x.sql:1: ", x="-- name: one\nSELECT 1 AS n; SELECT 2 AS n\n")
        self.refused("x.sql:1: ", x="-- name: one\n-- name: two\nSELECT 1 AS n\n")
        self.refused("x.sql:1: ", x="SELECT 1 AS n\n")
        self.refused("x.sql:1: ", x="-- name: One\nSELECT 1 AS n\n")
        self.refused("y.sql:1: ", x="-- name: one\nSELECT 1 AS n\n", y="-- name: one\nSELECT 1 AS n\n")

    def test_wording_for_postgresql(self):
        self.refused("x.postgresql.sql:1: ", x__postgresql="-- name: one\nSELECT 1 AS n\n")
        self.refused("x.postgresql.sql:1: ", x="-- name: one\nSELECT n FROM a WHERE n = :n\n",
                     x__postgresql="-- name: one\nSELECT n FROM a WHERE n = :m\n")
        self.taken(x="-- name: one\nSELECT n FROM a WHERE n = :n AND text = :t\n",
                   x__postgresql="-- name: one\nSELECT n FROM a WHERE text = :t AND n = :n\n")
        self.assertIn('"SELECT n FROM a WHERE text = $2 AND n = $1"', self.texts[1])

    def test_parameters(self):
        self.taken(x="-- name: one\nSELECT ':no', n -- :no\nFROM a WHERE n = :n OR n = :m\n  OR :n = 1;\n")
        self.assertIn("\"SELECT ':no', n FROM a WHERE n = ?1 OR n = ?2 OR ?1 = 1\"", self.texts[1])
        self.assertIn('params_one[] = { "n", "m" }', self.texts[1])
        self.assertIn("STATEMENT_ONE", self.texts[0])

    def test_schema(self):
        self.taken(schema_0001_a=TABLE + "ALTER TABLE a ADD COLUMN b BLOB; -- later\n")
        self.assertIn('{ 1001, "0001-a/1"', self.texts[1])
        self.assertIn('{ 1002, "0001-a/2"', self.texts[1])
        self.assertIn('"ALTER TABLE a ADD COLUMN b BLOB"', self.texts[1])
        self.assertIn('"ALTER TABLE a ADD COLUMN IF NOT EXISTS b BYTEA"', self.texts[1])
        self.assertIn('text TEXT COLLATE \\"C\\", n BIGINT NOT NULL', self.texts[1])

    def test_schema_that_is_refused(self):
        for sql in ["CREATE TABLE b (n INTEGER);", "CREATE TABLE IF NOT EXISTS b (n SERIAL);",
                    "CREATE TABLE IF NOT EXISTS b (n INTEGER PRIMARY KEY AUTOINCREMENT);",
                    "CREATE TABLE IF NOT EXISTS b (n VARCHAR(10));", "CREATE TABLE IF NOT EXISTS b (n bigserial);",
                    "CREATE TABLE IF NOT EXISTS b (n);", "CREATE TABLE IF NOT EXISTS B (n INTEGER);",
                    "CREATE TABLE IF NOT EXISTS " + "b" * 31 + " (n INTEGER);", "CREATE INDEX b ON a (n);",
                    "ALTER TABLE a ADD COLUMN IF NOT EXISTS b TEXT;", "ALTER TABLE a DROP COLUMN n;",
                    "ALTER TABLE a ADD COLUMN b REAL;", "DROP TABLE a;", "CREATE VIEW b AS SELECT n FROM a;",
                    "CREATE TABLE IF NOT EXISTS b (n INTEGER)"]:
            self.refused("schema/0001-a.sql:6: ", schema_0001_a=TABLE + sql + "\n")
        self.refused("0001-b/1: ", schema_0001_a=TABLE, schema_0001_b=TABLE)
        self.refused("schema/a.sql: ", schema_a=TABLE)

    def test_the_depfile_names_the_folders(self):
        self.taken(x="-- name: one\nSELECT 1 AS n\n", schema_0001_a=TABLE)
        for name in ("/sql ", "/sql/schema ", "/sql/x.sql", "/sql/schema/0001-a.sql"):
            self.assertIn(name, self.texts[2])


unittest.main()
