#include "service/payment.h"

#include "base/fault.h"
#include "base/random.h"
#include "service/audit.h"
#include "service/transfer.h"

enum { RELAY_MS = 20000, ROUND_ARENA = 1024 * 1024, ORDER_TAIL = 8 };

/* ---- beginning ---- */

struct beginning {
    const struct act *act;
    const char *number, *method;
    bool fresh;
    struct payment_row payment;
};

static struct result latest(struct tx *tx, const struct act *act, const char *number, struct payment_row *ret_payment)
{
    struct key_row params = { .key = number };
    return tx_one(tx, STATEMENT_PAYMENT_LATEST, RECORD(key_row_shape, &params), act->arena, &payment_row_shape,
                  ret_payment);
}

/* An order that can still be paid, of the right amount and method, serves again. */
static bool serves(const struct payment_row *p, const struct beginning *b, int64_t fee_fen)
{
    return text_equal(p->state, "open") && text_equal(p->method, b->method) && p->amount_fen == fee_fen &&
           p->expires_s > b->act->now_s + PAYMENT_FRESH_S;
}

/* Later than the one before, of AFTER_S, also within a second: the latest is what counts. */
static struct result insert(struct tx *tx, struct beginning *b, int64_t fee_fen, int64_t after_s)
{
    const struct act *act = b->act;
    char tail[ID_TEXT_LEN + 1];
    struct id random = random_id();
    struct key_row which = { .key = b->number, .at_s = act->now_s };
    id_text(&random, tail);
    tail[ORDER_TAIL] = '\0';
    b->payment = (struct payment_row){ .application = b->number, .method = b->method, .amount_fen = fee_fen,
                                       .state = "open",
                                       .created_s = act->now_s > after_s ? act->now_s : after_s + 1,
                                       .expires_s = act->now_s + PAYMENT_LIFE_S, .checked_s = act->now_s,
                                       .next_s = act->now_s + PAYMENT_ASK_S };
    if (text_equal(b->method, TRANSFER_METHOD)) TRY(transfer_begin(act, &b->payment));
    b->payment.order_number = arena_format(act->arena, "%sP%s", b->number, tail);
    ENSURE(b->payment.order_number, ERROR_OUT_OF_ROOM);
    /* The one before is closed at the gateway by the job: only one may be paid. */
    TRY(tx_run(tx, STATEMENT_PAYMENT_EXPIRE_OPEN, RECORD(key_row_shape, &which), NULL));
    TRY(tx_run(tx, STATEMENT_PAYMENT_INSERT, RECORD(payment_row_shape, &b->payment), NULL));
    struct desk_step step = { .act = act, .number = b->number, .event = EVENT_PAY,
                              .detail = b->payment.order_number };
    return desk_take_in(tx, &step);
}

static struct result begin(struct tx *tx, void *context)
{
    struct beginning *b = context;
    struct application_row row;
    struct workflow_facts facts;
    const struct workflow_row *way;
    enum kind kind;
    enum state state;
    b->fresh = false;
    TRY(desk_look(tx, b->act, b->number, &row));
    TRY(kind_find(row.service, &kind));
    TRY(state_find(row.state, &state));
    TRY(desk_facts(tx, b->act, &row, kind, &facts));
    TRY(workflow_step(&facts, state, EVENT_PAY, b->act->diag, &way));
    struct result r = latest(tx, b->act, b->number, &b->payment);
    if (!failed(r) && serves(&b->payment, b, row.fee_fen)) return OK;
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    b->fresh = true;
    return insert(tx, b, row.fee_fen, failed(r) ? 0 : b->payment.created_s);
}

struct result payment_begin(const struct act *act, const char *number, const char *method,
                            struct payment_row *ret_payment, bool *ret_new)
{
    struct beginning b = { .act = act, .number = number, .method = method };
    TRY(store_write(act->service->store, begin, &b));
    *ret_payment = b.payment;
    *ret_new = b.fresh;
    return OK;
}

/* ---- judging and applying ---- */

/* What does not fit, whichever way the money goes; NULL: all of it does. */
static const char *other_money(const struct payment_row *kept, const struct relay_payment *told)
{
    const char *why = NULL;
    if (!text_equal(told->order, kept->order_number)) why = "another order";
    else if (told->amount_fen != kept->amount_fen) why = "another amount";
    else if (!text_equal(told->currency, "CNY")) why = "another currency";
    return why;
}

struct result payment_judge(const struct payment_row *kept, const struct relay_payment *told, struct diag *diag)
{
    const char *why = other_money(kept, told);
    if (!text_equal(told->state, "paid")) why = "not paid";
    if (!told->transaction || !told->transaction[0]) why = "no transaction number";
    if (!why) return OK;
    return diag_log(diag, ERROR_PAYMENT_CALLBACK, "order %s: %s", kept->order_number, why);
}

struct result payment_judge_refund(const struct payment_row *kept, const struct relay_payment *told,
                                   struct arena *arena, struct diag *diag)
{
    const char *number = payment_refund_number(arena, kept->order_number), *why = other_money(kept, told);
    ENSURE(number, ERROR_OUT_OF_ROOM);
    if (!told->refund || !text_equal(told->refund, number)) why = "another refund";
    if (!why) return OK;
    return diag_log(diag, ERROR_PAYMENT_CALLBACK, "refund of %s: %s", kept->order_number, why);
}

struct applying {
    const struct act *act;
    const struct relay_payment *told;
    struct payment_row payment;
    bool applied, stepped;
};

/* What is paid beyond the fee goes back; the fee itself moves the application on. */
static struct result apply_paid(struct tx *tx, struct applying *a)
{
    const struct act *act = a->act;
    struct payment_row *p = &a->payment;
    struct application_row row;
    int64_t before;
    bool open = text_equal(p->state, "open") || text_equal(p->state, "closed");
    TRY(payment_judge(p, a->told, act->diag));
    if (!open) return OK; /* told again */
    TRY(desk_look(tx, act, p->application, &row));
    TRY(desk_paid(tx, act, p->application, &before));
    p->transaction_number = a->told->transaction;
    p->paid_s = a->told->paid_s ? a->told->paid_s : act->now_s;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_PAID, RECORD(payment_row_shape, p)));
    FAULT("web:payment-marked");
    a->applied = true;
    if (before > 0 && before >= row.fee_fen) {
        p->state = "refunding";
        p->tries = p->next_s = 0;
        p->trouble = NULL;
        TRY(tx_change(tx, STATEMENT_PAYMENT_SET_STATE, RECORD(payment_row_shape, p)));
        return audit_write(tx, act, "payment.excess", p->application, p->order_number);
    }
    const char *detail = arena_format(act->arena, "%s %lld.%02lld 元", p->order_number,
                                      (long long)(p->amount_fen / 100), (long long)(p->amount_fen % 100));
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    struct desk_step step = { .act = act, .number = p->application, .event = EVENT_PAID, .detail = detail };
    a->stepped = true;
    return desk_take_in(tx, &step);
}

static struct result apply_state(struct tx *tx, struct applying *a, const char *from, const char *to)
{
    struct payment_row *p = &a->payment;
    if (!text_equal(p->state, from)) return OK;
    p->state = to;
    p->tries = p->next_s = 0;
    p->trouble = NULL;
    a->applied = true;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_STATE, RECORD(payment_row_shape, p)));
    const char *action = arena_format(a->act->arena, "payment.%s", to);
    ENSURE(action, ERROR_OUT_OF_ROOM);
    return audit_write(tx, a->act, action, p->application, p->order_number);
}

static struct result apply_refunded(struct tx *tx, struct applying *a)
{
    struct payment_row *p = &a->payment;
    /* Somebody paid and gave it back at the gateway itself before we heard of it: there is nothing more to come. */
    if (text_equal(p->state, "open")) return apply_state(tx, a, "open", "closed");
    if (!text_equal(p->state, "refunding")) return OK; /* told again; or of money that is to stay */
    TRY(payment_judge_refund(p, a->told, a->act->arena, a->act->diag));
    p->refunded_s = a->act->now_s;
    TRY(apply_state(tx, a, "refunding", "refunded"));
    FAULT("web:refund-marked");
    struct application_row row;
    TRY(desk_look(tx, a->act, p->application, &row));
    return desk_tell(tx, a->act, &row, "application-refunded");
}

static struct result apply(struct tx *tx, void *context)
{
    struct applying *a = context;
    struct key_row params = { .key = a->told->order };
    a->applied = a->stepped = false;
    struct result r = tx_one(tx, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &params), a->act->arena,
                             &payment_row_shape, &a->payment);
    if (r.code == ERROR_NOT_FOUND) return diag_log(a->act->diag, ERROR_PAYMENT_CALLBACK, "no such order");
    TRY(r);
    if (text_equal(a->told->state, "paid")) return apply_paid(tx, a);
    if (text_equal(a->told->state, "closed")) return apply_state(tx, a, "open", "closed");
    if (text_equal(a->told->state, "refunded")) return apply_refunded(tx, a);
    return OK;
}

struct result payment_apply_in(struct tx *tx, const struct act *act, const struct relay_payment *told,
                               bool *ret_applied)
{
    struct applying a = { .act = act, .told = told };
    TRY(apply(tx, &a));
    *ret_applied = a.applied;
    return OK;
}

struct result payment_apply(const struct act *act, const struct relay_payment *told, bool *ret_applied)
{
    struct applying a = { .act = act, .told = told };
    TRY(store_write(act->service->store, apply, &a));
    FAULT("web:payment-applied");
    if (a.applied) desk_publish(act, a.payment.application, EVENT_PAID);
    if (ret_applied) *ret_applied = a.applied;
    return OK;
}

/* ---- asking the gateway ---- */

static struct result ask(const struct act *act, uint16_t type, const struct shape *shape, const void *record,
                         const struct shape *answer, void *ret_answer)
{
    struct ipc_call call = { .type = type, .ask = shape, .answer = answer, .fd = -1, .timeout_ms = RELAY_MS };
    return peers_ask(act->service->peers, PEER_RELAY, &call, record, act->arena, act->diag, ret_answer, NULL);
}

enum payment_ask payment_ask(const struct payment_row *payment)
{
    return text_equal(payment->state, "refunding") ? PAYMENT_REFUND : PAYMENT_QUERY;
}

const char *payment_refund_number(struct arena *arena, const char *order)
{
    char *refund = arena_text(arena, bytes_text(order));
    char *mark = refund ? strchr(refund, 'P') : NULL;
    if (mark) *mark = 'R';
    return refund;
}

static struct result refund(const struct act *act, const struct payment_row *p, struct relay_payment *ret_told)
{
    struct relay_refund record = { .method = p->method, .order = p->order_number,
                                   .refund = payment_refund_number(act->arena, p->order_number),
                                   .amount_fen = p->amount_fen, .total_fen = p->amount_fen, .reason = "退款" };
    ENSURE(record.refund, ERROR_OUT_OF_ROOM);
    return ask(act, RELAY_REFUND, &relay_refund_shape, &record, &relay_payment_shape, ret_told);
}

/* A page of the gateway of which it has not heard yet: nobody has opened it, and somebody may, until it runs out
 * there. */
static bool may_be_opened(const struct act *act, const struct payment_row *p)
{
    return p->page_url && act->now_s < p->created_s + PAYMENT_LIFE_S + PAYMENT_FRESH_S;
}

/* How an open order stands; one that has lapsed unpaid is closed, so that nobody pays it any more. */
static struct result query(const struct act *act, const struct payment_row *p, struct relay_payment *ret_told)
{
    struct relay_query record = { .method = p->method, .order = p->order_number };
    if (text_equal(p->method, TRANSFER_METHOD)) { /* no gateway to ask: finance tells */
        *ret_told = (struct relay_payment){ .order = p->order_number, .currency = "CNY",
                                            .state = act->now_s >= p->expires_s ? "closed" : "unpaid" };
        return OK;
    }
    struct result r = ask(act, RELAY_QUERY, &relay_query_shape, &record, &relay_payment_shape, ret_told);
    bool lapsed = act->now_s >= p->expires_s;
    if (r.code == ERROR_RELAY_ORDER_UNKNOWN && may_be_opened(act, p)) {
        *ret_told = (struct relay_payment){ .order = p->order_number, .state = "unpaid", .currency = "CNY" };
        return OK;
    }
    if (r.code == ERROR_RELAY_ORDER_UNKNOWN && lapsed && act->now_s >= p->created_s + PAYMENT_UNKNOWN_S) {
        *ret_told = (struct relay_payment){ .order = p->order_number, .state = "closed", .currency = "CNY" };
        return OK;
    }
    TRY(r);
    if (!text_equal(ret_told->state, "unpaid") || !lapsed) return OK;
    return ask(act, RELAY_CLOSE, &relay_query_shape, &record, &relay_payment_shape, ret_told);
}

/* Why the last look failed, with the gateway's own words where it said any. */
static const char *trouble_of(const struct act *act, struct result r)
{
    const char *words = error_find(r.code)->zh, *said = act->diag ? act->diag->detail : "";
    const char *both = said[0] ? arena_format(act->arena, "%s：%s", words, said) : NULL;
    return both && strlen(both) <= PAYMENT_TROUBLE_MAX ? both : words;
}

struct refusing {
    const struct act *act;
    struct payment_row *payment;
};

static struct result refuse(struct tx *tx, void *context)
{
    const struct refusing *f = context;
    struct payment_row *p = f->payment;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_REFUSED, RECORD(payment_row_shape, p)));
    const char *words = arena_format(f->act->arena, "%s %s", p->order_number, p->trouble);
    ENSURE(words, ERROR_OUT_OF_ROOM);
    return audit_write(tx, f->act, "payment.refused", p->application, words);
}

static struct result look_at(const struct act *act, struct payment_row *p)
{
    struct relay_payment told;
    bool back = payment_ask(p) == PAYMENT_REFUND;
    struct result r = back ? refund(act, p, &told) : query(act, p, &told);
    FAULT("web:payment-asked");
    if (!failed(r)) r = payment_apply(act, &told, NULL);
    p->checked_s = act->now_s;
    if (back || failed(r)) p->tries++;
    else p->tries = 0;
    p->trouble = failed(r) ? trouble_of(act, r) : NULL;
    p->next_s = act->now_s + payment_pause_s(p);
    if (back && r.code == ERROR_RELAY_REFUND_REFUSED) {
        struct refusing refusing = { act, p };
        p->refused_s = act->now_s;
        IGNORE(store_write(act->service->store, refuse, &refusing)); /* else it is refused again, and kept then */
        return r;
    }
    IGNORE(store_change(act->service->store, STATEMENT_PAYMENT_CHECKED, RECORD(payment_row_shape, p)));
    return r;
}

struct result payment_look(const struct act *act, struct payment_row *payment)
{
    return look_at(act, payment);
}

int64_t payment_pause_s(const struct payment_row *payment)
{
    int64_t pause_s = PAYMENT_ASK_S;
    int64_t longest_s = payment_ask(payment) == PAYMENT_REFUND ? PAYMENT_ASK_BACK_S : PAYMENT_ASK_OPEN_S;
    for (int64_t i = 1; i < payment->tries && pause_s < longest_s; i++) pause_s *= 2;
    return pause_s < longest_s ? pause_s : longest_s;
}

/* ---- opening ---- */

static bool is_offered(const struct service *service, const char *method)
{
    if (text_equal(method, TRANSFER_METHOD)) return transfer_offered(service);
    return text_equal(method, "wechat") ? service->settings.wechat
                                        : text_equal(method, "alipay") && service->settings.alipay;
}

static struct result order(const struct act *act, const struct payment_row *p, struct relay_ordered *ret_ordered)
{
    const struct service_settings *s = &act->service->settings;
    struct relay_order record = {
        .method = p->method, .order = p->order_number, .amount_fen = p->amount_fen, .expires_s = p->expires_s,
        .description = arena_format(act->arena, "%s 数字证书服务", s->brand),
        .return_url = arena_format(act->arena, "%s/applications/%s/payment", s->portal_origin, p->application)
    };
    ENSURE(record.description && record.return_url, ERROR_OUT_OF_ROOM);
    return ask(act, RELAY_ORDER, &relay_order_shape, &record, &relay_ordered_shape, ret_ordered);
}

struct result payment_open(const struct act *act, const char *number, const char *method,
                           struct payment_row *ret_payment)
{
    struct payment_row p;
    bool fresh;
    ENSURE(is_offered(act->service, method), ERROR_RELAY_METHOD);
    TRY(payment_begin(act, number, method, &p, &fresh));
    if (fresh) desk_publish(act, number, EVENT_PAY);
    if (p.code_url || p.page_url || p.reference) {
        *ret_payment = p;
        return OK;
    }
    FAULT("web:order-begun");
    struct relay_ordered ordered;
    struct result r = order(act, &p, &ordered);
    FAULT("web:order-made");
    if (r.code == ERROR_RELAY_ORDER_PAID) IGNORE(look_at(act, &p)); /* the error tells to reload, which shows it */
    TRY(r);
    p.code_url = ordered.code_url;
    p.page_url = ordered.page_url;
    TRY(store_change(act->service->store, STATEMENT_PAYMENT_SET_CODE, RECORD(payment_row_shape, &p)));
    *ret_payment = p;
    return OK;
}

struct getting {
    const struct act *act;
    const char *number;
    struct payment_row payment;
};

static struct result get(struct tx *tx, void *context)
{
    struct getting *g = context;
    struct application_row row;
    TRY(desk_look(tx, g->act, g->number, &row));
    struct result r = latest(tx, g->act, g->number, &g->payment);
    return r.code == ERROR_NOT_FOUND ? FAIL(ERROR_PAYMENT_NONE) : r;
}

struct result payment_get(const struct act *act, const char *number, struct payment_row *ret_payment)
{
    struct getting g = { .act = act, .number = number };
    TRY(store_read(act->service->store, get, &g));
    *ret_payment = g.payment;
    return OK;
}

struct listing {
    const struct act *act;
    const char *number;
    void *rows;
    size_t count;
};

static struct result list(struct tx *tx, void *context)
{
    struct listing *l = context;
    struct application_row row;
    struct key_row key = { .key = l->number, .limit_count = PAYMENT_LIST_MAX };
    TRY(desk_look(tx, l->act, l->number, &row));
    return tx_list(tx, STATEMENT_PAYMENT_LIST_OF, RECORD(key_row_shape, &key), l->act->arena, &payment_row_shape,
                   PAYMENT_LIST_MAX, &l->rows, &l->count);
}

struct result payment_list(const struct act *act, const char *number, struct payment_row **ret_rows, size_t *ret_count)
{
    struct listing l = { .act = act, .number = number };
    TRY(store_read(act->service->store, list, &l));
    *ret_rows = l.rows;
    *ret_count = l.count;
    return OK;
}

struct result payment_list_in(const struct act *act, const char *state, const char *after,
                              struct payment_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct key_row key = { .state = state, .key = after ? after : "", .limit_count = PAYMENT_PAGE + 1 };
    void *rows;
    size_t count;
    enum statement statement = text_equal(state, "transfers") ? STATEMENT_PAYMENT_LIST_TRANSFERS
                               : text_equal(state, "refused") ? STATEMENT_PAYMENT_LIST_REFUSED
                                                              : STATEMENT_PAYMENT_LIST_IN;
    TRY(store_list(act->service->store, statement, RECORD(key_row_shape, &key), act->arena,
                   &payment_row_shape, PAYMENT_PAGE + 1, &rows, &count));
    *ret_rows = rows;
    *ret_next = NULL;
    if (count > PAYMENT_PAGE) *ret_next = (*ret_rows)[(count = PAYMENT_PAGE) - 1].order_number;
    *ret_count = count;
    return OK;
}

/* ---- callbacks ---- */

/* Nothing of it is the gateway's: anybody can send such. */
static bool is_a_strangers(enum error why)
{
    static const enum error signs[] = { ERROR_RELAY_CALLBACK_HEADERS, ERROR_RELAY_CALLBACK_STALE,
                                        ERROR_RELAY_CALLBACK_PROBE,   ERROR_RELAY_CALLBACK_SERIAL,
                                        ERROR_RELAY_CALLBACK_SIGNATURE, ERROR_RELAY_CALLBACK_FORMAT };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (signs[i] == why) return true;
    return false;
}

/* What became of it, beside its raw bytes. Those of strangers go again: the disk would be theirs to fill. */
static void note(const struct act *act, struct callback_row *row, enum error why, const char *outcome)
{
    row->outcome = outcome;
    enum statement how = is_a_strangers(why) ? STATEMENT_CALLBACK_DELETE : STATEMENT_CALLBACK_OUTCOME;
    IGNORE(store_change(act->service->store, how, RECORD(callback_row_shape, row)));
}

struct result payment_callback(const struct act *act, const struct relay_callback *callback)
{
    struct callback_row row = { .id = random_id(), .method = callback->method, .timestamp = callback->timestamp,
                                .nonce = callback->nonce, .signature = callback->signature,
                                .serial = callback->serial, .body = callback->body, .outcome = "received",
                                .received_s = act->now_s };
    struct relay_payment told;
    bool applied = false;
    TRY(store_change(act->service->store, STATEMENT_CALLBACK_INSERT, RECORD(callback_row_shape, &row)));
    FAULT("web:callback-kept");
    struct result r = ask(act, RELAY_CALLBACK, &relay_callback_shape, callback, &relay_payment_shape, &told);
    FAULT("web:callback-verified");
    if (!failed(r)) r = payment_apply(act, &told, &applied);
    note(act, &row, r.code, failed(r) ? error_find(r.code)->name : applied ? "applied" : "repeated");
    return r;
}

/* ---- the job ---- */

struct result payment_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
    struct act act = service_act(service, arena, NULL);
    struct key_row params = { .at_s = act.now_s, .limit_count = PAYMENT_BATCH };
    void *rows;
    TRY(store_list(service->store, STATEMENT_PAYMENT_UNSETTLED, RECORD(key_row_shape, &params), arena,
                   &payment_row_shape, PAYMENT_BATCH, &rows, ret_count));
    struct result last = OK;
    for (size_t i = 0; i < *ret_count; i++) {
        struct diag diag = { 0 };
        act.diag = &diag;
        struct result r = look_at(&act, &((struct payment_row *)rows)[i]);
        if (failed(r)) last = r; /* the others are looked at all the same */
    }
    return last;
}
