#include "service/review.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/random.h"
#include "base/secret.h"
#include "service/application.h"
#include "service/audit.h"
#include "service/directory.h"
#include "service/former.h"
#include "service/item.h"
#include "service/journal.h"
#include "service/mask.h"
#include "service/standing.h"

enum { KEYS_BEFORE = 5, REVOKE_MS = 20000, REVIEW_BATCH = 16, ROUND_ARENA = 1024 * 1024 };

/* ---- the queue ---- */

static const struct queue {
    const char *what;
    enum state states[3];
    size_t count;
    enum statement statement;
} queues[] = {
    { "review", { STATE_IN_REVIEW }, 1, STATEMENT_APPLICATION_QUEUE },
    { "approved", { STATE_APPROVED }, 1, STATEMENT_APPLICATION_QUEUE_MADE },
    { "producing", { STATE_IN_PRODUCTION, STATE_ISSUED }, 2, STATEMENT_APPLICATION_QUEUE_MADE },
    { "produced", { STATE_PRODUCED }, 1, STATEMENT_APPLICATION_QUEUE_MADE },
};

struct queueing {
    const struct act *act;
    const char *what;
    struct application_row *rows;
    size_t count;
};

static int by_urgency(const void *a, const void *b)
{
    const struct application_row *x = a, *y = b;
    if (x->due_s != y->due_s) return x->due_s < y->due_s ? -1 : 1;
    return strcmp(x->number, y->number);
}

static struct result read_queue(struct tx *tx, void *context)
{
    struct queueing *q = context;
    q->count = 0;
    for (size_t i = 0; i < COUNT(queues); i++) {
        if (q->what && strcmp(q->what, queues[i].what) != 0) continue;
        for (size_t s = 0; s < queues[i].count && q->count < REVIEW_QUEUE_MAX; s++) {
            struct key_row params = { .state = state_name(queues[i].states[s]),
                                      .limit_count = (int64_t)(REVIEW_QUEUE_MAX - q->count) };
            void *rows;
            size_t count;
            TRY(tx_list(tx, queues[i].statement, RECORD(key_row_shape, &params), q->act->arena,
                        &application_row_shape, REVIEW_QUEUE_MAX - q->count, &rows, &count));
            if (count) memcpy(q->rows + q->count, rows, count * sizeof *q->rows);
            q->count += count;
        }
    }
    return OK;
}

struct result review_queue(const struct act *act, const char *what, struct application_row **ret_rows,
                           size_t *ret_count)
{
    struct queueing q = { .act = act, .what = what };
    q.rows = arena_array(act->arena, REVIEW_QUEUE_MAX, sizeof *q.rows);
    ENSURE(q.rows, ERROR_OUT_OF_ROOM);
    TRY(store_read(act->service->store, read_queue, &q));
    qsort(q.rows, q.count, sizeof *q.rows, by_urgency);
    *ret_rows = q.rows;
    *ret_count = q.count;
    return OK;
}

/* ---- looking ---- */

struct comparing {
    const struct act *act;
    const char *number;
    struct difference *list;
    size_t count;
    struct application_row row;
};

static void compare(struct comparing *c, const char *field, const char *directory, const char *application)
{
    if (!application || text_equal(directory, application)) return;
    c->list[c->count++] = (struct difference){ field, directory, application };
}

static struct result compare_document(struct comparing *c, const struct account_row *account)
{
    char ours[DOCUMENT_NUMBER_MAX + 1], theirs[DIRECTORY_DOCUMENT_MAX + 1];
    TRY(application_document(c->act->service, &c->row, ours));
    struct result r = directory_account_document(c->act->service, account, theirs);
    bool differs = !failed(r) && strcmp(ours, theirs) != 0;
    secret_wipe(ours, sizeof ours);
    secret_wipe(theirs, sizeof theirs);
    if (differs)
        c->list[c->count++] = (struct difference){ "document_number", account->document_mask, c->row.document_mask };
    return r;
}

static struct result compare_all(struct tx *tx, void *context)
{
    struct comparing *c = context;
    struct account_row account;
    struct organization_row organization;
    c->count = 0;
    TRY(desk_load(tx, c->act, c->number, &c->row));
    struct key_row params = { .id = c->row.holder };
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &params), c->act->arena, &account_row_shape, &account));
    params.id = account.organization;
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &params), c->act->arena, &organization_row_shape,
               &organization));
    compare(c, "organization_name", organization.name, c->row.organization_name);
    compare(c, "credit_code", organization.credit_code, c->row.credit_code);
    compare(c, "organization_address", organization.address, c->row.organization_address);
    compare(c, "holder_name", account.name, c->row.holder_name);
    compare(c, "document_type", account.document_type, c->row.document_type);
    TRY(compare_document(c, &account));
    if (!text_equal(account.mobile, c->row.mobile)) {
        const char *directory = mask_mobile(c->act->arena, account.mobile);
        const char *application = mask_mobile(c->act->arena, c->row.mobile);
        ENSURE(directory && application, ERROR_OUT_OF_ROOM);
        c->list[c->count++] = (struct difference){ "mobile", directory, application };
    }
    compare(c, "email", account.email, c->row.email);
    return OK;
}

struct result review_differences(const struct act *act, const char *number,
                                 struct difference ret_differences[REVIEW_DIFFERENCES_MAX], size_t *ret_count)
{
    struct comparing c = { .act = act, .number = number, .list = ret_differences };
    TRY(store_read(act->service->store, compare_all, &c));
    *ret_count = c.count;
    return OK;
}

struct result review_history(const struct act *act, const char *number, struct audit_row **ret_rows,
                             size_t *ret_count)
{
    struct key_row params = { .key = number, .limit_count = REVIEW_HISTORY_MAX };
    struct application_row row;
    void *rows;
    TRY(application_get(act, number, &row));
    TRY(store_list(act->service->store, STATEMENT_AUDIT_LIST_OF, RECORD(key_row_shape, &params), act->arena,
                   &audit_row_shape, REVIEW_HISTORY_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct result review_identity(const struct act *act, const char *number, char ret_document[DOCUMENT_NUMBER_MAX + 1],
                              const char **ret_mobile)
{
    struct application_row row;
    TRY(application_get(act, number, &row));
    TRY(audit_write_alone(act, "identity.look", number, "查看证件号码和手机号"));
    TRY(application_document(act->service, &row, ret_document));
    *ret_mobile = row.mobile;
    return OK;
}

/* ---- sending back ---- */

static const char *const reasons[][2] = {
    { "missing-material", "材料缺失" }, { "wrong-information", "信息有误" }, { "not-paid", "未收到账款" },
    { "other", "其他问题" },            { "rejected", "不予通过" },
};

const char *review_reason_words(const char *reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (text_equal(reasons[i][0], reason)) return reasons[i][1];
    return "-";
}

struct returning {
    const char *reason, *items, *words;
};

static struct result send_back(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct returning *r = step->own;
    struct operator_row operator;
    TRY(evidence_role(tx, step->act, "reviewer", &operator));
    if (!item_list_right(step->kind, r->items))
        return diag_field(step->act->diag, ERROR_RETURN_ITEMS, "items", "请选择要更正的项目，每项一次");
    if (item_listed(r->items, "letter") && !row->deputy_name)
        return diag_field(step->act->diag, ERROR_RETURN_ITEMS, "items", "这份受理单没有经办人，没有委托书可更正");
    row->return_reason = r->reason;
    row->return_items = r->items;
    row->return_words = r->words;
    row->returned_s = step->act->now_s;
    /* A scan that is sent back counts no more. */
    const struct kind_scan *asked;
    for (size_t i = 0; (asked = kind_scan_at(step->kind, row->deputy_name, i)); i++) {
        struct attachment_row scan = { .application = row->number, .kind = asked->name };
        if (!item_listed(r->items, scan.kind)) continue;
        TRY(tx_run(tx, STATEMENT_ATTACHMENT_SUPERSEDE, RECORD(attachment_row_shape, &scan), NULL));
    }
    return OK;
}

struct result review_return(const struct act *act, const char *number, const char *reason, const char *items,
                            const char *words, struct application_row *ret_row)
{
    struct returning r = { reason, items, words };
    const char *detail = arena_format(act->arena, "%s：%s：%s", review_reason_words(reason),
                                      item_list_words(act->arena, items), words);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    struct desk_step step = { .act = act, .number = number, .event = EVENT_RETURN, .detail = detail,
                              .prepare = send_back, .own = &r };
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}

/* ---- decisions ---- */

/* What a decision's statement says beside the application: who signs, when, and under which one-time number. */
struct frame {
    const char *nonce, *operator_serial, *time;
};

/* Adds the certificates of the pair of SERIAL to the list. */
static struct result add_pair(struct tx *tx, const struct act *act, const char *serial, const char **list)
{
    struct key_row params = { .key = serial, .limit_count = 4 };
    void *found;
    size_t count;
    if (!serial) return OK;
    TRY(tx_list(tx, STATEMENT_CERTIFICATE_LIST_PAIR, RECORD(key_row_shape, &params), act->arena,
                &certificate_row_shape, 4, &found, &count));
    const struct certificate_row *rows = found;
    for (size_t i = 0; i < count; i++) {
        *list = *list ? arena_format(act->arena, "%s,%s", *list, rows[i].serial) : rows[i].serial;
        ENSURE(*list, ERROR_OUT_OF_ROOM);
    }
    return OK;
}

/* Whether SERIAL is one of LIST. */
static bool is_listed(const char *list, const char *serial)
{
    size_t len = strlen(serial);
    for (const char *p = list; p; p = strchr(p, ','), p += p != NULL)
        if (strncmp(p, serial, len) == 0 && (p[len] == ',' || p[len] == '\0')) return true;
    return false;
}

/* R-LOST-4: a USBKey that renewals went on to keeps the encryption keys of before; the new one gets the latest
 * KEYS_BEFORE too. They are revoked or over, so that nothing but their recovery follows from it. */
static struct result add_keys_before(struct tx *tx, const struct act *act, const struct application_row *row,
                                     const char **list)
{
    struct key_row params = { .id = row->holder, .key = row->about, .at_s = act->now_s, .limit_count = KEYS_BEFORE };
    void *found;
    size_t count;
    TRY(tx_list(tx, STATEMENT_CERTIFICATE_LIST_KEYS_BEFORE, RECORD(key_row_shape, &params), act->arena,
                &certificate_row_shape, KEYS_BEFORE, &found, &count));
    const struct certificate_row *rows = found;
    for (size_t i = 0; i < count; i++) {
        if (is_listed(*list, rows[i].serial)) continue;
        *list = *list ? arena_format(act->arena, "%s,%s", *list, rows[i].serial) : rows[i].serial;
        ENSURE(*list, ERROR_OUT_OF_ROOM);
    }
    return OK;
}

/* What an approval revokes: the certificate it is about, if its service does; and pairs that were made for this
 * application, or for the one whose place it takes, and did not get to their holder. */
static struct result fill_revokes(struct tx *tx, const struct act *act, const struct application_row *row,
                                  enum kind kind, struct approve_statement *into)
{
    const struct kind_rule *rule = kind_rule(kind);
    const char *list = NULL;
    struct former former = { 0 };
    if (row->former) TRY(former_load(tx, act, row, &former));
    /* What passed to another person was revoked as it did. */
    bool passed = row->former && kind_rule(former.kind)->successor;
    if (rule->revoking != REVOKE_NEVER && !passed) TRY(add_pair(tx, act, row->about, &list));
    TRY(add_pair(tx, act, former.row.serial, &list));
    TRY(add_pair(tx, act, row->serial, &list));
    if (rule->replaces) TRY(add_keys_before(tx, act, row, &list));
    into->revokes = list ? list : "-";
    into->reason = !list ? "-" : rule->reason ? rule->reason : row->revoke_reason ? row->revoke_reason : "superseded";
    return OK;
}

const char *review_validity(struct arena *arena, enum kind kind, int64_t old_end_s)
{
    switch (kind_rule(kind)->validity) {
    case VALIDITY_YEAR: return "1y";
    case VALIDITY_OLD: return arena_format(arena, "until:%lld", (long long)old_end_s);
    case VALIDITY_RENEW: return arena_format(arena, "renew:%lld", (long long)old_end_s);
    case VALIDITY_NONE: break;
    }
    return "-";
}

static struct result fill_validity(struct tx *tx, const struct act *act, const struct application_row *row,
                                   enum kind kind, struct approve_statement *into)
{
    struct key_row params = { .key = row->about };
    struct certificate_row about = { 0 };
    struct former former = { .kind = kind };
    if (row->former) {
        TRY(former_load(tx, act, row, &former));
        if (former.made) former.kind = kind; /* as it was issued then */
        about = former.replaces;
    } else if (row->about)
        TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &params), act->arena, &certificate_row_shape,
                   &about));
    into->validity = review_validity(act->arena, former.kind, about.not_after_s);
    ENSURE(into->validity, ERROR_OUT_OF_ROOM);
    return OK;
}

/* To whom: the applicant, or the colleague to whom the certificate passes. */
static struct result fill_holder(struct tx *tx, const struct act *act, const struct application_row *row,
                                 enum kind kind, struct approve_statement *into)
{
    bool passes = kind_rule(kind)->successor;
    struct key_row params = { .id = row->successor };
    struct account_row successor;
    into->holder_name = row->holder_name;
    if (passes) {
        TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &params), act->arena, &account_row_shape,
                   &successor));
        into->holder_name = successor.name;
    }
    into->holder = text_id(act->arena, passes ? &row->successor : &row->holder);
    ENSURE(into->holder, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result approve_text(struct tx *tx, const struct act *act, const struct application_row *row,
                                  enum kind kind, const struct frame *frame, const char **ret_text)
{
    bool issues = kind_rule(kind)->validity != VALIDITY_NONE, unlocks = kind == KIND_UNLOCK;
    struct approve_statement s = { .application = row->number, .service = row->service,
                                   .organization = row->credit_code, .organization_name = row->organization_name,
                                   .medium = issues || unlocks ? row->medium : "-",
                                   .profile = issues ? APPROVE_PROFILE : "-", .nonce = frame->nonce,
                                   .operator_serial = frame->operator_serial, .time = frame->time };
    if (kind_rule(kind)->successor && row->keep_encryption) s.profile = APPROVE_PROFILE_KEEP;
    TRY(fill_holder(tx, act, row, kind, &s));
    TRY(fill_revokes(tx, act, row, kind, &s));
    TRY(fill_validity(tx, act, row, kind, &s));
    return statement_write(&approve_statement_shape, &s, act->arena, ret_text);
}

static struct result reject_text(const struct act *act, const struct application_row *row, const char *words,
                                 const struct frame *frame, const char **ret_text)
{
    char holder[ID_TEXT_LEN + 1];
    id_text(&row->holder, holder);
    struct reject_statement s = { .application = row->number, .service = row->service, .holder = holder,
                                  .holder_name = row->holder_name, .words = words, .nonce = frame->nonce,
                                  .operator_serial = frame->operator_serial, .time = frame->time };
    return statement_write(&reject_statement_shape, &s, act->arena, ret_text);
}

/* A statement holds no line feeds: they stand as " / " in it. */
static const char *one_line(struct arena *arena, const char *words)
{
    char *text = arena_array(arena, strlen(words) + 1, 3);
    struct writer w = writer_of(text, text ? strlen(words) * 3 : 0);
    for (; text && *words; words++) {
        if (*words == '\n') write_text(&w, " / ");
        else write_u8(&w, (uint8_t)*words);
    }
    return text;
}

struct drafting {
    const struct act *act;
    const char *number, *words, *text;
    bool approve;
};

static struct result draft(struct tx *tx, void *context)
{
    struct drafting *d = context;
    const struct act *act = d->act;
    struct application_row row;
    struct operator_row operator;
    struct workflow_facts facts;
    const struct workflow_row *way;
    enum kind kind;
    enum state state;
    char nonce[ID_TEXT_LEN + 1];
    struct id random = random_id();
    id_text(&random, nonce);
    struct frame frame = { nonce, act->serial, evidence_time(act) };
    ENSURE(frame.time, ERROR_OUT_OF_ROOM);
    TRY(evidence_role(tx, act, "reviewer", &operator));
    TRY(desk_load(tx, act, d->number, &row));
    TRY(kind_find(row.service, &kind));
    TRY(state_find(row.state, &state));
    ENSURE(workflow_possible(kind, state, EVENT_APPROVE),
           row.decided_s ? ERROR_DECISION_MADE : ERROR_APPLICATION_STATE);
    TRY(desk_facts(tx, act, &row, kind, &facts));
    TRY(workflow_step(&facts, state, d->approve ? EVENT_APPROVE : EVENT_REJECT, act->diag, &way));
    if (d->approve) return approve_text(tx, act, &row, kind, &frame, &d->text);
    return reject_text(act, &row, d->words, &frame, &d->text);
}

struct result review_draft(const struct act *act, const char *number, bool approve, const char *words,
                           const char **ret_statement)
{
    struct drafting d = { .act = act, .number = number, .approve = approve };
    if (!approve) {
        if (!words) return diag_field(act->diag, ERROR_DECISION_WORDS, "words", "请写明不予通过的原因");
        d.words = one_line(act->arena, words);
        ENSURE(d.words, ERROR_OUT_OF_ROOM);
    }
    TRY(store_read(act->service->store, draft, &d));
    *ret_statement = d.text;
    return OK;
}

static struct result carry_out(const struct act *act, const char *number);

struct deciding {
    const char *statement;
    struct bytes signature;
    bool approve;
    const char *words;
    struct frame frame;
};

/* What was signed, taken apart; which decision it is its tag says. */
static struct result read_decision(const struct act *act, const char *statement, struct deciding *d)
{
    struct approve_statement a;
    struct reject_statement r;
    d->statement = statement;
    d->approve = text_starts(statement, approve_statement_shape.name);
    if (d->approve) {
        TRY(statement_read(&approve_statement_shape, statement, act->arena, &a));
        d->frame = (struct frame){ a.nonce, a.operator_serial, a.time };
    } else {
        TRY(statement_read(&reject_statement_shape, statement, act->arena, &r));
        d->frame = (struct frame){ r.nonce, r.operator_serial, r.time };
        d->words = r.words;
    }
    return OK;
}

/* Who has approved it already is not the second reviewer. TEXT is what is approved now. */
static struct result not_again(struct tx *tx, const struct act *act, const struct application_row *row,
                               const char *text)
{
    struct decision_row latest;
    struct approve_statement before, now;
    struct result r = evidence_latest(tx, act, row->number, "approve", &latest);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r;
    TRY(statement_read(&approve_statement_shape, latest.statement, act->arena, &before));
    TRY(statement_read(&approve_statement_shape, text, act->arena, &now));
    bool standing = !latest.used && latest.made_s >= row->submitted_s && approve_statements_agree(&before, &now);
    ENSURE(!standing || !text_equal(latest.operator_serial, act->serial), ERROR_APPROVAL_SAME_PERSON);
    return OK;
}

/* The statement must be word for word what the server makes of the application now. */
static struct result decide(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct deciding *d = step->own;
    const struct act *act = step->act;
    struct operator_row operator;
    struct decision_row kept;
    const char *text;
    struct evidence evidence = { d->statement, d->signature, d->frame.operator_serial, d->frame.time };
    TRY(evidence_role(tx, act, "reviewer", &operator));
    if (d->approve) TRY(approve_text(tx, act, row, step->kind, &d->frame, &text));
    else TRY(reject_text(act, row, d->words, &d->frame, &text));
    ENSURE(text_equal(text, d->statement), ERROR_DECISION_STATEMENT);
    TRY(evidence_check(act, &operator, &evidence));
    if (d->approve) TRY(standing_check_again(tx, act, step->kind, row));
    if (d->approve && desk_four_eyes(row, step->kind)) TRY(not_again(tx, act, row, text));
    TRY(evidence_keep(tx, act, row->number, d->approve ? "approve" : "reject", d->frame.nonce, &evidence, &kept));
    if (!d->approve) {
        row->return_reason = "rejected";
        row->return_items = NULL;
        row->return_words = d->words;
    }
    return OK;
}

struct result review_decide(const struct act *act, const char *number, const char *statement, struct bytes signature,
                            struct application_row *ret_row)
{
    struct deciding d = { .signature = signature };
    struct application_row row;
    ENSURE(!failed(read_decision(act, statement, &d)), ERROR_DECISION_STATEMENT);
    struct desk_step step = { .act = act, .number = number, .event = d.approve ? EVENT_APPROVE : EVENT_REJECT,
                              .detail = d.words, .prepare = decide, .own = &d };
    struct result r = desk_take(&step);
    FAULT("web:decision-made");
    if (r.code == ERROR_APPLICATION_STATE && !failed(application_get(act, number, &row)) && row.decided_s)
        return FAIL(ERROR_DECISION_MADE);
    TRY(r);
    *ret_row = step.row;
    if (step.to != STATE_APPROVED || kind_rule(step.kind)->revoking != REVOKE_AT_APPROVAL) return OK;
    /* It is approved and told; while the signer is away the job revokes as soon as it is back. */
    IGNORE(carry_out(act, number));
    return application_get(act, number, ret_row);
}

/* ---- what is revoked with an approval (R-LOST-1, R-REVOKE-1, R-CHANGE-2) ---- */

struct carrying {
    const struct act *act;
    const char *number;
    struct decision_row one, two; /* TWO is empty where one is enough */
    bool nothing; /* to be revoked: what is replaced was, before */
};

static struct result carried_out(struct tx *tx, void *context)
{
    struct carrying *c = context;
    for (struct decision_row *d = &c->one; d; d = d == &c->one && c->two.nonce ? &c->two : NULL) {
        d->used |= EVIDENCE_REVOKED;
        TRY(tx_run(tx, STATEMENT_DECISION_USE, RECORD(decision_row_shape, d), NULL));
    }
    return OK;
}

static struct result load_approvals(struct tx *tx, void *context)
{
    struct carrying *c = context;
    struct application_row row;
    struct approve_statement approval;
    enum kind kind;
    c->two = (struct decision_row){ 0 };
    TRY(desk_load(tx, c->act, c->number, &row));
    TRY(kind_find(row.service, &kind));
    TRY(evidence_latest(tx, c->act, c->number, "approve", &c->one));
    TRY(statement_read(&approve_statement_shape, c->one.statement, c->act->arena, &approval));
    c->nothing = text_equal(approval.revokes, "-");
    return desk_four_eyes(&row, kind) ? evidence_second(tx, c->act, &c->one, &c->two) : OK;
}

static struct result carry_out(const struct act *act, const char *number)
{
    struct carrying c = { .act = act, .number = number };
    struct ipc_call call = { SIGNER_REVOKE, &signer_revoke_shape, &signer_revoked_shape, -1, REVOKE_MS };
    struct signer_revoked revoked;
    TRY(store_read(act->service->store, load_approvals, &c));
    if (c.one.used) return OK; /* by somebody else, meanwhile */
    if (c.nothing) return store_write(act->service->store, carried_out, &c);
    struct signer_revoke record = { .approval1 = c.one.statement, .approval_signature1 = c.one.signature,
                                    .approval2 = c.two.statement, .approval_signature2 = c.two.signature };
    TRY(id_parse(c.one.nonce, &record.request));
    FAULT("web:approval-unrevoked");
    TRY(journal_ask(act, &call, &record, &revoked));
    FAULT("web:approval-revoked");
    return journal_catch_up(act, revoked.index);
}

struct result review_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
    struct act act = service_act(service, arena, NULL);
    struct key_row params = { .limit_count = REVIEW_BATCH };
    struct result last = OK;
    void *found;
    TRY(store_list(service->store, STATEMENT_DECISION_UNREVOKED, RECORD(key_row_shape, &params), arena,
                   &decision_row_shape, REVIEW_BATCH, &found, ret_count));
    for (size_t i = 0; i < *ret_count; i++) {
        struct diag diag = { 0 };
        act.diag = &diag;
        struct result r = carry_out(&act, ((const struct decision_row *)found)[i].application);
        if (failed(r)) last = r; /* the others are tried all the same */
    }
    return last;
}
