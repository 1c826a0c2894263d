#include "cli/audit_file.h"

#include <stdio.h>

#include "base/text.h"

struct result audit_file_read(const char *path, size_t max, struct arena *arena, struct diag *diag,
                              struct bytes *ret_all)
{
    uint8_t *into = arena_take(arena, max + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(into, 1, max + 1, f) : 0;
    bool good = f && !ferror(f);
    if (f) fclose(f);
    if (!good) return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    if (n > max) return diag_log(diag, ERROR_TOO_LARGE, "%s", path);
    *ret_all = bytes_of(into, n);
    return OK;
}

struct result audit_file_bad(const struct audit_file *file, const char *field)
{
    return diag_log(file->diag, file->wrong, "%s: %s", file->name, field);
}

struct result audit_file_text(const struct audit_file *file, const char *field, const char **ret_text)
{
    const char *text = json_string_value(json_object_get(file->json, field));
    if (!text) return audit_file_bad(file, field);
    *ret_text = text;
    return OK;
}

struct result audit_file_number(const struct audit_file *file, const char *field, uint64_t *ret_number)
{
    const json_t *number = json_object_get(file->json, field);
    if (!json_is_integer(number) || json_integer_value(number) < 0) return audit_file_bad(file, field);
    *ret_number = (uint64_t)json_integer_value(number);
    return OK;
}

struct result audit_file_bytes(const struct audit_file *file, const char *field, struct bytes *ret_bytes)
{
    const char *text = NULL;
    TRY(audit_file_text(file, field, &text));
    return failed(text_from_base64(file->arena, text, ret_bytes)) ? audit_file_bad(file, field) : OK;
}

void json_free_p(json_t **json)
{
    json_decref(*json);
}
