/* JSON that is a record: read into a struct by its shape and the limits that api/openapi.json gives its
 * fields, and written from it. A record is flat: texts, integers, booleans, identifiers, bytes, and arrays
 * of texts. Whatever a client sends that the document does not allow is refused by the name of the field.
 *
 * In C a field is what its shape says: text `const char *` (absent: NULL), integer and boolean `int64_t`
 * (absent: 0; the generator sees to it that 0 then means nothing else), format "id" `struct id` (absent: all
 * zero), format "byte" `struct bytes` (absent: ptr NULL). An array of texts is one text, its items joined by
 * line feeds, which none of them can hold; an empty array is "". */
#pragma once

#include "base/diag.h"
#include "base/shape.h"

enum { JSON_TEXT_MAX = 64 * 1024 };

/* What a text must look like beyond its length. Check digits and the like are the service's. */
enum json_format {
    JSON_FORMAT_PLAIN, /* no control characters; the one of a field without "format" */
    JSON_FORMAT_LINES, /* plain, with line feeds */
    JSON_FORMAT_APPLICATION_NUMBER,
    JSON_FORMAT_BYTE, /* base64, canonical */
    JSON_FORMAT_CARD_SERIAL,
    JSON_FORMAT_CREDIT_CODE,
    JSON_FORMAT_CURSOR,
    JSON_FORMAT_DIGITS,
    JSON_FORMAT_DOCUMENT_NUMBER,
    JSON_FORMAT_EMAIL,
    JSON_FORMAT_HEX, /* lower case, whole bytes */
    JSON_FORMAT_ID,
    JSON_FORMAT_MOBILE,
    JSON_FORMAT_SERIAL, /* lower-case hex */
    JSON_FORMAT_TAX_NUMBER,
    JSON_FORMAT_WAYBILL
};

struct json_check {
    enum json_format format;
    bool required, boolean;
    bool time;                         /* 0 is "not yet": left out of answers unless required */
    size_t length_min, length_max;     /* code points of a text; of its writing, for bytes */
    int64_t min, max;                  /* of an integer */
    size_t items_min, items_max;       /* of an array of texts; items_max 0: no array */
    const char *const *choices;        /* NULL-terminated; NULL: any */
};

/* A record's shape and, field by field, its checks. */
struct json_type {
    const struct shape *shape;
    const struct json_check *checks;
};

/* The one text TEXT, as a path or query parameter has it, against CHECK: ERROR_FIELD_* naming FIELD. */
RESULT json_check_text(const struct json_check *check, const char *field, struct bytes text, struct diag *diag);

/* Reads TEXT whole into RET_RECORD (type->shape->size bytes), what it points to into ARENA. Refused:
 * what is not JSON (ERROR_JSON_MALFORMED), a field unknown, twice, missing, or not as its check asks
 * (ERROR_FIELD_*, DIAG's field names it). */
RESULT json_read(const struct json_type *type, struct bytes text, struct arena *arena, struct diag *diag,
                 void *ret_record);

/* A record as a JSON object, COUNT of them as {"items":[…],"next":…} (NEXT may be NULL). ERROR_INTERNAL
 * with a word for the log when a required field is absent. */
RESULT json_write(const struct json_type *type, const void *record, struct arena *arena, struct diag *diag,
                  struct bytes *ret_text);
RESULT json_write_list(const struct json_type *type, const void *records, size_t count, const char *next,
                       struct arena *arena, struct diag *diag, struct bytes *ret_text);
