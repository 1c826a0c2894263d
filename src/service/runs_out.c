#include "service/runs_out.h"

#include "pki/validity.h"
#include "service/calendar.h"
#include "service/journal.h"

enum { ASK_MS = 5000, RUNS_OUT_MAX = 500 };

struct list {
    const struct act *act;
    struct runs_out *rows;
    size_t count;
};

static struct result add(struct list *l, const struct validity *v)
{
    const enum validity_state state = validity_state(v, l->act->now_s);
    char words[VALIDITY_TEXT_MAX];
    if (state == VALIDITY_GOOD || l->count == RUNS_OUT_MAX) return OK;
    validity_words(v, l->act->now_s, false, words);
    struct runs_out row = { .kind = validity_word(v->kind), .words = arena_text(l->act->arena, bytes_text(words)),
                            .mend = validity_mend(v->kind, false), .end_s = v->end_s, .over = state == VALIDITY_OVER };
    ENSURE(row.words, ERROR_OUT_OF_ROOM);
    size_t at = l->count++;
    for (; at > 0 && l->rows[at - 1].end_s > row.end_s; at--) l->rows[at] = l->rows[at - 1];
    l->rows[at] = row;
    return OK;
}

static struct result add_signers(struct list *l)
{
    const struct ipc_call call = { SIGNER_ENDS, NULL, &signer_ends_shape, -1, ASK_MS };
    struct signer_ends ends;
    TRY(journal_ask(l->act, &call, NULL, &ends));
    for (struct bytes left = ends.lines; left.len;) {
        const uint8_t *feed = memchr(left.ptr, '\n', left.len);
        struct validity v;
        ENSURE(feed, ERROR_MALFORMED);
        size_t len = (size_t)(feed - left.ptr);
        TRY(validity_read(bytes_of(left.ptr, len), l->act->arena, &v));
        TRY(add(l, &v));
        left = bytes_of(feed + 1, left.len - len - 1);
    }
    return OK;
}

static struct result add_calendar(struct list *l)
{
    const struct calendar *calendar = l->act->service->calendar;
    const int first = civil_shanghai(l->act->now_s).year;
    char name[CIVIL_TEXT_MAX];
    int year = first;
    while (year < first + CALENDAR_YEARS_MAX && calendar_known(calendar, year)) year++;
    const struct validity v = validity_calendar(year - 1, name);
    return add(l, &v);
}

struct result runs_out_list(const struct act *act, struct runs_out **ret_list, size_t *ret_count)
{
    struct list l = { act, arena_array(act->arena, RUNS_OUT_MAX, sizeof(struct runs_out)), 0 };
    ENSURE(l.rows, ERROR_OUT_OF_ROOM);
    TRY(add_signers(&l));
    TRY(add_calendar(&l));
    *ret_list = l.rows;
    *ret_count = l.count;
    return OK;
}
