#include "service/calendar.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { FIRST_YEAR = 1970, DAYS_MAX = 366, PATH_MAX_LEN = 1024 };

enum day { DAY_BY_WEEKDAY, DAY_OFF, DAY_WORK };

struct year {
    int year;
    uint8_t days[DAYS_MAX]; /* enum day, 1 January first */
};

struct calendar {
    int shift_count;
    struct shift {
        int from_s, to_s; /* of the day */
    } shifts[CALENDAR_SHIFTS_MAX];
    int year_count;
    struct year years[CALENDAR_YEARS_MAX];
};

/* ---- days ---- */

static int day_of_year(int year, int month, int day)
{
    int n = day - 1;
    for (int m = 1; m < month; m++) n += civil_month_days(year, m);
    return n;
}

static const struct year *find_year(const struct calendar *calendar, int year)
{
    for (int i = 0; i < calendar->year_count; i++)
        if (calendar->years[i].year == year) return &calendar->years[i];
    return NULL;
}

bool calendar_known(const struct calendar *calendar, int year)
{
    return find_year(calendar, year);
}

int calendar_unknown(const struct calendar *calendar, int64_t from_s, int64_t to_s, int *ret_year)
{
    int count = 0, first = civil_shanghai(from_s).year, last = civil_shanghai(to_s).year;
    for (int y = last; y >= first; y--) {
        if (calendar_known(calendar, y)) continue;
        count++;
        if (ret_year) *ret_year = y;
    }
    return count;
}

bool calendar_working_day(const struct calendar *calendar, int64_t time_s)
{
    struct civil c = civil_shanghai(time_s);
    const struct year *year = find_year(calendar, c.year);
    enum day day = year ? (enum day)year->days[day_of_year(c.year, c.month, c.day)] : DAY_BY_WEEKDAY;
    if (day == DAY_BY_WEEKDAY) return c.weekday >= 1 && c.weekday <= 5;
    return day == DAY_WORK;
}

/* ---- working time ---- */

/* The first second of the day of TIME_S in Shanghai. */
static int64_t midnight(int64_t time_s)
{
    int64_t local = time_s + SHANGHAI_OFFSET_S;
    int64_t rest = local % DAY_S;
    return time_s - (rest < 0 ? rest + DAY_S : rest);
}

int64_t calendar_day_s(const struct calendar *calendar)
{
    int64_t sum = 0;
    for (int i = 0; i < calendar->shift_count; i++) sum += calendar->shifts[i].to_s - calendar->shifts[i].from_s;
    return sum;
}

/* Working seconds of the day that begins at DAY, within FROM_S … TO_S. */
static int64_t within_day(const struct calendar *calendar, int64_t day, int64_t from_s, int64_t to_s)
{
    int64_t sum = 0;
    if (!calendar_working_day(calendar, day)) return 0;
    for (int i = 0; i < calendar->shift_count; i++) {
        int64_t from = day + calendar->shifts[i].from_s, to = day + calendar->shifts[i].to_s;
        if (from < from_s) from = from_s;
        if (to > to_s) to = to_s;
        if (to > from) sum += to - from;
    }
    return sum;
}

int64_t calendar_between(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    if (to_s < from_s) return -calendar_between(calendar, to_s, from_s);
    int64_t sum = 0;
    for (int64_t day = midnight(from_s); day < to_s; day += DAY_S) sum += within_day(calendar, day, from_s, to_s);
    return sum;
}

/* The moment of DAY at which LEFT working seconds after FROM_S have passed; they do pass on that day. */
static int64_t moment(const struct calendar *calendar, int64_t day, int64_t from_s, int64_t left)
{
    int64_t at = from_s;
    for (int i = 0; i < calendar->shift_count; i++) {
        int64_t from = day + calendar->shifts[i].from_s, to = day + calendar->shifts[i].to_s;
        if (from < from_s) from = from_s;
        if (to <= from) continue;
        at = from + left;
        if (at <= to) return at;
        left -= to - from;
    }
    return at;
}

int64_t calendar_add(const struct calendar *calendar, int64_t from_s, int64_t working_s)
{
    assert(working_s >= 0 && working_s <= CALENDAR_SPAN_MAX_S);
    int64_t left = working_s;
    for (int64_t day = midnight(from_s);; day += DAY_S) {
        int64_t here = within_day(calendar, day, from_s, day + DAY_S);
        if (here > 0 && here >= left) return moment(calendar, day, from_s, left);
        left -= here;
    }
}

/* ---- files ---- */

struct line {
    const char *path;
    int number;
    char text[200];
};

static struct result bad(const struct line *line, const char *why, struct diag *diag)
{
    return diag_log(diag, ERROR_CONFIG, "%s:%d: %s", line->path, line->number, why);
}

/* One line of a year's file: "2026-01-01 off 元旦". */
static struct result take_day(struct calendar *calendar, struct year *year, const struct line *line,
                              struct diag *diag)
{
    int y, m, d, used = 0;
    char word[8];
    if (sscanf(line->text, "%4d-%2d-%2d %7s%n", &y, &m, &d, word, &used) != 4 || used < 14)
        return bad(line, "expected a date and off or work", diag);
    if (y != year->year || m < 1 || m > 12 || d < 1 || d > civil_month_days(y, m))
        return bad(line, "no day of this year", diag);
    enum day day = strcmp(word, "off") == 0 ? DAY_OFF : strcmp(word, "work") == 0 ? DAY_WORK : DAY_BY_WEEKDAY;
    if (day == DAY_BY_WEEKDAY) return bad(line, "expected off or work", diag);
    uint8_t *at = &year->days[day_of_year(y, m, d)];
    if (*at != DAY_BY_WEEKDAY) return bad(line, "this day is listed twice", diag);
    *at = (uint8_t)day;
    return OK;
}

/* One line of office.txt: "09:00 12:00". */
static struct result take_shift(struct calendar *calendar, struct year *year, const struct line *line,
                                struct diag *diag)
{
    int h1, m1, h2, m2;
    if (sscanf(line->text, "%2d:%2d %2d:%2d", &h1, &m1, &h2, &m2) != 4 || h1 < 0 || h1 > 23 || h2 < 0 || h2 > 24 ||
        m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59)
        return bad(line, "expected two times of day", diag);
    struct shift shift = { h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60 };
    int before = calendar->shift_count ? calendar->shifts[calendar->shift_count - 1].to_s : 0;
    if (shift.from_s < before || shift.to_s <= shift.from_s || shift.to_s > DAY_S)
        return bad(line, "office hours must follow one another", diag);
    if (calendar->shift_count == CALENDAR_SHIFTS_MAX) return bad(line, "too many office hours", diag);
    calendar->shifts[calendar->shift_count++] = shift;
    return OK;
}

typedef struct result take_fn(struct calendar *calendar, struct year *year, const struct line *line,
                              struct diag *diag);

static struct result read_lines(const char *path, take_fn *take, struct calendar *calendar, struct year *year,
                                struct diag *diag)
{
    FILE *file = fopen(path, "re");
    if (!file) return diag_log(diag, ERROR_CONFIG, "%s cannot be read", path);
    struct line line = { .path = path };
    struct result r = OK;
    long bytes = 0;
    while (!failed(r) && fgets(line.text, sizeof line.text, file)) {
        line.number++;
        size_t len = strlen(line.text);
        bytes += (long)len;
        if (len == 0 || line.text[len - 1] != '\n') r = bad(&line, "the line is too long or not ended", diag);
        else if (bytes > CALENDAR_FILE_MAX) r = bad(&line, "the file is too long", diag);
        else if (line.text[0] != '#' && line.text[0] != '\n') r = take(calendar, year, &line, diag);
    }
    fclose(file);
    return r;
}

/* "2026.txt" → 2026; 0 for other names. */
static int year_of_name(const char *name)
{
    uint64_t year;
    char digits[5] = { 0 };
    if (strlen(name) != 8 || strcmp(name + 4, ".txt") != 0) return 0;
    memcpy(digits, name, 4);
    return failed(text_number(digits, 9999, &year)) || year < FIRST_YEAR ? 0 : (int)year;
}

static struct result load_years(struct calendar *calendar, const char *folder, struct diag *diag)
{
    DIR *dir = opendir(folder);
    if (!dir) return diag_log(diag, ERROR_CONFIG, "%s cannot be read", folder);
    struct result r = OK;
    for (struct dirent *entry = readdir(dir); entry && !failed(r); entry = readdir(dir)) {
        char path[PATH_MAX_LEN];
        int year = year_of_name(entry->d_name);
        if (year == 0) continue;
        if (calendar->year_count == CALENDAR_YEARS_MAX) r = diag_log(diag, ERROR_CONFIG, "%s: too many years", folder);
        else if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            r = diag_log(diag, ERROR_CONFIG, "%s: the path is too long", folder);
        if (failed(r)) break;
        calendar->years[calendar->year_count].year = year;
        r = read_lines(path, take_day, calendar, &calendar->years[calendar->year_count++], diag);
    }
    closedir(dir);
    return r;
}

struct result calendar_load(const char *folder, struct diag *diag, struct calendar **ret_calendar)
{
    char path[PATH_MAX_LEN];
    if (snprintf(path, sizeof path, "%s/office.txt", folder) >= (int)sizeof path)
        return diag_log(diag, ERROR_CONFIG, "%s: the path is too long", folder);
    struct calendar *calendar = calloc(1, sizeof *calendar);
    if (!calendar) abort();
    struct result r = read_lines(path, take_shift, calendar, NULL, diag);
    if (!failed(r) && calendar->shift_count == 0) r = diag_log(diag, ERROR_CONFIG, "%s has no office hours", path);
    if (!failed(r)) r = load_years(calendar, folder, diag);
    if (failed(r)) {
        calendar_free(calendar);
        return r;
    }
    *ret_calendar = calendar;
    return OK;
}

void calendar_free(struct calendar *calendar)
{
    free(calendar);
}
