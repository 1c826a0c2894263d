/* The forms that Alipay's open platform speaks: named values, joined by name for the signature, percent-encoded on the
 * way. Both sides of the protocol use it, the relay and the simulator. */
#pragma once

#include "base/text.h"

enum { ALIPAY_PAIRS_MAX = 64, ALIPAY_FORM_MAX = 32 * 1024 /* bytes of a form as it is signed or sent */ };

struct alipay_form {
    struct alipay_pair {
        const char *name, *value;
    } pairs[ALIPAY_PAIRS_MAX];
    size_t count;
};

/* VALUE NULL or "" adds nothing, as such ones are not signed. ERROR_OUT_OF_ROOM beyond ALIPAY_PAIRS_MAX. */
RESULT alipay_form_add(struct alipay_form *form, const char *name, const char *value);
/* NULL: absent. */
const char *alipay_form_get(const struct alipay_form *form, const char *name);
/* Reads application/x-www-form-urlencoded. ERROR_MALFORMED for what is none, holds anything but plain text, or has
 * a name twice; ERROR_OUT_OF_ROOM. */
RESULT alipay_form_parse(struct bytes text, struct arena *arena, struct alipay_form *ret_form);
/* What is signed: name=value&… in the order of the names, without "sign", and without "sign_type" when WITHOUT_TYPE, as
 * in what Alipay tells by itself. ptr NULL when ARENA is full. */
struct bytes alipay_form_signed(const struct alipay_form *form, bool without_type, struct arena *arena);
/* Percent-encoded, in the order of FORM; NULL when ARENA is full. */
const char *alipay_form_encode(const struct alipay_form *form, struct arena *arena);
