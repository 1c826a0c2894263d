"""Paths: the cases of RFC 5280 §6 that a path of ours can meet, signed by SM2."""
from der import bits, oid, seq, utc
from objects import (HOLDER, ISSUING, OTHER, ROOT, Case, ca_extensions, certificate, extension, issuing, leaf_extensions, name, root,
                     without)
from sm2 import Key

MIDDLE, DEEP = Key(0x2000), Key(0x2001)


def der(*certificates):
    return [c.der() for c in certificates]


def case(label, error, bad, good=None):
    """BAD: leaf, intermediates …, root."""
    return Case("path/" + label, "path", error, der(*bad), der(*(good or (certificate(), issuing(), root()))) if error != "OK" else [])


def middle(path_length=None, **fields):
    """A CA between root and issuing CA."""
    return issuing(key=MIDDLE, subject=name("中间 CA"), extensions=ca_extensions(MIDDLE, ROOT, path_length), **fields)


def below_middle(path_length=0, **fields):
    return issuing(signer=MIDDLE, issuer=name("中间 CA"), extensions=ca_extensions(ISSUING, MIDDLE, path_length), **fields)


def times():
    past, future = seq(utc("200101000000Z"), utc("261124075959Z")), seq(utc("261124080001Z"), utc("491231235959Z"))
    # OpenSSL takes the last second for expired already, RFC 5280 §4.1.2.5 does not; so one more
    last, first = seq(utc("200101000000Z"), utc("261124080001Z")), seq(utc("261124080000Z"), utc("491231235959Z"))
    makers = {"leaf": lambda v: (certificate(validity=v), issuing(), root()),
              "issuing": lambda v: (certificate(), issuing(validity=v), root()),
              "root": lambda v: (certificate(), issuing(), root(validity=v))}
    for label, make in makers.items():
        yield case(f"expired/{label}", "CERTIFICATE_EXPIRED", make(past), make(last))
        yield case(f"not-yet/{label}", "CERTIFICATE_NOT_YET", make(future), make(first))


def issuers():
    good = ca_extensions(ISSUING, ROOT, 0)

    def ca(extensions):
        return certificate(), issuing(extensions=extensions), root()
    yield case("issuer/no-basic-constraints", "CERTIFICATE_ISSUER", ca({**without(good, "bc"), "ku": None}))
    yield case("issuer/ca-false", "CERTIFICATE_ISSUER", ca({**good, "bc": extension("bc", seq(), True), "ku": None}))
    yield case("issuer/no-key-usage", "CERTIFICATE_ISSUER", ca(without(good, "ku")))
    yield case("issuer/is-a-leaf", "CERTIFICATE_ISSUER", ca(leaf_extensions(ISSUING, ROOT)))
    yield case("issuer/crl-sign-only", "CERTIFICATE_EXTENSION", ca({**good, "ku": extension("ku", bits(b"\x02", 1), True)}))
    yield case("path-length/0-with-one-below", "CERTIFICATE_ISSUER", (certificate(), below_middle(), middle(0), root()),
               (certificate(), below_middle(), middle(1), root()))
    yield case("path-length/root-0", "CERTIFICATE_ISSUER", (certificate(), issuing(), root(extensions=ca_extensions(ROOT, ROOT, 0))),
               (certificate(), issuing(), root(extensions=ca_extensions(ROOT, ROOT, 1))))
    yield case("path-length/none", "OK", (certificate(), below_middle(None), middle(None), root()))
    yield case("path-length/255", "OK", (certificate(), issuing(extensions=ca_extensions(ISSUING, ROOT, 255)), root()))


def names():
    yield case("name/leaf-of-another-issuer", "CERTIFICATE_FOREIGN", (certificate(issuer=name("别的 CA")), issuing(), root()))
    yield case("name/ca-of-another-root", "CERTIFICATE_FOREIGN", (certificate(), issuing(issuer=name("别的根")), root()))
    yield case("name/letter-case", "CERTIFICATE_FOREIGN", (certificate(issuer=name("虎符签发 ca")), issuing(), root()))
    yield case("no-intermediate", "CERTIFICATE_FOREIGN", (certificate(), root()))
    yield case("another-root", "CERTIFICATE_FOREIGN", (certificate(), issuing(), root(key=OTHER, subject=name("别的根"), issuer=name("别的根"))))
    yield case("self-signed-leaf", "CERTIFICATE_FOREIGN",
               (certificate(signer=HOLDER, issuer=name("张三"), subject=name("张三"), extensions=leaf_extensions(HOLDER, HOLDER)), issuing(), root()))


def signatures():
    yield case("signature/leaf", "CERTIFICATE_SIGNATURE", (certificate(signer=OTHER), issuing(), root()))
    yield case("signature/issuing", "CERTIFICATE_SIGNATURE", (certificate(), issuing(signer=OTHER, extensions=ca_extensions(ISSUING, ROOT, 0)), root()))
    yield case("root-of-same-name", "CERTIFICATE_FOREIGN",
               (certificate(), issuing(), root(key=OTHER, extensions=ca_extensions(OTHER, ROOT))))


def usages():
    def leaf(**extensions):
        return certificate(extensions={k: v for k, v in {**leaf_extensions(), **extensions}.items() if v}), issuing(), root()
    yield case("usage/encryption", "CERTIFICATE_USAGE", leaf(ku=extension("ku", bits(b"\x38", 3), True)))
    yield case("usage/email-only", "CERTIFICATE_USAGE", leaf(eku=extension("eku", seq(oid("1.3.6.1.5.5.7.3.4")))))
    yield case("usage/ocsp-signing", "CERTIFICATE_USAGE",
               leaf(eku=extension("eku", seq(oid("1.3.6.1.5.5.7.3.2"), oid("1.3.6.1.5.5.7.3.9")))))
    yield case("usage/none-said", "OK", leaf(eku=None))
    yield case("usage/a-ca-as-leaf", "CERTIFICATE_USAGE", (issuing(), root()), None)
    yield case("usage/no-key-usage", "CERTIFICATE_USAGE", leaf(ku=None))


def shapes():
    yield case("order-of-intermediates", "OK", (certificate(), middle(), below_middle(), root()))
    yield case("needless-intermediate", "OK", (certificate(), middle(), issuing(), root()))
    yield case("two-of-one-name", "OK", (certificate(), issuing(key=OTHER, extensions=ca_extensions(OTHER, ROOT, 0)), issuing(), root()))
    loop_a = issuing(key=MIDDLE, signer=DEEP, subject=name("甲"), issuer=name("乙"), extensions=ca_extensions(MIDDLE, DEEP))
    loop_b = issuing(key=DEEP, signer=MIDDLE, subject=name("乙"), issuer=name("甲"), extensions=ca_extensions(DEEP, MIDDLE))
    yield case("loop", "CERTIFICATE_FOREIGN",
               (certificate(signer=MIDDLE, issuer=name("甲"), extensions=leaf_extensions(HOLDER, MIDDLE)), loop_a, loop_b, root()))
    yield case("too-deep", "CERTIFICATE_FOREIGN", deep(4), deep(3))


def deep(count):
    """A leaf below COUNT CAs below the root."""
    keys = [Key(0x3000 + i) for i in range(count)]
    signer, above, chain = ROOT, name("虎符根 CA"), []
    for i, key in enumerate(keys):
        chain.insert(0, issuing(key=key, signer=signer, issuer=above, subject=name(f"第 {i} 级"), extensions=ca_extensions(key, signer)))
        signer, above = key, name(f"第 {i} 级")
    return (certificate(signer=signer, issuer=above, extensions=leaf_extensions(HOLDER, signer)), *chain, root())


def cases():
    yield case("good", "OK", (certificate(), issuing(), root()))
    for group in (times, issuers, names, signatures, usages, shapes):
        yield from group()
