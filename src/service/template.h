/* The words of notices: the table that script/gen-notices.py makes of data/notices, what words somebody may put in
 * their place, and how values get into them. */
#pragma once

#include "service/notice.h"

enum {
    TEMPLATE_SMS_MAX = 500, /* characters, filled with samples: gateways take no more */
    TEMPLATE_NAME_MAX = 30
};

struct template {
    const char *name, *title; /* the occasion, for people */
    const char *needs;        /* names that must stand in SMS and text, joined by commas */
    const char *sms, *subject, *text; /* NULL: not by this way */
    bool secret;                      /* what was said is wiped once it is sent */
    int64_t life_s;                   /* after which it is not sent any more; 0: it is always worth it */
};

extern const struct template notice_templates[];
extern const size_t notice_templates_count;

/* What may stand for a name: what it is, and a sample. brand and portal are always there, not among them. */
struct template_name {
    const char *name, *what, *sample;
};
extern const struct template_name notice_names[];
extern const size_t notice_names_count;

/* NULL: there is none of that name. */
const struct template *template_find(const char *name);

/* What a notice says; each NULL where TEMPLATE has none of it. */
struct template_words {
    const char *sms, *subject, *text;
};
/* Whether WORDS can stand in the place of TEMPLATE's: the same ways, names only that whoever tells of it gives (those
 * in TEMPLATE's own words, brand, portal), all that it needs, no link but {portal} (R-HELP-2), an SMS that
 * begins with 【{brand}】 and that gateways take. Says which field ("sms", "subject", "text"):
 * ERROR_FIELD_MISSING, ERROR_FIELD_UNKNOWN, ERROR_TEMPLATE_NAME, ERROR_TEMPLATE_NEEDS, ERROR_TEMPLATE_LINK,
 * ERROR_TEMPLATE_BRAND, ERROR_TEMPLATE_LONG. */
RESULT template_check(const struct template *template, const struct template_words *words, struct arena *arena,
                      struct diag *diag);
/* Whether whoever tells of TEMPLATE's occasion gives NAME. */
bool template_gives(const struct template *template, struct bytes name);

/* TEXT with each {name} replaced by its value. TRUSTED values stand as they are; OTHERS lose line feeds and other
 * controls, and what a telephone would make a link of (R-HELP-2). NULL when the arena is full. A name that neither has
 * is a bug (assert). */
const char *template_fill(struct arena *arena, const char *text, const struct notice_value *trusted,
                          size_t trusted_count, const struct notice_value *others, size_t other_count);

/* What stands for the names in TEXT that VALUES has, each once and in the order of TEXT: "name=value" a line. NULL when
 * the arena is full. */
const char *template_params(struct arena *arena, const char *text, const struct notice_value *values, size_t count);
