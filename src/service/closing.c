#include "service/closing.h"

#include "service/desk.h"
#include "service/revocation_wish.h"

enum { CERTIFICATES_MAX = 100 };

/* That which STATEMENT finds of the person. What was approved to pass on passes on, whatever becomes of its former
 * holder: it is the new one's. */
static struct result cancel_application(struct tx *tx, const struct act *act, enum statement statement,
                                        const struct key_row *who, const char **ret_cancelled)
{
    struct application_row row;
    struct result r = tx_one(tx, statement, RECORD(key_row_shape, who), act->arena, &application_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    enum kind kind;
    enum state state;
    TRY(kind_find(row.service, &kind));
    TRY(state_find(row.state, &state));
    bool passed = workflow_possible(kind, state, EVENT_REPLACE) && kind_rule(kind)->successor;
    if (!workflow_possible(kind, state, EVENT_CANCEL) || (passed && id_equal(&row.holder, &who->id))) return OK;
    struct desk_step step = { .act = act, .number = row.number, .event = EVENT_CANCEL, .detail = "账户已注销" };
    TRY(desk_take_in(tx, &step));
    *ret_cancelled = row.number;
    return OK;
}

static struct result ask_revocations(struct tx *tx, const struct act *act, const struct key_row *who,
                                     const char *reason)
{
    void *rows;
    size_t count;
    TRY(tx_list(tx, STATEMENT_CERTIFICATE_LIST_UNREVOKED, RECORD(key_row_shape, who), act->arena,
                &certificate_row_shape, CERTIFICATES_MAX, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct certificate_row *row = (const struct certificate_row *)rows + i;
        struct revocation_wish wish = { row->serial, "cessationOfOperation", reason };
        TRY(revocation_wish_add(tx, act, &wish));
    }
    return OK;
}

struct result closing_follow(struct tx *tx, const struct act *act, const struct account_row *account,
                             const char *reason, const char **ret_cancelled)
{
    struct key_row who = { .id = account->id, .limit_count = CERTIFICATES_MAX };
    *ret_cancelled = NULL;
    TRY(cancel_application(tx, act, STATEMENT_APPLICATION_OPEN_OF, &who, ret_cancelled));
    TRY(cancel_application(tx, act, STATEMENT_APPLICATION_BESIDE, &who, ret_cancelled));
    TRY(cancel_application(tx, act, STATEMENT_APPLICATION_PASSING_TO, &who, ret_cancelled));
    TRY(ask_revocations(tx, act, &who, reason));
    return tx_run(tx, STATEMENT_ORGANIZATION_ADMINISTRATOR_DELETE, RECORD(key_row_shape, &who), NULL);
}
