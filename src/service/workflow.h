/* The way of an application: one table of {services, state, event, guard, actions, next} (workflow.c), from
 * which docs/workflow.md is drawn (script/gen-workflow.py). Pure: facts in, a row out; whoever carries the
 * row out (application.c) does its actions and the next state in one closure. */
#pragma once

#include <stddef.h>

#include "base/diag.h"
#include "service/kind.h"

enum state {
    STATE_DRAFT,            /* being filled in */
    STATE_AWAITING_PAYMENT, /* complete; the fee is due */
    STATE_AWAITING_CONFIRMATION, /* by the person whom the certificate passes to */
    STATE_AWAITING_RETURN,  /* of the damaged USBKey */
    STATE_IN_REVIEW,
    STATE_SENT_BACK,     /* the applicant corrects what the reviewer named */
    STATE_APPROVED,      /* to be produced, downloaded or unlocked */
    STATE_IN_PRODUCTION, /* a USBKey is open for it */
    STATE_ISSUED,        /* the certificates exist; the USBKey is not closed yet */
    STATE_PRODUCED,      /* the USBKey is ready to be sent */
    STATE_SHIPPED,
    STATE_DONE,
    STATE_REJECTED,
    STATE_WITHDRAWN, /* by the applicant */
    STATE_LAPSED,    /* by time (R-FORM-8) */
    STATE_CANCELLED, /* overridden: account closed, certificate revoked */
    STATE_REPLACED,  /* its USBKey is lost or broken: a replacement has taken its place, and what was paid for */
    STATE_COUNT
};

enum event {
    EVENT_FILL, /* agreement, details or medium given */
    EVENT_PRINT,
    EVENT_UPLOAD,
    EVENT_SUBMIT,
    EVENT_PAY,  /* a payment is opened */
    EVENT_PAID, /* money has come */
    EVENT_WITHDRAW,
    EVENT_LAPSE,
    EVENT_CANCEL,
    EVENT_RETURN, /* the reviewer sends back */
    EVENT_APPROVE,
    EVENT_REJECT,
    EVENT_OPEN,   /* a USBKey is opened for production */
    EVENT_ISSUE,  /* the signer has issued: told by the journal */
    EVENT_REMAKE, /* the approval has grown old, or the USBKey failed after the issue: back to be approved anew */
    EVENT_FINISH, /* the USBKey is written and closed */
    EVENT_SHIP,
    EVENT_RECEIVE,   /* its holder has it */
    EVENT_CONFIRM,   /* the successor agrees */
    EVENT_SEND_BACK, /* the holder has sent the damaged USBKey */
    EVENT_TAKE_BACK, /* it has come */
    EVENT_INSPECT,   /* it is not the holder's fault */
    EVENT_FAULT,     /* it is: turned into a replacement under its own fee */
    EVENT_REVOKE,    /* the signer has revoked: told by the journal */
    EVENT_UNLOCK,    /* the USBKey was unlocked */
    EVENT_REPLACE,   /* a replacement of its USBKey begins */
    EVENT_RESUME,    /* that replacement ended without anything: it stands as before */
    EVENT_COUNT
};

enum guard {
    GUARD_ALWAYS,
    GUARD_FILLED,         /* agreed, data confirmed, medium chosen: can be printed */
    GUARD_COMPLETE,       /* everything is there that the applicant gives */
    GUARD_COMPLETE_PAID,  /* and nothing is due */
    GUARD_READY,          /* and the successor has confirmed, and the damaged USBKey has come */
    GUARD_INSPECTED,      /* and was inspected, where it has to be */
    GUARD_SECONDED,       /* and both reviewers have approved, where it takes two */
    GUARD_UNCONFIRMED,    /* complete, but the successor has not confirmed */
    GUARD_UNRETURNED,     /* complete and paid, but the damaged USBKey has not come */
    GUARD_DUE,            /* money is due */
    GUARD_USBKEY,         /* the medium is a USBKey */
    GUARD_SHIELD,
    GUARD_MADE,           /* what was approved is issued already */
    GUARD_COUNT
};

/* What goes along with a step; the bits of a row. */
enum action {
    ACTION_NOTHING = 0,
    ACTION_CLOCK_RUN = 1 << 0, /* the promised time runs, or goes on */
    ACTION_CLOCK_PAUSE = 1 << 1,
    ACTION_CLOCK_REVIEW = 1 << 2, /* the review is over: ends where the promise covers no more */
    ACTION_CLOCK_STOP = 1 << 3,
    ACTION_REFUND = 1 << 4,      /* what was paid goes back in full */
    ACTION_CLOSE = 1 << 5,       /* no longer an open application */
    ACTION_TELL = 1 << 6,        /* told by SMS and e-mail */
    ACTION_REOPEN = 1 << 7       /* an open application again */
};

/* What guards look at, put together from the database. */
struct workflow_facts {
    enum kind kind;
    const char *unfilled;   /* the first field that is not filled in; NULL: none */
    const char *missing;    /* the first scan that is missing or out of date; NULL: none */
    bool printed;           /* the form is printed as filled in */
    bool due;               /* a fee is owed and not here */
    bool shield;            /* the medium is the shield */
    bool unconfirmed;       /* the successor has not confirmed */
    bool unreturned;        /* the damaged USBKey has not come */
    bool uninspected;       /* it has to be inspected still */
    bool unseconded;        /* a second reviewer has to approve still */
    bool made;              /* what was approved is issued already */
};

struct workflow_row {
    unsigned services; /* bits 1 << enum kind */
    enum state state;
    enum event event;
    enum guard guard;
    unsigned actions; /* enum action */
    enum state next;
};

extern const struct workflow_row workflow_table[];
extern const size_t workflow_count;

/* The row for EVENT in STATE. ERROR_APPLICATION_STATE when the table has none; when guards forbid those it has, what
 * the last of them says: ERROR_APPLICATION_INCOMPLETE with the field, ERROR_PAYMENT_DUE, ERROR_APPLICATION_MEDIUM … */
RESULT workflow_step(const struct workflow_facts *facts, enum state state, enum event event, struct diag *diag,
                     const struct workflow_row **ret_row);
/* Whether the table has a row for EVENT in STATE, whatever its guards say: what pages offer. */
bool workflow_possible(enum kind kind, enum state state, enum event event);

/* Names as in database, API and docs: "awaiting-payment", "submit". */
const char *state_name(enum state state);
const char *event_name(enum event event);
/* ERROR_STORE_DAMAGED for a name that is none. */
RESULT state_find(const char *name, enum state *ret_state);
