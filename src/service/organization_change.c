#include "service/organization_change.h"

#include "service/checked_change.h"
#include "service/identity.h"
#include "service/part.h"

static RESULT settle(struct tx *tx, const struct act *act, struct change_row *change);

static const struct checked_change kind = {
    .use = "organization-change",
    .action = "organization.change-",
    .row = &organization_change_row_shape,
    .subject = offsetof(struct organization_change_row, organization),
    .insert = STATEMENT_ORGANIZATION_CHANGE_INSERT,
    .get = STATEMENT_ORGANIZATION_CHANGE_GET,
    .list_waiting = STATEMENT_ORGANIZATION_CHANGE_LIST_WAITING,
    .list_decided = STATEMENT_ORGANIZATION_CHANGE_LIST_DECIDED,
    .decide = STATEMENT_ORGANIZATION_CHANGE_DECIDE,
    .own = ERROR_ORGANIZATION_CHANGE_OWN,
    .decided = ERROR_ORGANIZATION_CHANGE_DECIDED,
    .settle = settle,
};

/* ---- entering ---- */

struct asking {
    const struct act *act;
    const struct organization_change_ask *ask;
    struct checked_change_ask change;
    struct organization_change_row row;
};

static struct result taken(const struct act *act)
{
    return diag_field(act->diag, ERROR_ORGANIZATION_EXISTS, "credit_code", "已有单位使用这个统一社会信用代码");
}

/* Whether another organization has the code already. */
static struct result check_code(struct tx *tx, const struct asking *a)
{
    struct key_row key = { .key = a->ask->credit_code };
    struct organization_row other;
    struct result r = tx_one(tx, STATEMENT_ORGANIZATION_BY_CODE, RECORD(key_row_shape, &key), a->act->arena,
                             &organization_row_shape, &other);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    return id_equal(&other.id, &a->ask->organization) ? OK : taken(a->act);
}

static struct result look(struct tx *tx, void *context)
{
    struct asking *a = context;
    const struct act *act = a->act;
    struct key_row key = { .id = a->ask->organization };
    struct organization_row now;
    struct count_row waiting;
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &key), act->arena, &organization_row_shape,
               &now));
    ENSURE(!text_equal(now.name, a->ask->name) || !text_equal(now.credit_code, a->ask->credit_code),
           ERROR_ORGANIZATION_CHANGE_SAME);
    TRY(check_code(tx, a));
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_CHANGE_WAITING, RECORD(key_row_shape, &key), act->arena, &count_row_shape,
               &waiting));
    ENSURE(waiting.count == 0, ERROR_ORGANIZATION_CHANGE_WAITS);
    a->row.old_name = now.name;
    a->row.old_credit_code = now.credit_code;
    return OK;
}

static struct result insert(struct tx *tx, void *context)
{
    struct asking *a = context;
    const struct organization_change_row *row = &a->row;
    TRY(look(tx, a));
    return checked_change_insert(tx, &a->change,
                                 arena_format(a->act->arena, "%s %s → %s %s", row->old_name, row->old_credit_code,
                                              row->name, row->credit_code));
}

struct result organization_change_ask(const struct act *act, const struct organization_change_ask *ask,
                                      struct organization_change_row *ret_change)
{
    struct asking a = { .act = act, .ask = ask,
                        .row = { .organization = ask->organization, .name = ask->name,
                                 .credit_code = ask->credit_code } };
    a.change = (struct checked_change_ask){ act, &kind, &a.row.change, ask->fd, ask->size, look, insert, &a };
    TRY(identity_check_name(ask->name, "name", act->diag));
    TRY(identity_check_credit_code(ask->credit_code, act->diag));
    TRY(checked_change_ask(&a.change));
    *ret_change = a.row;
    return OK;
}

/* ---- looking ---- */

struct result organization_change_list(const struct act *act, bool waiting, const char *after,
                                       struct organization_change_row **ret_rows, size_t *ret_count,
                                       const char **ret_next)
{
    void *rows;
    TRY(checked_change_list(act, &kind, waiting, after, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}

struct result organization_change_evidence(const struct act *act, const struct id *id,
                                           struct organization_change_row *ret_change, int *ret_fd)
{
    struct organization_change_row row;
    TRY(checked_change_evidence(act, &kind, id, &row.change, ret_fd));
    *ret_change = row;
    return OK;
}

/* ---- deciding ---- */

static struct result settle(struct tx *tx, const struct act *act, struct change_row *change)
{
    const struct organization_change_row *row = (const void *)change;
    if (text_equal(row->state, "rejected")) return OK;
    TRY(part_drop_organization(tx, &row->organization));
    struct result r = tx_change(tx, STATEMENT_ORGANIZATION_RENAME, RECORD(organization_change_row_shape, row));
    if (r.code == ERROR_STORE_EXISTS) return taken(act);
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_ORGANIZATION_CHANGE_DECIDED);
    TRY(r);
    return part_add_organization(tx, &row->organization);
}

struct result organization_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                                         struct organization_change_row *ret_change)
{
    struct organization_change_row row;
    TRY(checked_change_decide(act, &kind, id, approve, words, &row.change));
    if (approve && act->service->wake) act->service->wake(act->service->web, "reissues");
    *ret_change = row;
    return OK;
}
