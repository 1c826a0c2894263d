"""R-OPS-3, R-OPS-6: `hufu backup` of what runs, `hufu restore` elsewhere: proven, whole or not at all."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from postgres import POSTGRES, Postgres
from trail import rebuild
from world import World

PASSPHRASE = b"a passphrase of the backup's own"


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.parent = tempfile.mkdtemp(prefix="hufu-backup-")
        cls.addClassCleanup(shutil.rmtree, cls.parent)
        cls.world.run("demo", "--folder", cls.world.folder)
        cls.world.wait_trail_heads(1)  # for an hour nothing more comes by itself
        cls.file, cls.head_then = cls.parent + "/archive", cls.parent + "/head"
        cls.before = set(os.listdir(cls.parent))
        shutil.copy(cls.world.path("signer/journal/head"), cls.head_then)
        cls.then = cls.accounts(cls.world.folder)
        cls.done = cls.hufu("backup", "--json", "--folder", cls.world.folder, cls.file)

    @classmethod
    def hufu(cls, *arguments, passphrase=PASSPHRASE):
        read, write = os.pipe()
        os.write(write, passphrase)
        os.close(write)
        try:
            return subprocess.run([cls.world.hufu, arguments[0], "--passphrase-fd", str(read), *arguments[1:]], text=True,
                                  pass_fds=[read], capture_output=True, timeout=120, env=dict(os.environ, LC_ALL="C.UTF-8"))
        finally:
            os.close(read)

    def refused(self, file, words, *options, **how):
        target = self.parent + "/refused"
        done = self.hufu("restore", *options, file, target, **how)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stderr)
        self.assertEqual([name for name in os.listdir(self.parent) if name.startswith("refused")], [])

    def altered(self, change):
        with open(self.file, "rb") as f:
            whole = bytearray(f.read())
        with open(self.parent + "/altered", "wb") as f:
            f.write(change(whole))
        return self.parent + "/altered"

    def test_r_ops_6_walk_backup_restore_serve_and_go_on(self):
        """A backup of the running installation is another one that goes on: people, certificates, journal, keys."""
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        made = json.loads(self.done.stdout)
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        with open(self.file, "rb") as f:
            whole = f.read()
        for plain in (b"SQLite format", b"HUFULOG", b"[serve]"):
            self.assertNotIn(plain, whole)
        self.world.stop()
        kept, place = self.world.folder + "-kept", self.world.folder
        os.rename(place, kept)
        try:
            done = self.hufu("restore", "--json", self.file, place)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual({name: told[name] for name in made}, made)
            self.assertEqual(told["certificates"], 2)
            self.assertEqual(sorted(name for name in os.listdir(kept) if name != "run"),
                             sorted(name for name in os.listdir(place) if name != "run"))
            self.assertEqual(self.verify(place)["restored"], 0)
            before, sessions = self.head(place), self.sessions(place)
            self.world.start()
            self.assertTrue(sessions)
            self.assertEqual(self.sessions(place), [])
            self.assertEqual(self.accounts(place), self.then)
            # Another incarnation, which signer and database know and whose heads are told from the old one's.
            self.assertFalse(os.path.exists(place + "/signer/incarnation"))
            after = self.head(place)
            self.assertNotEqual(before["incarnation"], after["incarnation"])
            self.world.run("demo", "--folder", place)
            verified = self.verify(place, "--heads", self.head_then)
            self.assertEqual((verified["restored"], verified["heads"]), (1, 1))
            self.assertIn("restored from backups: 1 times", self.world.run("audit", "verify", place).stdout)
            self.world.stop()
            self.world.start()  # the same incarnation goes on
            self.assertEqual(self.head(place)["incarnation"], after["incarnation"])
            self.assertEqual(self.verify(place)["restored"], 1)
            self.the_trail_goes_on_with_heads(place)
        finally:
            self.world.stop()
            restored = self.parent + "/restored"
            os.rename(place, restored)
            os.rename(kept, place)
            self.world.start()
        # The old one goes on all the same: its newest head, held against the restored one, gives both away.
        self.world.run("demo", "--folder", place)
        told = self.world.run("audit", "verify", "--heads", place + "/signer/journal/head", restored, check=False)
        self.assertEqual(told.returncode, 1, told.stdout)
        self.assertIn("was signed beside this installation", told.stderr)

    def the_trail_goes_on_with_heads(self, place):
        """What was recorded of it after the restoring holds; what no head vouches for yet is held by what was printed."""
        self.accounts(place)
        running = self.trail(place)
        self.assertGreater(running["unsigned"], 0)
        self.world.kill_all()  # an orderly stop would leave nothing without a head
        crashed = self.trail(place)
        self.assertEqual((crashed["heads"], crashed["lost"]), (running["heads"], running["lost"]))
        # Without its last entries, as nobody vouches for them: passes unless somebody kept what was printed.
        self.cut(place, crashed["size"] - crashed["unsigned"])
        self.assertEqual(self.trail(self.parent + "/cut")["unsigned"], 0)
        told = self.world.run("audit", "verify", "--trail", f"{running['size']}:{running['root']}", self.parent + "/cut", check=False)
        self.assertEqual(told.returncode, 1, told.stdout)
        self.assertIn("The end of the log was cut off", told.stderr)
        # One more, and the head that was recorded after the restoring tells.
        self.cut(place, crashed["size"] - crashed["unsigned"] - 1)
        told = self.world.run("audit", "verify", self.parent + "/cut", check=False)
        self.assertEqual(told.returncode, 1, told.stdout)
        self.assertIn("vouches for", told.stderr)

    def trail(self, folder):
        return json.loads(self.world.run("audit", "verify", "--json", folder).stdout)["trail"]

    def cut(self, folder, size):
        """A copy whose trail was made anew with its first SIZE entries."""
        shutil.rmtree(self.parent + "/cut", ignore_errors=True)
        shutil.copytree(folder, self.parent + "/cut", ignore=shutil.ignore_patterns("*.sock"))
        with contextlib.closing(sqlite3.connect(self.parent + "/cut/web/hufu.db")) as database, database:
            database.execute("DELETE FROM audit WHERE position > ?", (size,))
        rebuild(self.parent + "/cut")

    @unittest.skipUnless(os.path.exists(POSTGRES), "a test dependency: script/setup test")
    def test_r_ops_6_walk_over_postgresql_and_back(self):
        """The same with the other database: what was embedded goes on in PostgreSQL, is backed up there while it runs,
        goes on in another one, and is an embedded one again; each empty before, and filled whole or not at all."""
        server = Postgres()
        self.addCleanup(server.close)
        first, second = server.database("first"), server.database("second")
        place, kept, archive = self.world.folder, self.world.folder + "-kept", self.parent + "/of-postgresql"
        self.world.stop()
        os.rename(place, kept)
        try:
            self.restored(self.file, place, "--database", first)
            self.assertFalse(os.path.exists(place + "/web/hufu.db") or os.path.exists(place + "/database"))
            with open(place + "/hufu.conf", encoding="utf-8") as f:
                self.assertIn(f"[web]\ndatabase = {first}\n", f.read())
            self.world.start()
            self.assertEqual(self.accounts(place), self.then)
            self.world.run("demo", "--folder", place)
            done = self.hufu("backup", "--json", "--folder", place, archive)
            self.assertEqual(done.returncode, 0, done.stderr)
            made, accounts = json.loads(done.stdout), self.accounts(place)
            self.world.stop()
            shutil.rmtree(place)
            # Where there is something already nothing is touched, and where something fails nothing is left.
            count = "SELECT count(*) FROM account"
            before = server.run([count], url=first)
            self.refused(archive, "database that was given is not empty")
            self.assertEqual(server.run([count], url=first), before)
            self.refused(self.cut_at_end(archive), "The backup is cut off", "--database", second)
            self.assertEqual(server.run(["SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"],
                                        url=second).strip(), "0")
            self.refused(archive, "others can see a password", "--database", "postgresql://hufu:secret@host/hufu")
            self.refused(archive, "others can see a password", "--database", "postgresql://host/hufu?password=secret")
            self.refused(archive, "--database is neither", "--database", "sqlite:/tmp/elsewhere")
            told = self.restored(archive, place, "--database", second)
            self.same(told, made)
            self.assertEqual(told["certificates"], 4)
            self.world.start()
            self.assertEqual(self.accounts(place), accounts)
            self.world.run("demo", "--folder", place)
            self.assertEqual(self.verify(place)["restored"], 2)
            self.world.stop()
            shutil.rmtree(place)
            told = self.restored(archive, place, "--database", "embedded")
            self.same(told, made)
            self.world.start()
            self.assertEqual(self.accounts(place), accounts)
        finally:
            self.world.stop()
            shutil.rmtree(place, ignore_errors=True)
            os.rename(kept, place)
            self.world.start()

    def restored(self, file, place, *options):
        done = self.hufu("restore", "--json", *options, file, place)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def same(self, told, made):
        """What was verified before the copy was made; it was written on meanwhile."""
        self.assertEqual((told["files"], told["bytes"]), (made["files"], made["bytes"]))
        self.assertGreaterEqual((told["journal"], told["trail"]), (made["journal"], made["trail"]))

    def cut_at_end(self, file):
        with open(file, "rb") as f, open(self.parent + "/altered", "wb") as to:
            to.write(f.read()[:-1])
        return self.parent + "/altered"

    def verify(self, folder, *more):
        done = self.world.run("audit", "verify", "--json", *more, folder)
        return json.loads(done.stdout)["journal"]

    @staticmethod
    def sessions(folder):
        with contextlib.closing(sqlite3.connect(folder + "/web/hufu.db")) as database:
            return list(database.execute("SELECT serial, account FROM session"))

    @staticmethod
    def head(folder):
        with open(folder + "/signer/journal/head") as f:
            return dict(line.strip().split(": ", 1) for line in f if ": " in line)

    @classmethod
    def accounts(cls, folder):
        """As an operator sees them who logs in with a USBKey and certificate of before the backup."""
        done = cls.world.run("user", "list", "--folder", folder, "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_wrong_passphrase_is_told_from_a_damaged_file(self):
        self.refused(self.file, "The passphrase is not that of the backup", passphrase=b"another passphrase of somebody")
        self.refused(self.file, "less than 16 bytes", passphrase=b"short")

    def test_a_cut_archive_is_refused(self):
        size = os.path.getsize(self.file)
        for end in (10, 50, size // 2, size - 1):
            self.refused(self.altered(lambda b, end=end: b[:end]), "The backup is cut off")
        # At the end of a chunk: nothing but the mark of the last one tells.
        with open(self.file, "rb") as f:
            whole = f.read()
        first = int.from_bytes(whole[44:48], "big")
        self.refused(self.altered(lambda b: b[:48 + first + 16]), "The backup is cut off")

    def test_an_altered_archive_is_refused(self):
        def flip(at):
            def change(b):
                b[at] ^= 1
                return b
            return change

        def swap(b):
            size = 4 + 65536 + 16  # the second and third chunk, which hold nothing but pieces of the database
            at = 44 + size
            return b[:at] + b[at + size:at + 2 * size] + b[at:at + size] + b[at + 2 * size:]

        size = os.path.getsize(self.file)
        for change in (flip(47), flip(100), flip(size // 2), flip(size - 1), swap, lambda b: b + b"\0"):
            self.refused(self.altered(change), "The backup was altered")
        self.refused(self.altered(flip(20)), "The passphrase is not that of the backup")
        self.refused(self.altered(flip(0)), "The file is no backup")
        self.refused(self.altered(flip(7)), "The file is no backup")
        self.refused(self.altered(flip(8)), "The backup was altered")

    def test_what_is_there_already_stays(self):
        done = self.hufu("backup", "--folder", self.world.folder, self.file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)
        done = self.hufu("restore", self.file, self.world.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("The folder exists already", done.stderr)
        self.assertEqual(self.hufu("backup").returncode, 2)
        self.assertEqual(self.hufu("restore", self.file).returncode, 2)

    def test_r_ops_6_what_is_damaged_already_is_not_backed_up(self):
        copy = self.parent + "/copy"
        shutil.copytree(self.world.folder, copy, ignore=shutil.ignore_patterns("*.sock"))
        with open(copy + "/signer/journal/records", "r+b") as f:
            f.seek(-1, os.SEEK_END)
            f.write(b"\xff")
        done = self.hufu("backup", "--folder", copy, self.parent + "/damaged")
        self.assertEqual(done.returncode, 1)
        self.assertIn("record", done.stderr)
        self.assertFalse([name for name in os.listdir(self.parent) if name.startswith("damaged")])


if __name__ == "__main__":
    unittest.main()
