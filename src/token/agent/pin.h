/* PINs: what may be one (R-KEY-1), and where they lie. A PIN is in memory only while an operation uses it, in a
 * struct pin of locked memory, a message to the helper or (in development) the request that brought it; each is wiped.
 * It is never in an arena, an answer, an error or the log. */
#pragma once

#include "base/diag.h"

enum { PIN_MIN = 6, PIN_MAX = 16 };

struct pin {
    char text[PIN_MAX + 1];
};

/* ERROR_AGENT_PIN_FORM unless it has PIN_MIN to PIN_MAX visible ASCII characters. */
RESULT pin_check_form(const char *pin);
/* Whether FRESH may replace OLD: ERROR_AGENT_PIN_FORM, ERROR_AGENT_PIN_SAME, ERROR_AGENT_PIN_SIMPLE (one character,
 * a run up or down, a short piece repeated: keys of other makers do not look), ERROR_AGENT_PIN_PERSONAL when it holds
 * the date of birth in one of its writings or six digits in a row of the mobile number. BIRTH_DATE is YYYY-MM-DD,
 * MOBILE digits; either may be NULL. */
RESULT pin_check_new(const char *old, const char *fresh, const char *birth_date, const char *mobile);
/* ERROR_AGENT_FIELD unless it is YYYY-MM-DD. */
RESULT pin_check_birth_date(const char *birth_date, struct diag *diag);
