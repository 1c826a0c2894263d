#include "service/notice.h"

#include <assert.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "ipc/relay_api.h"
#include "service/invoice_mail.h"
#include "service/mask.h"
#include "service/page.h"
#include "service/template.h"

enum { BATCH = 16, LEASE_S = 45, SEND_MS = 25000, ROUND_S = 15, ARENA_MAX = 1024 * 1024 };

/* ---- queueing ---- */

struct filling {
    struct notice_value trusted[2];
    const struct notice *notice;
    struct arena *arena;
};

static const char *fill(const struct filling *f, const char *text)
{
    return template_fill(f->arena, text, f->trusted, COUNT(f->trusted), f->notice->values, f->notice->value_count);
}

static struct result insert(struct tx *tx, const struct act *act, struct notice_row *row)
{
    row->id = random_id_rising();
    row->state = "waiting";
    row->next_s = row->created_s = act->now_s;
    return tx_run(tx, STATEMENT_NOTICE_INSERT, RECORD(notice_row_shape, row), NULL);
}

struct result notice_queue(struct tx *tx, const struct act *act, const struct notice *notice)
{
    const struct service_settings *s = &act->service->settings;
    const struct template *t = template_find(notice->template);
    assert(t && notice->value_count <= NOTICE_VALUES_MAX);
    struct filling f = { { { "brand", s->brand }, { "portal", s->portal_address } }, notice, act->arena };
    if (t->sms && notice->mobile) {
        struct notice_row row = { .channel = "sms", .recipient = notice->mobile, .template = t->name };
        row.body = fill(&f, t->sms);
        row.params = template_params(act->arena, t->sms, notice->values, notice->value_count);
        ENSURE(row.body && row.params, ERROR_OUT_OF_ROOM);
        TRY(insert(tx, act, &row));
    }
    if (t->text && notice->email) {
        struct notice_row row = { .channel = "email", .recipient = notice->email, .template = t->name,
                                  .attached = notice->attached };
        row.subject = fill(&f, t->subject);
        row.body = fill(&f, t->text);
        ENSURE(row.subject && row.body, ERROR_OUT_OF_ROOM);
        TRY(insert(tx, act, &row));
    }
    return OK;
}

/* ---- sending ---- */

/* What came of a try, and when the next one is due. */
static void settle(struct notice_row *row, struct result sent, const struct diag *diag, int64_t now_s,
                   struct arena *arena)
{
    static const int64_t waits_s[] = { 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800 };
    const struct template *t = template_find(row->template);
    int64_t wait_s = waits_s[row->tries <= (int64_t)COUNT(waits_s) ? row->tries - 1 : (int64_t)COUNT(waits_s) - 1];
    bool late = t && t->life_s && now_s + wait_s >= row->created_s + t->life_s;
    bool over = row->tries > (int64_t)COUNT(waits_s) || late;
    const struct error_entry *e = error_find(sent.code);
    if (!failed(sent)) {
        row->state = "sent";
        row->sent_s = now_s;
        row->last_error = NULL;
    } else {
        /* What the gateway refused for good is not tried again; what may do better later is, for a day. */
        row->state = over || !e->retry ? "failed" : "waiting";
        row->next_s = now_s + wait_s;
        row->last_error = diag->detail[0] ? arena_format(arena, "%s：%s", e->zh, diag->detail) : e->zh;
        if (row->last_error && strlen(row->last_error) > 600) row->last_error = e->zh;
    }
    /* A code stays nowhere once it is under way or worthless. */
    if (t && t->secret && !text_equal(row->state, "waiting")) {
        row->body = "-";
        row->params = NULL;
    }
}

static struct result send_one(struct service *service, struct notice_row *row, struct arena *arena,
                              struct diag *diag)
{
    bool sms = text_equal(row->channel, "sms");
    const struct template *t = template_find(row->template);
    struct relay_notice notice = { .id = row->id, .to = row->recipient, .subject = row->subject, .text = row->body,
                                   .name = row->template, .values = row->params };
    struct relay_sent sent;
    struct ipc_call call = { sms ? RELAY_SMS : RELAY_EMAIL, &relay_notice_shape, &relay_sent_shape, -1, SEND_MS };
    if (t && t->life_s && clock_now(service->clock) >= row->created_s + t->life_s)
        return FAIL(ERROR_NOTICE_STALE);
    if (row->attached) {
        struct act act = service_act(service, arena, diag);
        TRY(invoice_mail_open(&act, row->attached, &notice.files, &call.fd));
    }
    struct result r = peers_ask(service->peers, PEER_RELAY, &call, &notice, arena, diag, &sent, NULL);
    if (call.fd >= 0) close(call.fd);
    if (!failed(r)) row->receipt = sent.receipt && strlen(sent.receipt) <= 200 ? sent.receipt : NULL;
    return r;
}

struct round {
    struct service *service;
    const char *channel;
    struct arena *arena;
    int64_t now_s;
    struct notice_row *rows;
    size_t count;
};

/* The lease: who moves next_s on has the notice for that long; a crash in between and it is due again. */
static struct result take(struct tx *tx, void *context)
{
    struct round *round = context;
    struct key_row key = { .key = round->channel, .at_s = round->now_s, .limit_count = BATCH };
    void *rows;
    TRY(tx_list(tx, STATEMENT_NOTICE_DUE, RECORD(key_row_shape, &key), round->arena, &notice_row_shape, BATCH, &rows,
                &round->count));
    round->rows = rows;
    for (size_t i = 0; i < round->count; i++) {
        round->rows[i].next_s = round->now_s + LEASE_S;
        round->rows[i].tries++;
        TRY(tx_change(tx, STATEMENT_NOTICE_TAKE, RECORD(notice_row_shape, &round->rows[i])));
    }
    return OK;
}

static struct result finish(struct tx *tx, void *context)
{
    const struct round *round = context;
    struct act act = service_act(round->service, round->arena, NULL);
    for (size_t i = 0; i < round->count; i++) {
        TRY(tx_change(tx, STATEMENT_NOTICE_DONE, RECORD(notice_row_shape, &round->rows[i])));
        if (round->rows[i].attached) TRY(invoice_mail_settled(tx, &act, &round->rows[i]));
    }
    return OK;
}

static struct result run_round(struct service *service, struct round *round)
{
    TRY(store_write(service->store, take, round));
    if (round->count) FAULT("web:notice-taken");
    for (size_t i = 0; i < round->count; i++) {
        struct notice_row *row = &round->rows[i];
        struct diag diag = { 0 };
        int64_t now_s = clock_now(service->clock);
        /* Slow sends eat the lease up: what is left of the round is let go before somebody else takes it. */
        if (now_s - round->now_s > ROUND_S) {
            row->next_s = now_s;
            continue;
        }
        settle(row, send_one(service, row, round->arena, &diag), &diag, clock_now(service->clock), round->arena);
        FAULT("web:notice-sent");
    }
    return round->count ? store_write(service->store, finish, round) : OK;
}

struct result notice_send_due(struct service *service, const char *channel, size_t *ret_tried)
{
    struct arena *arena CLEANUP(arena_free_wiped_p) = arena_new(ARENA_MAX); /* codes pass through it */
    struct round round = { .service = service, .channel = channel, .arena = arena, .now_s = clock_now(service->clock) };
    TRY(run_round(service, &round));
    *ret_tried = round.count;
    return OK;
}

/* ---- the outbox ---- */

static const struct page_list outbox = PAGE_LIST(STATEMENT_NOTICE_LIST, notice_row, created_s, NOTICE_PAGE);

struct result notice_list(const struct act *act, const char *after, struct notice_row **ret_rows, size_t *ret_count,
                          const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, NOTICE_PAGE, act->diag, &key));
    TRY(page_read(act->service->store, &outbox, RECORD(key_row_shape, &key), act->arena, &rows, ret_count, ret_next));
    struct notice_row *list = rows;
    for (size_t i = 0; i < *ret_count; i++) {
        bool sms = text_equal(list[i].channel, "sms");
        const char *whole = list[i].recipient;
        list[i].recipient = sms ? mask_mobile(act->arena, whole) : mask_email(act->arena, whole);
        ENSURE(list[i].recipient, ERROR_OUT_OF_ROOM);
    }
    *ret_rows = rows;
    return OK;
}
