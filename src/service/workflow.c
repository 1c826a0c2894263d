#include "service/workflow.h"

#include <assert.h>

#include "base/text.h"

#define BIT(kind) (1u << KIND_##kind)
#define ALL ((1u << KIND_COUNT) - 1)
#define MADE (BIT(APPLY) | BIT(LOST) | BIT(DAMAGED)) /* end in a fresh USBKey, if the medium is one */
#define TAKEN (BIT(RENEW) | BIT(CHANGE) | BIT(REISSUE)) /* end in a certificate that the USBKey at hand takes */
#define FOUR_EYES (BIT(LOST) | BIT(DAMAGED) | BIT(CHANGE)) /* take two approvals, or may */
#define ISSUING (BIT(APPLY) | BIT(LOST) | BIT(DAMAGED) | BIT(RENEW) | BIT(CHANGE) | BIT(REISSUE))
#define FULFILLED (BIT(APPLY) | BIT(LOST) | BIT(DAMAGED) | BIT(RENEW) | BIT(CHANGE) | BIT(REISSUE) | BIT(UNLOCK))
#define ASKED (BIT(APPLY) | BIT(RENEW) | BIT(UNLOCK) | BIT(LOST) | BIT(DAMAGED) | BIT(REVOKE) | BIT(CHANGE))

#define RUN ACTION_CLOCK_RUN
#define PAUSE ACTION_CLOCK_PAUSE
#define REVIEWED ACTION_CLOCK_REVIEW
#define STOP ACTION_CLOCK_STOP
#define REFUND ACTION_REFUND
#define CLOSE ACTION_CLOSE
#define REOPEN ACTION_REOPEN
#define TELL ACTION_TELL
#define NOTHING ACTION_NOTHING

#define ROW(services, state, event, guard, actions, next) \
    { services, STATE_##state, EVENT_##event, GUARD_##guard, actions, STATE_##next },

/* Where one state and event have several rows, the first whose guard holds is taken. Money may come in any state: the
 * gateway does not ask. script/gen-workflow.py reads the rows between the two marks. */
/* clang-format off */
const struct workflow_row workflow_table[] = {
    /* ---- rows ---- */
    /*   services      state                  event      guard          actions                 next */
    ROW(ALL,           DRAFT,                 FILL,      ALWAYS,        NOTHING,                DRAFT)
    ROW(ALL,           DRAFT,                 PRINT,     FILLED,        NOTHING,                DRAFT)
    ROW(ALL,           DRAFT,                 UPLOAD,    ALWAYS,        NOTHING,                DRAFT)
    ROW(ALL,           DRAFT,                 SUBMIT,    READY,         RUN,                    IN_REVIEW)
    ROW(BIT(CHANGE),   DRAFT,                 SUBMIT,    UNCONFIRMED,   TELL,                   AWAITING_CONFIRMATION)
    ROW(BIT(DAMAGED),  DRAFT,                 SUBMIT,    UNRETURNED,    TELL,                   AWAITING_RETURN)
    ROW(ALL,           DRAFT,                 SUBMIT,    COMPLETE,      NOTHING,                AWAITING_PAYMENT)
    ROW(ALL,           DRAFT,                 PAID,      ALWAYS,        NOTHING,                DRAFT)
    ROW(ALL,           DRAFT,                 WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(ALL,           DRAFT,                 LAPSE,     ALWAYS,        REFUND | CLOSE | TELL,  LAPSED)
    ROW(ALL,           DRAFT,                 CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)

    ROW(ALL,           AWAITING_PAYMENT,      FILL,      ALWAYS,        NOTHING,                DRAFT)
    ROW(ALL,           AWAITING_PAYMENT,      PAY,       DUE,           NOTHING,                AWAITING_PAYMENT)
    ROW(ALL,           AWAITING_PAYMENT,      PAID,      READY,         RUN,                    IN_REVIEW)
    ROW(ALL,           AWAITING_PAYMENT,      PAID,      ALWAYS,        NOTHING,                AWAITING_PAYMENT)
    ROW(ALL,           AWAITING_PAYMENT,      WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(ALL,           AWAITING_PAYMENT,      LAPSE,     ALWAYS,        REFUND | CLOSE | TELL,  LAPSED)
    ROW(ALL,           AWAITING_PAYMENT,      CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)

    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, FILL,      ALWAYS,        NOTHING,                DRAFT)
    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, CONFIRM,   READY,         RUN,                    IN_REVIEW)
    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, PAID,      ALWAYS,        NOTHING,                AWAITING_CONFIRMATION)
    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, LAPSE,     ALWAYS,        REFUND | CLOSE | TELL,  LAPSED)
    ROW(BIT(CHANGE),   AWAITING_CONFIRMATION, CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)

    ROW(BIT(DAMAGED),  AWAITING_RETURN,       SEND_BACK, ALWAYS,        NOTHING,                AWAITING_RETURN)
    ROW(BIT(DAMAGED),  AWAITING_RETURN,       TAKE_BACK, READY,         RUN,                    IN_REVIEW)
    ROW(BIT(DAMAGED),  AWAITING_RETURN,       PAID,      ALWAYS,        NOTHING,                AWAITING_RETURN)
    ROW(BIT(DAMAGED),  AWAITING_RETURN,       WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(BIT(DAMAGED),  AWAITING_RETURN,       LAPSE,     ALWAYS,        REFUND | CLOSE | TELL,  LAPSED)
    ROW(BIT(DAMAGED),  AWAITING_RETURN,       CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)

    ROW(ALL,           IN_REVIEW,             PAID,      ALWAYS,        NOTHING,                IN_REVIEW)
    ROW(ALL,           IN_REVIEW,             WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(ALL,           IN_REVIEW,             CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)
    ROW(ASKED,         IN_REVIEW,             RETURN,    ALWAYS,        PAUSE | TELL,           SENT_BACK)
    ROW(BIT(DAMAGED),  IN_REVIEW,             INSPECT,   ALWAYS,        NOTHING,                IN_REVIEW)
    ROW(BIT(DAMAGED),  IN_REVIEW,             FAULT,     COMPLETE_PAID, TELL,                   IN_REVIEW)
    ROW(BIT(DAMAGED),  IN_REVIEW,             FAULT,     COMPLETE,      PAUSE | TELL,           AWAITING_PAYMENT)
    ROW(ALL,           IN_REVIEW,             APPROVE,   SECONDED,      REVIEWED | TELL,        APPROVED)
    ROW(FOUR_EYES,     IN_REVIEW,             APPROVE,   INSPECTED,     NOTHING,                IN_REVIEW)
    ROW(ALL,           IN_REVIEW,             REJECT,    ALWAYS,        STOP | REFUND | CLOSE | TELL, REJECTED)

    ROW(ALL,           SENT_BACK,             FILL,      ALWAYS,        NOTHING,                SENT_BACK)
    ROW(ALL,           SENT_BACK,             PRINT,     FILLED,        NOTHING,                SENT_BACK)
    ROW(ALL,           SENT_BACK,             UPLOAD,    ALWAYS,        NOTHING,                SENT_BACK)
    ROW(ALL,           SENT_BACK,             SUBMIT,    READY,         RUN,                    IN_REVIEW)
    ROW(BIT(CHANGE),   SENT_BACK,             SUBMIT,    UNCONFIRMED,   TELL,                   AWAITING_CONFIRMATION)
    ROW(BIT(DAMAGED),  SENT_BACK,             SUBMIT,    UNRETURNED,    TELL,                   AWAITING_RETURN)
    ROW(ALL,           SENT_BACK,             SUBMIT,    COMPLETE,      NOTHING,                AWAITING_PAYMENT)
    ROW(ALL,           SENT_BACK,             PAID,      ALWAYS,        NOTHING,                SENT_BACK)
    ROW(ALL,           SENT_BACK,             WITHDRAW,  ALWAYS,        REFUND | CLOSE,         WITHDRAWN)
    ROW(ALL,           SENT_BACK,             LAPSE,     ALWAYS,        REFUND | CLOSE | TELL,  LAPSED)
    ROW(ALL,           SENT_BACK,             CANCEL,    ALWAYS,        REFUND | CLOSE | TELL,  CANCELLED)

    ROW(ALL,           APPROVED,              PAID,      ALWAYS,        NOTHING,                APPROVED)
    ROW(ALL,           APPROVED,              CANCEL,    ALWAYS,        STOP | REFUND | CLOSE | TELL, CANCELLED)
    ROW(MADE,          APPROVED,              OPEN,      USBKEY,        NOTHING,                IN_PRODUCTION)
    ROW(MADE,          APPROVED,              ISSUE,     SHIELD,        NOTHING,                ISSUED)
    ROW(TAKEN,         APPROVED,              ISSUE,     ALWAYS,        NOTHING,                ISSUED)
    ROW(FULFILLED,     APPROVED,              REMAKE,    ALWAYS,        RUN,                    IN_REVIEW)
    ROW(BIT(UNLOCK),   APPROVED,              UNLOCK,    ALWAYS,        CLOSE,                  DONE)
    ROW(BIT(REVOKE),   APPROVED,              REVOKE,    ALWAYS,        CLOSE,                  DONE)

    ROW(TAKEN,         APPROVED,              REPLACE,   ALWAYS,        CLOSE,                  REPLACED)

    ROW(MADE,          IN_PRODUCTION,         PAID,      ALWAYS,        NOTHING,                IN_PRODUCTION)
    ROW(MADE,          IN_PRODUCTION,         CANCEL,    ALWAYS,        STOP | REFUND | CLOSE | TELL, CANCELLED)
    ROW(MADE,          IN_PRODUCTION,         OPEN,      USBKEY,        NOTHING,                IN_PRODUCTION)
    ROW(MADE,          IN_PRODUCTION,         ISSUE,     ALWAYS,        NOTHING,                ISSUED)
    ROW(MADE,          IN_PRODUCTION,         REMAKE,    ALWAYS,        RUN,                    IN_REVIEW)

    ROW(ISSUING,       ISSUED,                PAID,      ALWAYS,        NOTHING,                ISSUED)
    ROW(ISSUING,       ISSUED,                REMAKE,    ALWAYS,        NOTHING,                IN_REVIEW)
    ROW(MADE,          ISSUED,                FINISH,    USBKEY,        STOP | TELL,            PRODUCED)
    ROW(ISSUING,       ISSUED,                FINISH,    ALWAYS,        STOP | CLOSE | TELL,    DONE)
    ROW(TAKEN,         ISSUED,                REPLACE,   ALWAYS,        CLOSE,                  REPLACED)

    ROW(TAKEN,         REPLACED,              PAID,      ALWAYS,        NOTHING,                REPLACED)
    ROW(TAKEN,         REPLACED,              RESUME,    MADE,          REOPEN,                 ISSUED)
    ROW(TAKEN,         REPLACED,              RESUME,    ALWAYS,        REOPEN,                 APPROVED)
    ROW(TAKEN,         REPLACED,              CANCEL,    MADE,          TELL,                   CANCELLED)
    ROW(TAKEN,         REPLACED,              CANCEL,    ALWAYS,        REFUND | TELL,          CANCELLED)

    ROW(MADE,          PRODUCED,              PAID,      ALWAYS,        NOTHING,                PRODUCED)
    ROW(MADE,          PRODUCED,              REMAKE,    ALWAYS,        RUN,                    IN_REVIEW)
    ROW(MADE,          PRODUCED,              SHIP,      ALWAYS,        CLOSE | TELL,           SHIPPED)

    ROW(MADE,          SHIPPED,               PAID,      ALWAYS,        NOTHING,                SHIPPED)
    ROW(MADE,          SHIPPED,               REMAKE,    ALWAYS,        RUN | REOPEN,           IN_REVIEW)
    ROW(MADE,          SHIPPED,               RECEIVE,   ALWAYS,        NOTHING,                DONE)

    ROW(ALL,           DONE,                  PAID,      ALWAYS,        NOTHING,                DONE)
    ROW(ALL,           REJECTED,              PAID,      ALWAYS,        REFUND,                 REJECTED)
    ROW(ALL,           WITHDRAWN,             PAID,      ALWAYS,        REFUND,                 WITHDRAWN)
    ROW(ALL,           LAPSED,                PAID,      ALWAYS,        REFUND,                 LAPSED)
    ROW(ALL,           CANCELLED,             PAID,      ALWAYS,        REFUND,                 CANCELLED)
    /* ---- end ---- */
};
/* clang-format on */
const size_t workflow_count = COUNT(workflow_table);

/* ---- guards: OK, or why not ---- */

static struct result filled(const struct workflow_facts *facts, struct diag *diag)
{
    if (!facts->unfilled) return OK;
    return diag_field(diag, ERROR_APPLICATION_INCOMPLETE, facts->unfilled, "请先填写并确认这一项");
}

static struct result complete(const struct workflow_facts *facts, struct diag *diag)
{
    TRY(filled(facts, diag));
    if (!facts->printed)
        return diag_field(diag, ERROR_APPLICATION_INCOMPLETE, "form", "请打印受理表；填写的内容改动后须重新打印");
    if (!facts->missing) return OK;
    const struct kind_scan *scan = kind_scan(facts->kind, facts->missing);
    const char *title = scan && scan->form ? "受理表" : "", *words = scan ? scan->words : "附件";
    return diag_field(diag, ERROR_APPLICATION_INCOMPLETE, facts->missing, "请上传%s%s", title, words);
}

static struct result complete_paid(const struct workflow_facts *facts, struct diag *diag)
{
    TRY(complete(facts, diag));
    ENSURE(!facts->due, ERROR_PAYMENT_DUE);
    return OK;
}

static struct result ready(const struct workflow_facts *facts, struct diag *diag)
{
    TRY(complete_paid(facts, diag));
    ENSURE(!facts->unconfirmed, ERROR_APPLICATION_UNCONFIRMED);
    ENSURE(!facts->unreturned, ERROR_APPLICATION_UNRETURNED);
    return OK;
}

static struct result inspected(const struct workflow_facts *facts, struct diag *diag)
{
    TRY(ready(facts, diag));
    ENSURE(!facts->uninspected, ERROR_APPLICATION_UNINSPECTED);
    return OK;
}

static struct result check(enum guard guard, const struct workflow_facts *facts, struct diag *diag)
{
    switch (guard) {
    case GUARD_ALWAYS: return OK;
    case GUARD_FILLED: return filled(facts, diag);
    case GUARD_COMPLETE: return complete(facts, diag);
    case GUARD_COMPLETE_PAID: return complete_paid(facts, diag);
    case GUARD_READY: return ready(facts, diag);
    case GUARD_INSPECTED: return inspected(facts, diag);
    case GUARD_SECONDED:
        TRY(inspected(facts, diag));
        ENSURE(!facts->unseconded, ERROR_APPLICATION_STATE);
        return OK;
    case GUARD_UNCONFIRMED:
        TRY(complete(facts, diag));
        ENSURE(facts->unconfirmed, ERROR_APPLICATION_STATE);
        return OK;
    case GUARD_UNRETURNED:
        TRY(complete_paid(facts, diag));
        ENSURE(facts->unreturned, ERROR_APPLICATION_STATE);
        return OK;
    case GUARD_DUE:
        ENSURE(facts->due, ERROR_PAYMENT_NOT_DUE);
        return OK;
    case GUARD_USBKEY:
        ENSURE(!facts->shield, ERROR_APPLICATION_MEDIUM);
        return OK;
    case GUARD_SHIELD:
        ENSURE(facts->shield, ERROR_APPLICATION_MEDIUM);
        return OK;
    case GUARD_MADE:
        ENSURE(facts->made, ERROR_APPLICATION_STATE);
        return OK;
    case GUARD_COUNT: break;
    }
    assert(!"no such guard");
    return FAIL(ERROR_INTERNAL);
}

struct result workflow_step(const struct workflow_facts *facts, enum state state, enum event event,
                            struct diag *diag, const struct workflow_row **ret_row)
{
    struct result why = FAIL(ERROR_APPLICATION_STATE);
    struct diag words = { 0 };
    for (size_t i = 0; i < workflow_count; i++) {
        const struct workflow_row *row = &workflow_table[i];
        if (row->state != state || row->event != event || !(row->services & 1u << facts->kind)) continue;
        words = (struct diag){ 0 };
        why = check(row->guard, facts, &words);
        if (failed(why)) continue;
        *ret_row = row;
        return OK;
    }
    if (words.field[0]) return diag_field(diag, why.code, words.field, "%s", words.detail);
    return why;
}

bool workflow_possible(enum kind kind, enum state state, enum event event)
{
    for (size_t i = 0; i < workflow_count; i++) {
        const struct workflow_row *row = &workflow_table[i];
        if (row->state == state && row->event == event && row->services & 1u << kind) return true;
    }
    return false;
}

/* ---- names ---- */

static const char *const states[STATE_COUNT] = {
    [STATE_DRAFT] = "draft",         [STATE_AWAITING_PAYMENT] = "awaiting-payment",
    [STATE_AWAITING_CONFIRMATION] = "awaiting-confirmation",
    [STATE_AWAITING_RETURN] = "awaiting-return",
    [STATE_IN_REVIEW] = "in-review", [STATE_SENT_BACK] = "sent-back",
    [STATE_APPROVED] = "approved",   [STATE_IN_PRODUCTION] = "in-production",
    [STATE_ISSUED] = "issued",       [STATE_PRODUCED] = "produced",
    [STATE_SHIPPED] = "shipped",     [STATE_DONE] = "done",
    [STATE_REJECTED] = "rejected",   [STATE_WITHDRAWN] = "withdrawn",
    [STATE_LAPSED] = "lapsed",       [STATE_CANCELLED] = "cancelled",
    [STATE_REPLACED] = "replaced",
};

static const char *const events[EVENT_COUNT] = {
    [EVENT_FILL] = "fill",       [EVENT_PRINT] = "print",   [EVENT_UPLOAD] = "upload",
    [EVENT_SUBMIT] = "submit",   [EVENT_PAY] = "pay",       [EVENT_PAID] = "paid",
    [EVENT_WITHDRAW] = "withdraw", [EVENT_LAPSE] = "lapse", [EVENT_CANCEL] = "cancel",
    [EVENT_RETURN] = "return",   [EVENT_APPROVE] = "approve", [EVENT_REJECT] = "reject",
    [EVENT_OPEN] = "open",       [EVENT_ISSUE] = "issue",   [EVENT_REMAKE] = "remake",
    [EVENT_FINISH] = "finish",   [EVENT_SHIP] = "ship",     [EVENT_RECEIVE] = "receive",
    [EVENT_CONFIRM] = "confirm", [EVENT_SEND_BACK] = "send-back", [EVENT_TAKE_BACK] = "take-back",
    [EVENT_INSPECT] = "inspect", [EVENT_FAULT] = "fault",   [EVENT_REVOKE] = "revoke",
    [EVENT_UNLOCK] = "unlock",   [EVENT_REPLACE] = "replace", [EVENT_RESUME] = "resume",
};

const char *state_name(enum state state)
{
    assert(state < STATE_COUNT);
    return states[state];
}

const char *event_name(enum event event)
{
    assert(event < EVENT_COUNT);
    return events[event];
}

struct result state_find(const char *name, enum state *ret_state)
{
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (!text_equal(states[i], name)) continue;
        *ret_state = (enum state)i;
        return OK;
    }
    return FAIL(ERROR_STORE_DAMAGED);
}
