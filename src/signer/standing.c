#include "signer/standing.h"

#include <assert.h>

#define NONE STANDING_COUNT

static const enum standing after[STANDING_COUNT][STANDING_CHANGES] = {
    /*                            hold                   release           receive         revoke */
    [STANDING_VALID] =        { STANDING_HELD,         NONE,             NONE,           STANDING_REVOKED },
    [STANDING_TRANSIT] =      { STANDING_HELD_TRANSIT, NONE,             STANDING_VALID, STANDING_REVOKED },
    [STANDING_HELD] =         { NONE,                  STANDING_VALID,   NONE,           STANDING_REVOKED },
    [STANDING_HELD_TRANSIT] = { NONE,                  STANDING_TRANSIT, STANDING_HELD,  STANDING_REVOKED },
    [STANDING_REVOKED] =      { NONE,                  NONE,             NONE,           NONE },
};

bool standing_after(enum standing from, enum standing_change change, enum standing *ret_to)
{
    assert(from < STANDING_COUNT && change < STANDING_CHANGES);
    enum standing to = after[from][change];
    if (to == NONE) return false;
    if (ret_to) *ret_to = to;
    return true;
}

bool standing_on_hold(enum standing standing)
{
    return standing != STANDING_VALID && standing != STANDING_REVOKED;
}
