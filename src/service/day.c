#include "service/day.h"

enum { DAY_TEXT = 10 };

struct result day_begin(const char *text, const char *field, struct diag *diag, int64_t *ret_time_s)
{
    static const char pattern[] = "dddd-dd-dd";
    bool good = text && strlen(text) == DAY_TEXT;
    for (size_t i = 0; good && i < DAY_TEXT; i++)
        good = pattern[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
    int number[3] = { 0 };
    for (size_t i = 0, k = 0; good && i < DAY_TEXT; i++) {
        if (text[i] == '-') k++;
        else number[k] = number[k] * 10 + (text[i] - '0');
    }
    struct civil c = { number[0], number[1], number[2], 0, 0, 0, 0 };
    if (!good || failed(civil_from_shanghai(&c, ret_time_s)))
        return diag_field(diag, ERROR_FIELD_FORMAT, field, "日期请写成 2026-11-30 的样子");
    return OK;
}

const char *day_text(struct arena *arena, int64_t time_s)
{
    struct civil c = civil_shanghai(time_s);
    return arena_format(arena, "%04d-%02d-%02d", c.year, c.month, c.day);
}
