/* JPEG (ITU-T T.81): the order and lengths of markers, the frame's size, the tables that scans refer to;
 * of the entropy-coded data only the markers in it. Baseline, extended and progressive Huffman coding,
 * which is what scanners and phones write and browsers show. */
#include "files/inspect.h"

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB, DNL = 0xDC, DRI = 0xDD, DHT = 0xC4, COM = 0xFE,
       SOF0 = 0xC0, SOF1 = 0xC1, SOF2 = 0xC2, APP0 = 0xE0, APP15 = 0xEF, RST0 = 0xD0, RST7 = 0xD7 };
enum { SCANS_MAX = 500, SEGMENTS_MAX = 20 * 1000, TABLES = 4 };

struct jpeg {
    struct diag *diag;
    struct reader r;
    int64_t width, height;
    int components, scans;
    uint8_t ids[4], quantizers[4];
    bool has_quantizer[TABLES], progressive;
};

static struct result broken(struct jpeg *j, const char *why)
{
    return diag_log(j->diag, ERROR_FILE_JPEG_STRUCTURE, "%s, %zu bytes before the end", why, j->r.left);
}

static struct result frame(struct jpeg *j, struct reader body, int marker)
{
    if (j->components) return broken(j, "second frame");
    int precision = read_u8(&body);
    j->height = read_u16(&body);
    j->width = read_u16(&body);
    int count = read_u8(&body);
    if (body.bad || (count != 1 && count != 3 && count != 4)) return broken(j, "number of components");
    /* Twelve bits are in the standard but no browser shows them; height 0 (told later by DNL) neither. */
    if (precision != 8 || j->width == 0 || j->height == 0) return broken(j, "precision or size");
    for (int i = 0; i < count; i++) {
        j->ids[i] = read_u8(&body);
        int sampling = read_u8(&body);
        j->quantizers[i] = read_u8(&body);
        int h = sampling >> 4, v = sampling & 15;
        if (h < 1 || h > 4 || v < 1 || v > 4 || j->quantizers[i] >= TABLES) return broken(j, "component");
        for (int k = 0; k < i; k++)
            if (j->ids[k] == j->ids[i]) return broken(j, "component twice");
    }
    if (body.bad || body.left) return broken(j, "length of frame header");
    j->components = count;
    j->progressive = marker == SOF2;
    return inspect_pixels(j->width, j->height, j->diag);
}

static struct result quantizers(struct jpeg *j, struct reader body)
{
    while (body.left) {
        int head = read_u8(&body), wide = head >> 4, number = head & 15;
        if (wide > 1 || number >= TABLES) return broken(j, "quantization table");
        read_bytes(&body, wide ? 128 : 64);
        if (body.bad) return broken(j, "length of quantization table");
        j->has_quantizer[number] = true;
    }
    return OK;
}

static struct result huffman(struct jpeg *j, struct reader body)
{
    while (body.left) {
        int head = read_u8(&body);
        if (head >> 4 > 1 || (head & 15) >= TABLES) return broken(j, "Huffman table");
        size_t total = 0, codes = 0;
        for (int length = 1; length <= 16; length++) {
            size_t count = read_u8(&body);
            total += count;
            codes += count << (16 - length);
        }
        /* More codes than bits can tell apart (Kraft) have crashed decoders. */
        if (body.bad || total > 256 || codes > 1 << 16) return broken(j, "Huffman code lengths");
        read_bytes(&body, total);
        if (body.bad) return broken(j, "length of Huffman table");
    }
    return OK;
}

static struct result scan_header(struct jpeg *j, struct reader body)
{
    if (!j->components) return broken(j, "scan before frame");
    if (++j->scans > SCANS_MAX) return broken(j, "too many scans");
    int count = read_u8(&body);
    if (count < 1 || count > j->components) return broken(j, "components of scan");
    for (int i = 0; i < count; i++) {
        uint8_t id = read_u8(&body), tables = read_u8(&body);
        int at = 0;
        while (at < j->components && j->ids[at] != id) at++;
        if (at == j->components || !j->has_quantizer[j->quantizers[at]]) return broken(j, "component of scan");
        if (tables >> 4 >= TABLES || (tables & 15) >= TABLES) return broken(j, "table of scan");
    }
    int from = read_u8(&body), to = read_u8(&body), bits = read_u8(&body);
    if (body.bad || body.left) return broken(j, "length of scan header");
    bool whole = from == 0 && to == 63 && bits == 0;
    bool part = from <= to && to <= 63 && bits >> 4 <= 13 && (bits & 15) <= 13;
    return (j->progressive ? part : whole) ? OK : broken(j, "spectral selection");
}

/* Steps over coded data up to its next marker that is not a restart. Restarts count from 0 to 7. */
static struct result coded_data(struct jpeg *j)
{
    int expected = RST0;
    while (j->r.left >= 2) {
        const uint8_t *ff = memchr(j->r.ptr, 0xFF, j->r.left - 1);
        if (!ff) break;
        uint8_t next = ff[1];
        size_t skip = (size_t)(ff - j->r.ptr);
        if (next == 0x00) {
            skip += 2;
        } else if (next == 0xFF) {
            skip += 1;
        } else if (next >= RST0 && next <= RST7) {
            if (next != expected) return broken(j, "order of restart markers");
            expected = next == RST7 ? RST0 : next + 1;
            skip += 2;
        } else {
            read_bytes(&j->r, skip);
            return OK;
        }
        read_bytes(&j->r, skip);
    }
    return FAIL(ERROR_FILE_TRUNCATED);
}

static struct result segment(struct jpeg *j, int marker)
{
    size_t len = read_u16(&j->r);
    if (!j->r.bad && len < 2) return broken(j, "length of segment");
    struct bytes body = read_bytes(&j->r, len - 2);
    ENSURE(!j->r.bad, ERROR_FILE_TRUNCATED);
    struct reader r = reader_of(body);
    switch (marker) {
    case SOF0:
    case SOF1:
    case SOF2: return frame(j, r, marker);
    case DQT: return quantizers(j, r);
    case DHT: return huffman(j, r);
    case DRI: return body.len == 2 ? OK : broken(j, "length of restart interval");
    case SOS:
        TRY(scan_header(j, r));
        return coded_data(j);
    default: break;
    }
    if ((marker >= APP0 && marker <= APP15) || marker == COM) return inspect_text(body, j->diag);
    return broken(j, "marker not allowed");
}

struct result inspect_jpeg(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    struct jpeg j = { .diag = diag, .r = reader_of(file) };
    read_u16(&j.r); /* SOI, seen by the caller */
    for (int count = 0;; count++) {
        if (count == SEGMENTS_MAX) return broken(&j, "too many segments");
        if (read_u8(&j.r) != 0xFF && !j.r.bad) return broken(&j, "no marker");
        int marker = read_u8(&j.r);
        while (marker == 0xFF) marker = read_u8(&j.r); /* fill bytes, B.1.1.2 */
        ENSURE(!j.r.bad, ERROR_FILE_TRUNCATED);
        if (marker == EOI) break;
        TRY(segment(&j, marker));
    }
    if (j.scans == 0) return broken(&j, "no scan");
    if (j.r.left) return diag_log(diag, ERROR_FILE_TRAILING, "%zu bytes after EOI", j.r.left);
    *ret_inspected = (struct files_inspected){ "jpeg", 1, j.width, j.height };
    return OK;
}
