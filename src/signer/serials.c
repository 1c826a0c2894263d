#include "signer/serials.h"

struct result serials_each(struct call *call, const char *field, const char *list,
                           struct result (*each)(void *context, const char *serial), void *context)
{
    const char *seen[SERIALS_MAX];
    size_t count = 0;
    if (text_equal(list, "-")) return OK;
    for (const char *p = list;; p++) {
        size_t len = strcspn(p, ",");
        const char *serial = arena_text(call->arena, bytes_of(p, len));
        ENSURE(serial, ERROR_OUT_OF_ROOM);
        bool bad = len == 0 || count == SERIALS_MAX;
        for (size_t i = 0; i < count; i++) bad |= text_equal(seen[i], serial);
        if (bad) return refuse(call, ERROR_STATEMENT, field, "list of serials");
        seen[count++] = serial;
        TRY(each(context, serial));
        p += len;
        if (*p == '\0') return OK;
    }
}

struct result serials_check(struct call *call, const char *field, const char *serial, const char *holder,
                            struct index_value *ret_value)
{
    struct journal_issued issued;
    if (!index_find(call->signer->index, INDEX_CERTIFICATE, bytes_text(serial), ret_value))
        return refuse(call, ERROR_SERIAL_UNKNOWN, field, "%s", serial);
    TRY(signer_recall(call->signer, ret_value->record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &issued));
    if (!text_equal(issued.holder, holder)) return refuse(call, ERROR_SERIAL_OTHER, field, "%s", serial);
    return OK;
}

struct result serials_approval(struct call *call, uint64_t record, struct approve_statement *ret_approval)
{
    struct journal_issued issued;
    TRY(signer_recall(call->signer, record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &issued));
    return statement_read(&approve_statement_shape, issued.approval1, call->arena, ret_approval);
}
