#include "service/invoice_state.h"

#include "base/text.h"

#define ROW(state, event, next) { INVOICE_##state, INVOICE_##event, INVOICE_##next }

/* clang-format off */
static const struct {
    enum invoice_state state;
    enum invoice_event event;
    enum invoice_state next;
} table[] = {
    ROW(DUE,          REQUEST, REQUESTED),
    ROW(DUE,          EXPORT,  REQUESTED),
    ROW(DUE,          CORRECT, DUE),
    ROW(DUE,          RETRY,   DUE),
    ROW(DUE,          DROP,    VOID),
    ROW(REQUESTED,    REQUEST, REQUESTED),
    ROW(REQUESTED,    RETURN,  DUE),
    ROW(REQUESTED,    ISSUE,   ISSUED),
    ROW(REQUESTED,    REFUSE,  FAILED),
    ROW(FAILED,       RETRY,   DUE),
    ROW(FAILED,       CORRECT, DUE),
    ROW(FAILED,       DROP,    VOID),
    ROW(ISSUED,       WISH,    ISSUED),
    ROW(ISSUED,       SEND,    SENT),
    ROW(ISSUED,       RED,     RED_LETTERED),
    ROW(SENT,         WISH,    SENT),
    ROW(SENT,         SEND,    SENT),
    ROW(SENT,         RED,     RED_LETTERED),
    ROW(RED_LETTERED, REPLACE, REPLACED),
};
/* clang-format on */

struct result invoice_step(enum invoice_state state, enum invoice_event event, enum invoice_state *ret_next)
{
    for (size_t i = 0; i < COUNT(table); i++) {
        if (table[i].state != state || table[i].event != event) continue;
        *ret_next = table[i].next;
        return OK;
    }
    return FAIL(ERROR_INVOICE_STATE);
}

const char *invoice_state_name(enum invoice_state state)
{
    static const char *const names[INVOICE_STATES] = { "due",    "requested",    "issued",   "sent",
                                                       "failed", "red-lettered", "replaced", "void" };
    return names[state];
}

const char *invoice_event_name(enum invoice_event event)
{
    static const char *const names[INVOICE_EVENTS] = { "request", "export", "return", "issue", "refuse",  "retry",
                                                       "correct", "wish",   "send",   "red",   "replace", "drop" };
    return names[event];
}

struct result invoice_state_find(const char *name, enum invoice_state *ret_state)
{
    for (size_t i = 0; i < INVOICE_STATES; i++) {
        if (!text_equal(invoice_state_name((enum invoice_state)i), name)) continue;
        *ret_state = (enum invoice_state)i;
        return OK;
    }
    return FAIL(ERROR_STORE_DAMAGED);
}
