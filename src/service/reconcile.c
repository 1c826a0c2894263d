#include "service/reconcile.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/day.h"
#include "service/page.h"

enum { BILL_MS = 120000, ROUND_ARENA = 1024 * 1024, BILL_ARENA = 48 * 1024 * 1024 };

static const char *const methods[] = { "wechat", "alipay" };

static bool is_on(const struct service *service, const char *method)
{
    const struct service_settings *s = &service->settings;
    return text_equal(method, "wechat") ? s->wechat : text_equal(method, "alipay") && s->alipay;
}

/* ---- fetching ---- */

struct fetched {
    struct relay_bill_row *rows;
    size_t count;
};

static struct result read_rows(const struct act *act, struct bytes text, struct fetched *f)
{
    struct reader r = reader_of(text);
    while (r.left) {
        ENSURE(f->count < RECONCILE_ROWS_MAX, ERROR_TOO_LARGE);
        TRY(shape_read(&relay_bill_row_shape, &r, act->arena, &f->rows[f->count]));
        f->count++;
    }
    return OK;
}

static struct result fetch(const struct act *act, const char *method, const char *day, struct fetched *ret_fetched)
{
    struct fetched f = { arena_array(act->arena, RECONCILE_ROWS_MAX, sizeof *f.rows), 0 };
    ENSURE(f.rows, ERROR_OUT_OF_ROOM);
    struct relay_bill_ask record = { .method = method, .day = day };
    do {
        struct relay_bill bill;
        struct ipc_call call = { .type = RELAY_BILL, .ask = &relay_bill_ask_shape, .answer = &relay_bill_shape,
                                 .fd = -1, .timeout_ms = BILL_MS };
        TRY(peers_ask(act->service->peers, PEER_RELAY, &call, &record, act->arena, act->diag, &bill, NULL));
        TRY(read_rows(act, bill.rows, &f));
        ENSURE(bill.next == 0 || bill.next > record.from, ERROR_RELAY_ANSWER);
        record.from = bill.next;
    } while (record.from);
    *ret_fetched = f;
    return OK;
}

/* What the gateway has been paid and we have not heard of is asked for first: then most of it is no difference. */
static void catch_up(const struct act *act, const struct fetched *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct key_row key = { .key = f->rows[i].order };
        struct payment_row p;
        if (failed(store_one(act->service->store, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), act->arena,
                             &payment_row_shape, &p)))
            continue;
        bool back = text_equal(f->rows[i].kind, "refund");
        bool unpaid = text_equal(p.state, "open") || text_equal(p.state, "closed");
        bool behind = back ? text_equal(p.state, "refunding") : unpaid;
        if (behind) IGNORE(payment_look(act, &p)); /* what stays behind is a difference */
    }
}

/* ---- comparing ---- */

struct comparing {
    const struct act *act;
    const char *method, *day;
    int64_t begin_s;
    const struct fetched *fetched;
    struct bill_row bill;
};

static struct result keep_rows(struct tx *tx, struct comparing *c)
{
    struct bill_day_row span = { .method = c->method, .day = c->day };
    TRY(tx_run(tx, STATEMENT_BILL_ENTRY_DELETE, RECORD(bill_day_row_shape, &span), NULL));
    for (size_t i = 0; i < c->fetched->count; i++) {
        const struct relay_bill_row *r = &c->fetched->rows[i];
        struct bill_entry_row entry = { .method = c->method, .day = c->day, .line = (int64_t)i, .kind = r->kind,
                                        .order_number = r->order, .refund_number = r->refund ? r->refund : "",
                                        .transaction_number = r->transaction, .amount_fen = r->amount_fen,
                                        .at_s = r->at_s };
        TRY(tx_run(tx, STATEMENT_BILL_ENTRY_INSERT, RECORD(bill_entry_row_shape, &entry), NULL));
    }
    return OK;
}

/* One that is known stays what people made of it. */
static struct result note(struct tx *tx, const struct comparing *c, const struct difference_row *found)
{
    struct difference_row row = *found, known;
    row.method = c->method;
    row.day = c->day;
    struct result r = tx_one(tx, STATEMENT_DIFFERENCE_SAME, RECORD(difference_row_shape, &row), c->act->arena,
                             &difference_row_shape, &known);
    if (!failed(r)) {
        if (!text_equal(known.state, "gone")) return OK;
        known.state = "open";
        return tx_change(tx, STATEMENT_DIFFERENCE_SET, RECORD(difference_row_shape, &known));
    }
    if (r.code != ERROR_NOT_FOUND) return r;
    row.id = random_id_rising();
    row.state = "open";
    row.found_s = c->act->now_s;
    return tx_run(tx, STATEMENT_DIFFERENCE_INSERT, RECORD(difference_row_shape, &row), NULL);
}

static struct result note_all(struct tx *tx, struct comparing *c, enum statement statement)
{
    struct bill_day_row span = { .method = c->method, .day = c->day, .from_s = c->begin_s, .to_s = c->begin_s + DAY_S,
                             .limit_count = STORE_LIST_MAX };
    void *rows;
    size_t count;
    TRY(tx_list(tx, statement, RECORD(bill_day_row_shape, &span), c->act->arena, &difference_row_shape, STORE_LIST_MAX,
                &rows, &count)); /* so many at a time are more than people settle in a day */
    for (size_t i = 0; i < count; i++) TRY(note(tx, c, &((struct difference_row *)rows)[i]));
    c->bill.differences += (int64_t)count;
    return OK;
}

static struct result put_bill(struct tx *tx, struct bill_row *bill)
{
    TRY(tx_run(tx, STATEMENT_BILL_DELETE, RECORD(bill_row_shape, bill), NULL));
    return tx_run(tx, STATEMENT_BILL_INSERT, RECORD(bill_row_shape, bill), NULL);
}

static struct result compare(struct tx *tx, void *context)
{
    struct comparing *c = context;
    const struct act *act = c->act;
    struct bill_day_row span = { .method = c->method, .day = c->day };
    c->bill = (struct bill_row){ .method = c->method, .day = c->day, .state = "compared",
                                 .entries = (int64_t)c->fetched->count, .fetched_s = act->now_s };
    TRY(keep_rows(tx, c));
    TRY(tx_run(tx, STATEMENT_DIFFERENCE_DROP_OPEN, RECORD(bill_day_row_shape, &span), NULL));
    TRY(note_all(tx, c, STATEMENT_BILL_COMPARE));
    TRY(note_all(tx, c, STATEMENT_BILL_MISSING));
    TRY(put_bill(tx, &c->bill));
    const char *words = arena_format(act->arena, "%s %s：%lld 笔，%lld 处不符", c->method, c->day,
                                     (long long)c->bill.entries, (long long)c->bill.differences);
    ENSURE(words, ERROR_OUT_OF_ROOM);
    return audit_write(tx, act, "bill.compare", c->day, words);
}

struct failing {
    const struct act *act;
    struct bill_row bill;
    const char *trouble;
};

static struct result fail(struct tx *tx, void *context)
{
    struct failing *f = context;
    struct bill_row *b = &f->bill;
    struct bill_row known;
    struct bill_day_row span = { .method = b->method, .day = b->day };
    struct result r = tx_one(tx, STATEMENT_BILL_GET, RECORD(bill_day_row_shape, &span), f->act->arena, &bill_row_shape,
                             &known);
    if (!failed(r)) {
        if (text_equal(known.state, "compared")) return OK; /* what was had stays */
        *b = known;
    } else if (r.code != ERROR_NOT_FOUND) {
        return r;
    }
    b->tries++;
    b->next_s = f->act->now_s + RECONCILE_AGAIN_S;
    b->trouble = f->trouble;
    return put_bill(tx, b);
}

struct result reconcile_day(const struct act *asked, const char *method, const char *day, struct bill_row *ret_bill)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(BILL_ARENA); /* a request has no room for a whole bill */
    struct act own = *asked, *act = &own;
    struct fetched fetched;
    own.arena = arena;
    struct comparing c = { .act = act, .method = method, .day = day, .fetched = &fetched };
    ENSURE(is_on(act->service, method), ERROR_RELAY_METHOD);
    TRY(day_begin(day, "day", act->diag, &c.begin_s));
    struct result r = fetch(act, method, day, &fetched);
    if (failed(r)) {
        struct failing f = { act, { .method = method, .day = day, .state = "waiting" }, error_find(r.code)->zh };
        IGNORE(store_write(act->service->store, fail, &f)); /* the failure itself is what is told */
        return r;
    }
    catch_up(act, &fetched);
    TRY(store_write(act->service->store, compare, &c));
    *ret_bill = c.bill;
    return OK;
}

/* ---- the job ---- */

/* Whether the bill of DAY is still to be fetched; there is none of a day before the first payment. */
static struct result is_due(const struct act *act, const char *method, const char *day, bool *ret_due)
{
    struct bill_day_row span = { .method = method, .day = day };
    struct bill_row bill;
    struct result r = store_one(act->service->store, STATEMENT_BILL_GET, RECORD(bill_day_row_shape, &span), act->arena,
                                &bill_row_shape, &bill);
    bool again = !failed(r) && text_equal(bill.state, "waiting") && bill.next_s <= act->now_s;
    *ret_due = r.code == ERROR_NOT_FOUND || again;
    return r.code == ERROR_NOT_FOUND ? OK : r;
}

static struct result work_off(const struct act *act, const char *method, size_t *count)
{
    struct key_row key = { .key = method };
    struct count_row first;
    int64_t last_s = act->now_s - DAY_S - RECONCILE_FROM_S;
    TRY(store_one(act->service->store, STATEMENT_PAYMENT_FIRST, RECORD(key_row_shape, &key), act->arena,
                  &count_row_shape, &first));
    struct result worst = OK;
    for (int i = RECONCILE_DAYS - 1; i >= 0 && first.count; i--) {
        int64_t at_s = last_s - i * DAY_S;
        const char *day = day_text(act->arena, at_s), *first_day = day_text(act->arena, first.count);
        struct bill_row bill;
        bool due;
        ENSURE(day && first_day, ERROR_OUT_OF_ROOM);
        if (strcmp(day, first_day) < 0) continue;
        TRY(is_due(act, method, day, &due));
        if (!due) continue;
        struct result r = reconcile_day(act, method, day, &bill);
        if (failed(r)) worst = r;
        ++*count;
    }
    return worst;
}

struct result reconcile_work(struct service *service, size_t *ret_count)
{
    struct result worst = OK;
    *ret_count = 0;
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (!is_on(service, methods[i])) continue;
        struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
        struct diag diag = { 0 };
        struct act act = service_act(service, arena, &diag);
        struct result r = work_off(&act, methods[i], ret_count);
        if (failed(r) && r.code != ERROR_RELAY_NO_BILL) worst = r; /* none yet is told in the row of the bill */
    }
    return worst;
}

/* ---- looking and settling ---- */

struct result reconcile_bills(const struct act *act, struct bill_row **ret_rows, size_t *ret_count)
{
    struct key_row key = { .limit_count = RECONCILE_BILLS_MAX };
    void *rows;
    TRY(store_list(act->service->store, STATEMENT_BILL_LIST, RECORD(key_row_shape, &key), act->arena, &bill_row_shape,
                   RECONCILE_BILLS_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static const struct page_list differences =
    PAGE_LIST(STATEMENT_DIFFERENCE_LIST, difference_row, found_s, RECONCILE_PAGE);

struct result reconcile_differences(const struct act *act, const char *state, const char *after,
                                    struct difference_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, RECONCILE_PAGE, act->diag, &key));
    key.state = state;
    TRY(page_read(act->service->store, &differences, RECORD(key_row_shape, &key), act->arena, &rows, ret_count,
                  ret_next));
    *ret_rows = rows;
    return OK;
}

struct settling {
    const struct act *act;
    struct id id;
    const char *words;
    bool refunded;
    struct difference_row row;
};

/* The money went back at the gateway by hand: our row says so from now on. */
static struct result mark_refunded(struct tx *tx, const struct settling *s)
{
    struct key_row key = { .key = s->row.order_number };
    struct payment_row p;
    ENSURE(text_equal(s->row.kind, "by-hand"), ERROR_DIFFERENCE_KIND);
    TRY(tx_one(tx, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), s->act->arena, &payment_row_shape, &p));
    bool held = text_equal(p.state, "paid") || text_equal(p.state, "refunding");
    ENSURE(held && p.amount_fen == s->row.theirs_fen, ERROR_DIFFERENCE_KIND);
    p.state = "refunded";
    p.refunded_s = s->act->now_s;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_STATE, RECORD(payment_row_shape, &p)));
    return audit_write(tx, s->act, "payment.refunded", p.application, p.order_number);
}

static struct result settle(struct tx *tx, void *context)
{
    struct settling *s = context;
    const struct act *act = s->act;
    struct key_row key = { .id = s->id };
    TRY(tx_one(tx, STATEMENT_DIFFERENCE_GET, RECORD(key_row_shape, &key), act->arena, &difference_row_shape, &s->row));
    ENSURE(text_equal(s->row.state, "open"), ERROR_DIFFERENCE_SETTLED);
    if (s->refunded) TRY(mark_refunded(tx, s));
    s->row.state = "settled";
    s->row.settled_by = act->name;
    s->row.settled_by_id = act->serial;
    s->row.settled_s = act->now_s;
    s->row.words = s->words;
    TRY(tx_change(tx, STATEMENT_DIFFERENCE_SET, RECORD(difference_row_shape, &s->row)));
    const char *words = arena_format(act->arena, "%s %s：%s", s->row.day, s->row.order_number, s->words);
    ENSURE(words, ERROR_OUT_OF_ROOM);
    const char *subject = s->row.application ? s->row.application : s->row.order_number;
    return audit_write(tx, act, "difference.settle", subject, words);
}

struct result reconcile_settle(const struct act *act, const struct id *id, const char *words, bool refunded,
                               struct difference_row *ret_difference)
{
    struct settling s = { .act = act, .id = *id, .words = words, .refunded = refunded };
    TRY(store_write(act->service->store, settle, &s));
    if (s.row.application) desk_publish(act, s.row.application, EVENT_PAID);
    *ret_difference = s.row;
    return OK;
}
