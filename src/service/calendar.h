/* Working time: the clock of promised times (R-OPS-1). It runs in office hours of working days by Asia/Shanghai;
 * which days are working days follows from Monday to Friday and from the files of statutory holidays and make-up
 * working days, one a year, since these follow from no rule. A year without a file counts Monday to Friday, and
 * calendar_known says so, for a warning in the console. */
#pragma once

#include "base/clock.h"
#include "base/diag.h"

enum {
    CALENDAR_YEARS_MAX = 100,
    CALENDAR_SHIFTS_MAX = 4,      /* office hours of a day: morning, afternoon … */
    CALENDAR_FILE_MAX = 64 * 1024,
    CALENDAR_SPAN_MAX_S = 366 * DAY_S /* of working time that is added */
};

struct calendar;

/* Reads FOLDER/office.txt and each FOLDER/YYYY.txt. ERROR_CONFIG with file and line in DIAG's log text for a file that
 * is missing (office.txt), malformed, of another year than its name says, or says something twice. */
RESULT calendar_load(const char *folder, struct diag *diag, struct calendar **ret_calendar);
void calendar_free(struct calendar *calendar);

/* Whether there is a file for YEAR. */
bool calendar_known(const struct calendar *calendar, int year);
/* The years from the one of FROM_S to the one of TO_S that have no file: how many, the first in RET_YEAR (may be
 * NULL). */
int calendar_unknown(const struct calendar *calendar, int64_t from_s, int64_t to_s, int *ret_year);
/* Whether the day of TIME_S is a working day. */
bool calendar_working_day(const struct calendar *calendar, int64_t time_s);
/* Seconds that the office is open on a working day. */
int64_t calendar_day_s(const struct calendar *calendar);

/* Working seconds between FROM_S and TO_S; negative when TO_S is the earlier. */
int64_t calendar_between(const struct calendar *calendar, int64_t from_s, int64_t to_s);
/* When WORKING_S of working time (0 to CALENDAR_SPAN_MAX_S, asserted) have passed since FROM_S: the earliest such
 * moment, but not before the office is open. */
int64_t calendar_add(const struct calendar *calendar, int64_t from_s, int64_t working_s);
