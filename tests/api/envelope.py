"""Data encrypted to a certificate by OpenSSL, and opened again with a USBKey by its driver, as any SKF program would."""
import base64
import ctypes
import os
import subprocess
import tempfile

LIBRARY = os.path.join(os.environ["HUFU_BUILD"], "src/token/skf/libhufu-skf.so")
OK = 0


class Flags(ctypes.LittleEndianStructure):
    _pack_ = 1
    _fields_ = [("state", ctypes.c_uint32), ("left", ctypes.c_uint32), ("most", ctypes.c_uint32),
                ("application", ctypes.c_char * 36), ("container", ctypes.c_char * 68)]


def elements(der):
    """The values of a SEQUENCE's elements."""
    def head(at):
        length, at = der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at:at + count], "big"), at + count
        return at, at + length
    at, end = head(0)
    while at < end:
        inner, after = head(at)
        yield der[inner:after]
        at = after


def encrypt(certificate, data):
    """DATA for the key of CERTIFICATE (base64 of DER), as ECCCIPHERBLOB."""
    with tempfile.TemporaryDirectory() as folder:
        der, key, plain = (os.path.join(folder, name) for name in ("der", "key", "plain"))
        with open(der, "wb") as f:
            f.write(base64.b64decode(certificate))
        with open(plain, "wb") as f:
            f.write(data)
        with open(key, "wb") as f:
            f.write(subprocess.run(["openssl", "x509", "-inform", "DER", "-in", der, "-noout", "-pubkey"], check=True,
                                   capture_output=True).stdout)
        made = subprocess.run(["openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", key, "-in", plain], check=True,
                              capture_output=True).stdout
    x, y, check, cipher = elements(made)
    number = lambda b: b.lstrip(b"\0").rjust(64, b"\0")
    return number(x) + number(y) + check + len(cipher).to_bytes(4, "little") + cipher


class Key:
    """A USBKey of WORLD by its driver, its application open and the PIN given."""

    def __init__(self, world, serial, pin):
        os.environ["HUFU_USBKEYS"] = world.path("usbkeys")
        self.library, self.device, self.application = ctypes.CDLL(LIBRARY), ctypes.c_void_p(), ctypes.c_void_p()
        flags, tries = Flags(), ctypes.c_uint32()
        assert self.library.SKF_ConnectDev(serial.encode(), ctypes.byref(self.device)) == OK
        assert self.library.HUFU_GetFlags(self.device, ctypes.byref(flags)) == OK
        self.current = flags.container.decode()
        assert self.library.SKF_OpenApplication(self.device, flags.application, ctypes.byref(self.application)) == OK
        assert self.library.SKF_VerifyPIN(self.application, 1, pin.encode(), ctypes.byref(tries)) == OK

    def close(self):
        assert self.library.SKF_DisConnectDev(self.device) == OK

    def fill(self, name):
        """A container more."""
        handle = ctypes.c_void_p()
        assert self.library.SKF_CreateContainer(self.application, name.encode(), ctypes.byref(handle)) == OK

    def containers(self):
        room, size = ctypes.create_string_buffer(4096), ctypes.c_uint32(4096)
        assert self.library.SKF_EnumContainer(self.application, room, ctypes.byref(size)) == OK
        return [name.decode() for name in room.raw[:size.value].split(b"\0") if name]

    def decrypt(self, container, blob):
        """The data, or the driver's refusal as a number."""
        handle, out, size = ctypes.c_void_p(), ctypes.create_string_buffer(4096), ctypes.c_uint32(4096)
        assert self.library.SKF_OpenContainer(self.application, container.encode(), ctypes.byref(handle)) == OK
        sar = self.library.SKF_ECCDecrypt(handle, blob, out, ctypes.byref(size))
        return out.raw[:size.value] if sar == OK else sar
