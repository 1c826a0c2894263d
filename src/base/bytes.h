/* Bytes that are only looked at, bytes being read, bytes being written. Every access is bounded; a cursor
 * that failed once stays failed, so that a parser reads like a schema and checks at its end.
 * Numbers are big-endian. Nothing here allocates or owns. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/result.h"

/* A view. Whoever made the view says how long what it points to lives. */
struct bytes {
    const uint8_t *ptr;
    size_t len;
};

#define BYTES(array) ((struct bytes){ (array), sizeof(array) })

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
    return (struct bytes){ ptr, len };
}

/* The text without its NUL; NULL gives the empty view. */
static inline struct bytes bytes_text(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

/* Whether both hold the same; time depends on the content: never for secrets (secret.h). */
bool bytes_equal(struct bytes a, struct bytes b);

/* ---- reading ---- */

struct reader {
    const uint8_t *ptr;
    size_t left;
    bool bad; /* read past the end, or a length over its limit */
};

static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){ b.ptr, b.len, false };
}

uint8_t read_u8(struct reader *r); /* 0 when bad, here and below */
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
struct bytes read_bytes(struct reader *r, size_t len);
/* A view whose length stands before it in 4 bytes and is at most MAX. */
struct bytes read_block(struct reader *r, size_t max);
void read_copy(struct reader *r, void *into, size_t len);
/* ERROR_MALFORMED unless all was read and nothing failed. */
RESULT reader_end(const struct reader *r);

/* ---- writing ---- */

struct writer {
    uint8_t *ptr;
    size_t len, room;
    bool full; /* something did not fit; what is written must not be used */
};

static inline struct writer writer_of(void *into, size_t room)
{
    return (struct writer){ into, 0, room, false };
}

void write_u8(struct writer *w, uint8_t v);
void write_u16(struct writer *w, uint16_t v);
void write_u32(struct writer *w, uint32_t v);
void write_u64(struct writer *w, uint64_t v);
void write_bytes(struct writer *w, struct bytes b);
void write_text(struct writer *w, const char *text);
/* 4 bytes of length, then the bytes. */
void write_block(struct writer *w, struct bytes b);
/* Formatted text without its NUL. */
void write_format(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ERROR_TOO_LARGE when something did not fit; else the view of what was written. */
RESULT writer_end(const struct writer *w, struct bytes *ret_written);
