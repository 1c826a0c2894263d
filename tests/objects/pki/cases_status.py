"""Revocation lists and OCSP messages."""
from der import (Node, bits, enumerated, explicit, generalized, implicit, integer, null, octets, oid, seq, utc)
from objects import (ISSUING, OTHER, RESPONDER, Case, algorithm, authority, certificate, extension, issuing, leaf_extensions, name,
                     signature, signed, spki, uri)

REASON, NUMBER, POINT, DELTA, CERTIFICATE_ISSUER = "2.5.29.21", "2.5.29.20", "2.5.29.28", "2.5.29.27", "2.5.29.29"
BASIC, NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
MALFORMED = "CRL_MALFORMED"


# ---- lists ----

def entry(serial, *extensions, when=None):
    return seq(integer(serial), when or utc("261101000000Z"), *([seq(*extensions)] if extensions else []))


def reason(n=1, critical=False):
    return extension(REASON, n if isinstance(n, Node) else enumerated(n), critical)


def list_extensions():
    return {"aki": authority(ISSUING), "number": extension(NUMBER, integer(7)),
            "point": extension(POINT, seq(explicit(0, explicit(0, uri("http://status.example/7.crl")))), True)}


def crl(signer=ISSUING, outer=None, sign=None, after=(), **fields):
    parts = {"version": integer(1), "algorithm": algorithm(signer.algorithm), "issuer": name("虎符签发 CA"), "this": utc("261124000000Z"),
             "next": utc("261125000000Z"), "entries": seq(entry(5), entry(9, reason()), entry(300, reason(6))),
             "extensions": list_extensions()}
    parts.update(fields)
    if isinstance(parts["extensions"], dict):
        parts["extensions"] = explicit(0, seq(*[e for e in parts["extensions"].values() if e]))
    return signed(seq(*[p for p in parts.values() if p != ""], *after), signer, outer, sign)


def crl_case(label, error, bad, good=None):
    issuer = issuing().der()
    return Case("crl/" + label, "crl", error, [crl(**bad).der(), issuer], [crl(**(good or {})).der(), issuer])


def with_extensions(**change):
    return {"extensions": {**list_extensions(), **change}}


def lists():
    yield crl_case("version-1", MALFORMED, {"version": integer(0)})
    yield crl_case("no-version", MALFORMED, {"version": ""})
    yield crl_case("algorithms-differ", "ALGORITHM", {"outer": algorithm("1.2.156.10197.1.501", null())})
    yield crl_case("other-algorithm", "ALGORITHM", {"algorithm": algorithm("1.2.840.10045.4.3.2")})
    yield crl_case("issuer-empty", "NAME", {"issuer": seq()})
    yield crl_case("issuer-another", "CRL_FOREIGN", {"issuer": name("别的 CA")})
    yield crl_case("signed-by-another", "CRL_FOREIGN", {"signer": OTHER})
    yield crl_case("signature-altered", "CRL_FOREIGN", {"sign": lambda r, s: signature(r, s + 1)})
    yield crl_case("no-next-update", MALFORMED, {"next": ""})
    yield crl_case("next-before-this", MALFORMED, {"this": utc("261125000000Z"), "next": utc("261124000000Z")})
    yield crl_case("stale", "CRL_STALE", {"this": utc("261122000000Z"), "next": utc("261124075959Z")})
    yield crl_case("not-yet", "CRL_STALE", {"this": utc("261124080001Z")}, {"this": utc("261124080000Z")})
    yield crl_case("this-update-badly-written", MALFORMED, {"this": utc("2611240000Z")})
    yield crl_case("generalized-before-2050", MALFORMED, {"next": generalized("20261125000000Z")})
    yield crl_case("behind", MALFORMED, {"after": [null()]})
    yield crl_case("no-extensions", MALFORMED, {"extensions": ""})
    yield crl_case("no-number", MALFORMED, with_extensions(number=None))
    yield crl_case("no-authority", MALFORMED, with_extensions(aki=None))
    yield crl_case("authority-another", "CRL_FOREIGN", with_extensions(aki=authority(OTHER)))
    yield crl_case("number-negative", MALFORMED, with_extensions(number=extension(NUMBER, integer(-1))))
    yield crl_case("number-21-octets", MALFORMED, with_extensions(number=extension(NUMBER, integer(1 << 160))),
                   with_extensions(number=extension(NUMBER, integer(1 << 158))))
    yield crl_case("number-critical", MALFORMED, with_extensions(number=extension(NUMBER, integer(7), True)))
    yield crl_case("number-twice", MALFORMED, with_extensions(x=extension(NUMBER, integer(7))))
    yield crl_case("delta", "CERTIFICATE_CRITICAL", with_extensions(x=extension(DELTA, integer(1), True)))
    yield crl_case("unknown-critical", "CERTIFICATE_CRITICAL", with_extensions(x=extension("1.2.3.4", null(), True)),
                   with_extensions(x=extension("1.2.3.4", null())))
    point = list_extensions()["point"].content[-1].content
    yield crl_case("point-not-critical", MALFORMED, with_extensions(point=seq(oid(POINT), octets(point))))
    for label, node in {"empty": seq(), "indirect": seq(explicit(0, explicit(0, uri("http://a/"))), implicit(4, b"\xff")),
                        "users-only": seq(explicit(0, explicit(0, uri("http://a/"))), implicit(1, b"\xff")),
                        "no-name": seq(explicit(0)), "url-empty": seq(explicit(0, explicit(0, uri(""))))}.items():
        yield crl_case(f"point-{label}", MALFORMED, with_extensions(point=extension(POINT, node, True)))


def entries():
    def with_entries(*list_):
        return {"entries": seq(*list_)}
    yield crl_case("entries-none", MALFORMED, with_entries(), {"entries": ""})
    yield crl_case("entries-not-in-order", "CRL_ENTRIES", with_entries(entry(9), entry(5)), with_entries(entry(5), entry(9)))
    yield crl_case("entries-twice", "CRL_ENTRIES", with_entries(entry(5), entry(5)), with_entries(entry(5), entry(6)))
    yield crl_case("entries-long-before-short", "CRL_ENTRIES", with_entries(entry(300), entry(9)), with_entries(entry(9), entry(300)))
    yield crl_case("entry-serial-negative", MALFORMED, with_entries(entry(-5)))
    yield crl_case("entry-serial-21-octets", MALFORMED, with_entries(entry(1 << 160)), with_entries(entry(1 << 158)))
    yield crl_case("entry-no-time", MALFORMED, with_entries(seq(integer(5))))
    yield crl_case("entry-time-month-13", MALFORMED, with_entries(entry(5, when=utc("261301000000Z"))))
    yield crl_case("entry-extensions-none", MALFORMED, with_entries(seq(integer(5), utc("261101000000Z"), seq())))
    yield crl_case("entry-fourth-element", MALFORMED, with_entries(seq(*entry(5, reason()).content, null())))
    for label, bad in {"0": reason(0), "7": reason(7), "11": reason(11), "remove-from-crl": reason(8),
                       "integer": reason(integer(1)), "empty": reason(Node(10, b""))}.items():
        yield crl_case(f"entry-reason-{label}", MALFORMED, with_entries(entry(5, bad)), with_entries(entry(5, reason())))
    yield crl_case("entry-reason-twice", MALFORMED, with_entries(entry(5, reason(), reason())), with_entries(entry(5, reason())))
    yield crl_case("entry-certificate-issuer", "CERTIFICATE_CRITICAL",
                   with_entries(entry(5, extension(CERTIFICATE_ISSUER, seq(), True))), with_entries(entry(5)))
    good = crl().der()
    yield Case("crl/cut", "crl", "DER", [good[:-1], issuing().der()], [good, issuing().der()])
    yield Case("crl/trailing", "crl", "DER", [good + b"\0", issuing().der()], [good, issuing().der()])


# ---- OCSP ----

SERIAL = 0x1A2B3C4D5E6F708192A3B4C5D6E7F801


def cert_id(serial=None, size=20, dotted="1.3.14.3.2.26", *parameters):
    return seq(seq(oid(dotted), *(parameters or [null()])), octets(bytes([1] * size)), octets(bytes([2] * size)),
               serial or integer(SERIAL))


def responder(**change):
    extensions = {**leaf_extensions(RESPONDER, ISSUING), "ku": extension("ku", bits(b"\x80", 7), True), "credit": None, "cdp": None,
                  "eku": extension("eku", seq(oid("1.3.6.1.5.5.7.3.9"))), "x": extension("1.3.6.1.5.5.7.48.1.5", null())}
    fields = {"subject": name("OCSP"), "spki": spki(RESPONDER), "extensions": extensions}
    return certificate(**{**fields, **change})


def single(status=None, this=None, next_=None, id_=None, extra=()):
    return seq(id_ or cert_id(), status or implicit(0, b""), this or generalized("20261124070000Z"),
               *([] if next_ == "" else [explicit(0, next_ or generalized("20261124090000Z"))]), *extra)


def data(id_=None, produced=None, singles=None, extra=(), version=()):
    return seq(*version, id_ or explicit(1, name("OCSP")), produced or generalized("20261124070000Z"),
               seq(*(singles if singles is not None else [single()])),
               *extra)


def response(tbs=None, signer=RESPONDER, certificates=None, status=0, kind=BASIC, outer=None, sign=None, typed=True, behind=()):
    basic = signed(tbs or data(), signer, outer, sign)
    basic.content += [explicit(0, seq(*([responder()] if certificates is None else certificates)))] if certificates != "" else []
    return seq(enumerated(status), *([explicit(0, seq(oid(kind), octets(basic)))] if typed else []), *behind).der()


def ocsp_case(label, error, bad, good=None):
    issuer = issuing().der()
    return Case("ocsp/" + label, "ocsp", error, [response(**bad), issuer], [response(**(good or {})), issuer])


def one(**fields):
    return {"tbs": data(singles=[single(**fields)])}


def revoked(*content):
    return explicit(1, *content)


def responses():
    wrong, when = "OCSP_RESPONSE", generalized("20261101000000Z")
    good_revoked = one(status=revoked(when, explicit(0, enumerated(1))))
    for number in (1, 2, 3, 5, 6):
        yield ocsp_case(f"status-{number}", "OCSP_REFUSED", {"status": number, "typed": False})
    yield ocsp_case("status-4-with-bytes", wrong, {"status": 4})
    yield ocsp_case("no-bytes", wrong, {"typed": False})
    yield ocsp_case("other-type", wrong, {"kind": "1.3.6.1.5.5.7.48.1.9"})
    yield ocsp_case("behind", wrong, {"behind": [null()]})
    yield ocsp_case("version-encoded", wrong, {"tbs": data(version=[explicit(0, integer(0))])})
    yield ocsp_case("responder-by-key", wrong, {"tbs": data(id_=explicit(2, octets(bytes(20))))})
    yield ocsp_case("responder-another", "OCSP_FOREIGN", {"tbs": data(id_=explicit(1, name("别的")))})
    yield ocsp_case("produced-utc", wrong, {"tbs": data(produced=utc("261124070000Z"))})
    yield ocsp_case("produced-fraction", wrong, {"tbs": data(produced=generalized("20261124070000.5Z"))})
    yield ocsp_case("singles-none", wrong, {"tbs": data(singles=[])})
    yield ocsp_case("singles-nine", wrong, {"tbs": data(singles=[single()] * 9)}, {"tbs": data(singles=[single()] * 8)})
    yield ocsp_case("good-with-content", wrong, one(status=implicit(0, b"\0")))
    yield ocsp_case("choice-3", wrong, one(status=implicit(3, b"")))
    yield ocsp_case("revoked-without-time", wrong, one(status=revoked()), good_revoked)
    yield ocsp_case("revoked-reason-7", wrong, one(status=revoked(when, explicit(0, enumerated(7)))), good_revoked)
    yield ocsp_case("revoked-third", wrong, one(status=revoked(when, explicit(0, enumerated(1)), null())), good_revoked)
    yield ocsp_case("no-next-update", wrong, one(next_=""))
    yield ocsp_case("next-before-this", wrong, one(next_=generalized("20261124065959Z")))
    yield ocsp_case("stale", "OCSP_STALE", one(next_=generalized("20261124075959Z")), one(next_=generalized("20261124080000Z")))
    yield ocsp_case("not-yet", "OCSP_STALE", one(this=generalized("20261124080001Z")), one(this=generalized("20261124080000Z")))
    yield ocsp_case("hash-lengths-differ", wrong, one(id_=seq(seq(oid("1.3.14.3.2.26"), null()), octets(bytes(20)), octets(bytes(19)), integer(5))))
    yield ocsp_case("sha1-of-32-bytes", wrong, one(id_=cert_id(size=32)), one(id_=cert_id(None, 32, "1.2.156.10197.1.401")))
    yield ocsp_case("serial-negative", wrong, one(id_=cert_id(integer(-1))))
    critical = explicit(1, seq(extension("1.2.3.4", null(), True)))
    harmless = explicit(1, seq(extension("1.2.3.4", null())))
    yield ocsp_case("extension-critical", "CERTIFICATE_CRITICAL", {"tbs": data(extra=[critical])}, {"tbs": data(extra=[harmless])})
    yield ocsp_case("single-extension-critical", "CERTIFICATE_CRITICAL", one(extra=[critical]), one(extra=[harmless]))
    yield ocsp_case("nonce-35-bytes", wrong, {"tbs": data(extra=[explicit(1, seq(seq(oid(NONCE), octets(bytes(35)))))])},
                    {"tbs": data(extra=[explicit(1, seq(seq(oid(NONCE), octets(bytes(34)))))])})
    yield ocsp_case("nonce-twice", wrong, {"tbs": data(extra=[explicit(1, seq(*[seq(oid(NONCE), octets(bytes(8)))] * 2))])},
                    {"tbs": data(extra=[explicit(1, seq(seq(oid(NONCE), octets(bytes(8)))))])})


def signers():
    yield ocsp_case("signed-by-another", "OCSP_FOREIGN", {"signer": OTHER})
    yield ocsp_case("signature-altered", "OCSP_FOREIGN", {"sign": lambda r, s: signature(r, s + 1)})
    yield ocsp_case("other-algorithm", "ALGORITHM", {"outer": algorithm("1.2.840.10045.4.3.3")})
    yield ocsp_case("another-keys-algorithm", "OCSP_FOREIGN", {"outer": algorithm("1.2.840.10045.4.3.2")})
    yield ocsp_case("no-certificate", "OCSP_FOREIGN", {"certificates": ""})
    yield ocsp_case("certificate-of-another-ca", "OCSP_FOREIGN", {"certificates": [responder(signer=OTHER)]})
    yield ocsp_case("certificate-for-something-else", "OCSP_FOREIGN",
                    {"certificates": [certificate(subject=name("OCSP"), spki=spki(RESPONDER), extensions=leaf_extensions(RESPONDER))]})
    yield ocsp_case("certificate-expired", "OCSP_FOREIGN", {"certificates": [responder(validity=seq(utc("250101000000Z"), utc("261124075959Z")))]},
                    {"certificates": [responder(validity=seq(utc("250101000000Z"), utc("261124080000Z")))]})
    yield ocsp_case("certificate-not-yet", "OCSP_FOREIGN", {"certificates": [responder(validity=seq(utc("261124080001Z"), utc("271124075959Z")))]})
    good = response()
    yield Case("ocsp/cut", "ocsp", "DER", [good[:-1], issuing().der()], [good, issuing().der()])


def requests():
    def request(ids=None, version=(), requestor=(), extra=(), behind=()):
        tbs = seq(*version, *requestor, seq(*(ids if ids is not None else [seq(cert_id())])), *extra)
        return seq(tbs, *behind).der()

    def one_request(label, bad, good=None):
        return Case("ocsp-request/" + label, "ocsp-request", "OCSP_REQUEST", [request(**bad)], [request(**(good or {}))])

    def nonce(size, critical=False):
        return {"extra": [explicit(2, seq(extension(NONCE, octets(bytes(size)), critical)))]}
    yield one_request("none", {"ids": []})
    yield one_request("nine", {"ids": [seq(cert_id())] * 9}, {"ids": [seq(cert_id())] * 8})
    yield one_request("version", {"version": [explicit(0, integer(1))]})
    yield one_request("serial-negative", {"ids": [seq(cert_id(integer(-1)))]})
    yield one_request("hash-19-bytes", {"ids": [seq(cert_id(size=19))]})
    yield one_request("hash-empty", {"ids": [seq(cert_id(size=0))]})
    yield one_request("unknown-hash-of-65-bytes", {"ids": [seq(cert_id(None, 65, "1.2.3.4"))]}, {"ids": [seq(cert_id(None, 64, "1.2.3.4"))]})
    yield one_request("nonce-of-33-bytes", nonce(33), nonce(32))
    yield one_request("nonce-empty", {"extra": [explicit(2, seq(seq(oid(NONCE), octets(b""))))]}, nonce(1))
    yield one_request("extension-critical", {"extra": [explicit(2, seq(extension("1.2.3.4", null(), True)))]},
                      {"extra": [explicit(2, seq(extension("1.2.3.4", null())))]})
    yield one_request("extensions-none", {"extra": [explicit(2, seq())]})
    yield one_request("single-extension-critical", {"ids": [seq(cert_id(), explicit(0, seq(extension("1.2.3.4", null(), True))))]},
                      {"ids": [seq(cert_id(), explicit(0, seq(extension("1.2.3.4", null()))))]})
    yield one_request("behind", {"extra": [null()]})
    yield one_request("signature-not-explicit", {"behind": [null()]}, {"behind": [explicit(0, seq(algorithm(), bits(b"\0")))]})
    yield Case("ocsp-request/trailing", "ocsp-request", "OCSP_REQUEST", [request() + b"\0"], [request()])
    yield Case("ocsp-request/too-large", "ocsp-request", "OCSP_REQUEST",
               [request(extra=[explicit(2, seq(extension("1.2.3.4", octets(bytes(4096)))))])],
               [request(extra=[explicit(2, seq(extension("1.2.3.4", octets(bytes(3000)))))])])


def cases():
    for group in (lists, entries, responses, signers, requests):
        yield from group()
