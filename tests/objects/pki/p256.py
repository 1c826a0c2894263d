"""ECDSA on P-256 with SHA-256 for making test objects: written from FIPS 186-5, slow, and independent of the code that
is tested. k comes from the message, so that the same object always has the same bytes."""
import functools
import hashlib

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    slope = (3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, P) if p == q else (q[1] - p[1]) * pow(q[0] - p[0], -1, P)) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times_g(k):
    total, p = None, G
    while k:
        total, p, k = add(total, p) if k & 1 else total, add(p, p), k >> 1
    return total


@functools.lru_cache(maxsize=None)
def sign(d, message):
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    k = int.from_bytes(hashlib.sha256(d.to_bytes(32, "big") + e.to_bytes(32, "big")).digest(), "big") % (N - 1) + 1
    r = times_g(k)[0] % N
    return r, pow(k, -1, N) * (e + r * d) % N


class Key:
    curve, algorithm = "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2"

    def __init__(self, d):
        self.d, self.point = d, times_g(d)

    def public(self):
        return b"\x04" + self.point[0].to_bytes(32, "big") + self.point[1].to_bytes(32, "big")

    def sign(self, message):
        """r and s."""
        return sign(self.d, message)
