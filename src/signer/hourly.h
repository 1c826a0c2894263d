/* Something that must not happen without measure: so many an hour. What counts stands in the journal, so the measure is
 * kept over restarts: the records are counted again when it is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hourly {
    int64_t hour_max;
    int64_t hour, count; /* in the hour that began at hour × 3600 */
    uint64_t left_out;   /* turned away since somebody set it to zero */
};

/* Whether another one may happen at TIME_S; otherwise it is counted as left out. */
bool hourly_allow(struct hourly *hourly, int64_t time_s);
/* One happened at TIME_S. */
void hourly_count(struct hourly *hourly, int64_t time_s);
