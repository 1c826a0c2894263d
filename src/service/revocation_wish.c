#include "service/revocation_wish.h"

#include "service/audit.h"
#include "service/calendar.h"
#include "service/kind.h"
#include "service/notice.h"

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
    if (act->kind == ACTOR_HOLDER) row.asked_account = act->account;
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

/* What became of it, to who asked; whoever asked at the console sees it there. WORDS: of a refusal; else NULL. */
static struct result tell(struct tx *tx, const struct act *act, const struct revocation_wish_row *row,
                          const char *template, const char *words)
{
    struct key_row key = { .id = row->asked_account };
    struct account_row account;
    if (id_empty(&row->asked_account)) return OK;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    if (!text_equal(account.state, "open")) return OK;
    const struct notice_value values[] = { { "name", account.name }, { "holder", row->holder_name },
                                           { "serial", row->serial }, { "words", words } };
    struct notice notice = { template, account.mobile, account.email, values, words ? 4 : 3 };
    return notice_queue(tx, act, &notice);
}

struct result revocation_wish_done(struct tx *tx, const struct act *act, const char *serial)
{
    struct key_row key = { .key = serial };
    struct revocation_wish_row row;
    struct result r = tx_one(tx, STATEMENT_REVOCATION_WISH_GET, RECORD(key_row_shape, &key), act->arena,
                             &revocation_wish_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND || (!failed(r) && row.refused_s)) return OK;
    TRY(r);
    return tell(tx, act, &row, "revocation-done", NULL);
}

const char *revocation_wish_state(const struct revocation_wish_row *row)
{
    return row->refused_s ? "refused" : text_equal(row->certificate_state, "revoked") ? "done" : "waiting";
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
    ENSURE(text_equal(revocation_wish_state(&known), "waiting"), ERROR_STORE_CONFLICT);
    TRY(tx_change(tx, STATEMENT_REVOCATION_WISH_REFUSE, RECORD(revocation_wish_row_shape, &row)));
    TRY(tell(tx, r->act, &known, "revocation-refused", r->words));
    return audit_write(tx, r->act, "revocation.refuse", r->serial, r->words);
}

struct result revocation_wish_refuse(const struct act *act, const char *serial, const char *words)
{
    struct refusal refusal = { act, serial, words };
    return store_write(act->service->store, refuse, &refusal);
}
