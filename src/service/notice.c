#include "service/notice.h"

#include <assert.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "ipc/relay_api.h"
#include "service/audit.h"
#include "service/invoice_mail.h"
#include "service/mask.h"
#include "service/page.h"
#include "service/pattern.h"
#include "service/wording.h"

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
    struct wording now;
    TRY(wording_get(tx, t, act->arena, &now));
    if (t->sms && notice->mobile) {
        struct notice_row row = { .channel = "sms", .recipient = notice->mobile, .template = t->name };
        row.body = fill(&f, now.words.sms);
        /* A gateway has a text of its own, approved for the program's: the values for that. */
        row.params = template_params(act->arena, t->sms, notice->values, notice->value_count);
        ENSURE(row.body && row.params, ERROR_OUT_OF_ROOM);
        TRY(insert(tx, act, &row));
    }
    if (t->text && notice->email) {
        struct notice_row row = { .channel = "email", .recipient = notice->email, .template = t->name,
                                  .attached = notice->attached };
        row.subject = fill(&f, now.words.subject);
        row.body = fill(&f, now.words.text);
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
    struct notice_try_row tries[BATCH]; /* notice all zero: not tried */
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
        struct notice_try_row try = round->tries[i];
        try.id = random_id_rising();
        if (!id_empty(&try.notice))
            TRY(tx_run(tx, STATEMENT_NOTICE_TRY_INSERT, RECORD(notice_try_row_shape, &try), NULL));
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
        struct result sent = send_one(service, row, round->arena, &diag);
        settle(row, sent, &diag, clock_now(service->clock), round->arena);
        round->tries[i] = (struct notice_try_row){ .notice = row->id, .at_s = clock_now(service->clock),
                                                   .outcome = failed(sent) ? "failed" : "sent",
                                                   .error = row->last_error,
                                                   .receipt = failed(sent) ? NULL : row->receipt };
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

static const char *masked(struct arena *arena, const struct notice_row *row)
{
    bool sms = text_equal(row->channel, "sms");
    return sms ? mask_mobile(arena, row->recipient) : mask_email(arena, row->recipient);
}

struct result notice_list(const struct act *act, const struct notice_wish *wish, struct notice_row **ret_rows,
                          size_t *ret_count, const char **ret_next)
{
    struct key_row place;
    void *rows;
    TRY(page_by_time(wish->after, NOTICE_PAGE, act->diag, &place));
    struct notice_query_row query = { .id = place.id, .at_s = place.at_s, .limit_count = place.limit_count,
                                      .state = wish->state ? wish->state : "%",
                                      .channel = wish->channel ? wish->channel : "%",
                                      .template = wish->template ? wish->template : "%",
                                      .recipient = wish->recipient ? pattern_part(act->arena, wish->recipient) : "%" };
    ENSURE(query.recipient, ERROR_OUT_OF_ROOM);
    TRY(page_read(act->service->store, &outbox, RECORD(notice_query_row_shape, &query), act->arena, &rows, ret_count,
                  ret_next));
    struct notice_row *list = rows;
    for (size_t i = 0; i < *ret_count; i++) {
        list[i].recipient = masked(act->arena, &list[i]);
        ENSURE(list[i].recipient, ERROR_OUT_OF_ROOM);
    }
    *ret_rows = rows;
    return OK;
}

struct trying {
    const struct act *act;
    struct key_row key;
    void *rows;
    size_t count;
};

static struct result read_tries(struct tx *tx, void *context)
{
    struct trying *t = context;
    struct notice_row row;
    TRY(tx_one(tx, STATEMENT_NOTICE_GET, RECORD(key_row_shape, &t->key), t->act->arena, &notice_row_shape, &row));
    return tx_list(tx, STATEMENT_NOTICE_TRY_LIST, RECORD(key_row_shape, &t->key), t->act->arena, &notice_try_row_shape,
                   NOTICE_PAGE, &t->rows, &t->count);
}

struct result notice_tries(const struct act *act, const struct id *id, struct notice_try_row **ret_rows,
                           size_t *ret_count)
{
    struct trying t = { .act = act, .key = { .id = *id, .limit_count = NOTICE_PAGE } };
    TRY(store_read(act->service->store, read_tries, &t));
    *ret_rows = t.rows;
    *ret_count = t.count;
    return OK;
}

/* ---- again ---- */

bool notice_may_again(const char *template, const char *state)
{
    const struct template *t = template_find(template);
    return t && !t->secret && !text_equal(state, "waiting");
}

struct repeating {
    const struct act *act;
    struct id id;
    const char *words;
    struct notice_row row;
};

static struct result repeat(struct tx *tx, void *context)
{
    struct repeating *r = context;
    const struct act *act = r->act;
    struct key_row key = { .id = r->id };
    struct notice_row *row = &r->row, copy;
    TRY(tx_one(tx, STATEMENT_NOTICE_GET, RECORD(key_row_shape, &key), act->arena, &notice_row_shape, row));
    ENSURE(!text_equal(row->state, "waiting"), ERROR_NOTICE_WAITS);
    ENSURE(notice_may_again(row->template, row->state), ERROR_NOTICE_SECRET);
    if (text_equal(row->state, "sent") && !r->words)
        return diag_field(act->diag, ERROR_NOTICE_REASON, "words", "这条通知已经送达");
    struct result found = tx_one(tx, STATEMENT_NOTICE_AGAIN_WAITING, RECORD(key_row_shape, &key), act->arena,
                                 &notice_row_shape, &copy);
    ENSURE(failed(found), ERROR_NOTICE_WAITS);
    if (found.code != ERROR_NOT_FOUND) return found;
    char id[ID_TEXT_LEN + 1];
    id_text(&row->id, id);
    copy = (struct notice_row){ .channel = row->channel, .recipient = row->recipient, .template = row->template,
                                .subject = row->subject, .body = row->body, .params = row->params,
                                .attached = row->attached, .again = row->id, .words = r->words,
                                .asked_by = act->name };
    TRY(insert(tx, act, &copy));
    const char *detail = arena_format(act->arena, "%s%s%s", template_find(row->template)->title, r->words ? "：" : "",
                                      r->words ? r->words : "");
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    TRY(audit_write(tx, act, "notice.again", id, detail));
    copy.recipient = masked(act->arena, row);
    ENSURE(copy.recipient, ERROR_OUT_OF_ROOM);
    *row = copy;
    return OK;
}

struct result notice_again(const struct act *act, const struct id *id, const char *words, struct notice_row *ret_row)
{
    struct repeating r = { .act = act, .id = *id, .words = words };
    TRY(store_write(act->service->store, repeat, &r));
    bool sms = text_equal(r.row.channel, "sms");
    if (act->service->wake) act->service->wake(act->service->web, sms ? "notices-sms" : "notices-email");
    *ret_row = r.row;
    return OK;
}
