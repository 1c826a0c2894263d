"""CAs whose keys are on P-256: alone, above and below CAs with SM2, and each way in which one algorithm could pass for
the other."""
import p256
import sm2
from cases_status import crl, data, responder, response
from der import bits, null, oid, seq
from objects import (EC_KEY, HOLDER, ISSUING, RESPONDER, ROOT, SM2_CURVE, SM2_SM3, Case, algorithm, authority,
                     ca_extensions, certificate, extension, issuing, leaf_extensions, name, root, signature, signed, spki, uri)
from der import explicit, integer

E_ROOT, E_ISSUING, E_HOLDER, E_OTHER, E_RESPONDER = (p256.Key(0x3000 + i) for i in range(5))
ECDSA, CURVE = p256.Key.algorithm, p256.Key.curve


def leaf(signer=E_ISSUING, **fields):
    """A holder's certificate below a CA on P-256."""
    return certificate(**{"signer": signer, "extensions": leaf_extensions(HOLDER, signer), **fields})


def case(label, error, bad, good=None, issuer=None):
    issuer = (issuer or issuing(E_ISSUING, E_ROOT)).der()
    return Case("p256/" + label, "certificate", error, [leaf(**bad).der(), issuer],
                [leaf(**(good or {})).der(), issuer] if error != "OK" else [])


def signatures():
    def made(change):
        return {"sign": lambda r, s: signature(*change(r, s))}
    yield case("good", "OK", {})
    yield case("signature/negated", "OK", made(lambda r, s: (r, p256.N - s)))  # ECDSA's own: both hold
    changes = {"s-plus-1": lambda r, s: (r, s + 1), "r-plus-1": lambda r, s: (r + 1, s), "swapped": lambda r, s: (s, r),
               "r-0": lambda r, s: (0, s), "s-0": lambda r, s: (r, 0), "r-n": lambda r, s: (p256.N, s),
               "s-n": lambda r, s: (r, p256.N), "s-plus-n": lambda r, s: (r, (s + p256.N) % (1 << 256)),
               "r-negated": lambda r, s: (p256.N - r, s)}
    for label, change in changes.items():
        yield case(f"signature/{label}", "CERTIFICATE_SIGNATURE", made(change))
    yield case("signature/of-another", "CERTIFICATE_SIGNATURE", {"signer": E_OTHER, "extensions": leaf_extensions(HOLDER, E_ISSUING)})


def algorithms():
    """What is named, what the issuer's key is, and what was signed by must be one."""
    for label, dotted in {"sha1": "1.2.840.10045.4.1", "sha384": "1.2.840.10045.4.3.3", "bare": CURVE}.items():
        yield case(f"algorithm/{label}", "ALGORITHM", {"algorithm": algorithm(dotted), "outer": algorithm(dotted)})
    yield case("algorithm/null", "ALGORITHM", {"algorithm": algorithm(ECDSA, null()), "outer": algorithm(ECDSA, null())})
    yield case("algorithm/curve", "ALGORITHM", {"algorithm": algorithm(ECDSA, oid(CURVE)), "outer": algorithm(ECDSA, oid(CURVE))})
    yield case("algorithm/sm2-inside", "ALGORITHM", {"algorithm": algorithm(SM2_SM3)})
    yield case("algorithm/sm2-outside", "ALGORITHM", {"outer": algorithm(SM2_SM3)})
    yield case("algorithm/sm2-named", "CERTIFICATE_SIGNATURE", {"algorithm": algorithm(SM2_SM3), "outer": algorithm(SM2_SM3)})
    both = {"algorithm": algorithm(ECDSA), "outer": algorithm(ECDSA)}
    same = p256.Key(ISSUING.d)  # the same number on the other curve
    extensions = leaf_extensions(HOLDER, ISSUING)
    good = {"signer": ISSUING, "extensions": extensions}
    yield case("algorithm/named-by-sm2", "CERTIFICATE_SIGNATURE", {**good, **both}, good, issuing())
    yield case("algorithm/same-number", "CERTIFICATE_SIGNATURE", {"signer": same, "extensions": extensions}, good, issuing())


def keys():
    def with_point(point, curve=CURVE):
        return {"spki": seq(seq(oid(EC_KEY), oid(curve)), bits(point))}
    x, y = E_HOLDER.point
    good = {"spki": spki(E_HOLDER)}
    numbers = {"off-the-curve": (x, y ^ 1), "zero": (0, 0), "of-sm2": HOLDER.point, "x-p": (p256.P, y), "swapped": (y, x)}
    for label, (a, b) in numbers.items():
        yield case(f"key/{label}", "KEY_INVALID", with_point(b"\x04" + a.to_bytes(32, "big") + b.to_bytes(32, "big")), good)
    yield case("key/under-sm2", "KEY_INVALID", with_point(E_HOLDER.public(), SM2_CURVE), good)
    yield case("key/compressed", "KEY_INVALID", with_point(bytes([2 + y % 2]) + x.to_bytes(32, "big")), good)
    yield case("key/p-384", "KEY_INVALID", with_point(E_HOLDER.public(), "1.3.132.0.34"), good)


def paths():
    def path(label, error, bad, good=None):
        return Case("p256/path/" + label, "path", error, [c.der() for c in bad], [c.der() for c in good] if good else [])
    ours = (leaf(), issuing(E_ISSUING, E_ROOT), root(E_ROOT))
    mixed = (leaf(), issuing(E_ISSUING, ROOT), root())
    above = (certificate(extensions=leaf_extensions()), issuing(ISSUING, E_ROOT), root(E_ROOT))
    yield path("all", "OK", ours)
    yield path("below-sm2", "OK", mixed)
    yield path("above-sm2", "OK", above)
    stranger = issuing(E_ISSUING, E_OTHER, extensions=ca_extensions(E_ISSUING, E_ROOT, 0))
    yield path("issuing-by-another", "CERTIFICATE_SIGNATURE", (leaf(), stranger, root(E_ROOT)), ours)
    yield path("root-of-the-other-curve", "CERTIFICATE_SIGNATURE",
               (leaf(), issuing(E_ISSUING, E_ROOT, extensions=ca_extensions(E_ISSUING, ROOT, 0)), root()), mixed)


def status():
    def list_of(**fields):
        extensions = {"aki": authority(E_ISSUING), "number": extension("2.5.29.20", integer(7)),
                      "point": extension("2.5.29.28", seq(explicit(0, explicit(0, uri("http://status.example/7.crl")))), True)}
        return crl(**{"signer": E_ISSUING, "extensions": extensions, **fields}).der()
    issuer = issuing(E_ISSUING, E_ROOT).der()

    def one_list(label, error, **bad):
        return Case("p256/crl/" + label, "crl", error, [list_of(**bad), issuer], [list_of(), issuer])
    yield one_list("altered", "CRL_FOREIGN", sign=lambda r, s: signature(r, s + 1))
    yield one_list("of-another", "CRL_FOREIGN", signer=E_OTHER)
    yield one_list("sm2-named", "CRL_FOREIGN", algorithm=algorithm(SM2_SM3), outer=algorithm(SM2_SM3))
    yield one_list("null", "ALGORITHM", algorithm=algorithm(ECDSA, null()), outer=algorithm(ECDSA, null()))

    def answer(key=E_RESPONDER, certified_by=E_ISSUING, **options):
        fields = {"signer": certified_by, "spki": spki(key), "extensions": {
            "aki": authority(certified_by), "ku": extension("ku", bits(b"\x80", 7), True),
            "eku": extension("eku", seq(oid("1.3.6.1.5.5.7.3.9")))}}
        return response(**{"signer": key, "certificates": [responder(**fields)], **options})

    def one_answer(label, error, bad):
        return Case("p256/ocsp/" + label, "ocsp", error, [bad, issuer], [answer(), issuer])
    yield Case("p256/ocsp/of-the-issuer", "ocsp", "OK",
               [response(tbs=data(id_=explicit(1, name("虎符签发 CA"))), signer=E_ISSUING, certificates=""), issuer], [])
    yield Case("p256/ocsp/responder-of-sm2", "ocsp", "OK", [answer(RESPONDER), issuer], [])
    yield one_answer("altered", "OCSP_FOREIGN", answer(sign=lambda r, s: signature(r, s + 1)))
    yield one_answer("of-another", "OCSP_FOREIGN", answer(signer=E_OTHER))
    yield one_answer("sm2-named", "OCSP_FOREIGN", answer(outer=algorithm(SM2_SM3)))
    yield one_answer("certified-by-another", "OCSP_FOREIGN", answer(certified_by=E_OTHER))


def requests():
    def request(key=E_HOLDER, signer=None, **options):
        info = seq(integer(0), name("签发"), spki(key), explicit(0))
        return signed(info, signer or key, **options).der()
    for label, bad in {"altered": request(sign=lambda r, s: signature(r, s + 1)), "of-another": request(signer=E_OTHER),
                       "by-sm2": request(signer=HOLDER), "sm2-named": request(outer=algorithm(SM2_SM3))}.items():
        yield Case("p256/request/" + label, "request", "REQUEST_POSSESSION", [bad], [request()])


def cases():
    assert sm2.Key.algorithm != ECDSA
    for group in (signatures, algorithms, keys, paths, status, requests):
        yield from group()
