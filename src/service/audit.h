/* Who did what, when and from where: written in the closure of the act itself, so that nothing happens without it. */
#pragma once

#include "service/service.h"

enum { AUDIT_PAGE = 50 };

/* ACTION is a fixed word "subject.verb" ("account.open"); SUBJECT what it was done to: an id, number or serial, at
 * most 64 bytes; DETAIL says more for people, in Chinese, and may be NULL. Never an identity number, code or PIN. */
RESULT audit_write(struct tx *tx, const struct act *act, const char *action, const char *subject, const char *detail);
/* As a write of its own: for looks at what is kept (R-FORM-4). */
RESULT audit_write_alone(const struct act *act, const char *action, const char *subject, const char *detail);

/* The newest first, AUDIT_PAGE a page; AFTER is the cursor of the page before or NULL. RET_NEXT: NULL on the last. */
RESULT audit_list(const struct act *act, const char *after, struct audit_row **ret_rows, size_t *ret_count,
                  const char **ret_next);
