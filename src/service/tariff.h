/* What a service costs (R-FEE-1): by class of certificate, service and item, from the date on which a price begins to
 * hold. Prices are rows of the database; which item a service asks for, and when it is free, is the rule. */
#pragma once

#include "service/kind.h"
#include "service/service.h"

enum { TARIFF_ROWS_MAX = 200, FEN_PER_YUAN = 100 };

/* 企业证书, the class there is. */
extern const char tariff_class[];

struct tariff_case {
    enum kind kind;
    int64_t replacements; /* fulfilled 证书补办 of this person, ever (R-LOST-3) */
    bool ca_fault;        /* lost or broken before it was received: made again free (R-SHIP-4) */
    bool shield;          /* there is no device to pay for (R-SHIELD-3) */
};

/* Which item of the tariff CASE asks for; NULL: it is free. */
const char *tariff_item(const struct tariff_case *which);
/* The fee of CASE at AT_S. ERROR_NOT_FOUND when the tariff has no price for its item then. */
RESULT tariff_fee(struct tx *tx, const struct tariff_case *which, int64_t at_s, struct arena *arena,
                  int64_t *ret_fen);
/* The prices in force at AT_S, one for each service and item. */
RESULT tariff_list(struct tx *tx, int64_t at_s, struct arena *arena, struct tariff_row **ret_rows,
                   size_t *ret_count);
