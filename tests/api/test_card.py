#!/usr/bin/env python3
"""hufu-card and libhufu-skf as processes: sockets, several programs at once, keys that come and go."""
import ctypes
import hashlib
import hmac
import multiprocessing
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from peer import BUILD

CARD = os.path.join(BUILD, "src/token/card/hufu-card")
LIBRARY = os.path.join(BUILD, "src/token/skf/libhufu-skf.so")
OUTSIDER = os.path.join(BUILD, "tests/outside/skf-program")
HELLO, COMMAND, LOCK, UNLOCK, RESET = 1, 2, 3, 4, 5
OK, TIMEOUT, REMOVED, NO_EVENT = 0, 0x0A00000F, 0x0A000023, 0x0A000022
PLUGGED, PULLED = 1, 2


def wait_for(what, condition, patience_s=20):
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


class Maker:
    """A folder with a maker and the keys it made."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hufu-card-")
        self.maker = os.path.join(self.folder, "maker")
        self.cards = []
        subprocess.run([CARD, "--new-maker", "--maker", self.maker], check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, serial=None):
        subprocess.run([CARD, "--new", "--image", self.path(name + ".image"), "--serial", serial or name, "--maker",
                        self.maker], check=True, capture_output=True)

    def plug(self, name):
        process = subprocess.Popen([CARD, "--image", self.path(name + ".image"), "--socket", self.path(name + ".sock")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.cards.append(process)
        line = process.stdout.readline()
        if not line.startswith("ready: "):
            raise AssertionError(process.communicate(timeout=20))
        return process

    def pull(self, process, signal_number=signal.SIGTERM):
        process.send_signal(signal_number)
        process.communicate(timeout=20)
        self.cards.remove(process)
        return process.returncode

    def device_key(self, serial):
        with open(os.path.join(self.maker, "transport.key"), "rb") as f:
            return hmac.new(f.read(), b"HUFU-DEVICE-KEY-v1" + serial.encode(), "sm3").digest()[:16]

    def close(self):
        for process in list(self.cards):
            self.pull(process, signal.SIGKILL)
        shutil.rmtree(self.folder)


class Frames:
    """The socket's protocol by hand."""

    def __init__(self, path, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        if hello:
            assert self.ask(HELLO, b"\0\1")[:2] == b"\0\1"

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack(">IB", len(payload) + 1, kind) + payload)

    def receive(self):
        head = self.exactly(5)
        length, kind = struct.unpack(">IB", head)
        return kind, self.exactly(length - 1)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def ask(self, kind, payload=b""):
        self.send(kind, payload)
        answered, data = self.receive()
        assert answered == kind | 0x80
        return data

    def close(self):
        self.socket.close()


def driver(folder):
    os.environ["HUFU_USBKEYS"] = folder
    library = ctypes.CDLL(LIBRARY)
    library.SKF_LockDev.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    return library


def connect(library, name):
    handle = ctypes.c_void_p()
    sar = library.SKF_ConnectDev(name.encode(), ctypes.byref(handle))
    return sar, handle


def names(library):
    length = ctypes.c_uint32(4096)
    buffer = ctypes.create_string_buffer(4096)
    assert library.SKF_EnumDev(1, buffer, ctypes.byref(length)) == OK
    return [n.decode() for n in buffer.raw[:length.value].split(b"\0") if n]


def verifies(maker, point, message, signature):
    """By OpenSSL, which knows nothing of us."""
    def integer(b):
        b = b.lstrip(b"\0") or b"\0"
        b = b"\0" + b if b[0] & 0x80 else b
        return bytes([2, len(b)]) + b
    body = integer(signature[:32]) + integer(signature[32:])
    files = {"pub": bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200" "04") + point,
             "sig": bytes([0x30, len(body)]) + body, "msg": message}
    for name, content in files.items():
        with open(maker.path("verify." + name), "wb") as f:
            f.write(content)
    done = subprocess.run(["openssl", "dgst", "-sm3", "-verify", maker.path("verify.pub"), "-keyform", "DER", "-sigopt",
                           "distid:1234567812345678", "-signature", maker.path("verify.sig"), maker.path("verify.msg")],
                          capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and "OK" in done.stdout


def lock_and_hold(folder, name, conversation):
    """In a process of its own: locks the key, tells, waits for the word to give it back."""
    library = driver(folder)
    _, handle = connect(library, name)
    conversation.send(library.SKF_LockDev(handle, 5000))
    conversation.recv()
    conversation.send(library.SKF_UnlockDev(handle))


def random_many(folder, name, count, conversation):
    library = driver(folder)
    _, handle = connect(library, name)
    buffer = ctypes.create_string_buffer(32)
    bad = [sar for sar in (library.SKF_GenRandom(handle, buffer, 32) for _ in range(count)) if sar != OK]
    conversation.send(bad)


class CardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.maker = Maker()
        cls.context = multiprocessing.get_context("spawn")

    @classmethod
    def tearDownClass(cls):
        cls.maker.close()

    def setUp(self):
        self.name = "HF" + self.id().split(".")[-1][-20:].replace("_", "-")
        self.maker.make(self.name)
        self.socket = self.maker.path(self.name + ".sock")
        self.card = self.maker.plug(self.name)

    def tearDown(self):
        if self.card in self.maker.cards:
            self.maker.pull(self.card)

    def frames(self, hello=True):
        client = Frames(self.socket, hello)
        self.addCleanup(client.close)
        return client

    # ---- the process ----

    def test_socket_is_there_only_while_it_runs(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o600)
        self.assertEqual(self.maker.pull(self.card), 0)
        self.assertFalse(os.path.exists(self.socket))

    def test_image_in_use_is_refused(self):
        second = subprocess.run([CARD, "--image", self.maker.path(self.name + ".image"), "--socket",
                                 self.maker.path("other.sock")], capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("CARD_BUSY", second.stderr)

    def test_socket_in_use_is_refused(self):
        self.maker.make("HFother")
        second = subprocess.run([CARD, "--image", self.maker.path("HFother.image"), "--socket", self.socket],
                                capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("CARD_BUSY", second.stderr)
        self.assertEqual(len(self.frames().ask(COMMAND, bytes.fromhex("80040000"))), 290)

    def test_socket_left_by_a_killed_process_is_no_key_and_no_hindrance(self):
        library = driver(self.maker.folder)
        self.maker.pull(self.card, signal.SIGKILL)
        self.assertTrue(os.path.exists(self.socket))
        self.assertNotIn(self.name, names(library))
        self.card = self.maker.plug(self.name)
        self.assertIn(self.name, names(library))

    def test_damaged_image_is_refused(self):
        self.maker.pull(self.card)
        with open(self.maker.path(self.name + ".image"), "r+b") as f:
            f.seek(100)
            f.write(b"\xff\xff")
        done = subprocess.run([CARD, "--image", self.maker.path(self.name + ".image"), "--socket", self.socket],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CARD_IMAGE", done.stderr)

    def test_wrong_arguments(self):
        for arguments in ([], ["--image", "x"], ["--socket", "x"], ["--new", "--image", "x"], ["--new-maker"],
                          ["--new", "--image", "x", "--serial", "y", "--maker", "z", "--socket", "s"], ["--what"],
                          ["--image", "x", "--socket", "y", "more"]):
            done = subprocess.run([CARD, *arguments], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("usage:", done.stderr)

    def test_process_is_closed_off(self):
        with open(f"/proc/{self.card.pid}/status", encoding="ascii") as f:
            status = f.read()
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)

    # ---- frames ----

    def test_garbage_ends_its_own_connection_only(self):
        good = self.frames()
        for bad in (b"\0\0\0\0", b"\xff\xff\xff\xff\2", struct.pack(">IB", 1, 9), struct.pack(">IB", 1, COMMAND),
                    b"GET / HTTP/1.1\r\n\r\n"):
            client = self.frames(hello=False)
            client.socket.sendall(bad)
            self.assertEqual(client.socket.recv(100), b"", bad)
            client.close()
        for kind, payload in ((LOCK, b"\0"), (LOCK, b"12345"), (UNLOCK, b"x"), (RESET, b"x"), (7, b""), (HELLO, b"")):
            client = self.frames()
            client.send(kind, payload)
            with self.assertRaises((EOFError, ConnectionResetError), msg=(kind, payload)):
                client.receive()
                client.receive()
        self.assertEqual(good.ask(COMMAND, bytes.fromhex("8050000008"))[-2:], b"\x90\0")

    def test_another_version_is_told_ours_and_gets_no_further(self):
        client = self.frames(hello=False)
        self.assertEqual(client.ask(HELLO, b"\0\2")[:2], b"\0\1")
        client.send(COMMAND, bytes.fromhex("80040000"))
        with self.assertRaises(EOFError):
            client.receive()

    def test_requests_in_small_pieces_and_in_one(self):
        client = self.frames()
        frame = struct.pack(">IB", 6, COMMAND) + bytes.fromhex("8050000008")
        for byte in frame:
            client.socket.sendall(bytes([byte]))
        self.assertEqual(client.receive()[1][-2:], b"\x90\0")
        client.socket.sendall(frame * 20)
        for _ in range(20):
            self.assertEqual(len(client.receive()[1]), 10)

    def test_more_clients_than_places(self):
        clients = [self.frames() for _ in range(32)]
        extra = self.frames(hello=False)
        self.assertEqual(extra.socket.recv(10), b"")
        clients.pop().close()
        wait_for("a free place", self.takes_another)

    def takes_another(self):
        try:
            self.frames()
            return True
        except (EOFError, ConnectionError):
            return False

    def test_another_user_is_refused(self):
        if os.geteuid() != 0:
            self.fail("this test must run as root, to become another user")
        os.chmod(self.maker.folder, 0o755)
        os.chmod(self.socket, 0o666)  # even where somebody opened it
        code = ("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                "try:\n s.sendall(b'\\0\\0\\0\\3\\1\\0\\1')\n answer=s.recv(10)\n"
                "except ConnectionError:\n answer=b''\nsys.exit(0 if answer==b'' else 1)")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                               code, self.socket], timeout=20)
        self.assertEqual(done.returncode, 0)

    # ---- the lock ----

    def test_lock_keeps_others_waiting_and_falls_with_its_owner(self):
        a, b = self.frames(), self.frames()
        self.assertEqual(a.ask(LOCK, b"\0\0\0\0"), b"\1")
        self.assertEqual(a.ask(LOCK, b"\0\0\0\0"), b"\1")
        self.assertEqual(b.ask(LOCK, b"\0\0\0\x32"), b"\0")
        self.assertEqual(b.ask(UNLOCK), b"\0")
        b.send(COMMAND, bytes.fromhex("8050000008"))
        self.assertEqual(a.ask(COMMAND, bytes.fromhex("8050000008"))[-2:], b"\x90\0")
        b.socket.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            b.socket.recv(1)
        b.socket.settimeout(20)
        self.assertEqual(a.ask(UNLOCK), b"\1")
        self.assertEqual(b.receive()[1][-2:], b"\x90\0")
        self.assertEqual(a.ask(LOCK, b"\0\0\0\0"), b"\1")
        b.send(LOCK, b"\xff\xff\xff\xff")
        a.close()
        self.assertEqual(b.receive(), (LOCK | 0x80, b"\1"))

    def test_skf_lock_across_processes(self):
        library = driver(self.maker.folder)
        here, there = multiprocessing.Pipe()
        other = self.context.Process(target=lock_and_hold, args=(self.maker.folder, self.name, there))
        other.start()
        self.assertEqual(here.recv(), OK)
        # Connecting sends commands, which wait while the other has the key.
        done = threading.Event()
        results = []

        def use():
            results.append(connect(library, self.name))
            done.set()
        thread = threading.Thread(target=use)
        thread.start()
        self.assertFalse(done.wait(0.5))
        here.send("give it back")
        self.assertEqual(here.recv(), OK)
        thread.join(20)
        sar, handle = results[0]
        self.assertEqual(sar, OK)
        other.join(20)
        self.assertEqual(library.SKF_LockDev(handle, 0), OK)
        second = self.frames()
        self.assertEqual(second.ask(LOCK, b"\0\0\0\1"), b"\0")
        self.assertEqual(library.SKF_UnlockDev(handle), OK)
        self.assertNotEqual(library.SKF_UnlockDev(handle), OK)

    def test_several_processes_at_once(self):
        workers = []
        for _ in range(4):
            here, there = multiprocessing.Pipe()
            process = self.context.Process(target=random_many, args=(self.maker.folder, self.name, 300, there))
            process.start()
            workers.append((process, here))
        for process, here in workers:
            self.assertEqual(here.recv(), [])
            process.join(20)

    # ---- keys that come and go ----

    def test_several_keys(self):
        library = driver(self.maker.folder)
        for extra in ("HFa1", "HFa2", "HFa3"):
            self.maker.make(extra)
        cards = [self.maker.plug(extra) for extra in ("HFa3", "HFa1", "HFa2")]
        present = names(library)
        self.assertEqual(present, sorted(present))
        for extra in ("HFa1", "HFa2", "HFa3"):
            sar, handle = connect(library, extra)
            self.assertEqual(sar, OK)
            info = ctypes.create_string_buffer(294)
            self.assertEqual(library.SKF_GetDevInfo(handle, info), OK)
            self.assertEqual(info.raw[162:194].rstrip(b"\0").decode(), extra)
        for card in cards:
            self.maker.pull(card)
        self.assertEqual(connect(library, "HFa1")[0], REMOVED)
        self.assertEqual(connect(library, "../HFa1")[0], REMOVED)

    def test_r_key_2_keys_of_makers_that_are_not_named_are_refused(self):
        """R-KEY-2: the driver follows the card's certificate up to one of the makers of its settings, where there are any."""
        other = Maker()
        self.addCleanup(other.close)
        self.addCleanup(os.environ.pop, "HUFU_SKF_MAKERS", None)
        library = driver(self.maker.folder)
        own, theirs, both, none = (self.maker.path(f"{n}.makers") for n in ("own", "theirs", "both", "none"))
        certificates = {}
        for maker in self.maker, other:
            with open(os.path.join(maker.maker, "maker.cer"), "rb") as f:
                certificates[maker] = f.read()
        for path, content in ((own, certificates[self.maker]), (theirs, certificates[other]),
                              (both, certificates[other] + certificates[self.maker]), (none, b"no certificate")):
            with open(path, "wb") as f:
                f.write(content)
        for path, good in ((own, True), (theirs, False), (both, True), (none, False), (none + ".absent", False)):
            os.environ["HUFU_SKF_MAKERS"] = path
            sar, handle = connect(library, self.name)
            self.assertEqual(sar == OK, good, path)
            if good:
                self.assertEqual(library.SKF_DisConnectDev(handle), OK)

    def test_pulled_key_is_said_to_be_removed(self):
        library = driver(self.maker.folder)
        _, handle = connect(library, self.name)
        buffer = ctypes.create_string_buffer(16)
        self.assertEqual(library.SKF_GenRandom(handle, buffer, 16), OK)
        self.maker.pull(self.card)
        self.assertEqual(library.SKF_GenRandom(handle, buffer, 16), REMOVED)
        self.card = self.maker.plug(self.name)
        self.assertEqual(library.SKF_GenRandom(handle, buffer, 16), REMOVED)
        self.assertEqual(library.SKF_DisConnectDev(handle), OK)
        sar, handle = connect(library, self.name)
        self.assertEqual((sar, library.SKF_GenRandom(handle, buffer, 16)), (OK, OK))

    def test_hot_plug_events(self):
        folder = tempfile.mkdtemp(prefix="hufu-card-")
        events, stop = [], []

        def watch(library):
            while not stop:
                name, length, event = ctypes.create_string_buffer(256), ctypes.c_uint32(256), ctypes.c_uint32()
                sar = library.SKF_WaitForDevEvent(name, ctypes.byref(length), ctypes.byref(event))
                events.append((sar, name.value.decode(), event.value))
        try:
            library = driver(folder)
            self.assertEqual(names(library), [])
            thread = threading.Thread(target=watch, args=(library,))
            thread.start()
            target = os.path.join(folder, "key.sock")
            self.maker.make("HFhot")
            process = subprocess.Popen([CARD, "--image", self.maker.path("HFhot.image"), "--socket", target],
                                       stdout=subprocess.DEVNULL)
            wait_for("the key to be noticed", lambda: (OK, "key", PLUGGED) in events)
            process.terminate()
            process.wait(20)
            wait_for("its pulling to be noticed", lambda: (OK, "key", PULLED) in events)
            stop.append(True)
            library.SKF_CancelWaitForDevEvent()
            thread.join(20)
            self.assertFalse(thread.is_alive())
            self.assertEqual(events, [(OK, "key", PLUGGED), (OK, "key", PULLED), (NO_EVENT, "", 0)])
        finally:
            shutil.rmtree(folder)

    # ---- a program that knows only the standard ----

    def test_r_key_2_any_skf_program_can_use_the_driver(self):
        """R-KEY-2: tests/outside/skf_program.c includes none of our headers."""
        done = subprocess.run([OUTSIDER, LIBRARY, self.name, self.maker.device_key(self.name).hex(), "HUFU-LOGIN-v1\n"],
                              capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, HUFU_USBKEYS=self.maker.folder))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
        self.assertTrue(verifies(self.maker, bytes.fromhex(said["public"]), b"HUFU-LOGIN-v1\n",
                                 bytes.fromhex(said["signature"])))


if __name__ == "__main__":
    unittest.main()
