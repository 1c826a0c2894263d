"""Certificates and certification requests, each field broken in each way."""
import der
from der import (Node, at, bits, boolean, explicit, generalized, ia5, implicit, integer, null, octets, oid, printable, raw, seq,
                 set_, utc, utf8, walk)
from objects import (EC_KEY, FIELDS, HOLDER, OTHER, SM2_CURVE, Case, algorithm, attribute, certificate, extension, issuing, key_id,
                     leaf_extensions, name, signature, signed, spki, uri)

ISSUER = None  # made once, below
MALFORMED, EXTENSION, CRITICAL = "CERTIFICATE_MALFORMED", "CERTIFICATE_EXTENSION", "CERTIFICATE_CRITICAL"
FIELD_ERRORS = dict(zip(FIELDS, ["CERTIFICATE_VERSION", "CERTIFICATE_SERIAL", "ALGORITHM", "NAME", "CERTIFICATE_VALIDITY",
                                 "NAME", MALFORMED, EXTENSION]))


def case(label, error, bad, good=None):
    """BAD and GOOD: what of the certificate is other than usual."""
    return Case("certificate/" + label, "certificate", error, [certificate(**bad).der(), ISSUER],
                [certificate(**(good or {})).der(), ISSUER])


# ---- every element of the tree, in the ways any element can be broken ----

def tbs_only(tbs):
    return [(path, node) for path, node in walk(tbs) if path]


def structural():
    tbs = certificate().content[0]
    for path, node in tbs_only(tbs):
        where = "-".join(map(str, path))
        field = FIELDS[path[0]]

        def edited(change, path=path):
            def edit(whole):
                target = at(whole, path)
                parent = at(whole, path[:-1])
                change(parent, path[-1], target)
            return {"edit": edit}

        def write(how):
            return edited(lambda parent, i, n: setattr(n, "write", how))

        yield case(f"long-length/{where}", "DER", write(der.long_length))
        if isinstance(node.content, list):
            yield case(f"indefinite/{where}", "DER", write(der.indefinite))
        part_of_name = field in ("issuer", "subject") and len(path) == 2  # a name does without, and with two
        if len(path) > 1 and field != "extensions" and not part_of_name:
            yield case(f"left-out/{where}", inner_error(field, path), edited(lambda parent, i, n: parent.content.pop(i)))
            a_third = path == (6, 0, 1)  # the curve is read, and something stands behind it
            yield case(f"twice/{where}", MALFORMED if a_third else inner_error(field, path),
                       edited(lambda parent, i, n: parent.content.insert(i, n)))


def inner_error(field, path):
    """What is said of a defect within a field; the algorithm of a key is the key's affair."""
    return "KEY_INVALID" if field == "spki" and path[1:2] == (0,) and len(path) > 2 else FIELD_ERRORS[field]


# ---- field by field ----

def top():
    for field in FIELDS:
        error = MALFORMED if field == "extensions" else FIELD_ERRORS[field]
        yield case(f"missing/{field}", error, {field: ""})
    yield case("version/1", "CERTIFICATE_VERSION", {"version": explicit(0, integer(0))})
    yield case("version/2", "CERTIFICATE_VERSION", {"version": explicit(0, integer(1))})
    yield case("version/4", "CERTIFICATE_VERSION", {"version": explicit(0, integer(3))})
    yield case("version/implicit", "CERTIFICATE_VERSION", {"version": implicit(0, b"\x02")})
    yield case("behind/tbs", MALFORMED, {"after": [seq(null())]})
    yield case("unique-identifier/issuer", MALFORMED, {"extensions": raw(implicit(1, b"\0\1").der() + good_extensions())})
    yield case("unique-identifier/subject", MALFORMED, {"extensions": raw(implicit(2, b"\0\1").der() + good_extensions())})


def good_extensions():
    return explicit(3, seq(*leaf_extensions().values())).der()


def serials():
    yield case("serial/zero", "CERTIFICATE_SERIAL", {"serial": integer(0)}, {"serial": integer(1)})
    yield case("serial/negative", "CERTIFICATE_SERIAL", {"serial": integer(-5)}, {"serial": integer(5)})
    yield case("serial/21-octets", "CERTIFICATE_SERIAL", {"serial": integer(1 << 160)}, {"serial": integer(1 << 158)})
    yield case("serial/20-octets-high-bit", "CERTIFICATE_SERIAL", {"serial": integer(1 << 159)}, {"serial": integer(1 << 158)})
    yield case("serial/padded", "DER", {"serial": integer(b"\0\x11")}, {"serial": integer(b"\x11")})
    yield case("serial/padded-negative", "DER", {"serial": integer(b"\xff\x80")}, {"serial": integer(b"\x7f")})
    yield case("serial/empty", "DER", {"serial": integer(b"")}, {"serial": integer(b"\x01")})
    yield case("serial/enumerated", "CERTIFICATE_SERIAL", {"serial": Node(10, b"\x05")}, {"serial": integer(5)})


def algorithms():
    others = {"ecdsa-sha384": "1.2.840.10045.4.3.3", "sm3-rsa": "1.2.156.10197.1.504", "sm2-bare": SM2_CURVE}
    for label, dotted in others.items():
        yield case(f"algorithm/inside-{label}", "ALGORITHM", {"algorithm": algorithm(dotted)})
        yield case(f"algorithm/outside-{label}", "ALGORITHM", {"outer": algorithm(dotted)})
        yield case(f"algorithm/both-{label}", "ALGORITHM", {"algorithm": algorithm(dotted), "outer": algorithm(dotted)})
    yield case("algorithm/null-inside-only", "ALGORITHM", {"algorithm": algorithm(parameters := "1.2.156.10197.1.501", null())},
               {"algorithm": algorithm(parameters, null()), "outer": algorithm(parameters, null())})
    yield case("algorithm/null-outside-only", "ALGORITHM", {"outer": algorithm(parameters, null())})
    yield case("algorithm/parameters", "ALGORITHM", {"algorithm": algorithm(parameters, oid(SM2_CURVE))})
    yield case("algorithm/null-not-empty", "DER", {"algorithm": algorithm(parameters, Node(5, b"\0"))})


def names():
    bad = {
        "empty": seq(),
        "value-empty": seq(attribute("2.5.4.3", utf8(""))),
        "not-utf8": seq(attribute("2.5.4.3", utf8(b"\xff\xfe"))),
        "overlong-utf8": seq(attribute("2.5.4.3", utf8(b"\xc0\xaf"))),
        "surrogate": seq(attribute("2.5.4.3", utf8(b"\xed\xa0\x80"))),
        "nul": seq(attribute("2.5.4.3", utf8("a\0b"))),
        "line-feed": seq(attribute("2.5.4.3", utf8("a\nb"))),
        "bmp-string": seq(attribute("2.5.4.3", Node(30, "张三".encode("utf-16-be")))),
        "teletex-string": seq(attribute("2.5.4.3", Node(20, b"abc"))),
        "printable-with-at": seq(attribute("2.5.4.3", printable("a@b"))),
        "country-lower-case": seq(attribute("2.5.4.6", printable("cn"))),
        "country-three-letters": seq(attribute("2.5.4.6", printable("CHN"))),
        "country-utf8": seq(attribute("2.5.4.6", utf8("CN"))),
        "serial-number-utf8": seq(attribute("2.5.4.5", utf8("1"))),
        "email-utf8": seq(attribute("1.2.840.113549.1.9.1", utf8("a@b.cn"))),
        "email-not-ascii": seq(attribute("1.2.840.113549.1.9.1", Node(22, b"\xe5a"))),
        "rdn-empty": seq(set_()),
        "rdn-of-two": seq(set_(seq(oid("2.5.4.10"), utf8("a")), seq(oid("2.5.4.11"), utf8("b")))),
        "not-a-set": seq(seq(seq(oid("2.5.4.3"), utf8("a")))),
        "value-missing": seq(set_(seq(oid("2.5.4.3")))),
        "too-many": seq(*[attribute("2.5.4.11", utf8(f"u{i}")) for i in range(13)]),
        "too-long": seq(attribute("2.5.4.3", utf8("长" * 171))),
    }
    good = name("张三", "虎符科技有限公司")
    for label, node in bad.items():
        yield case(f"subject/{label}", "NAME", {"subject": node}, {"subject": good})
        yield case(f"issuer/{label}", "NAME", {"issuer": node})
    yield case("subject/rdn-not-in-order", "DER",
               {"subject": seq(set_(seq(oid("2.5.4.11"), utf8("b")), seq(oid("2.5.4.10"), utf8("a"))))})


def validity():
    def v(first, second):
        return {"validity": seq(first, second)}
    start, end, error = utc("261101000000Z"), utc("271031235959Z"), "CERTIFICATE_VALIDITY"
    bad = {
        "end-before-begin": v(end, start),
        "no-seconds": v(utc("2611010000Z"), end),
        "offset": v(utc("261101000000+0800"), end),
        "no-z": v(utc("261101000000"), end),
        "fraction": v(start, generalized("20551031235959.5Z")),
        "month-13": v(utc("261301000000Z"), end),
        "month-0": v(utc("260001000000Z"), end),
        "day-0": v(utc("261100000000Z"), end),
        "day-31-of-november": v(utc("261131000000Z"), end),
        "29-february-of-2027": v(start, utc("270229000000Z")),
        "hour-24": v(utc("261101240000Z"), end),
        "minute-60": v(utc("261101006000Z"), end),
        "second-60": v(utc("261101000060Z"), end),
        "generalized-before-2050": v(start, generalized("20271031235959Z")),
        "letters": v(utc("26110100000OZ"), end),
        "empty": v(utc(""), end),
        "printable": v(printable("261101000000Z"), end),
        "third-time": {"validity": seq(start, end, end)},
    }
    for label, fields in bad.items():
        yield case(f"validity/{label}", error, fields)


def keys():
    point = HOLDER.public()
    off = point[:-1] + bytes([point[-1] ^ 1])
    prime = (0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF).to_bytes(32, "big")

    def with_point(data, unused=0, curve=SM2_CURVE, kind=EC_KEY, *more):
        return {"spki": seq(seq(oid(kind), oid(curve)), bits(data, unused), *more)}
    bad = {
        "off-the-curve": ("KEY_INVALID", with_point(off)),
        "coordinate-not-below-p": ("KEY_INVALID", with_point(b"\x04" + prime + point[33:])),
        "zero": ("KEY_INVALID", with_point(b"\x04" + bytes(64))),
        "infinity": ("KEY_INVALID", with_point(b"\0")),
        "compressed": ("KEY_INVALID", with_point(bytes([2 + (point[-1] & 1)]) + point[1:33])),
        "hybrid": ("KEY_INVALID", with_point(bytes([6 + (point[-1] & 1)]) + point[1:])),
        "cut": ("KEY_INVALID", with_point(point[:-1])),
        "longer": ("KEY_INVALID", with_point(point + b"\0")),
        "p-256": ("KEY_INVALID", with_point(point, 0, "1.2.840.10045.3.1.7")),
        "rsa": ("KEY_INVALID", {"spki": seq(seq(oid("1.2.840.113549.1.1.1"), null()), bits(point))}),
        "sm2-as-algorithm": ("KEY_INVALID", with_point(point, 0, SM2_CURVE, SM2_CURVE)),
    }
    for label, (error, fields) in bad.items():
        yield case(f"key/{label}", error, fields)
    yield case("key/unused-bits", "DER", {"spki": seq(seq(oid(EC_KEY), oid(SM2_CURVE)), bits(point[:-1] + b"\x01", 1))})
    yield case("key/third-element", MALFORMED, {"spki": seq(*spki(HOLDER).content, null())})
    yield case("key/octet-string", MALFORMED, {"spki": seq(seq(oid(EC_KEY), oid(SM2_CURVE)), octets(point))})


def extension_case(label, error, change, good=None):
    extensions = leaf_extensions()
    extensions.update(change)
    if good:
        twin = leaf_extensions()
        twin.update(good)
        return case(f"extension/{label}", error, {"extensions": extensions}, {"extensions": twin})
    return case(f"extension/{label}", error, {"extensions": extensions})


def extensions():
    unknown = "1.2.3.4.5"
    yield extension_case("unknown-critical", CRITICAL, {"x": extension(unknown, null(), True)}, {"x": extension(unknown, null())})
    for short, error in (("name-constraints", CRITICAL), ("policy-constraints", CRITICAL), ("inhibit-any", CRITICAL)):
        dotted = {"name-constraints": "2.5.29.30", "policy-constraints": "2.5.29.36", "inhibit-any": "2.5.29.54"}[short]
        yield extension_case(f"{short}-critical", error, {"x": extension(dotted, seq(), True)}, {"x": extension(dotted, seq())})
    for short in leaf_extensions():
        e = leaf_extensions()[short]
        yield extension_case(f"{short}-twice", EXTENSION, {"x": e})
        value = e.content[-1].content
        change = seq(*e.content[:-1], octets(value + b"\0"))
        if short != "credit":
            yield extension_case(f"{short}-trailing-byte", EXTENSION, {short: change})
            yield extension_case(f"{short}-cut", EXTENSION, {short: seq(*e.content[:-1], octets(value[:-1]))})
            yield extension_case(f"{short}-empty", EXTENSION, {short: seq(*e.content[:-1], octets(b""))})
            yield extension_case(f"{short}-other-type", EXTENSION, {short: seq(*e.content[:-1], octets(ia5("x")))})
        yield extension_case(f"{short}-false-encoded", EXTENSION,
                             {short: seq(e.content[0], boolean(False), e.content[-1])})
        yield extension_case(f"{short}-boolean-01", "DER", {short: seq(e.content[0], boolean(b"\x01"), e.content[-1])})
        yield extension_case(f"{short}-no-value", EXTENSION, {short: seq(e.content[0])})
        yield extension_case(f"{short}-fourth-element", EXTENSION, {short: seq(*e.content, null())})
    ku = {"zero": bits(b"", 0), "trailing-zero-bits": bits(b"\xc0", 0), "17-bits": bits(b"\xc0\0\x80", 7),
          "unused-set": bits(b"\xc1", 6)}
    for label, node in ku.items():
        yield extension_case(f"ku-{label}", EXTENSION, {"ku": extension("ku", node, True)})
    yield extension_case("ku-cert-sign-of-a-leaf", EXTENSION, {"ku": extension("ku", bits(b"\x04", 2), True)})
    yield extension_case("bc-path-length-without-ca", EXTENSION, {"bc": extension("bc", seq(integer(0)), True)})
    yield extension_case("bc-ca-not-critical", EXTENSION, {"bc": extension("bc", seq(boolean(True))), "ku": None})
    yield extension_case("bc-default-encoded", EXTENSION, {"bc": extension("bc", seq(boolean(False)), True)})
    yield extension_case("bc-path-length-negative", EXTENSION,
                         {"bc": extension("bc", seq(boolean(True), integer(-1)), True), "ku": None})
    yield extension_case("eku-none", EXTENSION, {"eku": extension("eku", seq())})
    yield extension_case("policies-none", EXTENSION, {"policies": extension("policies", seq())})
    yield extension_case("cdp-none", EXTENSION, {"cdp": extension("cdp", seq())})
    yield extension_case("aia-none", EXTENSION, {"aia": extension("aia", seq())})
    yield extension_case("ski-none", EXTENSION, {"ski": extension("ski", octets(b""))})
    yield extension_case("ski-33-bytes", EXTENSION, {"ski": extension("ski", octets(bytes(33)))})
    yield extension_case("aki-issuer-without-serial", EXTENSION, {
        "aki": extension("aki", seq(implicit(0, key_id(HOLDER)), explicit(1, explicit(4, name("x")))))})
    for label, text in {"empty": "", "blank": "http://a/ b", "not-ascii": "http://虎符/"}.items():
        yield extension_case(f"cdp-url-{label}", EXTENSION,
                             {"cdp": extension("cdp", seq(seq(explicit(0, explicit(0, uri(text))))))})
    yield case("extension/none", EXTENSION, {"extensions": explicit(3, seq())})
    many = {f"x{i}": extension(f"1.2.3.4.{i}", null()) for i in range(25)}
    yield case("extension/25", EXTENSION, {"extensions": many}, {"extensions": dict(list(many.items())[:24])})


def signatures():
    def wrong(label, error, make):
        return case(f"signature/{label}", error, {"sign": make})
    yield case("signature/of-another-key", "CERTIFICATE_SIGNATURE", {"signer": OTHER})
    yield wrong("r-plus-one", "CERTIFICATE_SIGNATURE", lambda r, s: signature(r + 1, s))
    yield wrong("swapped", "CERTIFICATE_SIGNATURE", lambda r, s: signature(s, r))
    yield wrong("zero", "CERTIFICATE_SIGNATURE", lambda r, s: signature(0, 0))
    n = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    yield wrong("r-is-n", "CERTIFICATE_SIGNATURE", lambda r, s: signature(n, s))
    yield wrong("negative", MALFORMED, lambda r, s: signature(-1, s))
    yield wrong("33-octets", MALFORMED, lambda r, s: signature(r + (1 << 257), s))
    yield wrong("third-number", MALFORMED, lambda r, s: bits(seq(integer(r), integer(s), integer(1)).der()))
    yield wrong("one-number", MALFORMED, lambda r, s: bits(seq(integer(r)).der()))
    yield wrong("raw", MALFORMED, lambda r, s: bits(r.to_bytes(32, "big") + s.to_bytes(32, "big")))
    yield wrong("trailing", MALFORMED, lambda r, s: bits(seq(integer(r), integer(s)).der() + b"\0"))
    yield wrong("empty", MALFORMED, lambda r, s: bits(b""))
    yield wrong("octet-string", MALFORMED, lambda r, s: octets(seq(integer(r), integer(s)).der()))
    yield wrong("unused-bits", "DER", lambda r, s: bits(b"\x01", 1))
    yield wrong("padded", MALFORMED, lambda r, s: bits(seq(Node(2, b"\0\0" + r.to_bytes(32, "big")), integer(s)).der()))


def whole():
    good = certificate().der()

    def data(label, error, bad):
        return Case(f"certificate/whole/{label}", "certificate", error, [bad, ISSUER], [good, ISSUER])
    yield data("empty", "DER", b"")
    yield data("trailing", "DER", good + b"\0")
    yield data("cut", "DER", good[:-1])
    yield data("cut-in-half", "DER", good[:len(good) // 2])
    yield data("pem", "DER", b"-----BEGIN CERTIFICATE-----\n")
    yield data("set", "DER", b"\x31" + good[1:])
    yield data("too-large", "TOO_LARGE", certificate(extensions={
        **leaf_extensions(), "x": extension("1.2.3.4", octets(bytes(9000)))}).der())
    yield data("too-deep", "DER", certificate(extensions={
        **leaf_extensions(), "x": extension("1.2.3.4", null())}, subject=deep(20)).der())
    tbs = certificate().content[0]
    yield data("no-signature", MALFORMED, seq(tbs, algorithm()).der())
    yield data("nothing-inside", MALFORMED, seq().der())
    yield data("fourth-element", MALFORMED, seq(*signed(tbs, HOLDER).content, null()).der())


def deep(levels):
    node = null()
    for _ in range(levels):
        node = seq(node)
    return node


def requests():
    def request(version=integer(0), subject=None, key=None, attributes=None, signer=HOLDER, **options):
        info = seq(version, subject or name("张三"), key or spki(HOLDER),
                   *([explicit(0)] if attributes is None else attributes))
        return signed(info, signer, **options).der()

    def one(label, error, good=None, **bad):
        return Case("request/" + label, "request", error, [request(**bad)], [good or request()])
    with_attribute = request(attributes=[explicit(0, seq(oid("1.2.840.113549.1.9.7"), set_(utf8("x"))))])
    yield one("version-1", "REQUEST_PKCS10", version=integer(1))
    yield one("of-another-key", "REQUEST_POSSESSION", signer=OTHER)
    yield one("key-off-the-curve", "KEY_INVALID", key=seq(seq(oid(EC_KEY), oid(SM2_CURVE)), bits(b"\x04" + bytes(64))))
    yield one("name-empty", "NAME", subject=seq())
    yield one("no-attributes", "REQUEST_PKCS10", attributes=[])
    yield one("attribute-without-values", "REQUEST_PKCS10", with_attribute,
              attributes=[explicit(0, seq(oid("1.2.840.113549.1.9.7"), set_()))])
    yield one("behind", "REQUEST_PKCS10", attributes=[explicit(0), null()])
    yield one("other-algorithm", "ALGORITHM", outer=algorithm("1.2.840.10045.4.3.3"))
    yield one("signature-altered", "REQUEST_POSSESSION", sign=lambda r, s: signature(r, s + 1))
    yield Case("request/trailing", "request", "DER", [request() + b"\0"], [request()])


def cases():
    global ISSUER
    ISSUER = issuing().der()
    for group in (structural, top, serials, algorithms, names, validity, keys, extensions, signatures, whole, requests):
        yield from group()
