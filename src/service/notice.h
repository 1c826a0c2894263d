/* Notices by SMS and e-mail (R-OPS-7). What is told stands in the outbox, written in the closure of what it tells of;
 * a job sends it through hufu-relay, at least once, with back-off, under a lease in the row.
 *
 * Templates are data: data/notices/NAME.txt, compiled in (script/gen-notices.py says how they look), or what an
 * administrator put in their place (wording.h). {brand} and {portal}, the one official address (R-HELP-2), are always
 * there. */
#pragma once

#include "service/service.h"

enum { NOTICE_PAGE = 50, NOTICE_VALUES_MAX = 12 };

struct notice_value {
    const char *name, *value;
};

struct notice {
    const char *template;
    const char *mobile, *email; /* NULL: not by this way */
    const struct notice_value *values;
    size_t value_count;
    const char *attached; /* what an e-mail carries (invoice_mail.h); NULL: nothing */
};
#define NOTICE_VALUES(array) .values = (array), .value_count = COUNT(array)

/* Puts NOTICE in the outbox. A template or value that there is not is a bug (assert). What in a value would be taken
 * for a link or a line of its own is made harmless. */
RESULT notice_queue(struct tx *tx, const struct act *act, const struct notice *notice);

/* One round of the job for CHANNEL ("sms", "email"): sends what is due. How many it tried in RET_TRIED. */
RESULT notice_send_due(struct service *service, const char *channel, size_t *ret_tried);

/* Which notices; each may be NULL. AFTER is the cursor of the page before; RECIPIENT a part of a number or address. */
struct notice_wish {
    const char *after, *state, *channel, *template, *recipient;
};
/* The newest first, NOTICE_PAGE a page, recipients masked. */
RESULT notice_list(const struct act *act, const struct notice_wish *wish, struct notice_row **ret_rows,
                   size_t *ret_count, const char **ret_next);
/* Each try to send it, the first first. ERROR_NOT_FOUND. */
RESULT notice_tries(const struct act *act, const struct id *id, struct notice_try_row **ret_rows, size_t *ret_count);

/* Whether a notice of TEMPLATE in STATE may be sent again. */
bool notice_may_again(const char *template, const char *state);
/* Puts a copy of a notice that failed, or for a reason (WORDS) was delivered, in the outbox; what is said and to whom
 * stays as it was. ERROR_NOT_FOUND, ERROR_NOTICE_WAITS, ERROR_NOTICE_SECRET, ERROR_NOTICE_REASON naming "words". */
RESULT notice_again(const struct act *act, const struct id *id, const char *words, struct notice_row *ret_row);
