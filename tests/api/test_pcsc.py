#!/usr/bin/env python3
"""The driver through PC/SC: our handler shows virtual keys to a pcscd of its own, in a private namespace, as an ordinary
user; and once through Debian's vpcd, which knows nothing of us."""
import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from namespace import unshare
from peer import BUILD
from test_card import CARD, LIBRARY, OUTSIDER, Frames, Maker, connect, names, verifies, wait_for

HANDLER = os.path.join(BUILD, "src/token/ifd/libifdhufu.so")
VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
VPCD_PORT, CLONE_NEWNET = 35963, 0x40000000
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
OK, TIMEOUT, REMOVED = 0, 0x0A00000F, 0x0A000023
PLUGGED, PULLED = 1, 2


def for_everybody(program, folder):
    """A copy that an ordinary user reaches, wherever the checkout is; FOLDER is opened for it."""
    os.chmod(folder, 0o755)
    return shutil.copy(program, folder)


class Daemon:
    """A pcscd of its own with the readers of CONFIGURATION; OWN_NETWORK: in a network of its own, where every port is free."""

    def __init__(self, configuration, own_network=False):
        self.folder = tempfile.mkdtemp(prefix="hufu-pcsc-")
        os.chmod(self.folder, 0o755)
        self.run, readers = os.path.join(self.folder, "run"), os.path.join(self.folder, "readers")
        for path in (self.run, readers):
            os.mkdir(path)
            os.chown(path, 65534, 65534)
        with open(os.path.join(readers, "readers"), "w", encoding="ascii") as f:
            f.write(configuration)
        os.makedirs("/run/pcscd", exist_ok=True)
        self.socket = os.path.join(self.run, "pcscd.comm")
        script = f"mount --bind {self.run} /run/pcscd && exec {' '.join(NOBODY)} pcscd --foreground --config {readers}"
        if own_network:
            script = "ip link set lo up && " + script
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen([*unshare(*["-n"] * own_network), "sh", "-c", script],
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        self.wait_for("pcscd", lambda: os.path.exists(self.socket))

    def wait_for(self, what, ready):
        try:
            wait_for(what, ready, 30)
        except AssertionError as e:
            with open(self.log.name, encoding="utf-8", errors="replace") as f:
                raise AssertionError(f"{e}\n{f.read()}") from e

    def listens(self, port):
        with open(f"/proc/{self.process.pid}/net/tcp", encoding="ascii") as f:
            return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in f.readlines()[1:])

    def connect(self, port):
        """A connection within its network: a thread goes there, and ends there."""
        libc, made = ctypes.CDLL(None, use_errno=True), []

        def enter():
            with open(f"/proc/{self.process.pid}/ns/net", "rb") as network:
                if libc.setns(network.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.folder)


def reader(name, device, library):
    return f'FRIENDLYNAME "{name}"\nDEVICENAME {device}\nLIBPATH {library}\nCHANNELID 0\n\n'


def environment(daemon):
    return dict(os.environ, PCSCLITE_CSOCK_NAME=daemon.socket, HUFU_SKF_TRANSPORTS="pcsc")


def driver(daemon):
    """The driver in this process; libpcsclite reads its environment once, so each daemon wants a process of its own."""
    os.environ.update(environment(daemon))
    library = ctypes.CDLL(LIBRARY)
    library.SKF_LockDev.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    return library


class OrdinaryMaker(Maker):
    """Whose keys run as an ordinary user, like the pcscd."""

    def __init__(self):
        super().__init__()
        self.card = for_everybody(CARD, self.folder)
        for path, _, files in os.walk(self.folder):
            for name in (path, *(os.path.join(path, f) for f in files)):
                os.chown(name, 65534, 65534)

    def make(self, name, serial=None):
        super().make(name, serial)
        os.chown(self.path(name + ".image"), 65534, 65534)

    def plug(self, name):
        process = subprocess.Popen([*NOBODY, self.card, "--image", self.path(name + ".image"), "--socket",
                                    self.path(name + ".sock")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.cards.append(process)
        line = process.stdout.readline()
        if not line.startswith("ready: "):
            raise AssertionError(process.communicate(timeout=20))
        return process


class OwnHandler(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.maker = OrdinaryMaker()
        # pcscd takes underscores and blanks in names; each reader is a place for one key of the folder.
        handler = for_everybody(HANDLER, cls.maker.folder)
        readers = "".join(reader(f"HUFU USBKey {i}", f"{cls.maker.folder}:{i}", handler) for i in range(2))
        cls.daemon = Daemon(readers)
        cls.library = driver(cls.daemon)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.maker.close()

    def keys(self):
        return names(self.library)

    def plugged(self, name):
        self.maker.make(name)
        before = self.keys()
        card = self.maker.plug(name)
        wait_for("the key in a reader", lambda: len(self.keys()) == len(before) + 1, 30)
        return card, next(k for k in self.keys() if k not in before)

    def pull(self, card):
        before = len(self.keys())
        self.maker.pull(card)
        wait_for("the empty reader", lambda: len(self.keys()) == before - 1, 30)

    def test_r_key_2_r_key_6_outsider_through_pcsc(self):
        """R-KEY-2, R-KEY-6: the program that knows only GM/T 0016, through pcscd, from enumeration to a signature."""
        card, name = self.plugged("HFpcsc")
        done = subprocess.run([OUTSIDER, LIBRARY, name, self.maker.device_key("HFpcsc").hex(), "HUFU-LOGIN-v1\n"],
                              capture_output=True, text=True, timeout=120, env=environment(self.daemon))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
        self.assertTrue(verifies(self.maker, bytes.fromhex(said["public"]), b"HUFU-LOGIN-v1\n",
                                 bytes.fromhex(said["signature"])))
        self.pull(card)

    def test_several_keys_come_and_go(self):
        first, first_name = self.plugged("HFone")
        second, second_name = self.plugged("HFtwo")
        self.assertNotEqual(first_name, second_name)
        serials = {}
        for name in (first_name, second_name):
            sar, handle = connect(self.library, name)
            self.assertEqual(sar, OK)
            info = ctypes.create_string_buffer(294)
            self.assertEqual(self.library.SKF_GetDevInfo(handle, info), OK)
            serials[name] = info.raw[162:194].rstrip(b"\0").decode()
            self.assertEqual(self.library.SKF_DisConnectDev(handle), OK)
        self.assertEqual(serials, {first_name: "HFone", second_name: "HFtwo"})
        sar, handle = connect(self.library, first_name)
        self.pull(first)
        buffer = ctypes.create_string_buffer(16)
        self.assertEqual(self.library.SKF_GenRandom(handle, buffer, 16), REMOVED)
        self.assertEqual(self.library.SKF_DisConnectDev(handle), OK)
        self.assertEqual(connect(self.library, first_name)[0], REMOVED)
        self.pull(second)

    def test_events(self):
        events, stop = [], []

        def watch():
            while not stop:
                name, length, event = ctypes.create_string_buffer(256), ctypes.c_uint32(256), ctypes.c_uint32()
                if self.library.SKF_WaitForDevEvent(name, ctypes.byref(length), ctypes.byref(event)) == OK:
                    events.append((name.value.decode(), event.value))
        self.keys()
        thread = threading.Thread(target=watch)
        thread.start()
        card, name = self.plugged("HFevent")
        wait_for("the event", lambda: (name, PLUGGED) in events)
        self.pull(card)
        wait_for("the event", lambda: (name, PULLED) in events)
        stop.append(True)
        self.library.SKF_CancelWaitForDevEvent()
        thread.join(20)
        self.assertFalse(thread.is_alive())

    def test_lock_with_and_without_patience(self):
        card, name = self.plugged("HFlock")
        _, a = connect(self.library, name)
        _, b = connect(self.library, name)
        buffer = ctypes.create_string_buffer(16)
        self.assertEqual(self.library.SKF_LockDev(a, 1000), OK)
        self.assertEqual(self.library.SKF_LockDev(a, 1000), OK)
        self.assertEqual(self.library.SKF_LockDev(b, 300), TIMEOUT)
        self.assertEqual(self.library.SKF_GenRandom(a, buffer, 16), OK)
        self.assertEqual(self.library.SKF_UnlockDev(a), OK)
        self.assertNotEqual(self.library.SKF_UnlockDev(a), OK)
        self.assertEqual(self.library.SKF_LockDev(b, 5000), OK)  # the one that came too late was given back
        self.assertEqual(self.library.SKF_UnlockDev(b), OK)
        self.assertEqual(self.library.SKF_GenRandom(a, buffer, 16), OK)
        for handle in (a, b):
            self.assertEqual(self.library.SKF_DisConnectDev(handle), OK)
        self.pull(card)

    def test_large_commands_and_many(self):
        card, name = self.plugged("HFlarge")
        _, handle = connect(self.library, name)
        buffer = ctypes.create_string_buffer(100000)
        self.assertEqual(self.library.SKF_GenRandom(handle, buffer, 100000), OK)
        for _ in range(300):
            self.assertEqual(self.library.SKF_GenRandom(handle, buffer, 16), OK)
        self.assertEqual(self.library.SKF_DisConnectDev(handle), OK)
        self.pull(card)


class Vicc(threading.Thread):
    """Between vpcd's wire and a card's socket: u16 length and bytes; one byte is power (0, 1, 2) or the ATR (4)."""

    def __init__(self, vpcd, path):
        super().__init__(daemon=True)
        self.card = Frames(path)
        self.vpcd = vpcd
        self.vpcd.settimeout(None)
        self.atr = self.card.ask(5)
        self.start()

    def run(self):
        try:
            while True:
                message = self.exactly(struct.unpack(">H", self.exactly(2))[0])
                if message == b"\4":
                    self.answer(self.atr)
                elif len(message) == 1:
                    self.card.ask(5)
                else:
                    self.answer(self.card.ask(2, message))
        except (EOFError, OSError):
            pass

    def exactly(self, count):
        data = b""
        while len(data) < count:
            # The length and the bytes come apart; without this the kernel waits 40 ms to acknowledge the first.
            self.vpcd.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = self.vpcd.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def answer(self, data):
        self.vpcd.sendall(struct.pack(">H", len(data)) + data)

    def close(self):
        self.vpcd.close()
        self.card.close()


class DebiansVpcd(unittest.TestCase):
    def test_r_key_2_outsider_through_a_foreign_reader(self):
        """R-KEY-2: nothing of ours between pcscd and the commands but the commands."""
        maker = Maker()
        self.addCleanup(maker.close)
        maker.make("HFvpcd")
        maker.plug("HFvpcd")
        # vpcd listens at this port and the next one: either may be in use for a connection of this machine.
        daemon = Daemon(f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{VPCD_PORT:04X}\nLIBPATH {VPCD}\n'
                        f'CHANNELID 0x{VPCD_PORT:04X}\n', own_network=True)
        self.addCleanup(daemon.close)
        daemon.wait_for("vpcd", lambda: daemon.listens(VPCD_PORT))
        card = Vicc(daemon.connect(VPCD_PORT), maker.path("HFvpcd.sock"))
        self.addCleanup(card.close)
        said = self.key_list(daemon)
        end = time.monotonic() + 30
        while "HFvpcd" not in said and time.monotonic() < end:
            time.sleep(0.2)
            said = self.key_list(daemon)
        name = next(line.split(": ", 1)[1] for line in said.splitlines() if line.startswith("key: "))
        done = subprocess.run([OUTSIDER, LIBRARY, name, maker.device_key("HFvpcd").hex(), "HUFU-LOGIN-v1\n"],
                              capture_output=True, text=True, timeout=120, env=environment(daemon))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("verified", done.stdout)

    @staticmethod
    def key_list(daemon):
        done = subprocess.run([os.path.join(BUILD, "src/token/key/hufu-key"), "--library", LIBRARY, "list"],
                              capture_output=True, text=True, timeout=60, env=dict(environment(daemon), LC_ALL="C"))
        return done.stdout


if __name__ == "__main__":
    unittest.main()
