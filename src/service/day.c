#include "service/day.h"

struct result day_begin(const char *text, const char *field, struct diag *diag, int64_t *ret_time_s)
{
    if (!text || failed(civil_day(text, ret_time_s)))
        return diag_field(diag, ERROR_FIELD_FORMAT, field, "日期请写成 2026-11-30 的样子");
    return OK;
}

const char *day_text(struct arena *arena, int64_t time_s)
{
    struct civil c = civil_shanghai(time_s);
    return arena_format(arena, "%04d-%02d-%02d", c.year, c.month, c.day);
}
