#include "service/lapse.h"

#include <stdio.h>

#include "service/number.h"

enum { BATCH = 100, ROUND_ARENA = 4 * 1024 * 1024 };

static bool unpaid(const struct application_row *row)
{
    return text_equal(row->state, state_name(STATE_AWAITING_PAYMENT));
}

bool lapse_possible(const struct application_row *row)
{
    enum kind kind;
    enum state state;
    return !failed(kind_find(row->service, &kind)) && !failed(state_find(row->state, &state)) &&
           workflow_possible(kind, state, EVENT_LAPSE);
}

int64_t lapse_at(const struct application_row *row)
{
    int64_t end_s = row->touched_s + (unpaid(row) ? LAPSE_UNPAID_DAYS : LAPSE_DAYS) * (int64_t)DAY_S;
    int64_t warned_s = row->warned_s ? row->warned_s + LAPSE_WARN_DAYS * (int64_t)DAY_S : 0;
    return end_s > warned_s ? end_s : warned_s; /* never sooner after the warning, however late that was sent */
}

enum lapse lapse_due(const struct application_row *row, int64_t now_s)
{
    int64_t end_s = lapse_at(row);
    if (row->warned_s && now_s >= end_s) return LAPSE_NOW;
    if (now_s >= end_s - LAPSE_WARN_DAYS * DAY_S && !row->warned_s) return LAPSE_WARN;
    bool tell = unpaid(row) && now_s >= row->touched_s + LAPSE_UNPAID_TELL_DAYS * DAY_S;
    return tell && row->unpaid_told_s < row->touched_s ? LAPSE_TELL_UNPAID : LAPSE_NOTHING;
}

struct lapsing {
    struct act *act;
    const char *number;
    enum lapse done;
};

/* What is told is written into the row with the same commit, so that it is told once. */
static struct result warn(struct tx *tx, struct lapsing *l, struct application_row *row)
{
    struct application_row told = *row;
    bool lapsing = l->done == LAPSE_WARN;
    if (lapsing) row->warned_s = l->act->now_s;
    else row->unpaid_told_s = l->act->now_s;
    TRY(tx_change(tx, STATEMENT_APPLICATION_UPDATE, RECORD(application_row_shape, row)));
    told.due_s = lapse_at(row); /* the day that the notice names */
    return desk_tell(tx, l->act, &told, lapsing ? "application-lapsing" : "application-unpaid");
}

static struct result look(struct tx *tx, void *context)
{
    struct lapsing *l = context;
    struct application_row row;
    TRY(desk_load(tx, l->act, l->number, &row));
    l->done = lapse_possible(&row) ? lapse_due(&row, l->act->now_s) : LAPSE_NOTHING;
    if (l->done == LAPSE_NOTHING) return OK;
    if (l->done != LAPSE_NOW) return warn(tx, l, &row);
    struct desk_step step = { .act = l->act, .number = l->number, .event = EVENT_LAPSE };
    struct result r = desk_take_in(tx, &step);
    if (r.code != ERROR_APPLICATION_STATE) return r;
    l->done = LAPSE_NOTHING; /* it went on meanwhile */
    return OK;
}

/* Those of one page; RET_LAST: the number of its last, NULL when there are no more. */
static struct result work_page(struct act *act, const char *after, const char **ret_last, size_t *count)
{
    struct key_row params = { .key = after, .at_s = act->now_s - LAPSE_UNPAID_TELL_DAYS * (int64_t)DAY_S,
                              .limit_count = BATCH };
    void *found;
    size_t found_count;
    TRY(store_list(act->service->store, STATEMENT_APPLICATION_UNTOUCHED, RECORD(key_row_shape, &params), act->arena,
                   &application_row_shape, BATCH, &found, &found_count));
    const struct application_row *rows = found;
    for (size_t i = 0; i < found_count; i++) {
        if (lapse_due(&rows[i], act->now_s) == LAPSE_NOTHING) continue;
        struct lapsing l = { .act = act, .number = rows[i].number };
        TRY(store_write(act->service->store, look, &l));
        if (l.done == LAPSE_NOW) desk_publish(act, l.number, EVENT_LAPSE);
        (*count)++;
    }
    *ret_last = found_count == BATCH ? rows[BATCH - 1].number : NULL;
    return OK;
}

struct result lapse_work(struct service *service, size_t *ret_count)
{
    struct diag diag = { 0 };
    char after[NUMBER_LEN + 1] = "0"; /* before every number */
    *ret_count = 0;
    for (const char *last = after; last;) {
        struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
        struct act act = service_act(service, arena, &diag);
        TRY(work_page(&act, after, &last, ret_count));
        if (last) snprintf(after, sizeof after, "%s", last);
    }
    return OK;
}
