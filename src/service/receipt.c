#include "service/receipt.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/random.h"
#include "ipc/signer_api.h"
#include "service/audit.h"
#include "service/certify.h"
#include "service/journal.h"
#include "service/number.h"
#include "service/sms.h"

enum { ASK_MS = 20000, ROUND_ARENA = 1024 * 1024, PAGE = 100 };

static const int64_t reminder_days[RECEIPT_REMINDERS] = { 5, 10, 20, 30 };

struct receiving {
    const struct act *act;
    const char *number, *code;
    struct application_row row;
    struct account_row account;
    struct certificate_row certificate;
    struct receipt_row receipt; /* its request: drawn before the closure, or as kept */
    struct signer_receive ask;
    enum error why; /* the code is refused; ERROR_NONE: it is not */
    int left;
};

/* ---- the code ---- */

static struct result enter(struct tx *tx, struct receiving *r)
{
    const struct act *act = r->act;
    struct key_row who = { .id = act->account }, which = { 0 };
    TRY(desk_load(tx, act, r->number, &r->row));
    ENSURE(!desk_deputy(act, &r->row), ERROR_DEPUTY);
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(&act->account, &r->row.holder), ERROR_NOT_PERMITTED);
    ENSURE(text_equal(r->row.state, state_name(STATE_SHIPPED)) && r->row.serial, ERROR_APPLICATION_STATE);
    which.key = r->row.serial;
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &which), act->arena, &certificate_row_shape,
               &r->certificate));
    ENSURE(!text_equal(r->certificate.state, "revoked"), ERROR_CERTIFICATE_STATE);
    return tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &who), act->arena, &account_row_shape, &r->account);
}

static struct result look(struct tx *tx, void *context)
{
    return enter(tx, context);
}

struct result receipt_code(const struct act *act, const char *number)
{
    struct receiving r = { .act = act, .number = number };
    TRY(store_read(act->service->store, look, &r));
    return sms_want(act, SMS_RECEIPT, r.account.mobile);
}

/* ---- confirming ---- */

static struct result load_kept(struct tx *tx, struct receiving *r, bool *ret_kept)
{
    struct key_row key = { .key = r->number };
    struct receipt_row kept;
    struct result found = tx_one(tx, STATEMENT_RECEIPT_GET, RECORD(key_row_shape, &key), r->act->arena,
                                 &receipt_row_shape, &kept);
    *ret_kept = !failed(found);
    if (*ret_kept) r->receipt = kept;
    return found.code == ERROR_NOT_FOUND ? OK : found;
}

/* Sent before certificates began in transit: there is nobody to tell. */
static struct result end_at_once(struct tx *tx, struct receiving *r)
{
    struct desk_step step = { .act = r->act, .number = r->number, .event = EVENT_RECEIVE };
    return desk_take_in(tx, &step);
}

static struct result keep(struct tx *tx, void *context)
{
    struct receiving *r = context;
    const struct act *act = r->act;
    bool kept;
    r->why = ERROR_NONE;
    TRY(enter(tx, r));
    TRY(load_kept(tx, r, &kept));
    if (!kept) {
        TRY(sms_check(tx, act, &(struct sms_try){ SMS_RECEIPT, r->account.mobile, r->code }, &r->why, &r->left));
        if (r->why != ERROR_NONE) return OK; /* what was counted stays */
        TRY(tx_run(tx, STATEMENT_RECEIPT_INSERT, RECORD(receipt_row_shape, &r->receipt), NULL));
        TRY(audit_write(tx, act, "receipt.confirm", r->number, "短信验证码确认收货"));
    }
    if (!r->certificate.transit) return end_at_once(tx, r);
    r->ask.holder = text_id(act->arena, &r->row.holder);
    ENSURE(r->ask.holder, ERROR_OUT_OF_ROOM);
    return certify_pair(tx, act, &r->certificate, &r->ask.serials);
}

static struct result tell(struct receiving *r)
{
    struct ipc_call call = { SIGNER_RECEIVE, &signer_receive_shape, &signer_received_shape, -1, ASK_MS };
    struct signer_received received;
    r->ask.request = r->receipt.request;
    TRY(journal_ask(r->act, &call, &r->ask, &received));
    FAULT("web:received");
    return journal_catch_up(r->act, received.index);
}

static struct result load(struct tx *tx, void *context)
{
    struct receiving *r = context;
    return desk_load(tx, r->act, r->number, &r->row);
}

struct result receipt_confirm(const struct act *act, const char *number, const char *code,
                              struct application_row *ret_row)
{
    struct receiving r = { .act = act, .number = number, .code = code,
                           .receipt = { .application = number, .request = random_id(), .confirmed_s = act->now_s } };
    TRY(store_write(act->service->store, keep, &r));
    if (r.why == ERROR_SMS_CODE_WRONG) return diag_field(act->diag, r.why, "code", "还可以再试 %d 次", r.left);
    ENSURE(r.why == ERROR_NONE, r.why);
    FAULT("web:receipt-kept");
    if (r.certificate.transit) TRY(tell(&r));
    else desk_publish(act, number, EVENT_RECEIVE);
    TRY(store_read(act->service->store, load, &r));
    *ret_row = r.row;
    return OK;
}

/* ---- the job ---- */

static struct result recall(struct tx *tx, void *context)
{
    struct receiving *r = context;
    struct key_row which = { 0 };
    TRY(desk_load(tx, r->act, r->number, &r->row));
    which.key = r->row.serial;
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &which), r->act->arena, &certificate_row_shape,
               &r->certificate));
    r->ask.holder = text_id(r->act->arena, &r->row.holder);
    ENSURE(r->ask.holder, ERROR_OUT_OF_ROOM);
    return certify_pair(tx, r->act, &r->certificate, &r->ask.serials);
}

static struct result tell_again(const struct act *act, const struct receipt_row *kept)
{
    struct receiving r = { .act = act, .number = kept->application, .receipt = *kept };
    TRY(store_read(act->service->store, recall, &r));
    return tell(&r);
}

struct result receipt_work(struct service *service, size_t *ret_done)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
    struct act act = service_act(service, arena, NULL);
    struct key_row params = { .limit_count = RECEIPT_BATCH };
    struct result last = OK;
    void *found;
    TRY(store_list(service->store, STATEMENT_RECEIPT_LIST_UNTOLD, RECORD(key_row_shape, &params), arena,
                   &receipt_row_shape, RECEIPT_BATCH, &found, ret_done));
    for (size_t i = 0; i < *ret_done; i++) {
        struct diag diag = { 0 };
        act.diag = &diag;
        struct result r = tell_again(&act, (const struct receipt_row *)found + i);
        if (failed(r)) last = r; /* the others are tried all the same */
    }
    return last;
}

/* ---- reminders ---- */

int64_t receipt_reminders_due(int64_t shipped_s, int64_t now_s)
{
    int64_t due = 0;
    while (due < RECEIPT_REMINDERS && now_s >= shipped_s + reminder_days[due] * DAY_S) due++;
    return due;
}

struct reminding {
    const struct act *act;
    struct shipment_row shipment;
};

/* The count moves on and the notice is queued in one. */
static struct result remind(struct tx *tx, void *context)
{
    struct reminding *r = context;
    struct application_row row;
    int64_t changed;
    TRY(tx_run(tx, STATEMENT_SHIPMENT_SET_REMINDED, RECORD(shipment_row_shape, &r->shipment), &changed));
    if (changed == 0) return OK;
    TRY(desk_load(tx, r->act, r->shipment.application, &row));
    TRY(audit_write(tx, r->act, "receipt.remind", row.number, r->shipment.waybill));
    return desk_tell(tx, r->act, &row, "receipt-reminder");
}

/* Those of one page; RET_LAST: the number of its last, NULL when there are no more. */
static struct result remind_page(struct act *act, const char *after, const char **ret_last, size_t *done)
{
    struct shipment_row params = { .application = after, .reminded = RECEIPT_REMINDERS,
                                   .shipped_s = act->now_s - reminder_days[0] * DAY_S };
    void *found;
    size_t count;
    TRY(store_list(act->service->store, STATEMENT_SHIPMENT_UNCONFIRMED, RECORD(shipment_row_shape, &params), act->arena,
                   &shipment_row_shape, PAGE, &found, &count));
    const struct shipment_row *rows = found;
    for (size_t i = 0; i < count; i++) {
        struct reminding r = { act, rows[i] };
        int64_t due = receipt_reminders_due(rows[i].shipped_s, act->now_s);
        if (due <= rows[i].reminded) continue;
        r.shipment.reminded = due;
        TRY(store_write(act->service->store, remind, &r));
        (*done)++;
    }
    *ret_last = count == PAGE ? rows[PAGE - 1].application : NULL;
    return OK;
}

struct result receipt_remind(struct service *service, size_t *ret_done)
{
    struct diag diag = { 0 };
    char after[NUMBER_LEN + 1] = "0"; /* before every number */
    *ret_done = 0;
    for (const char *last = after; last;) {
        struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
        struct act act = service_act(service, arena, &diag);
        TRY(remind_page(&act, after, &last, ret_done));
        if (last) snprintf(after, sizeof after, "%s", last);
    }
    return OK;
}
