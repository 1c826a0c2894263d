"""A PostgreSQL server of the test's own."""
import os
import shutil
import signal
import subprocess
import tempfile

from world import wait_for

POSTGRES = "/usr/lib/postgresql/15/bin"


class Postgres:
    """A server of the test's own, on a Unix socket; it refuses to run as root."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hufu-pg-")
        self.who = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self.who:
            shutil.chown(self.folder, "postgres", "postgres")
        self.call("initdb", "-D", self.folder + "/data", "-A", "trust", "-U", "hufu", "--no-sync", "-E", "UTF8")
        self.server = subprocess.Popen([POSTGRES + "/postgres", "-D", self.folder + "/data", "-k", self.folder, "-c",
                                        "listen_addresses=", "-c", "fsync=off"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, cwd="/",
                                       **self.who)
        self.url = self.url_of("postgres")
        wait_for("PostgreSQL", lambda: self.psql("SELECT 1").returncode == 0)

    def url_of(self, database):
        return f"postgresql:///{database}?host={self.folder}&user=hufu"

    def database(self, name):
        """An empty one; its URL."""
        self.run([f"CREATE DATABASE {name}"])
        return self.url_of(name)

    def call(self, program, *arguments):
        subprocess.run([os.path.join(POSTGRES, program), *arguments], check=True, capture_output=True, cwd="/", **self.who)

    def psql(self, *statements, url=None):
        return subprocess.run(["psql", "-qXAt", url or self.url, *[a for s in statements for a in ("-c", s)]], capture_output=True)

    def run(self, statements, url=None):
        """What they print."""
        done = self.psql(*statements, url=url)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode()

    def close(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(30)
        shutil.rmtree(self.folder)
