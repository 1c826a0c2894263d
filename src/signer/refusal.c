#include "signer/refusal.h"

static void turn(struct refusals *refusals, int64_t time_s)
{
    if (refusals->hour == time_s / 3600) return;
    refusals->hour = time_s / 3600;
    refusals->count = 0;
}

bool refusals_allow(struct refusals *refusals, int64_t time_s)
{
    turn(refusals, time_s);
    if (refusals->count < refusals->hour_max) return true;
    refusals->left_out++;
    return false;
}

void refusals_count(struct refusals *refusals, int64_t time_s)
{
    turn(refusals, time_s);
    refusals->count++;
}
