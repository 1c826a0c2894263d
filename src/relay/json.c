#include "relay/json.h"

#include <stdlib.h>

json_t *json_parse(struct bytes text)
{
    return json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
}

const char *json_text(struct work *work, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return NULL;
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));
    return text_plain(text) ? arena_text(work->arena, text) : NULL;
}

int64_t json_number(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

struct result json_write(struct arena *arena, json_t *object, struct bytes *ret_text)
{
    char *dumped = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(object);
    ENSURE(dumped, ERROR_MALFORMED);
    char *copy = arena_text(arena, bytes_text(dumped));
    free(dumped);
    ENSURE(copy, ERROR_OUT_OF_ROOM);
    *ret_text = bytes_text(copy);
    return OK;
}
