/* Who did what, when and from where: written in the closure of the act itself, so that nothing happens without it. */
#pragma once

#include "service/service.h"

enum { AUDIT_PAGE = 50 };

/* ACTION is a fixed word "subject.verb" ("account.open"); SUBJECT what it was done to: an id, number or serial, at
 * most 64 bytes; DETAIL says more for people, in Chinese, and may be NULL. Never an identity number, code or PIN. */
RESULT audit_write(struct tx *tx, const struct act *act, const char *action, const char *subject, const char *detail);
/* As a write of its own: for looks at what is kept (R-FORM-4). */
RESULT audit_write_alone(const struct act *act, const char *action, const char *subject, const char *detail);

/* Which entries; each may be NULL. AFTER is the cursor of the page before; TEXT a part of who did it, to what, by which
 * request, or of the details; FROM and UNTIL are days of Asia/Shanghai ("2026-11-30"), both included. */
struct audit_wish {
    const char *after, *text, *action, *from, *until;
};
/* The newest first, AUDIT_PAGE a page. RET_NEXT: NULL on the last. ERROR_FIELD_FORMAT naming the field. */
RESULT audit_list(const struct act *act, const struct audit_wish *wish, struct audit_row **ret_rows, size_t *ret_count,
                  const char **ret_next);
