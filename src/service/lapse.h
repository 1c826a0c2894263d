/* Applications that nobody goes on with (R-FORM-8): they lapse after set days, with a warning some days before; and
 * the notice that no money has come (R-FEE-5). Days are counted from when their holder last did something. */
#pragma once

#include "service/desk.h"

enum {
    LAPSE_DAYS = 30,       /* drafts, sent-back ones, those that wait for a successor or a USBKey */
    LAPSE_UNPAID_DAYS = 15,
    LAPSE_WARN_DAYS = 3,   /* before */
    LAPSE_UNPAID_TELL_DAYS = 1
};

enum lapse { LAPSE_NOTHING, LAPSE_TELL_UNPAID, LAPSE_WARN, LAPSE_NOW };

/* What is due for ROW at NOW_S. */
enum lapse lapse_due(const struct application_row *row, int64_t now_s);
/* Whether it can lapse in the state it is in, and when it does. */
bool lapse_possible(const struct application_row *row);
int64_t lapse_at(const struct application_row *row);

/* One round of the job. */
RESULT lapse_work(struct service *service, size_t *ret_count);
