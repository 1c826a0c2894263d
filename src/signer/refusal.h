/* What was refused is written to the journal, but not without measure: a flood must not fill the disk. So many an hour
 * are written; the next one that is says how many were not. The measure is kept over restarts, for the records
 * themselves are counted again when the journal is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct refusals {
    int64_t hour_max;
    int64_t hour, count; /* written in the hour that began at hour × 3600 */
    uint64_t left_out;
};

/* Whether another one may be written at TIME_S; otherwise it is counted as left out. */
bool refusals_allow(struct refusals *refusals, int64_t time_s);
/* One was written at TIME_S. */
void refusals_count(struct refusals *refusals, int64_t time_s);
