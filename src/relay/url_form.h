/* Forms as gateways speak them, application/x-www-form-urlencoded: named values, percent-encoded on the way. Both sides
 * of a protocol use it, the relay and the simulator. */
#pragma once

#include "base/text.h"

enum { URL_FORM_PAIRS_MAX = 64, URL_FORM_MAX = 32 * 1024 /* bytes of a form as it is sent */ };

struct url_form {
    struct url_pair {
        const char *name, *value;
    } pairs[URL_FORM_PAIRS_MAX];
    size_t count;
};

/* VALUE NULL or "" adds nothing. ERROR_OUT_OF_ROOM beyond URL_FORM_PAIRS_MAX. */
RESULT url_form_add(struct url_form *form, const char *name, const char *value);
/* NULL: absent. */
const char *url_form_get(const struct url_form *form, const char *name);
/* Reads application/x-www-form-urlencoded. ERROR_MALFORMED for what is none, holds anything but plain text, or has
 * a name twice; ERROR_OUT_OF_ROOM. */
RESULT url_form_parse(struct bytes text, struct arena *arena, struct url_form *ret_form);
/* Percent-encoded, in the order of FORM; NULL when ARENA is full. */
const char *url_form_encode(const struct url_form *form, struct arena *arena);
