#include "pki/statement.h"

/* Whether the text holds a character that makes a line look like another one, or like two: the directional
 * marks, embeddings, overrides and isolates (U+200E, F, U+202A … E, U+2066 … 9, U+061C) and the line and
 * paragraph separators (U+2028, 9). Who signs must see what is signed. The text is well-formed. */
static bool deceptive(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        const uint8_t *p = text.ptr + i;
        if (p[0] == 0xD8 && p[1] == 0x9C) return true;
        if (p[0] != 0xE2 || i + 2 >= text.len) continue;
        if (p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE))) return true;
        if (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9) return true;
    }
    return false;
}

static struct result check_value(struct bytes value, size_t max)
{
    ENSURE(value.len > 0 && value.len <= max, ERROR_STATEMENT);
    ENSURE(text_plain(value) && !deceptive(value), ERROR_STATEMENT);
    return OK;
}

struct result statement_write(const struct shape *shape, const void *record, struct arena *arena,
                              const char **ret_text)
{
    char buffer[STATEMENT_MAX];
    struct writer w = writer_of(buffer, sizeof buffer);
    write_text(&w, shape->name);
    write_u8(&w, '\n');
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        const char *value = *(const char *const *)shape_at_const(f, record);
        TRY(check_value(bytes_text(value), f->max));
        write_text(&w, f->name);
        write_text(&w, ": ");
        write_text(&w, value);
        write_u8(&w, '\n');
    }
    struct bytes written;
    ENSURE(!failed(writer_end(&w, &written)), ERROR_STATEMENT);
    char *text = arena_text(arena, written);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    *ret_text = text;
    return OK;
}

/* The line that comes next, without its LF; bad where there is none. */
static struct bytes read_line(struct reader *r)
{
    const uint8_t *end = r->left ? memchr(r->ptr, '\n', r->left) : NULL;
    if (!end) r->bad = true;
    struct bytes line = read_bytes(r, end ? (size_t)(end - r->ptr) : 0);
    (void)read_u8(r);
    return line;
}

/* What stands behind "name: " on the next line. */
static struct result read_value(struct reader *r, const char *name, struct bytes *ret_value)
{
    struct bytes line = read_line(r);
    ENSURE(!r->bad, ERROR_STATEMENT);
    struct reader in = reader_of(line);
    struct bytes found = read_bytes(&in, strlen(name));
    struct bytes colon = read_bytes(&in, 2);
    ENSURE(!in.bad && bytes_equal(found, bytes_text(name)), ERROR_STATEMENT);
    ENSURE(bytes_equal(colon, bytes_text(": ")), ERROR_STATEMENT);
    *ret_value = read_bytes(&in, in.left);
    return OK;
}

struct result statement_read(const struct shape *shape, const char *text, struct arena *arena,
                             void *ret_record)
{
    struct bytes whole = bytes_text(text);
    ENSURE(whole.len <= STATEMENT_MAX, ERROR_STATEMENT);
    struct reader r = reader_of(whole);
    ENSURE(bytes_equal(read_line(&r), bytes_text(shape->name)), ERROR_STATEMENT);
    uint8_t *record = arena_take(arena, shape->size);
    ENSURE(record, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        struct bytes value;
        TRY(read_value(&r, f->name, &value));
        TRY(check_value(value, f->max));
        char *copy = arena_text(arena, value);
        ENSURE(copy, ERROR_OUT_OF_ROOM);
        *(const char **)shape_at(f, record) = copy;
    }
    ENSURE(!failed(reader_end(&r)), ERROR_STATEMENT);
    memcpy(ret_record, record, shape->size);
    return OK;
}

bool statement_is(const struct shape *shape, const char *text)
{
    size_t len = strlen(shape->name);
    return text && strncmp(text, shape->name, len) == 0 && text[len] == '\n';
}

/* ---- the statements: order and limits are part of the format (docs/PROTOCOL.statements) ---- */

enum {
    NUMBER = 32, /* an application's number, a time, the serial of a card */
    WORD = 32,   /* one of a few fixed words */
    SERIAL = 40, /* 20 bytes in hex, the most that RFC 5280 §4.1.2.2 allows */
    HASH = 64,   /* 32 bytes in hex */
    POINT = 128, /* 64 bytes in hex: a public key, a signature */
    LINE = 256,
    PERSON = 400,  /* 100 characters of any script, as api/openapi.json allows */
    COMPANY = 800, /* 200 of them */
    LONG = STATEMENT_VALUE_MAX
};

#define FIELD(field, max) SHAPE_TEXT(struct approve_statement, field, max)
static const struct shape_field approve_fields[] = {
    FIELD(application, NUMBER),
    FIELD(service, WORD),
    FIELD(holder, ID_TEXT_LEN),
    FIELD(holder_name, PERSON),
    FIELD(organization, NUMBER),
    FIELD(organization_name, COMPANY),
    FIELD(medium, WORD),
    FIELD(profile, WORD),
    FIELD(revokes, LONG),
    FIELD(reason, WORD),
    FIELD(validity, WORD),
    FIELD(nonce, ID_TEXT_LEN),
    FIELD(operator_serial, SERIAL),
    FIELD(time, NUMBER),
};
#undef FIELD
const struct shape approve_statement_shape =
    SHAPE("HUFU-APPROVE-v1", struct approve_statement, approve_fields);

#define FIELD(field, max) SHAPE_TEXT(struct reject_statement, field, max)
static const struct shape_field reject_fields[] = {
    FIELD(application, NUMBER), FIELD(service, WORD),      FIELD(holder, ID_TEXT_LEN),     FIELD(holder_name, PERSON),
    FIELD(words, LONG),         FIELD(nonce, ID_TEXT_LEN), FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape reject_statement_shape = SHAPE("HUFU-REJECT-v1", struct reject_statement, reject_fields);

#define FIELD(field, max) SHAPE_TEXT(struct card_statement, field, max)
static const struct shape_field card_fields[] = {
    FIELD(application, NUMBER),     FIELD(card, NUMBER), FIELD(challenge, HASH), FIELD(card_key, HASH),
    FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape card_statement_shape = SHAPE("HUFU-CARD-v1", struct card_statement, card_fields);

#define FIELD(field, max) SHAPE_TEXT(struct produce_statement, field, max)
static const struct shape_field produce_fields[] = {
    FIELD(application, NUMBER), FIELD(approval, HASH), FIELD(card, NUMBER),            FIELD(public_key, POINT),
    FIELD(attestation, POINT),  FIELD(delivery, WORD), FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
static const struct shape_field produce_1_fields[] = {
    FIELD(application, NUMBER), FIELD(approval, HASH),          FIELD(card, NUMBER), FIELD(public_key, POINT),
    FIELD(attestation, POINT),  FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape produce_statement_shape =
    SHAPE("HUFU-PRODUCE-v2", struct produce_statement, produce_fields);
const struct shape produce_1_statement_shape =
    SHAPE("HUFU-PRODUCE-v1", struct produce_statement, produce_1_fields);

#define FIELD(field, max) SHAPE_TEXT(struct download_statement, field, max)
static const struct shape_field download_fields[] = {
    FIELD(origin, LINE),    FIELD(application, NUMBER), FIELD(service, WORD),
    FIELD(approval, HASH),  FIELD(card, NUMBER),        FIELD(container, HASH),
    FIELD(public_key, POINT), FIELD(attestation, POINT), FIELD(certificate, SERIAL),
    FIELD(time, NUMBER),
};
#undef FIELD
const struct shape download_statement_shape =
    SHAPE("HUFU-DOWNLOAD-v1", struct download_statement, download_fields);

#define FIELD(field, max) SHAPE_TEXT(struct attest_statement, field, max)
static const struct shape_field attest_fields[] = {
    FIELD(card, NUMBER),
    FIELD(container, HASH), /* GM/T 0016: names of containers have at most 64 bytes */
    FIELD(public_key, POINT),
};
#undef FIELD
const struct shape attest_statement_shape = SHAPE("HUFU-ATTEST-v1", struct attest_statement, attest_fields);
const struct shape attest_encryption_shape =
    SHAPE("HUFU-ATTEST-ENCRYPTION-v1", struct attest_statement, attest_fields);

#define FIELD(field, max) SHAPE_TEXT(struct login_statement, field, max)
static const struct shape_field login_fields[] = {
    FIELD(means, WORD), FIELD(origin, LINE),        FIELD(relying_party, LINE), FIELD(session, ID_TEXT_LEN),
    FIELD(nonce, HASH), FIELD(certificate, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape login_statement_shape = SHAPE("HUFU-LOGIN-v1", struct login_statement, login_fields);

#define FIELD(field, max) SHAPE_TEXT(struct operator_statement, field, max)
static const struct shape_field operator_fields[] = {
    FIELD(change, WORD), FIELD(name, PERSON),   FIELD(roles, LINE),        FIELD(public_key, POINT),
    FIELD(card, NUMBER), FIELD(serial, SERIAL), FIELD(nonce, ID_TEXT_LEN), FIELD(operator_serial, SERIAL),
    FIELD(time, NUMBER),
};
#undef FIELD
const struct shape operator_statement_shape =
    SHAPE("HUFU-OPERATOR-v1", struct operator_statement, operator_fields);

#define FIELD(field, max) SHAPE_TEXT(struct release_statement, field, max)
static const struct shape_field release_fields[] = {
    FIELD(application, NUMBER), FIELD(holder, ID_TEXT_LEN),     FIELD(holder_name, PERSON), FIELD(certificates, LONG),
    FIELD(nonce, ID_TEXT_LEN),  FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape release_statement_shape = SHAPE("HUFU-RELEASE-v1", struct release_statement, release_fields);

#define FIELD(field, max) SHAPE_TEXT(struct custody_statement, field, max)
static const struct shape_field custody_fields[] = {
    FIELD(custodians, LONG),   FIELD(keys, HASH),              FIELD(threshold, NUMBER), FIELD(version, NUMBER),
    FIELD(nonce, ID_TEXT_LEN), FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape custody_statement_shape = SHAPE("HUFU-CUSTODY-v1", struct custody_statement, custody_fields);

#define FIELD(field, max) SHAPE_TEXT(struct judicial_statement, field, max)
static const struct shape_field judicial_fields[] = {
    FIELD(case_number, LINE),  FIELD(authority, COMPANY),      FIELD(holder_name, PERSON), FIELD(certificate, SERIAL),
    FIELD(nonce, ID_TEXT_LEN), FIELD(operator_serial, SERIAL), FIELD(time, NUMBER),
};
#undef FIELD
const struct shape judicial_statement_shape = SHAPE("HUFU-JUDICIAL-v1", struct judicial_statement, judicial_fields);

const struct shape *statement_shape_of(const char *text)
{
    static const struct shape *const all[] = {
        &approve_statement_shape, &reject_statement_shape, &card_statement_shape, &produce_statement_shape,
        &produce_1_statement_shape, &attest_statement_shape, &download_statement_shape, &login_statement_shape,
        &operator_statement_shape, &release_statement_shape, &custody_statement_shape,
        &judicial_statement_shape,
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        size_t len = strlen(all[i]->name);
        if (strncmp(text, all[i]->name, len) == 0 && text[len] == '\n') return all[i];
    }
    return NULL;
}

const char *statement_value(const struct shape *shape, const void *record, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (text_equal(shape->fields[i].name, name))
            return *(const char *const *)shape_at_const(&shape->fields[i], record);
    return NULL;
}

bool approve_statements_agree(const struct approve_statement *a, const struct approve_statement *b)
{
    /* What is each one's own; everything else is what they approve. */
    static const char *const own[] = { "nonce", "operator_serial", "time" };
    for (size_t i = 0; i < approve_statement_shape.count; i++) {
        const struct shape_field *f = &approve_statement_shape.fields[i];
        bool skip = false;
        for (size_t k = 0; k < COUNT(own); k++) skip |= text_equal(f->name, own[k]);
        const char *x = *(const char *const *)shape_at_const(f, a), *y = *(const char *const *)shape_at_const(f, b);
        if (!skip && !text_equal(x, y)) return false;
    }
    return true;
}
