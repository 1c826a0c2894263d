"""A certificate office of some years as rows: as many organizations, accounts, applications, pairs of certificates, payments
and entries of the trail as asked for, the same ones each time.

    fill.sqlite(path, office)             an Office(count, now_s) into the database of an installation that does not run
    fill.postgresql(server, url, office)  the same rows; SERVER is a Postgres of postgres.py

What the parts of names are found by is made by the statements that web uses for it, from src/store/sql."""
import hashlib
import os
import pathlib
import re
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
YEARS_S = 4 * 366 * 86400  # back from now
OPEN = {"in-review": 500, "approved": 300, "produced": 80, "draft": 400, "awaiting-payment": 200, "sent-back": 100}
SERVICES = ("apply", "renew", "apply", "lost", "unlock", "damaged", "revoke", "change")
FAMILY = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高梁郑谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红建国志文辉力东海山仁波宁贵福生龙元全胜学祥才发武新利清飞彬富顺信子𠅤𡈽㛃"
PLACES = "北京上海天津重庆石家庄太原沈阳长春哈尔滨南京杭州合肥福州南昌济南郑州武汉长沙广州南宁海口成都贵阳昆明西安兰州西宁银川"
TRADES = ("能源", "水务", "电力", "建设", "交通", "粮食", "钢铁", "机械", "化工", "医药", "信息", "旅游", "环境", "置业", "物流")
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def some(kind, i, count=16):
    """COUNT bytes that look like chance."""
    return hashlib.shake_128(f"{kind}{i}".encode()).digest(count)


def pick(choices, kind, i):
    return choices[int.from_bytes(some(kind, i, 4), "big") % len(choices)]


def person(i):
    return pick(FAMILY, "family", i) + "".join(pick(GIVEN, f"given{n}", i) for n in range(1 + i % 2))


def company(i):
    return (pick(PLACES, "place", i) + pick(PLACES, "place2", i) + pick(FAMILY, "shop", i) + pick(GIVEN, "shop2", i) +
            pick(TRADES, "trade", i) + ("集团" if i % 9 == 0 else "") + ("有限公司", "有限责任公司", "股份有限公司")[i % 3])


def credit_code(i):
    first = f"91110000{i:09}"
    return first + CREDIT[-sum(CREDIT.index(c) * pow(3, n, 31) for n, c in enumerate(first)) % 31]


def number(i, at_s):
    first, product = time.strftime("%Y%m%d", time.gmtime(at_s + 8 * 3600)) + f"{i * 7919 % 10**8:08}", 10
    for digit in first:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return first + str((11 - product) % 10)


class Office:
    def __init__(self, count, now_s):
        self.count, self.now_s = count, now_s

    def at(self, i):
        return self.now_s - YEARS_S + i * YEARS_S // self.count

    def organizations(self):
        for i in range(self.count):
            yield some("organization", i), company(i), credit_code(i), "示例路 1 号", self.at(0), 0

    def accounts(self):
        for i in range(self.count):
            yield (some("account", i), some("organization", i), person(i), "id-card", some("sealed", i, 60),
                   some("index", i, 32), "110***********0011", f"13{i * 7 % 10**9:09}", f"user{i}@{pick(TRADE_HOSTS, 'host', i)}.example",
                   "suspended" if i % 500 == 0 else "open", self.at(0))

    def state(self, i):
        """The newest are open."""
        left = self.count - 1 - i
        for state, some_of in OPEN.items():
            if left < some_of:
                return state
            left -= some_of
        return pick(("done", "done", "done", "done", "shipped", "rejected", "withdrawn", "lapsed"), "state", i)

    def applications(self):
        for i in range(self.count):
            at, state = self.at(i), self.state(i)
            late, decided = at + 3 * 86400, state not in OPEN or state in ("approved", "produced")
            service = SERVICES[i % len(SERVICES)] if state not in ("approved", "produced") else "apply"
            made = state in ("done", "shipped", "produced")
            yield (number(i, at), service, service, state, 3, some("account", i), int(state in OPEN), company(i), credit_code(i),
                   person(i), "usbkey" if i % 4 else "shield", person(i), f"13{i * 7 % 10**9:09}", "湖南省", "长沙市岳麓区示例路 1 号",
                   39900, 1, at, at, at, late, 0, 0, (late + (3600 if i % 7 == 0 else -3600)) if decided else 0, 0,
                   f"HF2026{i:010}" if made else None, some("serial", i).hex() if made else None, 7, at)

    def certificates(self):
        for i in range(self.count):
            at = self.at(i)
            pair = some("serial", i).hex(), some("encryption", i).hex()
            state = "revoked" if i % 11 == 0 else "held" if i % 400 == 1 else "valid"
            for purpose, serial in zip(("signing", "encryption"), pair):
                yield (serial, "issuing", purpose, pair[0], some("account", i), number(i, at), "usbkey" if i % 4 else "shield",
                       f"HF2026{i:010}", f"CN={person(i)}, O={company(i)}, C=CN", some("der", i, 900), at, at + 366 * 86400 - 1,
                       state, at + 86400 if state == "revoked" else 0,
                       pick(("superseded", "key-compromise", "cessation-of-operation"), "reason", i) if state == "revoked" else None,
                       2 * i)

    def payments(self):
        for i in range(self.count):
            at = self.at(i)
            state = "refunded" if i % 50 == 0 else "paid"
            yield (some("order", i).hex(), number(i, at), ("wechat", "alipay", "transfer")[i % 3], 39900, state,
                   some("transaction", i).hex(), at, at + 7200, at + 600, at + 600, at + 9000 if state == "refunded" else 0)

    def audits(self):
        """Of before the trail had places in a log."""
        for i in range(self.count):
            at = self.at(i)
            yield (at.to_bytes(8, "big") + some("audit", i, 8), at, person(i * 3), some("account", i).hex()[:26], "10.0.0.1",
                   ("application.begin", "application.submit", "review.approve", "application.ship")[i % 4],
                   number(i, at), "证书服务 " + company(i), some("request", i, 13).hex())

    def tables(self):
        return (
            ("organization", "id name credit_code address created_s changed_s", self.organizations()),
            ("account", "id organization name document_type document_sealed document_index document_mask mobile email state "
                        "created_s", self.accounts()),
            ("application", "number service origin state version holder open organization_name credit_code holder_name medium "
                            "recipient recipient_mobile province address fee_fen form_revision agreed_s created_s submitted_s "
                            "due_s started_s left_s decided_s finished_s card serial confirmed touched_s", self.applications()),
            ("certificate", "serial ca_id purpose pair holder application medium card subject der not_before_s not_after_s "
                            "state revoked_s reason journal_index", self.certificates()),
            ("payment", "order_number application method amount_fen state transaction_number created_s expires_s paid_s "
                        "checked_s refunded_s", self.payments()),
            ("audit", "id at_s actor actor_id client action subject detail request", self.audits()))


TRADE_HOSTS = ("nengyuan", "shuiwu", "dianli", "jianshe", "jiaotong", "liangshi", "gangtie", "jixie", "huagong", "yiyao")
# Columns that have no default and are not told above.
ALWAYS = {"application": {"returned_s": 0}}


def rows(table, columns, values):
    more = ALWAYS.get(table, {})
    return [*columns.split(), *more], (tuple(row) + tuple(more.values()) for row in values)


def sqlite(path, office, parts=True):
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA cache_size=-1000000")
    for table, columns, values in office.tables():
        names, lines = rows(table, columns, values)
        database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", lines)
    for statement in part_steps() if parts else ():
        database.execute(statement)
    database.commit()
    database.close()


def cell(value):
    """As COPY takes it."""
    if value is None:
        return "\\N"
    return f"\\\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def postgresql(server, url, office):
    for table, columns, values in office.tables():
        names, lines = rows(table, columns, values)
        with subprocess.Popen(["psql", "-qXAt", url, "-c", f"COPY {table} ({', '.join(names)}) FROM STDIN"],
                              stdin=subprocess.PIPE) as psql:
            for line in lines:
                psql.stdin.write(("\t".join(map(cell, line)) + "\n").encode())
        if psql.returncode:
            raise SystemExit(f"{table}: COPY ends with {psql.returncode}")
    server.run([*part_steps(), "ANALYZE"], url)


def part_steps():
    """The steps of the schema that make the parts of what is there already."""
    text = (ROOT / "src/store/sql/schema/0030-search.sql").read_text(encoding="utf-8")
    return re.findall(r"(?ms)^(INSERT INTO .*?);$", text)
