"""What the cases are made of: keys, names, and builders whose every field can be replaced."""
import copy
import dataclasses

from der import bits, boolean, explicit, implicit, integer, octets, oid, printable, seq, set_, utc, utf8
from sm2 import Key, sm3

ROOT, ISSUING, HOLDER, OTHER, RESPONDER = (Key(0x1000 + i) for i in range(5))

SM2_SM3, EC_KEY, SM2_CURVE = "1.2.156.10197.1.501", "1.2.840.10045.2.1", "1.2.156.10197.1.301"
OIDS = {"ski": "2.5.29.14", "ku": "2.5.29.15", "bc": "2.5.29.19", "cdp": "2.5.29.31", "policies": "2.5.29.32",
        "aki": "2.5.29.35", "eku": "2.5.29.37", "aia": "1.3.6.1.5.5.7.1.1", "credit": "1.2.156.10260.4.1.4"}


@dataclasses.dataclass
class Case:
    name: str
    kind: str
    error: str
    bad: list
    good: list


def algorithm(dotted=SM2_SM3, *parameters):
    return seq(oid(dotted), *parameters)


def attribute(dotted, value):
    return set_(seq(oid(dotted), value))


def name(common, organization="虎符", country="CN"):
    return seq(attribute("2.5.4.6", printable(country)), attribute("2.5.4.10", utf8(organization)),
               attribute("2.5.4.3", utf8(common)))


def spki(key):
    return seq(seq(oid(EC_KEY), oid(key.curve)), bits(key.public()))


def key_id(key):
    return sm3(key.public())[:20]


def extension(short, value, critical=False):
    dotted = OIDS.get(short, short)
    return seq(oid(dotted), *([boolean(True)] if critical else []), octets(value))


def uri(text):
    return implicit(6, text.encode())


def authority(key):
    return extension("aki", seq(implicit(0, key_id(key))))


def leaf_extensions(key=HOLDER, issuer=ISSUING):
    return {
        "aki": authority(issuer),
        "ski": extension("ski", octets(key_id(key))),
        "ku": extension("ku", bits(b"\xc0", 6), True),
        "eku": extension("eku", seq(oid("1.3.6.1.5.5.7.3.2"), oid("1.3.6.1.5.5.7.3.4"))),
        "policies": extension("policies", seq(seq(oid("2.5.29.32.0")))),
        "cdp": extension("cdp", seq(seq(explicit(0, explicit(0, uri("http://status.example/1.crl")))))),
        "aia": extension("aia", seq(seq(oid("1.3.6.1.5.5.7.48.1"), uri("http://status.example/ocsp")),
                                    seq(oid("1.3.6.1.5.5.7.48.2"), uri("http://status.example/ca.cer")))),
        "credit": extension("credit", printable("91350100M000100Y43")),
    }


def ca_extensions(key, issuer, path_length=None):
    return {
        "aki": authority(issuer),
        "ski": extension("ski", octets(key_id(key))),
        "bc": extension("bc", seq(boolean(True), *([] if path_length is None else [integer(path_length)])), True),
        "ku": extension("ku", bits(b"\x06", 1), True),
    }


def signature(r, s):
    return bits(seq(integer(r), integer(s)).der())


def signed(tbs, key, outer=None, sign=None):
    """The whole around TBS. SIGN makes the BIT STRING from r and s; None: as it should be."""
    r, s = key.sign(tbs.der())
    return seq(tbs, outer or algorithm(key.algorithm), (sign or signature)(r, s))


FIELDS = ["version", "serial", "algorithm", "issuer", "validity", "subject", "spki", "extensions"]


def certificate(signer=ISSUING, outer=None, sign=None, after=(), edit=None, **fields):
    """A holder's certificate; FIELDS replaced by nodes, "" leaves one out, extensions by a dict or node."""
    parts = {
        "version": explicit(0, integer(2)),
        "serial": integer(0x1A2B3C4D5E6F708192A3B4C5D6E7F801),
        "algorithm": algorithm(signer.algorithm),
        "issuer": name("虎符签发 CA"),
        "validity": seq(utc("261101000000Z"), utc("271031235959Z")),
        "subject": name("张三", "虎符科技有限公司"),
        "spki": spki(HOLDER),
        "extensions": leaf_extensions(),
    }
    parts.update(fields)
    if isinstance(parts["extensions"], dict):
        parts["extensions"] = explicit(3, seq(*[e for e in parts["extensions"].values() if e]))
    tbs = seq(*[copy.deepcopy(parts[f]) for f in FIELDS if parts[f] != ""], *after)
    if edit:
        edit(tbs)
    return signed(tbs, signer, outer, sign)


def root(key=ROOT, **fields):
    common = {"issuer": name("虎符根 CA"), "subject": name("虎符根 CA"), "spki": spki(key),
              "validity": seq(utc("200101000000Z"), utc("491231235959Z")), "extensions": ca_extensions(key, key)}
    return certificate(signer=key, **{**common, **fields})


def issuing(key=ISSUING, signer=ROOT, **fields):
    common = {"issuer": name("虎符根 CA"), "subject": name("虎符签发 CA"), "spki": spki(key), "signer": signer,
              "validity": seq(utc("200101000000Z"), utc("451231235959Z")), "extensions": ca_extensions(key, signer, 0)}
    return certificate(**{**common, **fields})


def without(extensions, short):
    return {k: v for k, v in extensions.items() if k != short}
