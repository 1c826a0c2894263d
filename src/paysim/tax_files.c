/* Small files with the structure of real ones, which say that they are none. */
#include <zlib.h>

#include "paysim/tax.h"

enum { FILE_MAX = 32 * 1024, OBJECTS = 5, PARTS = 4 };

static const char *field(const json_t *invoice, const char *name)
{
    const char *text = json_string_value(json_object_get(invoice, name));
    return text ? text : "-";
}

struct bytes tax_pdf(struct arena *arena, const json_t *invoice)
{
    uint8_t *room = arena_take(arena, FILE_MAX);
    const char *page = arena_format(arena,
                                    "BT /F 18 Tf 60 760 Td (SIMULATED E-INVOICE - NOT VALID) Tj 0 -40 Td /F 12 Tf "
                                    "(No. %s) Tj 0 -20 Td (Request %s) Tj ET\n",
                                    field(invoice, "InvoiceNumber"), field(invoice, "EIid"));
    if (!room || !page) return (struct bytes){ 0 };
    const char *objects[OBJECTS] = {
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        arena_format(arena, "<< /Length %zu >>\nstream\n%sendstream", strlen(page), page)
    };
    struct writer w = writer_of(room, FILE_MAX);
    size_t at[OBJECTS];
    write_text(&w, "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
    for (size_t i = 0; i < OBJECTS; i++) {
        at[i] = w.len;
        write_format(&w, "%zu 0 obj\n%s\nendobj\n", i + 1, objects[i] ? objects[i] : "");
    }
    size_t table = w.len;
    write_format(&w, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (size_t i = 0; i < OBJECTS; i++) write_format(&w, "%010zu 00000 n \n", at[i]);
    write_format(&w, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", OBJECTS + 1, table);
    return w.full ? (struct bytes){ 0 } : bytes_of(room, w.len);
}

/* ---- OFD ---- */

static void little(struct writer *w, uint32_t v, int count)
{
    for (int i = 0; i < count; i++) write_u8(w, (uint8_t)(v >> 8 * i));
}

struct part {
    const char *name, *text;
    uint32_t sum, at;
};

/* What an entry's own head and the directory say alike: version, flags, method (stored), time, sums. */
static void write_head(struct writer *w, const struct part *part)
{
    uint32_t len = (uint32_t)strlen(part->text);
    little(w, 20, 2);
    little(w, 0, 4);
    little(w, 0x5A210000, 4); /* 2025-01-01 */
    little(w, part->sum, 4);
    little(w, len, 4);
    little(w, len, 4);
    little(w, (uint32_t)strlen(part->name), 2);
}

struct bytes tax_ofd(struct arena *arena, const json_t *invoice)
{
    uint8_t *room = arena_take(arena, FILE_MAX);
    struct part parts[PARTS] = {
        { "OFD.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:OFD xmlns:ofd=\"http://www.ofdspec.org/2016\" "
                     "Version=\"1.1\" DocType=\"OFD\"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
                     "</ofd:DocBody></ofd:OFD>\n", 0, 0 },
        { "Doc_0/Document.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Document "
                                "xmlns:ofd=\"http://www.ofdspec.org/2016\"/>\n", 0, 0 },
        { "Doc_0/Attachs/original_invoice.xml", field(invoice, "Document"), 0, 0 },
        { "Doc_0/Number.xml",
          arena_format(arena, "<InvoiceNumber>%s</InvoiceNumber>\n", field(invoice, "InvoiceNumber")), 0, 0 },
    };
    if (!room || !parts[3].text) return (struct bytes){ 0 };
    struct writer w = writer_of(room, FILE_MAX);
    for (struct part *p = parts; p < parts + PARTS; p++) {
        p->at = (uint32_t)w.len;
        p->sum = (uint32_t)crc32(0, (const uint8_t *)p->text, (uInt)strlen(p->text));
        write_text(&w, "PK\x03\x04");
        write_head(&w, p);
        little(&w, 0, 2);
        write_text(&w, p->name);
        write_text(&w, p->text);
    }
    uint32_t directory = (uint32_t)w.len;
    for (const struct part *p = parts; p < parts + PARTS; p++) {
        write_text(&w, "PK\x01\x02");
        little(&w, 20, 2);
        write_head(&w, p);
        for (int i = 0; i < 3; i++) little(&w, 0, 4); /* extra and comment, disk and kind, attributes */
        little(&w, p->at, 4);
        write_text(&w, p->name);
    }
    uint32_t size = (uint32_t)w.len - directory;
    write_text(&w, "PK\x05\x06");
    little(&w, 0, 4);
    little(&w, PARTS, 2);
    little(&w, PARTS, 2);
    little(&w, size, 4);
    little(&w, directory, 4);
    little(&w, 0, 2);
    return w.full ? (struct bytes){ 0 } : bytes_of(room, w.len);
}
