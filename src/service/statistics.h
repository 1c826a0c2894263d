/* What was done month by month, and what there is now (R-OPS-5). */
#pragma once

#include "service/service.h"

enum { STATISTICS_MONTHS = 12 };

/* MEASURE of a MONTH ("2026-11"; "now" where it is what stands today), by ABOUT:
 *   submitted   applications, by service          decided    by reviewers, "in-time" and "late" (R-OPS-1)
 *   issued      certificates, by medium           revoked    certificates, by reason
 *   received    payments, by method, FEN          refunded   likewise
 *   certificates now, by state                    open       applications now, by state
 * A pair is counted once. */
struct statistic {
    const char *measure, *about, *month;
    int64_t count, fen;
};

/* The month that runs (Asia/Shanghai) and the eleven before it, oldest first; what was nothing is left out. */
RESULT statistics(const struct act *act, struct statistic **ret_list, size_t *ret_count);
