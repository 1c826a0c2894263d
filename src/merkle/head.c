#include "merkle/head.h"

static const char signature_name[] = "signature: ";

struct head_statement {
    const char *incarnation, *size, *root, *time;
};

#define FIELD(field, max) SHAPE_TEXT(struct head_statement, field, max)
static const struct shape_field fields[] = {
    FIELD(incarnation, ID_TEXT_LEN),
    FIELD(size, 20),
    FIELD(root, 2 * TREE_HASH_SIZE),
    FIELD(time, 20),
};
#undef FIELD
static const struct shape shape = SHAPE("HUFU-HEAD-v1", struct head_statement, fields);

struct result head_sign(const struct head *head, const struct sm2_private *key, struct drbg *drbg, struct arena *arena,
                        struct bytes *ret_text)
{
    char incarnation[ID_TEXT_LEN + 1];
    uint8_t signature[SM2_SIGNATURE_SIZE];
    const char *text, *whole;
    id_text(&head->incarnation, incarnation);
    struct head_statement s = { incarnation, arena_format(arena, "%llu", (unsigned long long)head->size),
                                text_hex(arena, BYTES(head->root.b)),
                                arena_format(arena, "%lld", (long long)head->time_s) };
    ENSURE(s.size && s.root && s.time, ERROR_OUT_OF_ROOM);
    TRY(statement_write(&shape, &s, arena, &text));
    TRY(sm2_sign(key, bytes_text(text), drbg, signature));
    const char *hex = text_hex(arena, BYTES(signature));
    ENSURE(hex, ERROR_OUT_OF_ROOM);
    whole = arena_format(arena, "%s%s%s\n", text, signature_name, hex);
    ENSURE(whole, ERROR_OUT_OF_ROOM);
    *ret_text = bytes_text(whole);
    return OK;
}

static struct result parse(const char *text, struct arena *arena, struct head *ret_head)
{
    struct head_statement s;
    struct head h;
    struct bytes root;
    uint64_t time_s;
    TRY(statement_read(&shape, text, arena, &s));
    TRY(id_parse(s.incarnation, &h.incarnation));
    TRY(text_number(s.size, INT64_MAX, &h.size));
    TRY(text_number(s.time, INT64_MAX, &time_s));
    TRY(text_from_hex(arena, s.root, &root));
    ENSURE(root.len == sizeof h.root.b, ERROR_STATEMENT);
    memcpy(h.root.b, root.ptr, sizeof h.root.b);
    h.time_s = (int64_t)time_s;
    *ret_head = h;
    return OK;
}

struct result head_check(struct bytes text, const struct sm2_public *key, struct arena *arena, struct head *ret_head)
{
    enum { LINE = sizeof signature_name - 1 + 2 * SM2_SIGNATURE_SIZE + 1 };
    struct bytes signature;
    ENSURE(text.len > LINE && text.len <= HEAD_SIZE_MAX, ERROR_STATEMENT);
    struct bytes signed_part = bytes_of(text.ptr, text.len - LINE);
    struct reader last = reader_of(bytes_of(text.ptr + signed_part.len, LINE));
    ENSURE(bytes_equal(read_bytes(&last, sizeof signature_name - 1), bytes_text(signature_name)), ERROR_STATEMENT);
    const char *hex = arena_text(arena, read_bytes(&last, (size_t)2 * SM2_SIGNATURE_SIZE));
    const char *statement = arena_text(arena, signed_part);
    ENSURE(hex && statement, ERROR_OUT_OF_ROOM);
    ENSURE(read_u8(&last) == '\n', ERROR_STATEMENT);
    ENSURE(!failed(text_from_hex(arena, hex, &signature)) && signature.len == SM2_SIGNATURE_SIZE, ERROR_STATEMENT);
    TRY(sm2_verify(key, signed_part, signature.ptr));
    ENSURE(!failed(parse(statement, arena, ret_head)), ERROR_STATEMENT);
    return OK;
}
