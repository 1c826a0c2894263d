/* JSON as gateways speak it: read with care, written compactly. */
#pragma once

#include <jansson.h>

#include "relay/work.h"

static inline void json_free_p(json_t **object)
{
    json_decref(*object);
}

/* NULL for what is no JSON or has a name twice; the caller frees it. */
json_t *json_parse(struct bytes text);
/* A text of OBJECT copied to WORK's arena; NULL when it is absent or no plain text. */
const char *json_text(struct work *work, const json_t *object, const char *key);
int64_t json_number(const json_t *object, const char *key, int64_t fallback);
/* Takes over OBJECT; NULL (json_pack failed) is ERROR_MALFORMED: a text was not UTF-8. */
RESULT json_write(struct arena *arena, json_t *object, struct bytes *ret_text);
