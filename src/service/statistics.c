#include "service/statistics.h"

#include "base/clock.h"

enum { OF_A_MONTH = 100 };

struct tally {
    const struct act *act;
    struct statistic *list;
    size_t count;
};

static struct result add(struct tally *t, enum statement statement, const struct span_row *span, const char *month)
{
    void *found;
    size_t count;
    TRY(store_list(t->act->service->store, statement, RECORD(span_row_shape, span), t->act->arena, &tally_row_shape,
                   OF_A_MONTH, &found, &count));
    const struct tally_row *rows = found;
    for (size_t i = 0; i < count; i++)
        t->list[t->count++] = (struct statistic){ rows[i].measure, rows[i].about, month, rows[i].count, rows[i].fen };
    return OK;
}

/* The month that began AGO months before the one that runs. */
static struct result month_of(const struct act *act, int ago, struct span_row *ret_span, const char **ret_month)
{
    struct civil c = civil_shanghai(act->now_s);
    int months = c.year * 12 + c.month - 1 - ago;
    struct civil first = { .year = months / 12, .month = months % 12 + 1, .day = 1 };
    TRY(civil_from_shanghai(&first, &ret_span->from_s));
    ret_span->until_s = civil_add_months(ret_span->from_s, 1);
    *ret_month = arena_format(act->arena, "%04d-%02d", first.year, first.month);
    ENSURE(*ret_month, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result statistics(const struct act *act, struct statistic **ret_list, size_t *ret_count)
{
    struct tally t = { .act = act };
    struct span_row span = { .from_s = act->now_s, .limit_count = OF_A_MONTH };
    const char *month;
    t.list = arena_array(act->arena, (1 + STATISTICS_MONTHS) * OF_A_MONTH, sizeof *t.list);
    ENSURE(t.list, ERROR_OUT_OF_ROOM);
    TRY(add(&t, STATEMENT_STATISTICS_NOW, &span, "now"));
    for (int ago = STATISTICS_MONTHS - 1; ago >= 0; ago--) {
        TRY(month_of(act, ago, &span, &month));
        TRY(add(&t, STATEMENT_STATISTICS_DONE, &span, month));
    }
    *ret_list = t.list;
    *ret_count = t.count;
    return OK;
}
