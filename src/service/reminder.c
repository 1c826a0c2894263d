#include "service/reminder.h"

#include <stdio.h>

#include "ipc/signer_api.h"
#include "service/audit.h"
#include "service/notice.h"

enum { BATCH = 100, ROUND_ARENA = 4 * 1024 * 1024 };

enum reminder reminder_due(int64_t not_after_s, int64_t now_s)
{
    if (now_s > not_after_s) return REMINDER_OVER;
    if (now_s > not_after_s - DAY_S) return REMINDER_DAY;
    if (now_s > not_after_s - 7 * DAY_S) return REMINDER_WEEK;
    if (now_s >= civil_add_months(not_after_s, -1)) return REMINDER_MONTH;
    return REMINDER_NONE;
}

struct reminding {
    struct act *act;
    struct certificate_row certificate;
};

static struct result tell(struct tx *tx, const struct act *act, const struct certificate_row *row)
{
    struct key_row key = { .id = row->holder };
    struct account_row account;
    char end[CIVIL_TEXT_MAX];
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    if (!text_equal(account.state, "open")) return OK;
    civil_people(row->not_after_s, end);
    const struct notice_value values[] = { { "name", account.name }, { "serial", row->serial }, { "end", end } };
    struct notice notice = { .template = row->reminded == REMINDER_OVER ? "certificate-over" : "certificate-ending",
                             .mobile = account.mobile, .email = account.email, NOTICE_VALUES(values) };
    return notice_queue(tx, act, &notice);
}

/* The count moves on and the notice is queued in one: however often the job runs, on however many machines. */
static struct result remind(struct tx *tx, void *context)
{
    struct reminding *r = context;
    struct certificate_row *row = &r->certificate;
    int64_t changed;
    row->reminded = reminder_due(row->not_after_s, r->act->now_s);
    TRY(tx_run(tx, STATEMENT_CERTIFICATE_SET_REMINDED, RECORD(certificate_row_shape, row), &changed));
    if (changed == 0) return OK;
    TRY(tell(tx, r->act, row));
    return audit_write(tx, r->act, "certificate.remind", row->serial,
                       row->reminded == REMINDER_OVER ? "已到期" : "即将到期");
}

/* Those of one page; RET_LAST: the serial number of its last, NULL when there are no more. */
static struct result work_page(struct act *act, const char *after, const char **ret_last, size_t *count)
{
    /* A month and a day ahead: which of them are due the rule says. */
    struct certificate_row params = { .serial = after, .not_after_s = civil_add_months(act->now_s, 1) + DAY_S,
                                      .reminded = REMINDER_OVER };
    void *found;
    size_t found_count;
    TRY(store_list(act->service->store, STATEMENT_CERTIFICATE_ENDING, RECORD(certificate_row_shape, &params),
                   act->arena, &certificate_row_shape, BATCH, &found, &found_count));
    const struct certificate_row *rows = found;
    for (size_t i = 0; i < found_count; i++) {
        struct reminding r = { act, rows[i] };
        if ((int64_t)reminder_due(r.certificate.not_after_s, act->now_s) <= r.certificate.reminded) continue;
        TRY(store_write(act->service->store, remind, &r));
        (*count)++;
    }
    *ret_last = found_count == BATCH ? rows[BATCH - 1].serial : NULL;
    return OK;
}

struct result reminder_work(struct service *service, size_t *ret_count)
{
    struct diag diag = { 0 };
    char after[SERIAL_SIZE * 2 + 1] = "0";
    *ret_count = 0;
    for (const char *last = after; last;) {
        struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
        struct act act = service_act(service, arena, &diag);
        TRY(work_page(&act, after, &last, ret_count));
        if (last) snprintf(after, sizeof after, "%s", last);
    }
    return OK;
}
