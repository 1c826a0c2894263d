/* Time: UTC seconds everywhere, days by Asia/Shanghai (UTC+8, no summer time since 1991). Whoever needs
 * the time is handed a clock, so that a year passes in a test. */
#pragma once

#include <stdint.h>

#include "base/result.h"

struct clock {
    int64_t (*now)(const struct clock *clock);
    int64_t offset_s; /* added to the system's time; 0 outside tests and demonstrations */
};

/* The system's time plus clock->offset_s. */
int64_t clock_system(const struct clock *clock);
static inline int64_t clock_now(const struct clock *clock)
{
    return clock->now(clock);
}

/* A day and time of day; by which zone is said where it is used. */
struct civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* 0 Sunday */
};

enum { SHANGHAI_OFFSET_S = 8 * 3600, DAY_S = 86400 };

struct civil civil_utc(int64_t time_s);
struct civil civil_shanghai(int64_t time_s);
/* Fields out of their ranges are refused (ERROR_MALFORMED); weekday is not read. Years 1970 to 9999. */
RESULT civil_to_utc(const struct civil *civil, int64_t *ret_time_s);
RESULT civil_from_shanghai(const struct civil *civil, int64_t *ret_time_s);
/* When a day of Asia/Shanghai begins; TEXT is "2026-11-30", nothing else. ERROR_MALFORMED. */
RESULT civil_day(const char *text, int64_t *ret_time_s);
int civil_month_days(int year, int month);
/* COUNT calendar months later by Asia/Shanghai at the same time of day; a day that the month does not
 * have becomes its last (29 February + 12 → 28 February). */
int64_t civil_add_months(int64_t time_s, int count);

/* "2026-11-24T08:58:18Z" and "2026-11-24 16:58" (Shanghai, for people). */
enum { CIVIL_TEXT_MAX = 24 };
void civil_iso(int64_t time_s, char into[CIVIL_TEXT_MAX]);
void civil_people(int64_t time_s, char into[CIVIL_TEXT_MAX]);
