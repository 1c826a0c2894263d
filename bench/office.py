"""The console over many rows (tests/api/fill.py), on SQLite and PostgreSQL: what an operator waits for, by the API with
real processes, beside the plain scan by LIKE '%…%' that the same engine does in the same run."""
import sqlite3
import statistics
import time
import urllib.parse

TIMES = 7
SCAN = {"name": "SELECT COUNT(*) FROM account JOIN organization ON organization.id = account.organization WHERE "
                "lower(account.name) LIKE '%{0}%' OR lower(organization.name) LIKE '%{0}%'",
        "mobile": "SELECT COUNT(*) FROM account WHERE mobile LIKE '%{0}%'",
        "email": "SELECT COUNT(*) FROM account WHERE lower(email) LIKE '%{0}%'",
        "number": "SELECT COUNT(*) FROM application WHERE number LIKE '%{0}%'",
        "serial": "SELECT COUNT(*) FROM certificate WHERE serial LIKE '%{0}%'",
        "card": "SELECT COUNT(*) FROM certificate WHERE lower(card) LIKE '%{0}%'",
        "audit": "SELECT COUNT(*) FROM audit WHERE lower(detail) LIKE '%{0}%' OR lower(subject) LIKE '%{0}%'"}


def questions(fill, office):
    """What is looked for: words, role, path, and of which scan it is the like."""
    middle = office.count // 2
    for what, scan, text in (("a name that many have", "name", "王伟"),
                             ("a name of three", "name", fill.person(middle | 1)),
                             ("a word in most names", "name", "有限公司"),
                             ("an organization", "name", fill.company(middle)),
                             ("what nobody is called", "name", "没有这个人"),
                             ("an e-mail address", "email", f"user{middle}@"),
                             ("a mobile number", "mobile", f"13{middle * 7 % 10**9:09}"),
                             ("an application", "number", fill.number(middle, office.at(middle))),
                             ("applications of a month", "number", fill.number(middle, office.at(middle))[:6]),
                             ("a certificate", "serial", fill.some("serial", middle).hex()),
                             ("a USBKey", "card", f"hf2026{middle:010}")):
        yield f"search: {what}", "reviewer", "console/search?" + urllib.parse.urlencode({"text": text}), (scan, text)
    yield "queue, 500 and more", "reviewer", "console/queue?state=review", None
    yield "organizations, page", "administrator", "console/organizations", None
    yield "accounts, page", "administrator", "console/accounts", None
    yield "on hold, page", "reviewer", "console/certificates?which=held", None
    yield "suspended, page", "reviewer", "console/certificates?which=suspended", None
    yield "trail, page", "auditor", "console/audit", None
    text = fill.company(middle)[:6]
    yield "trail, by a word", "auditor", "console/audit?" + urllib.parse.urlencode({"text": text}), ("audit", text)
    yield "statistics of a year", "auditor", "console/statistics", None


def median_ms(do):
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        do()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


class Sqlite:
    name = "sqlite3"

    def __init__(self, world, fill, office):
        world.stop()
        self.path = world.path("web/hufu.db")
        fill.sqlite(self.path, office)

    def scan(self, sql):
        database = sqlite3.connect(self.path)
        taken = median_ms(lambda: database.execute(sql).fetchall())
        database.close()
        return taken

    def close(self):
        pass


class Postgresql:
    name = "psql"

    def __init__(self, world, fill, office):
        from postgres import Postgres
        self.server = Postgres()
        world.stop()
        world.set("web", "database", self.server.url)
        world.start()  # makes the tables
        world.stop()
        fill.postgresql(self.server, self.server.url, office)

    def scan(self, sql):
        told = self.server.run(["\\timing on", *[sql] * TIMES])
        return statistics.median(float(line.split()[1]) for line in told.splitlines() if line.startswith("Time:"))

    def close(self):
        self.server.close()


def measure(table, world, engine, fill, office):
    from walk import Staff
    world.start()
    staff = Staff(world)
    for what, role, path, like in questions(fill, office):
        page = staff.get(role).page
        ours = median_ms(lambda: page.api("GET", path))
        theirs = engine.scan(SCAN[like[0]].format(like[1].lower())) if like else None
        table.add("office", f"{what}", "ms", ours, theirs and f"{engine.name}, scan", theirs, less_is_better=True)


def office(table, count):
    import fill
    from world import World
    many = fill.Office(count, int(time.time()))
    with World() as world:
        for kind in (Sqlite, Postgresql):
            table.title(f"{count:,} of each, {'SQLite' if kind is Sqlite else 'PostgreSQL'}")
            engine = kind(world, fill, many)
            try:
                measure(table, world, engine, fill, many)
                world.stop()
            finally:
                engine.close()
