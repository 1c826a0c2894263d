"""SM2 signatures for making test objects: written from GB/T 32918, slow, and independent of the code that is tested
(SM3 is OpenSSL's). k comes from the message, so that the same object always has the same bytes."""
import functools
import hashlib

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
IDENTITY = b"1234567812345678"


def sm3(data):
    return hashlib.new("sm3", data).digest()


def double(p):
    x, y, z = p
    s, m = 4 * x * y * y % P, (3 * x * x + A * pow(z, 4, P)) % P
    x2 = (m * m - 2 * s) % P
    return x2, (m * (s - x2) - 8 * pow(y, 4, P)) % P, 2 * y * z % P


def add(p, q):
    if not p[2]:
        return q
    if not q[2]:
        return p
    z1, z2 = p[2] * p[2] % P, q[2] * q[2] % P
    u1, u2, s1, s2 = p[0] * z2 % P, q[0] * z1 % P, p[1] * z2 * q[2] % P, q[1] * z1 * p[2] % P
    if u1 == u2:
        return double(p) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % P
    x = (r * r - hh * h - 2 * u1 * hh) % P
    return x, (r * (u1 * hh - x) - s1 * hh * h) % P, h * p[2] * q[2] % P


def base_multiples():
    """Row i: 1 to 15 times 16^i times G."""
    table, p = [], (*G, 1)
    for _ in range(64):
        row = [p]
        for _ in range(14):
            row.append(add(row[-1], p))
        table.append(row)
        p = add(row[-1], p)
    return table


BASE = base_multiples()


def times_g(k):
    total = (1, 1, 0)
    for i in range(64):
        if digit := k >> 4 * i & 15:
            total = add(total, BASE[i][digit - 1])
    inverse = pow(total[2], -1, P)
    return total[0] * inverse * inverse % P, total[1] * pow(inverse, 3, P) % P


@functools.lru_cache(maxsize=None)
def sign(d, point, message, identity):
    numbers = b"".join(x.to_bytes(32, "big") for x in (A, B, *G, *point))
    z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + numbers)
    e = int.from_bytes(sm3(z + message), "big")
    k = int.from_bytes(sm3(d.to_bytes(32, "big") + e.to_bytes(32, "big")), "big") % (N - 1) + 1
    r = (e + times_g(k)[0]) % N
    return r, pow(1 + d, -1, N) * (k - r * d) % N


class Key:
    curve, algorithm = "1.2.156.10197.1.301", "1.2.156.10197.1.501"

    def __init__(self, d):
        self.d, self.point = d, times_g(d)

    def public(self):
        return b"\x04" + self.point[0].to_bytes(32, "big") + self.point[1].to_bytes(32, "big")

    def sign(self, message, identity=IDENTITY):
        """r and s."""
        return sign(self.d, self.point, message, identity)
