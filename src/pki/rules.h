/* How certificates, lists and OCSP responses are held against their rules before they are signed: a table of checks
 * over one subject, of a type of its own in each file. The name of a check is the rule's name in the log. */
#pragma once

#include "base/diag.h"

#define RULE(check) { #check, check }

/* Returns ERROR_LINT from the function it stands in, with the name of the first rule that SUBJECT breaks in DIAG. */
#define RULES_HOLD(rules, subject, diag)                                              \
    do {                                                                              \
        for (size_t rule_ = 0; rule_ < COUNT(rules); rule_++)                         \
            if (!(rules)[rule_].holds(subject))                                       \
                return diag_log((diag), ERROR_LINT, "lint: %s", (rules)[rule_].name); \
    } while (0)
