#include "pki/name.h"

#include "base/text.h"
#include "pki/der.h"

static bool printable(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c == 0 || !strchr(" '()+,-./:=?", c))) return false;
    }
    return true;
}

static bool ascii(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] >= 0x80) return false;
    return true;
}

static bool country_code(struct bytes value)
{
    if (value.len != 2) return false;
    return value.ptr[0] >= 'A' && value.ptr[0] <= 'Z' && value.ptr[1] >= 'A' && value.ptr[1] <= 'Z';
}

/* Whether an attribute of TYPE may be a string of this kind (RFC 5280 appendix A.1). */
static bool good_value(enum oid type, unsigned tag, struct bytes value)
{
    if (value.len == 0 || value.len > NAME_VALUE_MAX || !text_plain(value)) return false;
    if (tag == DER_PRINTABLE_STRING && !printable(value)) return false;
    if (tag == DER_IA5_STRING && !ascii(value)) return false;
    switch (type) {
    case OID_COUNTRY: return tag == DER_PRINTABLE_STRING && country_code(value);
    case OID_SERIAL_NUMBER: return tag == DER_PRINTABLE_STRING;
    case OID_EMAIL_ADDRESS:
    case OID_DOMAIN_COMPONENT: return tag == DER_IA5_STRING;
    default: return tag == DER_PRINTABLE_STRING || tag == DER_UTF8_STRING;
    }
}

/* ---- writing ---- */

static struct result write_part(struct writer *w, enum oid type, unsigned tag, const char *value)
{
    if (!value) return OK;
    ENSURE(good_value(type, tag, bytes_text(value)), ERROR_NAME);
    ENSURE(text_length(value) <= NAME_CHARACTERS_MAX, ERROR_NAME);
    size_t set = der_begin(w, DER_SET), part = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(type));
    der_write(w, tag, bytes_text(value));
    der_finish(w, part);
    der_finish(w, set);
    return OK;
}

struct result name_write(const struct name_fields *fields, struct writer *w)
{
    ENSURE(fields->common_name, ERROR_NAME);
    size_t name = der_begin(w, DER_SEQUENCE);
    TRY(write_part(w, OID_COUNTRY, DER_PRINTABLE_STRING, fields->country));
    TRY(write_part(w, OID_ORGANIZATION, DER_UTF8_STRING, fields->organization));
    TRY(write_part(w, OID_ORGANIZATIONAL_UNIT, DER_UTF8_STRING, fields->unit));
    TRY(write_part(w, OID_SERIAL_NUMBER, DER_PRINTABLE_STRING, fields->serial_number));
    TRY(write_part(w, OID_COMMON_NAME, DER_UTF8_STRING, fields->common_name));
    der_finish(w, name);
    return OK;
}

/* ---- reading ---- */

static struct result read_value(struct reader *r, struct name_part *part)
{
    static const unsigned tags[] = { DER_UTF8_STRING, DER_PRINTABLE_STRING, DER_IA5_STRING };
    for (size_t i = 0; i < COUNT(tags); i++) {
        if (!der_next(r, tags[i])) continue;
        TRY(der_read(r, tags[i], &part->value));
        ENSURE(good_value(part->type, tags[i], part->value), ERROR_NAME);
        return OK;
    }
    return FAIL(ERROR_NAME);
}

/* RelativeDistinguishedName ::= SET SIZE (1) OF SEQUENCE { type, value } */
static struct result read_part(struct reader *r, struct name_part *part)
{
    struct reader set, sequence;
    TRY(der_open(r, DER_SET, &set));
    TRY(der_open(&set, DER_SEQUENCE, &sequence));
    TRY(der_end(&set));
    TRY(der_read_oid(&sequence, &part->oid));
    part->type = oid_find(part->oid);
    TRY(read_value(&sequence, part));
    return der_end(&sequence);
}

struct result name_read(struct reader *r, struct name *ret_name)
{
    struct name name = { 0 };
    struct reader whole, in;
    ENSURE(!failed(der_read_whole(r, DER_SEQUENCE, &name.der)), ERROR_NAME);
    ENSURE(name.der.len <= NAME_SIZE_MAX, ERROR_NAME);
    whole = reader_of(name.der);
    TRY(der_open(&whole, DER_SEQUENCE, &in));
    for (; in.left > 0; name.count++) {
        ENSURE(name.count < NAME_PARTS_MAX, ERROR_NAME);
        ENSURE(!failed(read_part(&in, &name.parts[name.count])), ERROR_NAME);
    }
    ENSURE(name.count > 0, ERROR_NAME);
    *ret_name = name;
    return OK;
}

bool name_equal(const struct name *a, const struct name *b)
{
    return bytes_equal(a->der, b->der);
}

struct bytes name_value(const struct name *name, enum oid type)
{
    struct bytes value = { 0 };
    for (size_t i = 0; i < name->count; i++) {
        if (name->parts[i].type != type) continue;
        if (value.ptr) return (struct bytes){ 0 };
        value = name->parts[i].value;
    }
    return value;
}

/* ---- text ---- */

static void write_escaped(struct writer *w, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = (char)value.ptr[i];
        bool edge = (c == ' ' && (i == 0 || i + 1 == value.len)) || (c == '#' && i == 0);
        if (edge || strchr("\"+,;<>\\=", c)) write_u8(w, '\\');
        write_u8(w, (uint8_t)c);
    }
}

const char *name_text(const struct name *name, struct arena *arena)
{
    char text[3 * NAME_SIZE_MAX];
    struct writer w = writer_of(text, sizeof text);
    struct bytes written;
    for (size_t i = name->count; i-- > 0;) {
        const struct name_part *part = &name->parts[i];
        const char *type = part->type == OID_UNKNOWN ? oid_text(part->oid, arena) : oid_name(part->type);
        if (!type) return NULL;
        if (w.len > 0) write_u8(&w, ',');
        write_text(&w, type);
        write_u8(&w, '=');
        write_escaped(&w, part->value);
    }
    return failed(writer_end(&w, &written)) ? NULL : arena_text(arena, written);
}
