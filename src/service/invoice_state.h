/* The state table of an invoice (R-INV-1, R-INV-2). The holder's wish to have one corrected that is issued changes no
 * state; docs/operation.md shows the table. */
#pragma once

#include "base/result.h"

enum invoice_state {
    INVOICE_DUE,          /* to be requested */
    INVOICE_REQUESTED,    /* at the tax platform, or exported for people who make it there */
    INVOICE_ISSUED,       /* number and files are here */
    INVOICE_SENT,         /* the e-mail with it was taken */
    INVOICE_FAILED,       /* the platform refuses it */
    INVOICE_RED_LETTERED, /* taken back */
    INVOICE_REPLACED,     /* and another one issued in its place */
    INVOICE_VOID,         /* never was requested: the money went back before */
    INVOICE_STATES
};

enum invoice_event {
    INVOICE_REQUEST, /* also again, under the same number */
    INVOICE_EXPORT,
    INVOICE_RETURN,  /* there is no platform: people make it */
    INVOICE_ISSUE,
    INVOICE_REFUSE,
    INVOICE_RETRY,
    INVOICE_CORRECT,
    INVOICE_WISH,
    INVOICE_SEND,
    INVOICE_RED,
    INVOICE_REPLACE,
    INVOICE_DROP,
    INVOICE_EVENTS
};

/* ERROR_INVOICE_STATE for a pair that is not in the table. */
RESULT invoice_step(enum invoice_state state, enum invoice_event event, enum invoice_state *ret_next);
const char *invoice_state_name(enum invoice_state state);
const char *invoice_event_name(enum invoice_event event);
/* ERROR_STORE_DAMAGED. */
RESULT invoice_state_find(const char *name, enum invoice_state *ret_state);
