"""R-OPS-5: one box finds everything that has what was typed, whatever signs a name is made of and however many rows there
are, on SQLite and PostgreSQL alike."""
import contextlib
import os
import random
import re
import sqlite3
import time
import unittest
import urllib.parse

import fill
from postgres import POSTGRES, Postgres
from walk import Staff, Walk, credit_code, expect, png
from world import World

KINDS = ("application", "account", "certificate", "usbkey", "organization")
EACH = 20  # of a kind
# More than may stand in a part before the rows are gone through.
MANY = 5200
BEGINNING = re.compile("(?=.*[0-9])[A-Za-z0-9-]{4,}")


class Searching(unittest.TestCase):
    def found(self, text, page=None):
        """Keys by kind, in the order of the answer."""
        items = (page or self.staff.reviewer.page).api("GET", "console/search?text=" + urllib.parse.quote(text))["items"]
        return {kind: [i["key"] for i in items if i["kind"] == kind] for kind in KINDS}


class Names(Searching):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)

    def open(self, name=None, organization=None, email=None):
        walk = Walk(self.world, self.staff)
        walk.name, walk.organization_name = name or walk.name, organization or walk.organization_name
        walk.email = email or walk.email
        walk.open()
        walk.done.append("open")
        return walk

    def test_r_ops_5_whatever_a_name_is_made_of(self):
        """R-OPS-5: rare characters of three and four bytes, small and large letters, signs of patterns, any part of it."""
        walk = self.open("𠅤㛃𡈽·Ñandú %_!王", "Ａ《x%_!y》𠀀𠀁𠀂𠀃𠀄𠀅𠀆北京第一 Qzeel WXQKS 有限公司", "Odd.Name_%s@Sub.Example.org" % random.randrange(10**9))
        for text in ("𠅤㛃", "㛃𡈽·", "·Ña", "AND", "%_", "_!", "!王", "ú %", "%_!王"):
            self.assertEqual(self.found(text)["account"], [walk.mobile], text)
        name = walk.organization_name
        for begin in range(0, len(name) - 2, 3):
            for length in (2, 5, 6, 7, 13):
                part = name[begin:begin + length]
                if len(part.strip()) > 1 and "有限" not in part:
                    self.assertEqual(self.found(part)["organization"], [walk.credit_code], part)
                    self.assertEqual(self.found(part)["account"], [walk.mobile], part)
        for text in (name, "qzeel wxqks", "QZEEL", walk.email[4:9], walk.email[3:].upper(), "me_"):
            self.assertEqual(self.found(text)["account"], [walk.mobile], text)
        for text in ("㛃𠅤", "x_%", "%%", "qzeel_wxqks", "𠀀𠀂", name + "了", "第一第一第一第一", "Ｑzeel"):
            self.assertEqual(set(map(tuple, self.found(text).values())), {()}, text)

    def test_r_ops_5_a_name_is_found_as_it_is_now(self):
        """R-OPS-5, R-FORM-2: by what the holder is called in the application, and by what the organization is called now."""
        walk = self.open("甲乙丙丁")
        for step in ("log_in", "apply", "agree"):
            getattr(walk, step)()
        details = walk.details()
        for name in ("戊己庚辛", "戊己壬癸", "甲乙丙丁"):
            walk.portal.api("PUT", walk.path("details"), {**details, "holder_name": name})
            self.assertEqual([self.found(part)["application"] for part in ("己庚", "己壬", "乙丙")],
                             [[walk.number] * (part in name or part == "乙丙") for part in ("己庚", "己壬", "乙丙")], name)
        old, new = walk.organization_name, "改名以后的" + walk.organization_name[2:-4] + "集团"
        path = f"console/organizations/{walk.organization}/changes?" + urllib.parse.urlencode({"name": new, "credit_code": credit_code()})
        change = self.staff.administrator.try_api("POST", path, content=png())
        expect(change)
        expect(self.staff.get("administrator", 1).try_api("PUT", f"console/organization-changes/{change['id']}",
                                                          {"decision": "approve", "words": "已核对"}))
        self.assertEqual(self.found(new)["account"], [walk.mobile])
        self.assertEqual(self.found(old)["account"], [])


class Filled(Searching):
    """Rows of an office, and what a plain scan of them finds."""

    def check(self, world, scan, office):
        staff = self.staff = Staff(world)
        middle = MANY // 2
        first = office.accounts()
        some = [next(first) for _ in range(40)]
        for text in ("有限公司", "有限", "责任公司", "王伟", "集团", "集团有限公司", "user1", "r52", ".example", "@nengyuan.ex", "HF2026", "2025",
                     fill.company(middle), fill.person(middle), fill.number(middle, office.at(middle))[:8], "北京北京",
                     some[7][7], some[9][8], fill.some("serial", middle).hex()[:9], f"hf2026{middle:010}", "没有这个人", "911100000000",
                     fill.company(5)[-7:], "伟𠅤"):
            with self.subTest(text=text):
                found, there = self.found(text), scan(text)
                for kind in KINDS:
                    self.assertEqual(len(found[kind]), min(EACH, len(there[kind])), kind)
                    # Of numbers that begin alike, these are the first of each number's own order.
                    self.assertLessEqual(set(found[kind]), set(there[kind]), kind)
                    if not BEGINNING.fullmatch(text):
                        self.assertEqual(found[kind], there[kind][:EACH], kind)
        self.lists(staff)

    def lists(self, staff):
        """R-OPS-5: pages follow each other without gap or repetition."""
        for path, role, count in (("console/accounts", "administrator", MANY), ("console/certificates?which=suspended", "reviewer", None)):
            ids, after = [], None
            while True:
                page = staff.get(role).api("GET", path + ("&" if "?" in path else "?") + f"after={after}" if after else path).json
                ids += [i.get("id") if "accounts" in path else i["key"] for i in page["items"]]
                after = page.get("next")
                if not after:
                    break
            self.assertEqual(len(ids), len(set(ids)))
            self.assertEqual(len(ids), count or len(ids))
            self.assertTrue(ids)


def scanned(rows_of, text):
    """What the box is to find, told from ROWS_OF(SQL) in the plainest way."""
    small, begin = text.lower(), text.lower().replace(" ", "")
    if not BEGINNING.fullmatch(begin):
        begin = None

    def has(*values):
        return any(v and small in re.sub("[A-Z]", lambda m: m[0].lower(), v) for v in values)

    def begins(*values):
        return any(v and begin and v.lower().startswith(begin) for v in values)
    people = {r[0]: r[1:] for r in rows_of("SELECT account.id, account.name, organization.name, account.mobile, account.email, "
                                           "organization.credit_code FROM account JOIN organization ON organization.id = organization")}
    accounts = sorted((name, id, mobile) for id, (name, company, mobile, email, code) in people.items()
                      if begins(mobile, code) or has(name, email, company))
    applications = sorted((number for number, holder, called, card in rows_of("SELECT number, holder, holder_name, card FROM application")
                           if begins(number, card, people[holder][2]) or has(called, *people[holder][:2])), reverse=True)
    made = rows_of("SELECT serial, purpose, holder, application, card, not_after_s FROM certificate")
    certificates = sorted((-end, serial) for serial, purpose, holder, number, card, end in made
                          if begins(serial, number) or purpose == "signing" and (begins(card) or has(*people[holder][:2])))
    cards = sorted({card for _, _, _, _, card, _ in made if begins(card)})
    organizations = sorted((name, id, code) for id, name, code in rows_of("SELECT id, name, credit_code FROM organization")
                           if begins(code) or has(name))
    return {"application": applications, "account": [m for _, _, m in accounts], "certificate": [s for _, s in certificates],
            "usbkey": cards, "organization": [c for _, _, c in organizations]}


class OnSqlite(Filled):
    def test_r_ops_5_all_that_a_scan_finds(self):
        """R-OPS-5: also what was there before the parts of names were kept."""
        office = fill.Office(MANY, int(time.time()))
        with World(start=False) as world:
            path = world.path("web/hufu.db")
            world.start()
            world.stop()
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                # As the version before had it.
                for table in "account", "email", "organization", "application":
                    database.execute(f"DROP TABLE {table}_part")
                database.execute("DELETE FROM schema_step WHERE name LIKE '0030-search/%'")
            fill.sqlite(path, office, parts=False)
            world.start()
            with contextlib.closing(sqlite3.connect(path)) as database:
                self.check(world, lambda text: scanned(lambda sql: database.execute(sql).fetchall(), text), office)


@unittest.skipUnless(os.path.exists(POSTGRES), "a test dependency: script/setup test")
class OnPostgresql(Filled):
    def test_r_ops_5_all_that_a_scan_finds(self):
        office = fill.Office(MANY, int(time.time()))
        server = Postgres()
        self.addCleanup(server.close)
        with World(start=False, settings=[("web", "database", server.url)]) as world:
            world.start()
            world.stop()
            fill.postgresql(server, server.url, office)
            world.start()
            self.check(world, lambda text: scanned(lambda sql: rows(server, sql), text), office)


def rows(server, sql):
    """As texts, but for numbers at the end."""
    return [tuple(int(v) if re.fullmatch("[0-9]{10}", v) and "not_after" in sql else v or None for v in line.split("|"))
            for line in server.run([sql]).splitlines()]


if __name__ == "__main__":
    unittest.main()
