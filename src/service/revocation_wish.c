#include "service/revocation_wish.h"

#include "service/audit.h"
#include "service/calendar.h"
#include "service/kind.h"

/* Promised as every revocation: working days from when it was asked for. */
static int64_t due_at(const struct act *act)
{
    const struct calendar *calendar = act->service->calendar;
    int64_t half_day_s = calendar_day_s(calendar) / KIND_HALF_DAYS;
    return calendar_add(calendar, act->now_s, kind_rule(KIND_REVOKE)->half_days * half_day_s);
}

struct result revocation_wish_add(struct tx *tx, const struct act *act, const struct revocation_wish *wish)
{
    struct revocation_wish_row row = { .serial = wish->serial, .reason = wish->reason, .words = wish->words,
                                       .asked_by = act->name, .asked_s = act->now_s, .due_s = due_at(act) };
    struct result r = tx_run(tx, STATEMENT_REVOCATION_WISH_INSERT, RECORD(revocation_wish_row_shape, &row), NULL);
    if (r.code == ERROR_STORE_EXISTS) {
        int64_t changed;
        TRY(tx_run(tx, STATEMENT_REVOCATION_WISH_AGAIN, RECORD(revocation_wish_row_shape, &row), &changed));
        if (!changed) return OK; /* it waits already */
        r = OK;
    }
    TRY(r);
    const char *detail = arena_format(act->arena, "%s：%s", wish->reason, wish->words);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    return audit_write(tx, act, "revocation.ask", wish->serial, detail);
}

struct result revocation_wish_list(const struct act *act, struct revocation_wish_row **ret_rows, size_t *ret_count)
{
    struct key_row key = { .limit_count = REVOCATION_WISH_LIST_MAX };
    void *rows;
    TRY(store_list(act->service->store, STATEMENT_REVOCATION_WISH_LIST, RECORD(key_row_shape, &key), act->arena,
                   &revocation_wish_row_shape, REVOCATION_WISH_LIST_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct refusal {
    const struct act *act;
    const char *serial, *words;
};

static struct result refuse(struct tx *tx, void *context)
{
    const struct refusal *r = context;
    struct key_row key = { .key = r->serial };
    struct revocation_wish_row row = { .serial = r->serial, .refused_s = r->act->now_s, .refused_words = r->words },
                               known;
    TRY(tx_one(tx, STATEMENT_REVOCATION_WISH_GET, RECORD(key_row_shape, &key), r->act->arena,
               &revocation_wish_row_shape, &known));
    TRY(tx_change(tx, STATEMENT_REVOCATION_WISH_REFUSE, RECORD(revocation_wish_row_shape, &row)));
    return audit_write(tx, r->act, "revocation.refuse", r->serial, r->words);
}

struct result revocation_wish_refuse(const struct act *act, const char *serial, const char *words)
{
    struct refusal refusal = { act, serial, words };
    return store_write(act->service->store, refuse, &refusal);
}
