"""R-OPS-6: `hufu audit verify` finds what was done to the signer's journal and to the trail of who did what."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

from trail import rebuild, sm3
from world import World

HEADER, RECORD = 32, 64


class Log:
    """The files of a log (docs/PROTOCOL.journal), taken apart and written again."""

    def __init__(self, folder):
        self.folder = folder
        with open(folder + "/records", "rb") as f:
            whole = f.read()
        self.header, self.records, at = whole[:HEADER], [], HEADER
        while at < len(whole):
            end = at + RECORD + int.from_bytes(whole[at:at + 4], "big")
            self.records.append(whole[at:end])
            at = end

    def write(self):
        with open(self.folder + "/records", "wb") as f:
            f.write(self.header + b"".join(self.records))

    def write_tree(self):
        """Tree and places as they would be made of the records, and no checkpoint."""
        tree, peaks, places, at = b"", [], b"", HEADER
        for record in self.records:
            places, at = places + at.to_bytes(8, "big"), at + len(record)
            peaks.append((0, record[32:64]))
            tree += record[32:64]
            while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
                node = sm3(b"\1", peaks[-2][1], peaks[-1][1])
                peaks[-2:] = [(peaks[-1][0] + 1, node)]
                tree += node
        for name, content in (("tree", tree), ("places", places)):
            with open(f"{self.folder}/{name}", "wb") as f:
                f.write(content)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder + "/checkpoint")

    def altered(self, index, leaf_too):
        record = bytearray(self.records[index])
        record[-1] ^= 1
        if leaf_too:
            record[32:64] = sm3(b"\0", record[4:7], record[8:16], record[16:32], record[64:])
        return bytes(record)


class Verify(unittest.TestCase):
    """One walk, stopped; each damage is done to a copy."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.run("demo", "--folder", cls.world.folder)
        cls.world.wait_trail_heads(1)
        cls.world.run("user", "list", "--folder", cls.world.folder)  # entries that no head vouches for yet
        cls.first = cls.told("--json", "--folder", cls.world.folder)
        cls.first_head = cls.head(cls.world.folder)
        cls.running = cls.world.folder + "-earlier"
        cls.world.stop()
        cls.stopped = cls.told("--json", "--folder", cls.world.folder)
        cls.addClassCleanup(shutil.rmtree, cls.running, True)
        shutil.copytree(cls.world.folder, cls.running)
        for section in ("web", "signer"):  # an hour later the trail's next head is recorded
            cls.world.set(section, "clock_offset_s", 7200)
        cls.world.start()
        cls.world.run("demo", "--folder", cls.world.folder)
        cls.world.wait_trail_heads(3)
        cls.world.stop()

    @classmethod
    def verify(cls, *arguments):
        return subprocess.run([cls.world.hufu, "audit", "verify", *arguments], capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, LC_ALL="C.UTF-8"))

    @classmethod
    def told(cls, *arguments):
        done = cls.verify(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @staticmethod
    def head(folder):
        with open(folder + "/signer/journal/head", encoding="utf-8") as f:
            return f.read()

    def setUp(self):
        self.parent = tempfile.mkdtemp(prefix="hufu-audit-")
        self.addCleanup(shutil.rmtree, self.parent)
        self.folder = self.parent + "/var"
        shutil.copytree(self.world.folder, self.folder)
        self.log = Log(self.folder + "/signer/journal")

    def found(self, words, *arguments):
        done = self.verify("--folder", self.folder, *arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def file(self, text, name="heads"):
        with open(f"{self.parent}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
        return f"{self.parent}/{name}"

    # ---- nothing was done ----

    def test_r_ops_6_an_unaltered_installation_passes(self):
        """While it runs and when it is stopped; with the heads that were published, and with the root as it is known."""
        done = self.verify(self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Nothing was altered.", done.stdout)
        heads = self.file(self.first_head + self.head(self.folder))
        trail = f"{self.first['trail']['size']}:{self.first['trail']['root']}"
        told = self.told("--json", "--folder", self.folder, "--heads", heads, "--trail", trail, "--root",
                         self.world.path("ca/root.cer"))
        self.assertEqual((told["journal"]["size"], told["journal"]["heads"]), (len(self.log.records), 2))
        self.assertGreater(told["trail"]["size"], self.first["trail"]["size"])

    # ---- the journal ----

    def test_r_ops_6_a_changed_record(self):
        whole = self.log.records[9]
        for leaf_too in (False, True):
            self.log.records[9] = whole
            self.log.records[9] = self.log.altered(9, leaf_too)
            self.log.write()
            self.assertIn("record 9", self.found("A record of the log was changed"))

    def test_r_ops_6_a_changed_length(self):
        record = self.log.records[9]
        self.log.records[9] = (len(record)).to_bytes(4, "big") + record[4:]
        self.log.write()
        self.assertIn("record 9", self.found("A record of the log was changed"))

    def test_r_ops_6_a_removed_record(self):
        del self.log.records[9]
        self.log.write()
        self.assertIn("record 9", self.found("A record of the log was removed"))

    def test_r_ops_6_an_inserted_record(self):
        self.log.records.insert(9, self.log.altered(12, True))
        self.log.write()
        self.assertIn("record 9", self.found("was inserted"))

    def test_r_ops_6_a_record_behind_the_signed_head(self):
        self.log.records.append(self.log.altered(12, True))
        self.log.write()
        self.log.write_tree()
        self.found("was inserted")

    def test_r_ops_6_reordered_records(self):
        records = self.log.records
        records[9], records[11] = records[11], records[9]
        self.log.write()
        self.assertIn("record 9", self.found("put in another order"))

    def test_r_ops_6_a_cut_tail(self):
        """Also when tree and places were cut with it, and when an older head was put in place of the newest one."""
        del self.log.records[-1:]
        self.log.write()
        self.found("The end of the log was cut off")
        self.log.write_tree()
        self.found("The end of the log was cut off")
        size = int(self.first_head.split("size: ")[1].split("\n")[0])
        self.assertLess(size, len(self.log.records))
        del self.log.records[size:]
        self.log.write()
        self.log.write_tree()
        with open(self.folder + "/signer/journal/head", "w", encoding="utf-8") as f:
            f.write(self.first_head)
        self.assertIn("the database knows of", self.found("The end of the log was cut off"))

    def test_r_ops_6_records_and_tree_made_anew(self):
        self.log.records[9] = self.log.altered(9, True)
        self.log.write()
        self.log.write_tree()
        self.found("others than those that the signed head vouches for")

    def test_an_altered_tree_beside_good_records(self):
        path = self.folder + "/signer/journal/tree"
        with open(path, "rb") as f:
            tree = f.read()
        for at in (0, 64):  # a leaf, and a node above two
            with open(path, "wb") as f:
                f.write(tree[:at] + b"\0" * 32 + tree[at + 32:])
            self.found("the tree beside them was altered")

    def test_r_ops_6_the_head_must_be_there_and_hold(self):
        path = self.folder + "/signer/journal/head"
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.first_head.replace("size: ", "size: 1"))
        self.found("no signed tree head, or its signature does not hold")
        os.unlink(path)
        self.found("no signed tree head, or its signature does not hold")

    def test_r_ops_6_another_root_than_the_trusted_one(self):
        self.found("another root certificate", "--root", self.world.path("ca/issuing.cer"))

    def test_r_ops_6_a_fork_between_two_heads(self):
        """A copy of an earlier state went its own way: both heads are signed by the same key."""
        kept = self.world.folder + "-kept"
        os.rename(self.world.folder, kept)
        try:
            shutil.copytree(self.running, self.world.folder)
            for section in ("web", "signer"):
                self.world.set(section, "clock_offset_s", 7200)
            self.world.start()
            self.world.run("demo", "--folder", self.world.folder)
            self.world.wait_trail_heads(2)
            self.world.stop()
            heads = self.file(self.first_head + self.head(kept))
            done = self.verify("--folder", self.world.folder, "--heads", heads)
            self.assertEqual(done.returncode, 1)
            self.assertIn("two histories", done.stderr)
            self.assertEqual(self.verify("--folder", self.world.folder, "--heads", self.file(self.first_head)).returncode, 0)
        finally:
            self.world.stop()
            shutil.rmtree(self.world.folder)
            os.rename(kept, self.world.folder)

    # ---- the trail ----

    def sql(self, *statements):
        with contextlib.closing(sqlite3.connect(self.folder + "/web/hufu.db")) as db, db:
            for statement in statements:
                db.execute(statement)

    def test_r_ops_6_a_changed_entry(self):
        for what in ("actor = 'somebody else'", "detail = detail || '.'", "at_s = at_s + 1", "salt = NULL"):
            self.sql(f"UPDATE audit SET {what} WHERE position = 9")
            self.assertIn("audit trail: record 8", self.found("A record of the log was changed"))

    def test_r_ops_6_a_removed_entry(self):
        self.sql("DELETE FROM audit WHERE position = 9")
        self.assertIn("audit trail: record 8", self.found("A record of the log was removed"))

    def test_r_ops_6_an_inserted_entry(self):
        for position in (9, 0, 100000):
            self.sql("INSERT INTO audit SELECT x'00000000000000000000000000000001', at_s, actor, actor_id, client, action, "
                     f"subject, detail, request, {position}, salt FROM audit WHERE position = 9")
            self.found("was inserted")
            self.sql("DELETE FROM audit WHERE id = x'00000000000000000000000000000001'")

    def test_r_ops_6_reordered_entries(self):
        self.sql("UPDATE audit SET position = 1000000 WHERE position = 9", "UPDATE audit SET position = 9 WHERE position = 11",
                 "UPDATE audit SET position = 11 WHERE position = 1000000")
        self.found("put in another order")

    def test_r_ops_6_a_cut_trail(self):
        """Also when its tree was made anew of what is left: an earlier printed root tells."""
        size = self.first["trail"]["size"]
        self.sql(f"DELETE FROM audit WHERE position >= {size}")
        self.found("The end of the log was cut off")
        self.sql(f"DELETE FROM audit_leaf WHERE position >= {size}")
        self.found("The end of the log was cut off")
        self.sql("DELETE FROM audit", "DELETE FROM audit_leaf", "DELETE FROM audit_tree")
        self.found("The end of the log was cut off", "--trail", f"{size}:{self.first['trail']['root']}")

    # ---- heads of the trail in the journal ----

    def test_r_ops_6_the_journal_vouches_for_the_trail(self):
        """Rebuilt of what is there, it is the same; its heads in the journal are signed with the journal."""
        before = self.told("--json", "--folder", self.folder)["trail"]
        rebuild(self.folder)
        told = self.told("--json", "--folder", self.folder)["trail"]
        self.assertEqual(told, before)
        self.assertEqual((told["heads"], told["lost"]), (3, 0))

    def test_r_ops_6_a_stop_leaves_no_entry_without_a_head(self):
        """A head soon after the start, and one at the stop, though no hour passed."""
        running, stopped = self.first["trail"], self.stopped["trail"]
        self.assertEqual((running["heads"], stopped["heads"]), (1, 2))
        self.assertGreater(running["unsigned"], 0)
        self.assertEqual(stopped["unsigned"], 0)

    def test_r_ops_6_a_trail_rebuilt_without_its_end(self):
        vouched = (trail := self.told("--json", "--folder", self.folder)["trail"])["size"] - trail["unsigned"]
        self.sql(f"DELETE FROM audit WHERE position >= {vouched}")
        rebuild(self.folder)
        self.assertIn("vouches for", self.found("The end of the log was cut off"))

    def test_r_ops_6_a_trail_rebuilt_around_a_changed_entry(self):
        self.sql("UPDATE audit SET actor = 'somebody else' WHERE position = 9")
        rebuild(self.folder)
        self.assertIn("vouches for", self.found("two histories"))

    def test_r_ops_6_a_trail_rebuilt_with_an_entry_more_or_less(self):
        self.sql("DELETE FROM audit WHERE position = 9")
        rebuild(self.folder)
        self.assertIn("vouches for", self.found("two histories"))

    def test_r_ops_6_a_forked_trail_is_refused_by_the_signer_and_journaled(self):
        """Served on with an altered trail, the installation says so: a refusal in the journal, and so in the trail."""
        kept, place = self.world.folder + "-whole", self.world.folder
        self.sql("UPDATE audit SET actor = 'somebody else' WHERE position = 9")
        rebuild(self.folder)
        os.rename(place, kept)
        shutil.copytree(self.folder, place)
        try:
            for section in ("web", "signer"):
                self.world.set(section, "clock_offset_s", 14400)
            self.world.start()
            self.world.run("demo", "--folder", place)
            deadline = time.monotonic() + 60
            while not self.refusals(place):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
        finally:
            self.world.stop()
            shutil.rmtree(place)
            os.rename(kept, place)

    @staticmethod
    def refusals(folder):
        with contextlib.closing(sqlite3.connect(f"file:{folder}/web/hufu.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT detail FROM audit WHERE action = 'signer.refuse' AND detail LIKE 'TRAIL_FORK%'").fetchall()

    def test_r_ops_6_a_trail_that_is_another_one(self):
        self.found("two histories", "--trail", f"{self.first['trail']['size']}:{'0' * 64}")

    def test_what_is_no_earlier_root_is_refused(self):
        for text in ("1", "x:00", "1:00"):
            self.found("SIZE:ROOT", "--trail", text)
        self.assertEqual(self.verify("--nothing").returncode, 2)


if __name__ == "__main__":
    unittest.main()
