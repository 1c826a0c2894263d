#include "service/invoice.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/invoice_mail.h"
#include "service/notice.h"
#include "service/seal.h"

static const char last[] = "~"; /* behind every number */

/* ---- one ---- */

struct result invoice_get(struct tx *tx, const struct act *act, const char *number, struct invoice_row *ret_row)
{
    struct key_row key = { .key = number };
    return tx_one(tx, STATEMENT_INVOICE_GET, RECORD(key_row_shape, &key), act->arena, &invoice_row_shape, ret_row);
}

struct result invoice_change(struct tx *tx, const struct act *act, struct invoice_row *row, enum invoice_event event,
                             const char *detail)
{
    enum invoice_state state, next;
    TRY(invoice_state_find(row->state, &state));
    TRY(invoice_step(state, event, &next));
    row->state = invoice_state_name(next);
    TRY(tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, row)));
    const char *action = arena_format(act->arena, "invoice.%s", invoice_event_name(event));
    const char *words = arena_format(act->arena, "%s%s%s", row->number, detail ? "：" : "", detail ? detail : "");
    ENSURE(action && words, ERROR_OUT_OF_ROOM);
    return audit_write(tx, act, action, row->application, words);
}

void invoice_publish(const struct act *act, const struct invoice_row *row)
{
    desk_publish(act, row->application, EVENT_ISSUE);
}

struct result invoice_keep_file(struct tx *tx, const struct invoice_file_row *file)
{
    TRY(tx_run(tx, STATEMENT_INVOICE_FILE_DELETE, RECORD(invoice_file_row_shape, file), NULL));
    return tx_run(tx, STATEMENT_INVOICE_FILE_INSERT, RECORD(invoice_file_row_shape, file), NULL);
}

static struct result all_of(struct tx *tx, const struct act *act, const char *application,
                            struct invoice_row **ret_rows, size_t *ret_count)
{
    struct key_row key = { .key = application, .limit_count = INVOICE_LIST_MAX };
    void *rows;
    TRY(tx_list(tx, STATEMENT_INVOICE_LIST_OF, RECORD(key_row_shape, &key), act->arena, &invoice_row_shape,
                INVOICE_LIST_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static bool in(const struct invoice_row *row, enum invoice_state state)
{
    return text_equal(row->state, invoice_state_name(state));
}

static bool is_red(const struct invoice_row *row)
{
    return text_equal(row->kind, "red");
}

/* ---- beginning ---- */

/* Puts ROW down as due, under the application's next number. */
static struct result insert(struct tx *tx, const struct act *act, struct invoice_row *row, const char *detail)
{
    struct invoice_row *rows;
    size_t count;
    TRY(all_of(tx, act, row->application, &rows, &count));
    ENSURE(count < INVOICE_LIST_MAX, ERROR_TOO_LARGE);
    row->number = arena_format(act->arena, "%sV%02zu", row->application, count + 1);
    ENSURE(row->number, ERROR_OUT_OF_ROOM);
    row->state = invoice_state_name(INVOICE_DUE);
    row->created_s = row->next_s = act->now_s;
    TRY(tx_run(tx, STATEMENT_INVOICE_INSERT, RECORD(invoice_row_shape, row), NULL));
    return audit_write(tx, act, "invoice.due", row->application,
                       arena_format(act->arena, "%s%s%s", row->number, detail ? "：" : "", detail ? detail : ""));
}

struct result invoice_begin(struct tx *tx, const struct act *act, const struct application_row *row)
{
    struct invoice_row *rows;
    size_t count;
    int64_t paid;
    TRY(desk_paid(tx, act, row->number, &paid));
    if (paid <= 0 || !row->invoice_title || !row->tax_number || !row->invoice_email) return OK;
    TRY(all_of(tx, act, row->number, &rows, &count));
    for (size_t i = 0; i < count; i++) /* made anew after a USBKey broke: it was paid once */
        if (!in(&rows[i], INVOICE_VOID) && !rows[i].taken_back) return OK;
    struct invoice_row invoice = { .application = row->number, .kind = "blue", .title = row->invoice_title,
                                   .tax_number = row->tax_number, .email = row->invoice_email, .amount_fen = paid };
    return insert(tx, act, &invoice, NULL);
}

/* Whether a red-letter invoice about ROW is on its way or there. */
/* BUYER of the invoice that follows; NULL: none does. */
static struct result begin_red(struct tx *tx, const struct act *act, struct invoice_row *row, const char *reason,
                               const struct invoice_buyer *buyer)
{
    enum invoice_state state, next;
    TRY(invoice_state_find(row->state, &state));
    TRY(invoice_step(state, INVOICE_RED, &next)); /* only what it will be possible for in the end */
    ENSURE(!is_red(row), ERROR_INVOICE_STATE);
    ENSURE(!row->red, ERROR_INVOICE_UNDER_WAY);
    struct invoice_row red = { .application = row->application, .kind = "red", .about = row->number,
                               .title = row->title, .tax_number = row->tax_number, .email = row->email,
                               .amount_fen = -row->amount_fen, .reason = reason };
    if (buyer) {
        red.wish_title = buyer->title;
        red.wish_tax_number = buyer->tax_number;
        red.wish_email = buyer->email ? buyer->email : row->wish_email ? row->wish_email : row->email;
    }
    return insert(tx, act, &red, reason);
}

/* ---- taking back ---- */

static struct result take_one_back(struct tx *tx, const struct act *act, struct invoice_row *row)
{
    if (is_red(row) || row->taken_back) return OK;
    row->taken_back = 1;
    if (in(row, INVOICE_DUE) || in(row, INVOICE_FAILED)) return invoice_change(tx, act, row, INVOICE_DROP, "已退款");
    TRY(tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, row)));
    if (!in(row, INVOICE_ISSUED) && !in(row, INVOICE_SENT)) return OK; /* as soon as it is issued */
    return row->red ? OK : begin_red(tx, act, row, "退款", NULL);
}

struct result invoice_take_back(struct tx *tx, const struct act *act, const char *application)
{
    struct invoice_row *rows;
    size_t count;
    TRY(all_of(tx, act, application, &rows, &count));
    for (size_t i = 0; i < count; i++) TRY(take_one_back(tx, act, &rows[i]));
    return OK;
}

/* ---- what follows from its being issued ---- */

/* The one that RED takes back is done with; another one takes its place, if that was meant. */
static struct result red_is_issued(struct tx *tx, const struct act *act, const struct invoice_row *red)
{
    struct invoice_row about;
    TRY(invoice_get(tx, act, red->about, &about));
    about.wish_title = about.wish_tax_number = about.wish_email = NULL;
    about.wish_s = 0;
    about.trouble = NULL;
    TRY(invoice_change(tx, act, &about, INVOICE_RED, red->invoice_number));
    if (!red->wish_title || about.taken_back) return OK;
    struct invoice_row next = { .application = red->application, .kind = "blue", .about = about.number,
                                .title = red->wish_title, .tax_number = red->wish_tax_number, .email = red->wish_email,
                                .amount_fen = about.amount_fen };
    return insert(tx, act, &next, "重开");
}

struct result invoice_issued(struct tx *tx, const struct act *act, struct invoice_row *row)
{
    row->tries = row->next_s = 0;
    row->trouble = NULL;
    TRY(invoice_change(tx, act, row, INVOICE_ISSUE, row->invoice_number));
    TRY(invoice_mail_queue(tx, act, row, is_red(row) ? "invoice-red" : "invoice-issued", "pdf,ofd"));
    if (is_red(row)) return red_is_issued(tx, act, row);
    if (row->about) {
        struct invoice_row before;
        TRY(invoice_get(tx, act, row->about, &before));
        TRY(invoice_change(tx, act, &before, INVOICE_REPLACE, row->number));
    }
    return row->taken_back ? begin_red(tx, act, row, "退款", NULL) : OK;
}

/* ---- lists and files ---- */

struct listing {
    const struct act *act;
    const char *application;
    struct invoice_row *rows;
    size_t count;
};

static struct result list_of(struct tx *tx, void *context)
{
    struct listing *l = context;
    struct application_row row;
    TRY(desk_load(tx, l->act, l->application, &row));
    return all_of(tx, l->act, l->application, &l->rows, &l->count);
}

struct result invoice_list_of(const struct act *act, const char *application, struct invoice_row **ret_rows,
                              size_t *ret_count)
{
    struct listing l = { .act = act, .application = application };
    TRY(store_read(act->service->store, list_of, &l));
    *ret_rows = l.rows;
    *ret_count = l.count;
    return OK;
}

struct result invoice_list(const struct act *act, const char *state, const char *after, struct invoice_row **ret_rows,
                           size_t *ret_count, const char **ret_next)
{
    struct key_row key = { .state = state, .key = after ? after : last, .limit_count = INVOICE_PAGE + 1 };
    enum statement statement = !state                         ? STATEMENT_INVOICE_LIST
                               : text_equal(state, "trouble") ? STATEMENT_INVOICE_LIST_TROUBLE
                                                              : STATEMENT_INVOICE_LIST_IN;
    void *rows;
    size_t count;
    TRY(store_list(act->service->store, statement, RECORD(key_row_shape, &key), act->arena, &invoice_row_shape,
                   INVOICE_PAGE + 1, &rows, &count));
    *ret_rows = rows;
    *ret_next = NULL;
    if (count > INVOICE_PAGE) *ret_next = (*ret_rows)[(count = INVOICE_PAGE) - 1].number;
    *ret_count = count;
    return OK;
}

struct result invoice_files(const struct act *act, const char *number, unsigned *ret_files)
{
    struct key_row key = { .key = number, .limit_count = 3 };
    void *rows;
    size_t count;
    unsigned files = 0;
    TRY(store_list(act->service->store, STATEMENT_INVOICE_FILE_LIST, RECORD(key_row_shape, &key), act->arena,
                   &invoice_file_row_shape, 3, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const char *kind = ((const struct invoice_file_row *)rows)[i].kind;
        files |= text_equal(kind, "pdf") ? INVOICE_PDF : text_equal(kind, "ofd") ? INVOICE_OFD : INVOICE_RECEIPT;
    }
    *ret_files = files;
    return OK;
}

struct opening {
    const struct act *act;
    const char *application, *number, *kind;
    struct invoice_row row;
    struct invoice_file_row file;
};

static struct result find_file(struct tx *tx, void *context)
{
    struct opening *o = context;
    struct application_row row;
    struct key_row key = { .key = o->number, .other = o->kind };
    if (o->application) TRY(desk_load(tx, o->act, o->application, &row));
    TRY(invoice_get(tx, o->act, o->number, &o->row));
    ENSURE(!o->application || text_equal(o->row.application, o->application), ERROR_NOT_FOUND);
    return tx_one(tx, STATEMENT_INVOICE_FILE_GET, RECORD(key_row_shape, &key), o->act->arena, &invoice_file_row_shape,
                  &o->file);
}

struct result invoice_open(const struct act *act, const char *application, const char *number, const char *kind,
                           struct invoice_row *ret_row, int *ret_fd)
{
    struct opening o = { .act = act, .application = application, .number = number, .kind = kind };
    TRY(store_read(act->service->store, find_file, &o));
    TRY(seal_file_open(act->service, "invoice", o.file.name, o.file.key_sealed, ret_fd));
    *ret_row = o.row;
    return OK;
}

/* ---- what people do ---- */

/* One act on one invoice. */
struct doing {
    const struct act *act;
    const char *application; /* the holder's way to it; else NUMBER */
    const char *number, *words;
    const struct invoice_buyer *buyer;
    struct result (*act_on)(struct tx *tx, struct doing *d, struct invoice_row *row);
    struct invoice_row row;
};

/* What a holder can mean: the last one that stands or will. */
static struct result find_own(struct tx *tx, struct doing *d)
{
    struct application_row application;
    struct invoice_row *rows;
    size_t count, at;
    TRY(desk_load(tx, d->act, d->application, &application));
    TRY(all_of(tx, d->act, d->application, &rows, &count));
    for (at = count; at > 0 && is_red(&rows[at - 1]); at--) {}
    ENSURE(at > 0, ERROR_NOT_FOUND);
    d->row = rows[at - 1];
    return OK;
}

static struct result run(struct tx *tx, void *context)
{
    struct doing *d = context;
    if (d->application) TRY(find_own(tx, d));
    else TRY(invoice_get(tx, d->act, d->number, &d->row));
    return d->act_on(tx, d, &d->row);
}

static struct result act_on(struct doing *d, struct invoice_row *ret_row)
{
    TRY(store_write(d->act->service->store, run, d));
    invoice_publish(d->act, &d->row);
    *ret_row = d->row;
    return OK;
}

static void begin_anew(const struct act *act, struct invoice_row *row)
{
    row->way = NULL;
    row->tries = 0;
    row->next_s = act->now_s;
    row->trouble = NULL;
}

static struct result correct(struct tx *tx, struct doing *d, struct invoice_row *row)
{
    ENSURE(!row->red, ERROR_INVOICE_UNDER_WAY);
    if (in(row, INVOICE_ISSUED) || in(row, INVOICE_SENT)) {
        row->wish_title = d->buyer->title;
        row->wish_tax_number = d->buyer->tax_number;
        row->wish_email = d->buyer->email;
        row->wish_s = d->act->now_s;
        return invoice_change(tx, d->act, row, INVOICE_WISH, d->buyer->title);
    }
    row->title = d->buyer->title;
    row->tax_number = d->buyer->tax_number;
    row->email = d->buyer->email;
    begin_anew(d->act, row);
    return invoice_change(tx, d->act, row, INVOICE_CORRECT, d->buyer->title);
}

struct result invoice_correct(const struct act *act, const char *application, const struct invoice_buyer *buyer,
                              struct invoice_row *ret_row)
{
    struct doing d = { .act = act, .application = application, .buyer = buyer, .act_on = correct };
    return act_on(&d, ret_row);
}

static struct result retry(struct tx *tx, struct doing *d, struct invoice_row *row)
{
    begin_anew(d->act, row);
    return invoice_change(tx, d->act, row, INVOICE_RETRY, NULL);
}

struct result invoice_retry(const struct act *act, const char *number, struct invoice_row *ret_row)
{
    struct doing d = { .act = act, .number = number, .act_on = retry };
    return act_on(&d, ret_row);
}

static struct result red_letter(struct tx *tx, struct doing *d, struct invoice_row *row)
{
    return begin_red(tx, d->act, row, d->words, d->buyer);
}

struct result invoice_red_letter(const struct act *act, const char *number, const char *reason,
                                 const struct invoice_buyer *buyer, struct invoice_row *ret_row)
{
    struct doing d = { .act = act, .number = number, .words = reason, .buyer = buyer, .act_on = red_letter };
    return act_on(&d, ret_row);
}

static struct result refuse_wish(struct tx *tx, struct doing *d, struct invoice_row *row)
{
    ENSURE(!row->red, ERROR_INVOICE_UNDER_WAY);
    ENSURE(row->wish_s && !is_red(row), ERROR_INVOICE_WISH_NONE);
    row->wish_title = row->wish_tax_number = row->wish_email = NULL;
    row->wish_s = 0;
    TRY(invoice_change(tx, d->act, row, INVOICE_WISH, d->words));
    const struct notice_value values[] = { { "title", row->title }, { "number", row->application },
                                           { "words", d->words } };
    struct notice notice = { .template = "invoice-wish-refused", .email = row->email, NOTICE_VALUES(values) };
    return notice_queue(tx, d->act, &notice);
}

struct result invoice_refuse_wish(const struct act *act, const char *number, const char *words,
                                  struct invoice_row *ret_row)
{
    struct doing d = { .act = act, .number = number, .words = words, .act_on = refuse_wish };
    return act_on(&d, ret_row);
}

static struct result deliver(struct tx *tx, struct doing *d, struct invoice_row *row)
{
    ENSURE(in(row, INVOICE_ISSUED) || in(row, INVOICE_SENT), ERROR_INVOICE_STATE);
    if (d->words) row->email = d->words;
    row->trouble = NULL;
    TRY(tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, row)));
    TRY(audit_write(tx, d->act, "invoice.deliver", row->application, row->number));
    return invoice_mail_queue(tx, d->act, row, is_red(row) ? "invoice-red" : "invoice-issued", "pdf,ofd");
}

struct result invoice_deliver(const struct act *act, const char *number, const char *email, struct invoice_row *ret_row)
{
    struct doing d = { .act = act, .number = number, .words = email, .act_on = deliver };
    TRY(act_on(&d, ret_row));
    if (act->service->wake) act->service->wake(act->service->web, "notices-email");
    return OK;
}
