/* What hufu-key prints: for people (indented lines "name: value"), or as JSON with --json. Names are the same words in
 * both. */
#pragma once

#include "base/bytes.h"

/* The first in a Chinese environment (LC_ALL, LC_MESSAGES, LANG), the second elsewhere. */
const char *key_words(const char *zh, const char *en);

struct key_out {
    bool json;
    int depth;
    uint32_t indented; /* bit d: what was opened at depth d has a name and indents what is in it */
    bool first; /* nothing stands before the next value in its list or object */
};

/* NAME NULL within lists. ZH is what people read instead of NAME in a Chinese environment. */
void key_out_open(struct key_out *out, const char *name, const char *zh, bool list);
void key_out_close(struct key_out *out, bool list);
/* Control characters are written as '?'. */
void key_out_text(struct key_out *out, const char *name, const char *zh, struct bytes text);
void key_out_number(struct key_out *out, const char *name, const char *zh, int64_t number);
void key_out_hex(struct key_out *out, const char *name, const char *zh, struct bytes b);
