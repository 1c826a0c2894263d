#!/usr/bin/env python3
"""Makes hostile uploads, each beside a twin in which the one fault is repaired, and says what must be answered.

make.py FOLDER [STAMP] writes NAME.bad and NAME.good for each case, and manifest.txt with a line each: NAME, the
ERROR that the bad one must get, and of the good one: type, pages, width, height. STAMP is written last."""
import os
import struct
import sys
import zlib

# ---- PNG ----

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def chunk(kind, body=b"", crc=None):
    crc = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def ihdr(width=4, height=4, depth=8, color=2, compression=0, filtering=0, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, compression, filtering, interlace))


IDAT = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + b"\x80\x40\x20" * 4 for _ in range(4))))
IEND = chunk(b"IEND")


def png(*chunks, head=None, end=IEND):
    return PNG_MAGIC + (ihdr() if head is None else head) + b"".join(chunks or (IDAT,)) + end


# ---- JPEG: one gray block of 8 x 8 ----

def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


APP0 = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
DQT = segment(0xDB, b"\0" + bytes([16] * 64))
DHT = (segment(0xC4, b"\x00" + bytes([1] + [0] * 15) + b"\x00") +
       segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"))
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
DATA = b"\x3f"  # DC of size 0, end of block, padding


def sof(marker=0xC0, width=8, height=8, precision=8, components=((1, 0x11, 0),)):
    body = struct.pack(">BHHB", precision, height, width, len(components))
    return segment(marker, body + b"".join(bytes(c) for c in components))


def sos(components=((1, 0),), spectral=(0, 63, 0)):
    return segment(0xDA, bytes([len(components)]) + b"".join(bytes(c) for c in components) + bytes(spectral))


def jpeg(*parts):
    return SOI + b"".join(parts or (APP0, DQT, sof(), DHT, sos(), DATA)) + EOI


# ---- PDF ----

CONTENT = b"0 0 m 100 100 l S"


def stream(dictionary, content, end=b"\nendstream"):
    return b"<< " + dictionary + b" /Length %d >>\nstream\n" % len(content) + content + end


def objects(catalog=b"", page=b"", content=None, **more):
    """A file of one page; `more` are further objects: n7=b'...'."""
    table = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R " + page + b" >>",
        4: stream(b"", CONTENT) if content is None else content,
    }
    table.update({int(k[1:]): v for k, v in more.items()})
    return table


def write_objects(table, out, offsets):
    for number, value in table.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + value + b"\nendobj\n"


def write_table(out, offsets, extra=b"", wrong=None):
    at = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(offsets):
        out += b"%d 1\n%010d 00000 n \n" % (number, (wrong or {}).get(number, offsets[number]))
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (max(offsets) + 1, extra, at)


def pdf(table=None, extra=b"", head=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", wrong=None):
    out, offsets = bytearray(head), {}
    write_objects(table or objects(), out, offsets)
    write_table(out, offsets, extra, wrong)
    return bytes(out)


def update(old, table, extra=b"", previous=None):
    """An incremental update: new versions of objects behind the old file."""
    out, offsets = bytearray(old), {}
    if previous is None:
        previous = int(old.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    write_objects(table, out, offsets)
    write_table(out, offsets, b"/Prev %d %s" % (previous, extra))
    return bytes(out)


def packed(plain, inside, filter_name=b"/FlateDecode", data=None, kind=b"/ObjStm", predictor=False, shift=0):
    """A file with a cross-reference stream; the objects of `inside` lie in object stream 20."""
    out, offsets, heads, bodies = bytearray(b"%PDF-1.5\n"), {}, b"", b""
    for number, value in inside.items():
        heads += b"%d %d " % (number, len(bodies))
        bodies += value + b" "
    content = zlib.compress(heads + bodies) if data is None else data
    table = dict(plain)
    table[20] = stream(b"/Type %s /N %d /First %d /Filter %s" % (kind, len(inside), len(heads), filter_name), content)
    write_objects(table, out, offsets)
    offsets[21] = len(out)
    rows = []
    for number in range(22):
        if number in offsets:
            rows.append(struct.pack(">BIB", 1, offsets[number], 0))
        elif number in inside:
            rows.append(struct.pack(">BIB", 2, 20, list(inside).index(number) + shift))
        else:
            rows.append(struct.pack(">BIB", 0, 0, 255))
    parms = b""
    if predictor:
        previous, filtered = bytes(6), []
        for row in rows:
            filtered.append(b"\2" + bytes((a - b) & 255 for a, b in zip(row, previous)))
            previous = row
        rows, parms = filtered, b"/DecodeParms << /Predictor 12 /Columns 6 >>"
    value = stream(b"/Type /XRef /Size 22 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode " + parms,
                   zlib.compress(b"".join(rows)))
    at = len(out)
    out += b"21 0 obj\n" + value + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
    return bytes(out)


def pages(count):
    table = objects()
    table[2] = b"<< /Type /Pages /Kids [" + b" ".join(b"%d 0 R" % (10 + i) for i in range(count)) + b"] >>"
    del table[3]
    for i in range(count):
        table[10 + i] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    return pdf(table)


def page_tree(kids_of_inner):
    return pdf({**objects(n5=b"<< /Type /Pages /Parent 2 0 R /Kids [" + kids_of_inner + b"] /Count 1 >>"),
                2: b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>"})


def action(value):
    return pdf(objects(page=b"/Annots [5 0 R]",
                       n5=b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A " + value + b" >>"))


def annotation(subtype):
    return pdf(objects(page=b"/Annots [5 0 R]", n5=b"<< /Type /Annot /Subtype " + subtype + b" /Rect [0 0 9 9] >>"))


def image(width, height):
    return pdf(objects(n5=stream(b"/Type /XObject /Subtype /Image /Width %d /Height %d /Filter /DCTDecode" %
                                 (width, height), jpeg())))


ZIP_END = b"PK\5\6" + bytes(18)
HTML = b"<HTML><script>alert(1)</script>"
GOTO = b"<< /S /GoTo /D [3 0 R /Fit] >>"
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def in_last_comment(text):
    return pdf().replace(b"startxref", b"%" + text + b"\nstartxref")


def hidden_in_stream(honest):
    """A cross reference that points into a stream's content, where another catalogue waits."""
    inner = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Lang (x) >>\nendobj\n"
    table = objects(n5=stream(b"", inner))
    plain = pdf(table)
    return plain if honest else pdf(table, wrong={1: plain.rindex(inner)})


def cut_in_second_part():
    old = pdf()
    return update(old, {4: stream(b"", CONTENT + b" ")})[:len(old) + 40]


# ---- the cases: name, error, bad, good ----

def types():
    yield "empty", "FILE_EMPTY", b"", png()
    for name, data in {
        "text": b"hello, world\n", "html": HTML, "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "gif": b"GIF89a" + bytes(40), "bmp": b"BM" + bytes(60), "tiff": b"II*\0" + bytes(60),
        "webp": b"RIFF\x20\0\0\0WEBPVP8 " + bytes(30), "heic": b"\0\0\0\x18ftypheic" + bytes(40),
        "mp4": b"\0\0\0\x18ftypmp42" + bytes(40), "zip": b"PK\3\4" + bytes(30) + ZIP_END,
        "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "exe": b"MZ" + bytes(100),
        "elf": b"\x7fELF" + bytes(100), "postscript": b"%!PS-Adobe-3.0\nshowpage\n",
        "png-magic-wrong": b"\x89PNG\n\n\x1a\n" + png()[8:], "jpeg-no-marker": b"\xff\xd8\0" + jpeg()[3:],
    }.items():
        yield "type-" + name, "FILE_TYPE", data, jpeg()


def ends():
    yield "pdf-prefix", "FILE_PREFIX", b"#!/bin/sh\nexit\n" + pdf(), pdf()
    yield "pdf-prefix-newline", "FILE_PREFIX", b"\n" + pdf(), pdf()
    yield "jpeg-then-pdf", "FILE_TRAILING", jpeg() + pdf(), pdf()
    yield "png-trailing", "FILE_TRAILING", png() + b"x", png()
    yield "png-trailing-zip", "FILE_TRAILING", png() + b"PK\3\4" + ZIP_END, png()
    yield "jpeg-trailing", "FILE_TRAILING", jpeg() + b"\0", jpeg()
    yield "jpeg-trailing-jpeg", "FILE_TRAILING", jpeg() + jpeg(), jpeg()
    yield "jpeg-trailing-mp4", "FILE_TRAILING", jpeg() + b"\0\0\0\x18ftypmp42", jpeg()
    yield "pdf-trailing-zip", "FILE_TRAILING", pdf() + b"PK\3\4" + ZIP_END, pdf()
    yield "pdf-trailing-html", "FILE_TRAILING", pdf() + HTML, pdf() + b"\r\n \n"
    yield "png-cut-data", "FILE_TRUNCATED", png()[:50], png()
    yield "png-no-end", "FILE_TRUNCATED", png()[:-12], png()
    yield "jpeg-no-end", "FILE_TRUNCATED", jpeg()[:-2], jpeg()
    yield "jpeg-half-end", "FILE_TRUNCATED", jpeg()[:-1], jpeg()
    yield "jpeg-cut-table", "FILE_TRUNCATED", jpeg()[:60], jpeg()
    yield "pdf-cut", "FILE_TRUNCATED", pdf()[:len(pdf()) // 2], pdf()
    yield "pdf-no-eof", "FILE_TRUNCATED", pdf()[:-6], pdf()
    yield "pdf-cut-second-part", "FILE_TRUNCATED", cut_in_second_part(), update(pdf(), {4: stream(b"", CONTENT)})


def polyglots():
    error = "FILE_POLYGLOT"

    def with_comment(text):
        return jpeg(APP0, segment(0xFE, text), DQT, sof(), DHT, sos(), DATA)

    yield "png-html", error, png(chunk(b"tEXt", b"C\0" + HTML), IDAT), png(chunk(b"tEXt", b"C\0a < b"), IDAT)
    yield "png-php", error, png(IDAT, chunk(b"eXIf", b"<?php x();")), png(IDAT, chunk(b"eXIf", b"II*\0"))
    yield "png-zip", error, png(IDAT, chunk(b"zzZz", ZIP_END)), png(IDAT, chunk(b"zzZz", b"PK\5\5"))
    yield "jpeg-html", error, with_comment(HTML), with_comment(b"scanner 5 < 6")
    yield "jpeg-zip", error, with_comment(ZIP_END), with_comment(b"PK\5\6" + b"\xff" * 18)
    yield "pdf-html", error, pdf(head=b"%PDF-1.4\n%" + HTML + b"\n"), pdf(head=b"%PDF-1.4\n%scanned\n")
    yield "pdf-zip", error, in_last_comment(ZIP_END), in_last_comment(b"end")


def pngs():
    error = "FILE_PNG_CHECKSUM"
    text = chunk(b"tEXt", b"a\0b")
    yield "png-crc-header", error, png(head=chunk(b"IHDR", ihdr()[8:21], crc=1)), png()
    yield "png-crc-data", error, png(IDAT[:-1] + bytes([IDAT[-1] ^ 1])), png()
    yield "png-crc-text", error, png(chunk(b"tEXt", b"a\0b", crc=7), IDAT), png(text, IDAT)
    yield "png-pixels", "FILE_PIXELS", png(head=ihdr(20000, 5001)), png(head=ihdr(20000, 5000))
    error = "FILE_PNG_STRUCTURE"
    gamma, time = chunk(b"gAMA", b"\0\0\xb1\x8f"), chunk(b"tIME", bytes(7))
    yield "png-first", error, png(IDAT, head=gamma + ihdr()), png(gamma, IDAT)
    yield "png-two-headers", error, png(ihdr(), IDAT), png()
    yield "png-header-length", error, png(head=chunk(b"IHDR", ihdr()[8:21] + b"\0")), png()
    yield "png-depth", error, png(head=ihdr(depth=4)), png(head=ihdr(depth=16))
    yield "png-color", error, png(head=ihdr(color=5)), png(head=ihdr(color=6))
    yield "png-width", error, png(head=ihdr(width=0)), png(head=ihdr(width=1))
    yield "png-compression", error, png(head=ihdr(compression=1)), png()
    yield "png-interlace", error, png(head=ihdr(interlace=2)), png(head=ihdr(interlace=1))
    yield "png-apart", error, png(IDAT, time, IDAT), png(IDAT, IDAT, time)
    indexed, gray = ihdr(color=3), ihdr(color=0)
    yield "png-palette", error, png(head=indexed), png(chunk(b"PLTE", bytes(9)), IDAT, head=indexed)
    yield "png-palette-length", error, png(chunk(b"PLTE", bytes(10)), IDAT), png(chunk(b"PLTE", bytes(12)), IDAT)
    yield "png-palette-gray", error, png(chunk(b"PLTE", bytes(9)), IDAT, head=gray), png(head=gray)
    yield "png-critical", error, png(chunk(b"EVIL", b"x"), IDAT), png(chunk(b"eVIL", b"x"), IDAT)
    yield "png-name", error, png(chunk(b"a\0b1"), IDAT), png(chunk(b"abCd"), IDAT)
    yield "png-no-data", error, png(time), png(time, IDAT)
    yield "png-end-length", error, png(end=chunk(b"IEND", b"x")), png()


def jpegs():
    def frame(*args, scan=None, data=DATA, **named):
        return jpeg(DQT, sof(*args, **named), DHT, scan or sos(), data)

    def gray(*numbers, sampling=0x11):
        return tuple((n, sampling, 0) for n in numbers)

    def huffman(counts, values):
        return jpeg(DQT, sof(), segment(0xC4, b"\0" + bytes(counts + [0] * (16 - len(counts))) + bytes(values)), DHT,
                    sos(), DATA)

    error = "FILE_JPEG_STRUCTURE"
    yield "jpeg-pixels", "FILE_PIXELS", frame(width=20000, height=5001), frame(width=20000, height=5000)
    yield "jpeg-twelve-bits", error, frame(0xC1, precision=12), frame(0xC1)
    yield "jpeg-arithmetic", error, frame(0xC9), frame(0xC2, scan=sos(spectral=(0, 0, 1)))
    yield "jpeg-lossless", error, frame(0xC3), frame(0xC0)
    yield "jpeg-two-frames", error, jpeg(DQT, sof(), sof(), DHT, sos(), DATA), jpeg()
    yield "jpeg-scan-first", error, jpeg(DQT, DHT, sos(), sof(), DATA), jpeg()
    yield "jpeg-no-scan", error, jpeg(DQT, sof(), DHT), jpeg()
    yield "jpeg-no-table", error, jpeg(sof(), DHT, sos(), DATA), jpeg()
    yield "jpeg-height", error, frame(height=0), frame(height=1)
    yield "jpeg-two-components", error, frame(components=gray(1, 2)), frame(components=gray(1, 2, 3))
    yield "jpeg-same-component", error, frame(components=gray(1, 1, 3)), frame(components=gray(1, 2, 3))
    yield "jpeg-sampling", error, frame(components=gray(1, sampling=0x51)), frame(components=gray(1, sampling=0x41))
    yield "jpeg-other-component", error, frame(scan=sos(((2, 0),))), frame(scan=sos(((1, 0),)))
    yield "jpeg-huffman-many", error, huffman([3], [0, 0, 0]), huffman([2], [0, 0])
    yield "jpeg-huffman-short", error, huffman([0, 0, 4], [0]), huffman([0, 0, 4], [0] * 4)
    yield "jpeg-table-number", error, jpeg(segment(0xDB, b"\4" + bytes(64)), DQT, sof(), DHT, sos(), DATA), \
        jpeg(segment(0xDB, b"\3" + bytes(64)), DQT, sof(), DHT, sos(), DATA)
    yield "jpeg-table-length", error, jpeg(segment(0xDB, b"\0" + bytes(63)), DQT, sof(), DHT, sos(), DATA), jpeg()
    yield "jpeg-spectral", error, frame(scan=sos(spectral=(0, 5, 0))), frame(0xC2, scan=sos(spectral=(0, 5, 0)))
    yield "jpeg-restart", error, frame(data=DATA + b"\xff\xd1" + DATA), frame(data=DATA + b"\xff\xd0" + DATA)
    yield "jpeg-length", error, jpeg(b"\xff\xe0\0\1", DQT, sof(), DHT, sos(), DATA), jpeg()
    yield "jpeg-no-marker", error, jpeg(APP0, b"\0\0", DQT, sof(), DHT, sos(), DATA), \
        jpeg(APP0, b"\xff\xff", DQT, sof(), DHT, sos(), DATA)
    yield "jpeg-many-scans", error, jpeg(DQT, sof(0xC2), DHT, *([sos() + DATA] * 501)), \
        jpeg(DQT, sof(0xC2), DHT, *([sos() + DATA] * 500))


def pdf_scripts():
    error = "FILE_PDF_SCRIPT"
    o = objects()
    plain, inside = {4: o[4]}, {1: o[1], 2: o[2], 3: o[3]}
    yield "pdf-open-script", error, pdf(objects(b"/OpenAction " + SCRIPT)), pdf(objects(b"/OpenAction " + GOTO))
    yield "pdf-open-script-elsewhere", error, pdf(objects(b"/OpenAction 5 0 R", n5=SCRIPT)), \
        pdf(objects(b"/OpenAction 5 0 R", n5=GOTO))
    yield "pdf-escaped-script", error, action(b"<< /S /J#61va#53cript >>"), action(b"<< /S /#47oTo >>")
    yield "pdf-escaped-key", error, action(b"<< /#4a#53 (1) >>"), action(b"<< /#4a#54 (1) >>")
    yield "pdf-name-tree", error, pdf(objects(b"/Names << /JavaScript << /Names [] >> >>")), \
        pdf(objects(b"/Names << /Dests << /Names [] >> >>"))
    yield "pdf-script-unused", error, pdf(objects(n5=SCRIPT)), pdf(objects(n5=b"(app.alert /JavaScript)"))
    yield "pdf-script-name-alone", error, pdf(objects(n5=b"<< /S 6 0 R >>", n6=b"/JavaScript")), \
        pdf(objects(n5=b"<< /S 6 0 R >>", n6=b"/GoTo"))
    yield "pdf-script-in-trailer", error, pdf(extra=b"/X " + SCRIPT), pdf(extra=b"/X " + GOTO)
    yield "pdf-script-later", error, update(pdf(), {5: SCRIPT}), update(pdf(), {5: GOTO})
    yield "pdf-script-earlier", error, update(pdf(objects(n5=SCRIPT)), {5: b"null"}), \
        update(pdf(objects(n5=GOTO)), {5: b"null"})
    yield "pdf-packed-script", error, packed(plain, {**inside, 5: SCRIPT}), packed(plain, {**inside, 5: GOTO})
    yield "pdf-packed-script-predicted", error, packed(plain, {**inside, 5: SCRIPT}, predictor=True), \
        packed(plain, {**inside, 5: GOTO}, predictor=True)


def pdf_actions():
    error = "FILE_PDF_ACTION"
    address = b"<< /S /URI /URI (https://example.com/) >>"
    yield "pdf-page-action", error, pdf(objects(page=b"/AA << /O " + GOTO + b" >>")), \
        pdf(objects(page=b"/AB << /O " + GOTO + b" >>"))
    yield "pdf-open-address", error, pdf(objects(b"/OpenAction " + address)), pdf(objects(b"/OpenAction [3 0 R /Fit]"))
    yield "pdf-open-named", error, pdf(objects(b"/OpenAction << /S /Named /N /Print >>")), \
        pdf(objects(b"/OpenAction null"))
    yield "pdf-open-chain", error, pdf(objects(b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next " + address + b" >>")), \
        pdf(objects(b"/OpenAction " + GOTO))
    for name in ("Launch", "SubmitForm", "ImportData", "GoToR", "GoToE"):
        yield "pdf-action-" + name, error, action(b"<< /S /%s /F (x) >>" % name.encode()), action(address)
    yield "pdf-outside-stream", error, pdf(objects(content=stream(b"/F (\\\\\\\\host\\\\x)", CONTENT))), \
        pdf(objects(content=stream(b"/X (x)", CONTENT)))
    error = "FILE_PDF_EMBEDDED"
    yield "pdf-attachments", error, pdf(objects(b"/Names << /EmbeddedFiles << /Names [] >> >>")), pdf()
    yield "pdf-attached-file", error, pdf(objects(n5=stream(b"/Type /EmbeddedFile", b"MZ"))), \
        pdf(objects(n5=stream(b"/Type /Metadata", b"MZ")))
    yield "pdf-file-specification", error, pdf(objects(n5=b"<< /Type /Filespec /EF << /F 4 0 R >> >>")), \
        pdf(objects(n5=b"<< /Type /Filespec >>"))
    yield "pdf-portfolio", error, pdf(objects(b"/Collection << >>")), pdf()
    yield "pdf-annotation-file", error, annotation(b"/FileAttachment"), annotation(b"/Text")
    for name in ("RichMedia", "Screen", "Movie", "Sound", "3D"):
        yield "pdf-annotation-" + name, "FILE_PDF_MEDIA", annotation(b"/" + name.encode()), annotation(b"/Stamp")
    yield "pdf-rendition", "FILE_PDF_MEDIA", action(b"<< /S /Rendition /OP 0 >>"), action(GOTO)
    yield "pdf-xfa", "FILE_PDF_XFA", pdf(objects(b"/AcroForm << /Fields [] /XFA [] >>")), \
        pdf(objects(b"/AcroForm << /Fields [] >>"))


def pdf_closed():
    error = "FILE_PDF_ENCRYPTED"
    flate = zlib.compress(CONTENT)
    o = objects()
    plain, inside = {4: o[4]}, {1: o[1], 2: o[2], 3: o[3]}
    locked = objects(n5=b"<< /Filter /Standard /V 4 /R 4 >>")
    yield "pdf-encrypted", error, pdf(locked, b"/Encrypt 5 0 R"), pdf(locked)
    yield "pdf-encrypted-before", error, update(pdf(extra=b"/Encrypt << /V 4 >>"), {4: o[4]}), update(pdf(), {4: o[4]})
    yield "pdf-crypt", error, pdf(objects(content=stream(b"/Filter [/Crypt /FlateDecode]", flate))), \
        pdf(objects(content=stream(b"/Filter [/FlateDecode]", flate)))
    error = "FILE_PDF_OPAQUE"
    yield "pdf-filter", error, pdf(objects(content=stream(b"/Filter /XyzDecode", CONTENT))), \
        pdf(objects(content=stream(b"/Filter /ASCIIHexDecode", CONTENT)))
    yield "pdf-filter-elsewhere", error, pdf(objects(content=stream(b"/Filter 5 0 R", CONTENT), n5=b"[/Xyz]")), \
        pdf(objects(content=stream(b"/Filter 5 0 R", CONTENT), n5=b"[/AHx]"))
    yield "pdf-packed-lzw", error, packed(plain, inside, b"/LZWDecode", b"\x80\x0b\x60\x50"), packed(plain, inside)
    yield "pdf-packed-twice", error, packed(plain, inside, b"[/ASCIIHexDecode /FlateDecode]", b"78>"), \
        packed(plain, inside, b"[/FlateDecode]")
    yield "pdf-packed-broken", error, packed(plain, inside, data=b"\x78\x9cnot deflate"), packed(plain, inside)
    yield "pdf-postscript", error, pdf(objects(n5=stream(b"/Type /XObject /Subtype /PS", b"showpage"))), \
        pdf(objects(n5=stream(b"/Type /XObject /Subtype /Form /BBox [0 0 1 1]", b"n")))
    error = "FILE_PDF_COMPLEX"
    bomb = zlib.compressobj(9)
    bomb = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(40)) + bomb.flush()
    yield "pdf-packed-bomb", error, packed(plain, inside, data=bomb), packed(plain, inside)
    yield "pdf-deep", error, pdf(objects(n5=b"[" * 70 + b"]" * 70)), pdf(objects(n5=b"[" * 60 + b"]" * 60))
    yield "pdf-number-high", error, pdf({**o, 200000: b"null"}), pdf({**o, 199999: b"null"})


def pdf_pages():
    error = "FILE_PDF_PAGES_NONE"
    yield "pdf-no-tree", error, pdf({1: b"<< /Type /Catalog >>"}), pdf()
    yield "pdf-no-pages", error, pdf({**objects(), 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}), pdf()
    yield "pdf-many-pages", "FILE_PDF_PAGES_MANY", pages(101), pages(100)
    yield "pdf-page-circle", "FILE_PDF_COMPLEX", page_tree(b"2 0 R"), page_tree(b"3 0 R")
    yield "pdf-pixels", "FILE_PIXELS", image(20000, 5001), image(20000, 5000)


def pdf_structure():
    """What viewers would guess at, each in its own way."""
    error = "FILE_PDF_STRUCTURE"
    o = objects()
    plain, inside = {4: o[4]}, {1: o[1], 2: o[2], 3: o[3]}

    def length(value, **more):
        return pdf(objects(content=b"<< /Length " + value + b" >>\nstream\n" + CONTENT + b"\nendstream", **more))

    yield "pdf-version", error, pdf(head=b"%PDF-9.9\n"), pdf(head=b"%PDF-2.0\n")
    yield "pdf-between", error, update(pdf() + b"stray ", {4: o[4]}), update(pdf() + b"% 1\n", {4: o[4]})
    yield "pdf-offset", error, pdf(wrong={4: 20}), pdf()
    yield "pdf-offset-outside", error, pdf(wrong={4: 999999999}), pdf()
    yield "pdf-hidden-in-stream", error, hidden_in_stream(False), hidden_in_stream(True)
    yield "pdf-length-short", error, length(b"5"), length(b"17")
    yield "pdf-length-long", error, length(b"99999"), length(b"17")
    yield "pdf-length-nowhere", error, length(b"9 0 R"), length(b"9 0 R", n9=b"17")
    yield "pdf-length-wrong", error, length(b"9 0 R", n9=b"(17)"), length(b"9 0 R", n9=b"17")
    yield "pdf-length-missing", error, pdf(objects(content=b"<< >>\nstream\n" + CONTENT + b"\nendstream")), pdf()
    yield "pdf-key-twice", error, pdf(objects(b"/Lang (a) /Lang (b)")), pdf(objects(b"/Lang (a) /Lung (b)"))
    yield "pdf-no-endobj", error, pdf().replace(b"\nendobj\n", b"\n       \n", 1), pdf()
    yield "pdf-open-string", error, pdf(objects(n5=b"(open")), pdf(objects(n5=b"(open\\))"))
    yield "pdf-no-root", error, pdf({**o, 1: b"<< /Type /Nothing >>"}), pdf()
    yield "pdf-xref-circle", error, update(pdf(), {5: b"null"}, previous=len(pdf()) + 20), \
        update(pdf(), {5: b"null"})
    yield "pdf-startxref", error, pdf().replace(b"startxref\n", b"startxref\n1"), pdf()
    yield "pdf-long-comment", error, pdf(head=b"%PDF-1.4\n%" + b"x" * 300 + b"\n"), \
        pdf(head=b"%PDF-1.4\n%" + b"x" * 200 + b"\n")
    yield "pdf-packed-kind", error, packed(plain, inside, kind=b"/Other"), packed(plain, inside)
    yield "pdf-packed-index", error, packed(plain, {**inside, 9: b"1"}, shift=1), packed(plain, {**inside, 9: b"1"})
    yield "pdf-type-hidden", error, pdf(objects(n5=stream(b"/Type 6 0 R", b""), n6=b"/ObjStm")), \
        pdf(objects(n5=stream(b"/Type /Some", b""), n6=b"/ObjStm"))


FAMILIES = (types, ends, polyglots, pngs, jpegs, pdf_scripts, pdf_actions, pdf_closed, pdf_pages, pdf_structure)


def describe(data):
    """What the answer must say about a good file."""
    if data.startswith(PNG_MAGIC):
        at = data.index(b"IHDR") + 4
        return "png 1 %d %d" % struct.unpack(">II", data[at:at + 8])
    if data.startswith(SOI):
        at = next(i for i in (data.find(bytes([0xFF, m, 0])) for m in (0xC0, 0xC1, 0xC2)) if i >= 0)
        height, width = struct.unpack(">HH", data[at + 5:at + 9])
        return "jpeg 1 %d %d" % (width, height)
    return "pdf %d 0 0" % (100 if b"109 0 obj" in data else 1)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    lines, names = [], set()
    for family in FAMILIES:
        for name, error, bad, good in family():
            assert name not in names and bad != good, name
            names.add(name)
            for suffix, data in ((".bad", bad), (".good", good)):
                with open(os.path.join(folder, name + suffix), "wb") as f:
                    f.write(data)
            lines.append("%s %s %s\n" % (name, error, describe(good)))
    with open(os.path.join(folder, "manifest.txt"), "w") as f:
        f.writelines(lines)


if __name__ == "__main__":
    main(sys.argv[1])
    for stamp in sys.argv[2:]:
        open(stamp, "w").close()
