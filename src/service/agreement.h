/* The CA service agreement, the rules of use in it (R-FORM-1, R-HELP-2). Versions come with the program
 * (data/agreement, compiled in by script/gen-agreements.py) and stay in the database for good: what somebody agreed to
 * can be shown for ever. */
#pragma once

#include "service/service.h"

extern const struct agreement_row agreements[];
extern const size_t agreements_count;

/* Puts those that the database does not have yet into it. ERROR_STORE_CONFLICT when one of them was published with
 * other words. */
RESULT agreement_seed(struct service *service);

/* The one in force. */
RESULT agreement_current(const struct act *act, struct agreement_row *ret_agreement);
