/* DER (ITU-T X.690) read and written over the cursors of base/bytes.h. The reader is strict: definite and
 * minimal lengths, minimal integers, booleans 00 or FF, bit strings whose unused bits are zero. Each call
 * returns ERROR_DER for anything else, and a reader that failed is not used again. Views point into what is
 * read. The writer is bounded; like every writer it tells at its end whether all fitted. */
#pragma once

#include "base/bytes.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0A,
    DER_UTF8_STRING = 0x0C,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,     /* + n: [n] IMPLICIT of a primitive type */
    DER_CONSTRUCTED = 0xA0, /* + n: [n] EXPLICIT, or IMPLICIT of a constructed type */
};

enum { DER_DEPTH_MAX = 16 };

/* ---- reading ---- */

/* Whether an element with this tag comes next. */
bool der_next(const struct reader *r, unsigned tag);
/* The contents of the element that comes next, which must have TAG. */
RESULT der_read(struct reader *r, unsigned tag, struct bytes *ret_content);
/* The same, with its tag and length. */
RESULT der_read_whole(struct reader *r, unsigned tag, struct bytes *ret_whole);
/* A reader of the contents. */
RESULT der_open(struct reader *r, unsigned tag, struct reader *ret_inner);
/* Nothing is left. */
RESULT der_end(const struct reader *r);

RESULT der_read_boolean(struct reader *r, bool *ret_value);
/* The magnitude of an INTEGER that is not negative, without leading zero bytes; zero is one byte 00. */
RESULT der_read_unsigned(struct reader *r, struct bytes *ret_magnitude);
/* An INTEGER between 0 and MAX. */
RESULT der_read_small(struct reader *r, uint32_t max, uint32_t *ret_value);
/* An ENUMERATED between 0 and 127. */
RESULT der_read_enumerated(struct reader *r, uint8_t *ret_value);
/* A BIT STRING of whole bytes. */
RESULT der_read_bits(struct reader *r, struct bytes *ret_bytes);
/* A BIT STRING with named bits (X.690 §11.2.2), at most 16: bit n of the standard is 1 << n. Trailing zero
 * bits are refused. */
RESULT der_read_named_bits(struct reader *r, uint16_t *ret_bits);
RESULT der_read_oid(struct reader *r, struct bytes *ret_oid);
/* UTCTime YYMMDDHHMMSSZ for 1970 to 2049, GeneralizedTime YYYYMMDDHHMMSSZ from 2050 on (RFC 5280 §4.1.2.5). */
RESULT der_read_time(struct reader *r, int64_t *ret_time_s);
/* GeneralizedTime YYYYMMDDHHMMSSZ of any year, as OCSP has it (RFC 6960 §4.2.2.1). */
RESULT der_read_generalized_time(struct reader *r, int64_t *ret_time_s);

/* Checks one whole element with everything in it, before fields are picked out of it: lengths, the forms of
 * the universal types, ascending SET OF, no more than DER_DEPTH_MAX levels, nothing behind it. */
RESULT der_check(struct bytes whole);

/* ---- writing ---- */

void der_write(struct writer *w, unsigned tag, struct bytes content);
/* What is written between the two calls becomes the contents; AT is what der_begin returned. */
size_t der_begin(struct writer *w, unsigned tag);
void der_finish(struct writer *w, size_t at);

void der_write_boolean(struct writer *w, bool value);
/* An INTEGER from a magnitude, which may have leading zero bytes. */
void der_write_unsigned(struct writer *w, struct bytes magnitude);
void der_write_small(struct writer *w, uint32_t value);
void der_write_bits(struct writer *w, struct bytes bytes);
void der_write_named_bits(struct writer *w, uint16_t bits);
void der_write_null(struct writer *w);
/* A time of the years 1970 to 9999 in the form that RFC 5280 wants; the writer is full for others. */
void der_write_time(struct writer *w, int64_t time_s);
void der_write_generalized_time(struct writer *w, int64_t time_s);
/* ENUMERATED of one byte. */
void der_write_enumerated(struct writer *w, uint8_t value);
