/* The words of notices in force (R-OPS-7, R-OPS-8): the program's own (template.h), or what an administrator put in
 * their place. A change holds for what is told from then on; what waits in the outbox goes out as it was written. */
#pragma once

#include "service/template.h"

struct wording {
    const struct template *template;
    struct template_words words; /* in force */
    int64_t version;             /* 0: never changed */
    bool changed;                /* not the program's own */
    bool unfit;                  /* somebody's words no longer fit this program: its own are used */
    const char *changed_by;      /* NULL: nobody */
    int64_t changed_s;
};

/* Of TEMPLATE; within a closure. */
RESULT wording_get(struct tx *tx, const struct template *template, struct arena *arena, struct wording *ret_wording);

/* Of every template, by name. */
RESULT wording_list(const struct act *act, struct wording **ret_list, size_t *ret_count);
/* ERROR_NOT_FOUND. */
RESULT wording_find(const struct act *act, const char *name, struct wording *ret_wording);

/* WORDS in the place of what is in force; NULL: the program's own again. VERSION is what was seen:
 * ERROR_SETTING_VERSION when somebody was quicker. ERROR_TEMPLATE_SAME, the errors of template_check,
 * ERROR_NOT_FOUND. */
RESULT wording_change(const struct act *act, const char *name, int64_t version, const struct template_words *words,
                      struct wording *ret_wording);
