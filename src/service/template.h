/* The words of notices: the table that script/gen-notices.py makes of data/notices, and how values get into them. */
#pragma once

#include "service/notice.h"

struct template {
    const char *name;
    const char *sms, *subject, *text; /* NULL: not by this way */
    bool secret;                      /* what was said is wiped once it is sent */
    int64_t life_s;                   /* after which it is not sent any more; 0: it is always worth it */
};

extern const struct template notice_templates[];
extern const size_t notice_templates_count;

/* NULL: there is none of that name. */
const struct template *template_find(const char *name);

/* TEXT with each {name} replaced by its value. TRUSTED values stand as they are; OTHERS lose line feeds and other
 * controls, and what a telephone would make a link of (R-HELP-2). NULL when the arena is full. A name that neither has
 * is a bug (assert). */
const char *template_fill(struct arena *arena, const char *text, const struct notice_value *trusted,
                          size_t trusted_count, const struct notice_value *others, size_t other_count);

/* What stands for the names in TEXT that VALUES has, each once and in the order of TEXT: "name=value" a line. NULL when
 * the arena is full. */
const char *template_params(struct arena *arena, const char *text, const struct notice_value *values, size_t count);
