/* The JSON that pages and agent exchange (docs/PROTOCOL.agent): a request is one flat object of texts, an answer an
 * object at most one list deep. A reader and writer of our own, since the agent also builds for Windows and for old
 * systems without jansson, and because it wants less than JSON: no numbers, no nesting, no names twice.
 *
 * Reading works in place: values are unescaped where they stand, so that a PIN lies in one buffer only, which its
 * owner wipes. No allocation. */
#pragma once

#include "base/diag.h"
#include "base/text.h"

enum { JSON_FIELDS_MAX = 12, JSON_NAME_MAX = 32 };

struct json_field {
    const char *name, *value; /* NUL behind both */
    size_t len;               /* of value */
};

struct json_object {
    size_t count;
    struct json_field fields[JSON_FIELDS_MAX];
};

/* Reads LEN bytes at TEXT, which is changed, and must have room for one byte more. Fields point into it.
 * ERROR_AGENT_BODY, with a reason in DIAG's log, for anything but one object of texts (RFC 8259) with at most
 * JSON_FIELDS_MAX names of a-z and '_', none twice, values well-formed UTF-8 without control characters other than
 * line feeds, nothing behind it. */
RESULT json_read(char *text, size_t len, struct diag *diag, struct json_object *ret_object);
/* NULL where there is none. */
const struct json_field *json_find(const struct json_object *object, const char *name);

/* ---- writing: commas are set by what stands before ---- */

/* "name":" text ", escaped. NAME is written as it is. */
void json_text(struct writer *w, const char *name, const char *text);
void json_number(struct writer *w, const char *name, int64_t number);
void json_flag(struct writer *w, const char *name, bool flag);
/* Bytes as hex and as base64. */
void json_hex(struct writer *w, const char *name, struct bytes b);
void json_base64(struct writer *w, const char *name, struct bytes b);
/* NAME NULL: an element of a list, or the whole. */
void json_open(struct writer *w, const char *name, char bracket);
void json_close(struct writer *w, char bracket);
