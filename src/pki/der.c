#include "pki/der.h"

#include "base/clock.h"

enum { CONSTRUCTED_BIT = 0x20, CLASS_BITS = 0xC0, NUMBER_BITS = 0x1F };

/* ---- reading ---- */

bool der_next(const struct reader *r, unsigned tag)
{
    return !r->bad && r->left > 0 && r->ptr[0] == tag;
}

/* The length octets (X.690 §8.1.3, §10.1): short form below 128, else the fewest bytes. */
static struct result read_length(struct reader *r, size_t *ret_len)
{
    size_t first = read_u8(r);
    ENSURE(!r->bad, ERROR_DER);
    if (first < 0x80) {
        *ret_len = first;
        return OK;
    }
    size_t count = first & 0x7F, len = 0;
    ENSURE(count >= 1 && count <= 4, ERROR_DER);
    for (size_t i = 0; i < count; i++) {
        size_t byte = read_u8(r);
        ENSURE(!r->bad && (i > 0 || byte != 0), ERROR_DER);
        len = len << 8 | byte;
    }
    ENSURE(len >= 0x80, ERROR_DER);
    *ret_len = len;
    return OK;
}

struct result der_read(struct reader *r, unsigned tag, struct bytes *ret_content)
{
    size_t len;
    ENSURE(der_next(r, tag), ERROR_DER);
    (void)read_u8(r);
    TRY(read_length(r, &len));
    struct bytes content = read_bytes(r, len);
    ENSURE(!r->bad, ERROR_DER);
    *ret_content = content;
    return OK;
}

struct result der_read_whole(struct reader *r, unsigned tag, struct bytes *ret_whole)
{
    const uint8_t *start = r->ptr;
    struct bytes content;
    TRY(der_read(r, tag, &content));
    *ret_whole = bytes_of(start, (size_t)(r->ptr - start));
    return OK;
}

struct result der_open(struct reader *r, unsigned tag, struct reader *ret_inner)
{
    struct bytes content;
    TRY(der_read(r, tag, &content));
    *ret_inner = reader_of(content);
    return OK;
}

struct result der_end(const struct reader *r)
{
    ENSURE(!r->bad && r->left == 0, ERROR_DER);
    return OK;
}

/* ---- the forms of the universal types ---- */

static bool good_boolean(struct bytes b)
{
    return b.len == 1 && (b.ptr[0] == 0x00 || b.ptr[0] == 0xFF);
}

/* X.690 §8.3.2: the first nine bits are not all the same. */
static bool good_integer(struct bytes b)
{
    if (b.len == 0) return false;
    if (b.len == 1) return true;
    bool zeros = b.ptr[0] == 0x00 && b.ptr[1] < 0x80, ones = b.ptr[0] == 0xFF && b.ptr[1] >= 0x80;
    return !zeros && !ones;
}

static bool good_bits(struct bytes b)
{
    if (b.len == 0 || b.ptr[0] > 7) return false;
    if (b.len == 1) return b.ptr[0] == 0;
    return (b.ptr[b.len - 1] & ((1u << b.ptr[0]) - 1)) == 0;
}

/* X.690 §8.19.2: each subidentifier in the fewest bytes, the last one complete. */
static bool good_oid(struct bytes b)
{
    if (b.len == 0 || b.ptr[b.len - 1] >= 0x80) return false;
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] == 0x80 && (i == 0 || b.ptr[i - 1] < 0x80)) return false;
    return true;
}

static bool good_primitive(unsigned tag, struct bytes content)
{
    switch (tag) {
    case DER_BOOLEAN: return good_boolean(content);
    case DER_INTEGER:
    case DER_ENUMERATED: return good_integer(content);
    case DER_BIT_STRING: return good_bits(content);
    case DER_NULL: return content.len == 0;
    case DER_OID: return good_oid(content);
    default: return true;
    }
}

struct result der_read_boolean(struct reader *r, bool *ret_value)
{
    struct bytes b;
    TRY(der_read(r, DER_BOOLEAN, &b));
    ENSURE(good_boolean(b), ERROR_DER);
    *ret_value = b.ptr[0] != 0;
    return OK;
}

struct result der_read_unsigned(struct reader *r, struct bytes *ret_magnitude)
{
    struct bytes b;
    TRY(der_read(r, DER_INTEGER, &b));
    ENSURE(good_integer(b) && b.ptr[0] < 0x80, ERROR_DER);
    if (b.len > 1 && b.ptr[0] == 0) b = bytes_of(b.ptr + 1, b.len - 1);
    *ret_magnitude = b;
    return OK;
}

struct result der_read_small(struct reader *r, uint32_t max, uint32_t *ret_value)
{
    struct bytes b;
    uint32_t value = 0;
    TRY(der_read_unsigned(r, &b));
    ENSURE(b.len <= sizeof value, ERROR_DER);
    for (size_t i = 0; i < b.len; i++) value = value << 8 | b.ptr[i];
    ENSURE(value <= max, ERROR_DER);
    *ret_value = value;
    return OK;
}

struct result der_read_enumerated(struct reader *r, uint8_t *ret_value)
{
    struct bytes content;
    TRY(der_read(r, DER_ENUMERATED, &content));
    ENSURE(content.len == 1 && content.ptr[0] < 0x80, ERROR_DER);
    *ret_value = content.ptr[0];
    return OK;
}

struct result der_read_bits(struct reader *r, struct bytes *ret_bytes)
{
    struct bytes b;
    TRY(der_read(r, DER_BIT_STRING, &b));
    ENSURE(good_bits(b) && b.ptr[0] == 0, ERROR_DER);
    *ret_bytes = bytes_of(b.ptr + 1, b.len - 1);
    return OK;
}

struct result der_read_named_bits(struct reader *r, uint16_t *ret_bits)
{
    struct bytes b;
    uint16_t bits = 0;
    TRY(der_read(r, DER_BIT_STRING, &b));
    ENSURE(good_bits(b) && b.len <= 3, ERROR_DER);
    /* The last bit that is there is a one. */
    if (b.len > 1) ENSURE(b.ptr[b.len - 1] >> b.ptr[0] & 1, ERROR_DER);
    for (size_t i = 0; i < 8 * (b.len - 1); i++)
        if (b.ptr[1 + i / 8] >> (7 - i % 8) & 1) bits = (uint16_t)(bits | 1u << i);
    *ret_bits = bits;
    return OK;
}

struct result der_read_oid(struct reader *r, struct bytes *ret_oid)
{
    struct bytes b;
    TRY(der_read(r, DER_OID, &b));
    ENSURE(good_oid(b), ERROR_DER);
    *ret_oid = b;
    return OK;
}

/* COUNT digits. */
static struct result read_digits(struct reader *r, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        uint8_t c = read_u8(r);
        ENSURE(!r->bad && c >= '0' && c <= '9', ERROR_DER);
        number = number * 10 + (c - '0');
    }
    *ret_number = number;
    return OK;
}

static struct result read_time(struct reader *r, bool generalized, struct civil *ret_civil)
{
    struct reader in;
    struct civil c = { 0 };
    TRY(der_open(r, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME, &in));
    TRY(read_digits(&in, generalized ? 4 : 2, &c.year));
    TRY(read_digits(&in, 2, &c.month));
    TRY(read_digits(&in, 2, &c.day));
    TRY(read_digits(&in, 2, &c.hour));
    TRY(read_digits(&in, 2, &c.minute));
    TRY(read_digits(&in, 2, &c.second));
    ENSURE(read_u8(&in) == 'Z', ERROR_DER);
    TRY(der_end(&in));
    *ret_civil = c;
    return OK;
}

static struct result time_of(const struct civil *civil, int64_t *ret_time_s)
{
    int64_t time_s;
    ENSURE(!failed(civil_to_utc(civil, &time_s)), ERROR_DER);
    *ret_time_s = time_s;
    return OK;
}

struct result der_read_time(struct reader *r, int64_t *ret_time_s)
{
    bool generalized = der_next(r, DER_GENERALIZED_TIME);
    struct civil c;
    TRY(read_time(r, generalized, &c));
    if (generalized) ENSURE(c.year >= 2050, ERROR_DER);
    else c.year += c.year < 50 ? 2000 : 1900;
    return time_of(&c, ret_time_s);
}

struct result der_read_generalized_time(struct reader *r, int64_t *ret_time_s)
{
    struct civil c;
    TRY(read_time(r, true, &c));
    return time_of(&c, ret_time_s);
}

/* ---- checking a whole tree ---- */

/* Whether B does not come before A when their encodings are ordered as SET OF wants it (X.690 §11.6). */
static bool ascending(struct bytes a, struct bytes b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order < 0 || (order == 0 && a.len <= b.len);
}

static struct result check_element(struct reader *r, unsigned depth);

static struct result check_contents(struct bytes content, bool set, unsigned depth)
{
    struct reader in = reader_of(content);
    struct bytes before = { 0 };
    while (in.left > 0) {
        const uint8_t *start = in.ptr;
        TRY(check_element(&in, depth));
        struct bytes element = bytes_of(start, (size_t)(in.ptr - start));
        ENSURE(!set || !before.ptr || ascending(before, element), ERROR_DER);
        before = element;
    }
    return OK;
}

static struct result check_element(struct reader *r, unsigned depth)
{
    ENSURE(depth < DER_DEPTH_MAX && r->left > 0, ERROR_DER);
    unsigned tag = r->ptr[0];
    struct bytes content;
    TRY(der_read(r, tag, &content));
    /* Tags of more than one byte and the end-of-contents tag occur in nothing that is read here. */
    ENSURE((tag & NUMBER_BITS) != NUMBER_BITS && tag != 0, ERROR_DER);
    bool constructed = (tag & CONSTRUCTED_BIT) != 0;
    if ((tag & CLASS_BITS) == 0) {
        bool collection = tag == DER_SEQUENCE || tag == DER_SET;
        bool known = (tag | CONSTRUCTED_BIT) == DER_SEQUENCE || (tag | CONSTRUCTED_BIT) == DER_SET;
        ENSURE(constructed == collection && known == collection, ERROR_DER);
        if (!constructed) ENSURE(good_primitive(tag, content), ERROR_DER);
    }
    if (constructed) TRY(check_contents(content, tag == DER_SET, depth + 1));
    return OK;
}

struct result der_check(struct bytes whole)
{
    struct reader r = reader_of(whole);
    TRY(check_element(&r, 0));
    return der_end(&r);
}

/* ---- writing ---- */

static size_t length_size(size_t len)
{
    size_t size = 1;
    if (len >= 0x80)
        for (size_t rest = len; rest > 0; rest >>= 8) size++;
    return size;
}

static void put_length(uint8_t *into, size_t len, size_t size)
{
    if (size == 1) {
        into[0] = (uint8_t)len;
        return;
    }
    into[0] = (uint8_t)(0x80 | (size - 1));
    for (size_t i = 1; i < size; i++) into[i] = (uint8_t)(len >> 8 * (size - 1 - i));
}

void der_write(struct writer *w, unsigned tag, struct bytes content)
{
    size_t at = der_begin(w, tag);
    write_bytes(w, content);
    der_finish(w, at);
}

size_t der_begin(struct writer *w, unsigned tag)
{
    size_t at = w->len;
    write_u8(w, (uint8_t)tag);
    write_u8(w, 0); /* the length: one byte until der_finish knows */
    return at;
}

void der_finish(struct writer *w, size_t at)
{
    if (w->full) return;
    uint8_t *length = w->ptr + at + 1;
    size_t len = w->len - at - 2, size = length_size(len);
    if (len > UINT32_MAX || size - 1 > w->room - w->len) {
        w->full = true;
        return;
    }
    memmove(length + size, length + 1, len);
    put_length(length, len, size);
    w->len += size - 1;
}

void der_write_boolean(struct writer *w, bool value)
{
    const uint8_t b = value ? 0xFF : 0x00;
    der_write(w, DER_BOOLEAN, bytes_of(&b, 1));
}

void der_write_unsigned(struct writer *w, struct bytes magnitude)
{
    while (magnitude.len > 1 && magnitude.ptr[0] == 0) magnitude.ptr++, magnitude.len--;
    size_t at = der_begin(w, DER_INTEGER);
    if (magnitude.len == 0 || magnitude.ptr[0] >= 0x80) write_u8(w, 0);
    write_bytes(w, magnitude);
    der_finish(w, at);
}

void der_write_small(struct writer *w, uint32_t value)
{
    const uint8_t b[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                           (uint8_t)value };
    der_write_unsigned(w, BYTES(b));
}

void der_write_bits(struct writer *w, struct bytes bytes)
{
    size_t at = der_begin(w, DER_BIT_STRING);
    write_u8(w, 0);
    write_bytes(w, bytes);
    der_finish(w, at);
}

void der_write_named_bits(struct writer *w, uint16_t bits)
{
    uint8_t b[3] = { 0 };
    size_t count = 0; /* up to and with the last one */
    for (size_t i = 0; i < 16; i++) {
        if (!(bits >> i & 1)) continue;
        b[1 + i / 8] = (uint8_t)(b[1 + i / 8] | 0x80u >> i % 8);
        count = i + 1;
    }
    b[0] = (uint8_t)((8 - count % 8) % 8);
    der_write(w, DER_BIT_STRING, bytes_of(b, 1 + (count + 7) / 8));
}

void der_write_null(struct writer *w)
{
    der_write(w, DER_NULL, (struct bytes){ 0 });
}

static void write_digits(struct writer *w, int number, int count)
{
    static const int tens[] = { 1, 10, 100, 1000 };
    for (int i = count - 1; i >= 0; i--) write_u8(w, (uint8_t)('0' + number / tens[i] % 10));
}

static void write_time(struct writer *w, int64_t time_s, bool generalized)
{
    static const int64_t end_s = 253402300800; /* 10000-01-01 */
    if (time_s < 0 || time_s >= end_s) {
        w->full = true;
        return;
    }
    struct civil c = civil_utc(time_s);
    generalized |= c.year >= 2050;
    size_t at = der_begin(w, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME);
    write_digits(w, c.year, generalized ? 4 : 2);
    write_digits(w, c.month, 2);
    write_digits(w, c.day, 2);
    write_digits(w, c.hour, 2);
    write_digits(w, c.minute, 2);
    write_digits(w, c.second, 2);
    write_u8(w, 'Z');
    der_finish(w, at);
}

void der_write_time(struct writer *w, int64_t time_s)
{
    write_time(w, time_s, false);
}

void der_write_generalized_time(struct writer *w, int64_t time_s)
{
    write_time(w, time_s, true);
}

void der_write_enumerated(struct writer *w, uint8_t value)
{
    der_write(w, DER_ENUMERATED, bytes_of(&value, 1));
}
