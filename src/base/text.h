/* Text: UTF-8 with a NUL behind it, checked where it comes in. And the ways bytes are written as text. */
#pragma once

#include "base/arena.h"

/* Well-formed UTF-8 (no surrogates, no overlong forms) without NUL, C0, DEL and C1; a line feed is a
 * control character too. */
bool text_plain(struct bytes text);
/* As text_plain, but line feeds are allowed. */
bool text_lines(struct bytes text);
/* How many code points; the text is well-formed. */
size_t text_length(const char *text);
bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_starts(const char *text, const char *prefix);

/* ---- bytes as text: arena_text-like results, NULL when the arena is full ---- */
char *text_hex(struct arena *arena, struct bytes b); /* lower case */
char *text_base64(struct arena *arena, struct bytes b);
char *text_base64url(struct arena *arena, struct bytes b); /* without padding */
/* ERROR_MALFORMED for anything but the one canonical writing. */
RESULT text_from_hex(struct arena *arena, const char *text, struct bytes *ret_bytes);
RESULT text_from_base64(struct arena *arena, const char *text, struct bytes *ret_bytes);
RESULT text_from_base64url(struct arena *arena, const char *text, struct bytes *ret_bytes);
/* A decimal number without sign, leading zeros or blanks, at most MAX. */
RESULT text_number(const char *text, uint64_t max, uint64_t *ret_number);

/* ---- identifiers: 16 random bytes, 26 letters and digits in text ---- */
enum { ID_SIZE = 16, ID_TEXT_LEN = 26 };
struct id {
    uint8_t b[ID_SIZE];
};
bool id_equal(const struct id *a, const struct id *b);
bool id_empty(const struct id *id); /* all zero: "none" */
/* Crockford's alphabet in lower case: no i, l, o, u. INTO has room for the NUL. */
void id_text(const struct id *id, char into[ID_TEXT_LEN + 1]);
char *text_id(struct arena *arena, const struct id *id); /* the same; NULL when ARENA is full */
RESULT id_parse(const char *text, struct id *ret_id);
