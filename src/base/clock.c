#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_system(const struct clock *clock)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec + clock->offset_s;
}

/* Days since 1970-01-01 of a day of the proleptic Gregorian calendar, counted from 1 March so that the
 * leap day comes last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil civil_utc(int64_t time_s)
{
    int64_t days = time_s / DAY_S, rest = time_s % DAY_S;
    if (rest < 0) rest += DAY_S, days--;
    int64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    return (struct civil){ .year = (int)(year_of_era + era * 400 + (month <= 2)),
                           .month = month,
                           .day = (int)(of_year - (153 * shifted + 2) / 5 + 1),
                           .hour = (int)(rest / 3600),
                           .minute = (int)(rest / 60 % 60),
                           .second = (int)(rest % 60),
                           .weekday = (int)((days % 7 + 11) % 7) };
}

struct civil civil_shanghai(int64_t time_s)
{
    return civil_utc(time_s + SHANGHAI_OFFSET_S);
}

int civil_month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

struct result civil_to_utc(const struct civil *c, int64_t *ret_time_s)
{
    ENSURE(c->year >= 1970 && c->year <= 9999 && c->month >= 1 && c->month <= 12, ERROR_MALFORMED);
    ENSURE(c->day >= 1 && c->day <= civil_month_days(c->year, c->month), ERROR_MALFORMED);
    ENSURE(c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60, ERROR_MALFORMED);
    ENSURE(c->second >= 0 && c->second < 60, ERROR_MALFORMED);
    *ret_time_s = days_from_civil(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 +
                  c->second;
    return OK;
}

struct result civil_from_shanghai(const struct civil *civil, int64_t *ret_time_s)
{
    int64_t time_s;
    TRY(civil_to_utc(civil, &time_s));
    *ret_time_s = time_s - SHANGHAI_OFFSET_S;
    return OK;
}

struct result civil_day(const char *text, int64_t *ret_time_s)
{
    static const char form[] = "0000-00-00";
    int part[3] = { 0 };
    size_t at = 0;
    ENSURE(strlen(text) == sizeof form - 1, ERROR_MALFORMED);
    for (size_t i = 0; form[i]; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        ENSURE(form[i] == '0' ? digit : text[i] == form[i], ERROR_MALFORMED);
        if (digit) part[at] = part[at] * 10 + text[i] - '0';
        else at++;
    }
    const struct civil c = { .year = part[0], .month = part[1], .day = part[2] };
    return civil_from_shanghai(&c, ret_time_s);
}

int64_t civil_add_months(int64_t time_s, int count)
{
    struct civil c = civil_shanghai(time_s);
    int months = c.year * 12 + c.month - 1 + count;
    c.year = months / 12;
    c.month = months % 12 + 1;
    int last = civil_month_days(c.year, c.month);
    if (c.day > last) c.day = last;
    return days_from_civil(c.year, c.month, c.day) * DAY_S + c.hour * 3600 + c.minute * 60 + c.second -
           SHANGHAI_OFFSET_S;
}

void civil_iso(int64_t time_s, char into[CIVIL_TEXT_MAX])
{
    struct civil c = civil_utc(time_s);
    snprintf(into, CIVIL_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100, (unsigned)c.minute % 100,
             (unsigned)c.second % 100);
}

void civil_people(int64_t time_s, char into[CIVIL_TEXT_MAX])
{
    struct civil c = civil_shanghai(time_s);
    snprintf(into, CIVIL_TEXT_MAX, "%04u-%02u-%02u %02u:%02u", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100, (unsigned)c.minute % 100);
}
