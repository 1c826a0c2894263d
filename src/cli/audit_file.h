/* Files of JSON that `hufu audit` is handed to check: every field is named when it is not right. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/diag.h"

struct audit_file {
    struct arena *arena;
    struct diag *diag;
    const char *name; /* for words */
    enum error wrong; /* what a field that is not right is refused with */
    json_t *json;     /* an object */
};

/* All of PATH, at most MAX bytes, in ARENA. ERROR_IO, ERROR_TOO_LARGE. */
RESULT audit_file_read(const char *path, size_t max, struct arena *arena, struct diag *diag, struct bytes *ret_all);
/* Refused, for this field. */
struct result audit_file_bad(const struct audit_file *file, const char *field);
RESULT audit_file_text(const struct audit_file *file, const char *field, const char **ret_text);
RESULT audit_file_number(const struct audit_file *file, const char *field, uint64_t *ret_number);
/* In base64. */
RESULT audit_file_bytes(const struct audit_file *file, const char *field, struct bytes *ret_bytes);

void json_free_p(json_t **json);
