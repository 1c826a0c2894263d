#include "service/desk.h"

#include "service/application.h"
#include "service/attachment.h"
#include "service/audit.h"
#include "service/calendar.h"
#include "service/evidence.h"
#include "service/form.h"
#include "service/former.h"
#include "service/invoice.h"
#include "service/item.h"
#include "service/notice.h"
#include "service/review.h"
#include "service/session.h"

/* ---- looking ---- */

bool desk_deputy(const struct act *act, const struct application_row *row)
{
    return act->kind == ACTOR_HOLDER && !id_empty(&row->deputy) && id_equal(&row->deputy, &act->account);
}

static bool party(const struct act *act, const struct application_row *row)
{
    return act->kind != ACTOR_HOLDER || id_equal(&row->holder, &act->account) ||
           id_equal(&row->successor, &act->account);
}

struct result desk_look(struct tx *tx, const struct act *act, const char *number, struct application_row *ret_row)
{
    struct key_row params = { .key = number };
    struct application_row row;
    TRY(tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &params), act->arena, &application_row_shape,
               &row));
    if (!party(act, &row)) {
        ENSURE(desk_deputy(act, &row), ERROR_NOT_FOUND);
        TRY(session_check_whole(act));
    }
    *ret_row = row;
    return OK;
}

struct result desk_load(struct tx *tx, const struct act *act, const char *number, struct application_row *ret_row)
{
    struct application_row row;
    TRY(desk_look(tx, act, number, &row));
    ENSURE(party(act, &row), ERROR_DEPUTY);
    *ret_row = row;
    return OK;
}

struct result desk_paid(struct tx *tx, const struct act *act, const char *number, int64_t *ret_fen)
{
    struct key_row params = { .key = number };
    struct count_row paid;
    TRY(tx_one(tx, STATEMENT_PAYMENT_SUM_PAID, RECORD(key_row_shape, &params), act->arena, &count_row_shape, &paid));
    *ret_fen = paid.count;
    return OK;
}

/* The first field that is not filled in, in the order of the pages. */
static const char *unfilled(const struct application_row *row, enum kind kind)
{
    const struct kind_rule *rule = kind_rule(kind);
    if (!row->agreement_version) return "agreement_version";
    if (!(row->confirmed & SECTION_ORGANIZATION)) return "organization_name";
    if (!(row->confirmed & SECTION_HOLDER)) return "holder_name";
    /* What costs nothing needs no invoice. */
    if (rule->fee_item && !(row->confirmed & SECTION_INVOICE)) return "invoice_title";
    if (!row->medium) return "medium";
    bool shield = text_equal(row->medium, "shield");
    if (kind_fulfilment(kind, shield) == FULFIL_PRODUCTION && !row->address) return "address";
    if (rule->successor && id_empty(&row->successor)) return "successor_mobile";
    if (kind == KIND_REVOKE && !row->revoke_reason) return "reason";
    return NULL;
}

bool desk_four_eyes(const struct application_row *row, enum kind kind)
{
    return kind_rule(kind)->four_eyes || (kind_rule(kind)->successor && row->keep_encryption);
}

/* Two approvals since it was submitted last, by two reviewers, that say the same. */
static struct result seconded(struct tx *tx, const struct act *act, const struct application_row *row,
                              bool *ret_seconded)
{
    struct decision_row first, second;
    struct result r = evidence_latest(tx, act, row->number, "approve", &first);
    if (!failed(r)) r = evidence_second(tx, act, &first, &second);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    *ret_seconded = !failed(r) && !first.used && !second.used && first.made_s >= row->submitted_s &&
                    second.made_s >= row->submitted_s;
    return OK;
}

struct result desk_facts(struct tx *tx, const struct act *act, const struct application_row *row, enum kind kind,
                         struct workflow_facts *ret_facts)
{
    struct workflow_facts facts = { .kind = kind };
    enum kind origin;
    int64_t paid;
    const struct kind_rule *rule = kind_rule(kind);
    facts.shield = text_equal(row->medium, "shield");
    facts.unconfirmed = rule->successor && !row->successor_confirmed_s;
    facts.unreturned = rule->returns && !row->key_received_s;
    facts.uninspected = rule->returns && !row->inspected_s;
    if (desk_four_eyes(row, kind)) {
        bool both;
        TRY(seconded(tx, act, row, &both));
        facts.unseconded = !both;
    }
    /* Complete is what was asked for when it was applied for, whatever it was turned into since. */
    TRY(kind_find(row->origin, &origin));
    facts.unfilled = rule->unasked ? NULL : unfilled(row, origin);
    facts.printed = rule->unasked;
    if (!facts.unfilled && !rule->unasked) {
        TRY(form_printed(tx, act, row, &facts.printed));
        TRY(attachment_missing(tx, act, row, kind, &facts.missing));
    }
    if (text_equal(row->state, state_name(STATE_REPLACED))) {
        struct decision_row unused;
        struct result r = evidence_latest(tx, act, row->number, "approve", &unused);
        if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
        facts.made = failed(r);
    }
    TRY(desk_paid(tx, act, row->number, &paid));
    facts.due = paid < row->fee_fen;
    *ret_facts = facts;
    return OK;
}

/* ---- what goes along with a step ---- */

static void run_clock(const struct desk_step *step, unsigned actions, struct application_row *row)
{
    const struct calendar *calendar = step->act->service->calendar;
    const struct kind_rule *rule = kind_rule(step->kind);
    int64_t now_s = step->act->now_s;
    if (actions & ACTION_CLOCK_RUN) {
        if (!row->started_s) {
            row->started_s = now_s;
            row->left_s = rule->half_days * calendar_day_s(calendar) / KIND_HALF_DAYS;
        }
        row->due_s = calendar_add(calendar, now_s, row->left_s);
    }
    if (actions & ACTION_CLOCK_PAUSE) {
        /* What is overdue when it is sent back is due at once when it returns. */
        int64_t left = calendar_between(calendar, now_s, row->due_s);
        row->left_s = left > 0 ? left : 0;
        row->due_s = 0;
    }
    bool over = actions & ACTION_CLOCK_STOP || (actions & ACTION_CLOCK_REVIEW && !rule->production_promised);
    if (over && !row->finished_s) row->finished_s = now_s;
    bool decided = step->event == EVENT_APPROVE || step->event == EVENT_REJECT;
    if (decided && step->from != step->to) row->decided_s = now_s;
}

/* Everything paid for the application is to be given back; the job of payment.c asks the gateway. */
static struct result refund(struct tx *tx, const struct act *act, const struct application_row *row)
{
    struct key_row params = { .key = row->number, .at_s = act->now_s };
    TRY(tx_run(tx, STATEMENT_PAYMENT_REFUND_ALL, RECORD(key_row_shape, &params), NULL));
    TRY(invoice_take_back(tx, act, row->number));
    /* An order that is still open is closed there too, before somebody pays it. */
    return tx_run(tx, STATEMENT_PAYMENT_EXPIRE_OPEN, RECORD(key_row_shape, &params), NULL);
}

/* By which template a step is told, and to whom. */
enum { TO_HOLDER = 1, TO_SUCCESSOR = 2 };

static const char *template_of(const struct desk_step *step, bool shield, struct arena *arena, unsigned *ret_whom)
{
    *ret_whom = TO_HOLDER;
    switch (step->event) {
    case EVENT_APPROVE: /* R-OPS-8: in its words; R-CHANGE-2: both are told */
        if (kind_rule(step->kind)->successor) *ret_whom = TO_HOLDER | TO_SUCCESSOR;
        if (shield && (step->kind == KIND_APPLY || step->kind == KIND_LOST)) /* R-APPLY-5: activated on the phone */
            return arena_format(arena, "%s-approved-shield", kind_rule(step->kind)->name);
        return arena_format(arena, "%s-approved", kind_rule(step->kind)->name);
    case EVENT_SUBMIT:
        if (step->to == STATE_AWAITING_RETURN) return "damaged-return";
        *ret_whom = TO_SUCCESSOR;
        return "change-confirm";
    case EVENT_REJECT: return "application-rejected";
    case EVENT_RETURN: return "application-returned";
    case EVENT_FAULT: return "damaged-fault";
    case EVENT_LAPSE: return "application-lapsed";
    case EVENT_CANCEL: return "application-cancelled";
    case EVENT_FINISH: return step->to == STATE_PRODUCED ? "application-produced" : "application-taken";
    case EVENT_SHIP: return "application-shipped";
    default: return NULL;
    }
}

struct result desk_tell_person(struct tx *tx, const struct act *act, const struct application_row *row,
                               const char *template, const struct id *whom)
{
    enum kind kind;
    struct account_row account;
    struct shipment_row shipment = { .waybill = "-" };
    struct key_row who = { .id = *whom }, which = { .key = row->number };
    const char *return_address = act->service->settings.return_address;
    char due[CIVIL_TEXT_MAX];
    TRY(kind_find(row->service, &kind));
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &who), act->arena, &account_row_shape, &account));
    struct result sent = tx_one(tx, STATEMENT_SHIPMENT_GET, RECORD(key_row_shape, &which), act->arena,
                                &shipment_row_shape, &shipment);
    if (failed(sent) && sent.code != ERROR_NOT_FOUND) return sent;
    civil_people(row->due_s ? row->due_s : act->now_s, due);
    const char *due_text = arena_text(act->arena, bytes_text(due));
    const char *yuan = arena_format(act->arena, "%lld.%02lld", (long long)(row->fee_fen / 100),
                                    (long long)(row->fee_fen % 100));
    ENSURE(due_text && yuan, ERROR_OUT_OF_ROOM);
    const struct notice_value values[] = {
        { "name", account.name },
        { "service", kind_rule(kind)->page_name },
        { "number", row->number },
        { "reason", review_reason_words(row->return_reason) },
        { "items", item_list_words(act->arena, row->return_items) },
        { "words", row->return_words ? row->return_words : "-" },
        { "waybill", shipment.waybill },
        { "due", due_text },
        { "fee", yuan },
        { "holder", row->holder_name ? row->holder_name : "-" },
        { "return_address", return_address ? return_address : "-" },
        { "deputy", row->deputy_name ? row->deputy_name : "-" },
    };
    struct notice notice = { .template = template, .mobile = account.mobile, .email = account.email,
                             NOTICE_VALUES(values) };
    return notice_queue(tx, act, &notice);
}

struct result desk_tell(struct tx *tx, const struct act *act, const struct application_row *row, const char *template)
{
    return desk_tell_person(tx, act, row, template, &row->holder);
}

static struct result act_on(struct tx *tx, struct desk_step *step, unsigned actions, struct application_row *row)
{
    if (actions & ACTION_REFUND) TRY(refund(tx, step->act, row));
    if (actions & ACTION_CLOSE && row->open) {
        row->open = 0;
        TRY(tx_run(tx, STATEMENT_APPLICATION_OPEN_DELETE, RECORD(application_row_shape, row), NULL));
    }
    if (actions & ACTION_REOPEN && !row->open) {
        row->open = 1;
        struct result r = tx_run(tx, STATEMENT_APPLICATION_OPEN_INSERT, RECORD(application_row_shape, row), NULL);
        /* The former holder may have begun something else: the new one's USBKey takes it all the same. */
        bool aside = step->event == EVENT_RESUME && r.code == ERROR_STORE_EXISTS;
        if (aside) row->open = 0;
        ENSURE(aside || r.code != ERROR_STORE_EXISTS, ERROR_APPLICATION_OPEN);
        if (!aside) TRY(r);
    }
    bool ended = actions & ACTION_REFUND && actions & ACTION_CLOSE;
    return ended && row->former ? former_let_go(tx, step->act, row, step->to) : OK;
}

/* ---- a step ---- */

static struct result record(struct tx *tx, struct desk_step *step, unsigned actions, struct application_row *row)
{
    const struct act *act = step->act;
    char action[64];
    struct writer w = writer_of(action, sizeof action - 1);
    write_format(&w, "application.%s", event_name(step->event));
    action[w.len] = '\0';
    const char *detail = step->from == step->to
                             ? arena_format(act->arena, "%s", step->detail ? step->detail : state_name(step->to))
                             : arena_format(act->arena, "%s → %s%s%s", state_name(step->from), state_name(step->to),
                                            step->detail ? "：" : "", step->detail ? step->detail : "");
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    TRY(audit_write(tx, act, action, row->number, detail));
    unsigned whom = 0;
    bool shield = text_equal(row->medium, "shield");
    const char *template = actions & ACTION_TELL ? template_of(step, shield, act->arena, &whom) : NULL;
    if (!template) return OK;
    if (whom & TO_HOLDER) TRY(desk_tell_person(tx, act, row, template, &row->holder));
    return whom & TO_SUCCESSOR ? desk_tell_person(tx, act, row, template, &row->successor) : OK;
}

/* What the person to whom a certificate passes may do with another's application. */
static bool for_successor(enum event event)
{
    return event == EVENT_CONFIRM || event == EVENT_FINISH;
}

/* What may be done for the holder by who has the holder's letter: fill in, upload, pay. What the holder agrees to,
 * submits and confirms stays the holder's (R-FORM-6). */
static bool for_deputy(enum event event)
{
    return event == EVENT_FILL || event == EVENT_PRINT || event == EVENT_UPLOAD || event == EVENT_PAY;
}

static struct result permitted(const struct act *act, const struct application_row *row, enum event event)
{
    if (act->kind != ACTOR_HOLDER || id_equal(&row->holder, &act->account)) return OK;
    if (id_equal(&row->successor, &act->account) && for_successor(event)) return OK;
    ENSURE(desk_deputy(act, row), ERROR_NOT_PERMITTED);
    ENSURE(for_deputy(event), ERROR_DEPUTY);
    return OK;
}

struct result desk_load_for(struct tx *tx, const struct act *act, const char *number, enum event event,
                            struct application_row *ret_row)
{
    struct application_row row;
    enum kind kind;
    enum state state;
    TRY(desk_look(tx, act, number, &row));
    TRY(kind_find(row.service, &kind));
    TRY(state_find(row.state, &state));
    TRY(permitted(act, &row, event));
    ENSURE(workflow_possible(kind, state, event), ERROR_APPLICATION_STATE);
    *ret_row = row;
    return OK;
}

/* Its holder has done something, or it is the holder's turn again: the time to its lapse begins anew (R-FORM-8). */
static void touch(const struct desk_step *step, struct application_row *row)
{
    if (step->act->kind != ACTOR_HOLDER && step->from == step->to) return;
    row->touched_s = step->act->now_s;
    row->warned_s = 0;
}

struct result desk_take_in(struct tx *tx, struct desk_step *step)
{
    const struct act *act = step->act;
    struct application_row row;
    struct workflow_facts facts;
    const struct workflow_row *way;
    TRY(desk_look(tx, act, step->number, &row));
    TRY(kind_find(row.service, &step->kind));
    TRY(state_find(row.state, &step->from));
    TRY(permitted(act, &row, step->event));
    ENSURE(!step->guarded || step->version == row.version, ERROR_APPLICATION_VERSION);
    /* Before anything is changed: what the state forbids is refused as that, whatever else is wrong. */
    ENSURE(workflow_possible(step->kind, step->from, step->event), ERROR_APPLICATION_STATE);
    if (step->prepare) TRY(step->prepare(tx, step, &row));
    TRY(desk_facts(tx, act, &row, step->kind, &facts));
    TRY(workflow_step(&facts, step->from, step->event, act->diag, &way));
    step->to = way->next;
    row.state = state_name(way->next);
    run_clock(step, way->actions, &row);
    touch(step, &row);
    TRY(act_on(tx, step, way->actions, &row));
    if (step->follow) TRY(step->follow(tx, step, &row));
    TRY(tx_change(tx, STATEMENT_APPLICATION_UPDATE, RECORD(application_row_shape, &row)));
    row.version++;
    TRY(record(tx, step, way->actions, &row));
    step->row = row;
    return OK;
}

static struct result take(struct tx *tx, void *context)
{
    return desk_take_in(tx, context);
}

void desk_publish(const struct act *act, const char *number, enum event event)
{
    char topic[64];
    struct writer w = writer_of(topic, sizeof topic - 1);
    write_format(&w, "application/%s", number);
    topic[w.len] = '\0';
    if (act->service->publish) act->service->publish(act->service->web, topic, event_name(event));
}

struct result desk_take(struct desk_step *step)
{
    TRY(store_write(step->act->service->store, take, step));
    desk_publish(step->act, step->number, step->event);
    if (step->row.former) desk_publish(step->act, step->row.former, step->event);
    return OK;
}
