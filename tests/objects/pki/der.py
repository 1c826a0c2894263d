"""DER for making test objects: nodes that know their tag and children, so that one can be broken at a time."""


class Node:
    """An element: CONTENT is bytes, or a list of nodes. WRITE (if given) writes it in a way of its own."""

    def __init__(self, tag, content, write=None):
        self.tag, self.content, self.write = tag, content, write

    def body(self):
        return self.content if isinstance(self.content, bytes) else b"".join(n.der() for n in self.content)

    def der(self):
        return self.write(self) if self.write else bytes([self.tag]) + length(len(self.body())) + self.body()


def length(n):
    if n < 128:
        return bytes([n])
    size = (n.bit_length() + 7) // 8
    return bytes([0x80 | size]) + n.to_bytes(size, "big")


def long_length(node):
    """With a byte more of length than it needs."""
    n = len(node.body())
    size = (n.bit_length() + 7) // 8 if n >= 128 else 0
    return bytes([node.tag, 0x80 | size + 1]) + n.to_bytes(size + 1, "big") + node.body()


def indefinite(node):
    return bytes([node.tag, 0x80]) + node.body() + b"\x00\x00"


def too_long(node):
    """Says a byte more than there is."""
    return bytes([node.tag]) + length(len(node.body()) + 1) + node.body()


def raw(data):
    return Node(0, data, lambda n: n.content)


def seq(*nodes):
    return Node(0x30, list(nodes))


def set_(*nodes):
    return Node(0x31, list(nodes))


def explicit(n, *nodes):
    return Node(0xA0 + n, list(nodes))


def implicit(n, data):
    return Node(0x80 + n, data)


def integer(n):
    if isinstance(n, bytes):
        return Node(2, n)
    return Node(2, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        part = [arc & 127]
        while arc := arc >> 7:
            part.insert(0, arc & 127 | 128)
        out += bytes(part)
    return Node(6, out)


def octets(data):
    return Node(4, data if isinstance(data, bytes) else data.der())


def bits(data, unused=0):
    return Node(3, bytes([unused]) + data)


def null():
    return Node(5, b"")


def boolean(value):
    return Node(1, b"\xff" if value is True else b"\x00" if value is False else value)


def enumerated(n):
    return Node(10, bytes([n]))


def utf8(text):
    return Node(12, text if isinstance(text, bytes) else text.encode())


def printable(text):
    return Node(19, text.encode())


def ia5(text):
    return Node(22, text.encode())


def utc(text):
    return Node(23, text.encode())


def generalized(text):
    return Node(24, text.encode())


def walk(node, path=()):
    """Every node with the way to it, children behind their parents."""
    yield path, node
    if isinstance(node.content, list):
        for i, child in enumerate(node.content):
            yield from walk(child, (*path, i))


def at(node, path):
    for i in path:
        node = node.content[i]
    return node
