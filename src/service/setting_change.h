/* What people change in the settings that are data: tariff and words of notices. Each change is a row with before and
 * after, beside its entry in the audit trail, in the closure of the change itself. */
#pragma once

#include "service/service.h"

enum { SETTING_CHANGE_PAGE = 20 };

extern const char setting_tariff[], setting_notice[]; /* kinds */

struct setting_change {
    const char *kind;   /* of the above */
    const char *action; /* of the trail: "tariff.enter" */
    const char *name;   /* what was changed: "apply/certificate", "sms-code" */
    const char *before, *after; /* for people; NULL: there was, there is nothing */
    const char *detail; /* of the trail */
};
RESULT setting_change_write(struct tx *tx, const struct act *act, const struct setting_change *change);

/* Of KIND and NAME (NULL: all), the newest first, SETTING_CHANGE_PAGE a page. */
RESULT setting_change_list(const struct act *act, const char *kind, const char *name, const char *after,
                           struct setting_change_row **ret_rows, size_t *ret_count, const char **ret_next);
