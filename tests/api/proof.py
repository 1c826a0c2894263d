"""A proof of issuance checked after docs/PROTOCOL.journal by nothing of this project: SM3 and Merkle arithmetic here, the
signatures by OpenSSL."""
import base64
import hashlib
import os
import subprocess
import tempfile

IDENTITY = "distid:1234567812345678"


class Wrong(Exception):
    """What does not hold."""


def sm3(*parts):
    return hashlib.new("sm3", b"".join(parts)).digest()


def ask(condition, words):
    if not condition:
        raise Wrong(words)


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True)


def integer(number):
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(body)]) + body


def sm2_signature(raw):
    """r ‖ s as DER."""
    body = integer(int.from_bytes(raw[:32], "big")) + integer(int.from_bytes(raw[32:], "big"))
    return b"\x30" + bytes([len(body)]) + body


def root_of(leaf, index, size, path):
    """RFC 9162 §2.1.3.2."""
    fn, sn, node = index, size - 1, leaf
    for step in path:
        ask(sn > 0, "the path is too long")
        if fn & 1 or fn == sn:
            node = sm3(b"\1", step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sm3(b"\1", node, step)
        fn, sn = fn >> 1, sn >> 1
    ask(sn == 0, "the path is too short")
    return node


def check(proof, root_der):
    """The body of the record that stands where PROOF says; Wrong when it does not."""
    data = base64.b64decode(proof["data"], validate=True)
    leaf = sm3(b"\0", data)
    ask(leaf.hex() == proof["leaf"], "leaf")
    root = root_of(leaf, proof["record"], proof["size"], [bytes.fromhex(step) for step in proof["path"]])
    text, last = proof["head"].rsplit("signature: ", 1)
    lines = dict(line.split(": ") for line in text.split("\n")[1:-1])
    ask(text.startswith("HUFU-HEAD-v1\n"), "tag of the head")
    ask(lines["root"] == root.hex() == proof["root"] and int(lines["size"]) == proof["size"], "root of the head")
    with tempfile.TemporaryDirectory() as folder:
        def file(name, content):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
            return f.name
        by, anchor = file("head.cer", base64.b64decode(proof["head_certificate"])), file("root.cer", root_der)
        for name in by, anchor:
            openssl("x509", "-inform", "DER", "-in", name, "-out", name + ".pem")
        ask(openssl("verify", "-partial_chain", "-vfyopt", IDENTITY, "-trusted", anchor + ".pem", by + ".pem").returncode == 0,
            "certificate of the head")
        key = file("key.pem", openssl("x509", "-in", by + ".pem", "-noout", "-pubkey").stdout)
        ask(openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY,
                    "-in", file("head", text.encode()), "-sigfile",
                    file("signature", sm2_signature(bytes.fromhex(last.strip())))).returncode == 0, "signature of the head")
    return data[2 + 1 + 8 + 16:]
