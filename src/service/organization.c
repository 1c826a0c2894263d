#include "service/organization.h"

#include "service/audit.h"
#include "service/directory.h"
#include "service/number.h"
#include "service/page.h"
#include "service/revocation_wish.h"
#include "service/session.h"

/* ---- who runs it ---- */

struct naming {
    const struct act *act;
    struct id account;
    bool administrator;
};

static struct result name_one(struct tx *tx, void *context)
{
    const struct naming *n = context;
    const struct act *act = n->act;
    struct key_row key = { .id = n->account };
    struct account_row account;
    char id[ID_TEXT_LEN + 1];
    int64_t removed;
    id_text(&n->account, id);
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    ENSURE(!n->administrator || text_equal(account.state, "open"), ERROR_ACCOUNT_CLOSED);
    TRY(tx_run(tx, STATEMENT_ORGANIZATION_ADMINISTRATOR_DELETE, RECORD(key_row_shape, &key), &removed));
    if (!n->administrator)
        return removed ? audit_write(tx, act, "organization.unname", id, account.name) : OK;
    struct organization_administrator_row row = { n->account, account.organization, act->now_s };
    TRY(tx_run(tx, STATEMENT_ORGANIZATION_ADMINISTRATOR_INSERT, RECORD(organization_administrator_row_shape, &row),
               NULL));
    return removed ? OK : audit_write(tx, act, "organization.name", id, account.name);
}

struct result organization_name_administrator(const struct act *act, const struct id *account, bool administrator)
{
    struct naming naming = { act, *account, administrator };
    return store_write(act->service->store, name_one, &naming);
}

struct result organization_run_by(struct tx *tx, const struct act *act, const struct id *account,
                                  struct id *ret_organization)
{
    struct key_row key = { .id = *account };
    struct organization_administrator_row row;
    TRY(session_check_whole(act));
    struct result r = tx_one(tx, STATEMENT_ORGANIZATION_ADMINISTRATOR_GET, RECORD(key_row_shape, &key), act->arena,
                             &organization_administrator_row_shape, &row);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_ORGANIZATION_ADMINISTRATOR);
    TRY(r);
    *ret_organization = row.organization;
    return OK;
}

struct running {
    const struct act *act;
    struct id account, organization;
};

static struct result find_run(struct tx *tx, void *context)
{
    struct running *r = context;
    return organization_run_by(tx, r->act, &r->account, &r->organization);
}

struct result organization_runs_one(const struct act *act, const struct id *account, bool *ret_runs)
{
    struct running running = { .act = act, .account = *account };
    struct result r = store_read(act->service->store, find_run, &running);
    bool none = r.code == ERROR_ORGANIZATION_ADMINISTRATOR || r.code == ERROR_SESSION_MEANS;
    if (failed(r) && !none) return r;
    *ret_runs = !failed(r);
    return OK;
}

/* ---- looking: each read finds out first whose organization it is ---- */

struct look {
    const struct act *act;
    enum statement statement;
    struct key_row key;
    const struct shape *shape;
    void *rows;
    size_t count;
};

static struct result look(struct tx *tx, void *context)
{
    struct look *l = context;
    TRY(organization_run_by(tx, l->act, &l->act->account, &l->key.id));
    return tx_list(tx, l->statement, RECORD(key_row_shape, &l->key), l->act->arena, l->shape, ORGANIZATION_PAGE + 1,
                   &l->rows, &l->count);
}

/* Whether there is a page behind this one, which is cut to its length. */
static bool cut(size_t *count)
{
    if (*count <= ORGANIZATION_PAGE) return false;
    *count = ORGANIZATION_PAGE;
    return true;
}

struct result organization_own(const struct act *act, struct organization_row *ret_organization)
{
    struct look l = { .act = act, .statement = STATEMENT_ORGANIZATION_GET, .shape = &organization_row_shape };
    TRY(store_read(act->service->store, look, &l));
    ENSURE(l.count == 1, ERROR_NOT_FOUND);
    *ret_organization = *(const struct organization_row *)l.rows;
    return OK;
}

struct result organization_people(const struct act *act, const char *after, struct account_row **ret_rows,
                                  size_t *ret_count, const char **ret_next)
{
    struct look l = { .act = act, .statement = STATEMENT_ACCOUNT_LIST_OF, .shape = &account_row_shape };
    TRY(page_by_id(after, ORGANIZATION_PAGE, act->arena, act->diag, &l.key));
    TRY(store_read(act->service->store, look, &l));
    struct account_row *rows = l.rows;
    bool more = cut(&l.count);
    *ret_next = more ? text_id(act->arena, &rows[l.count - 1].id) : NULL;
    ENSURE(!more || *ret_next, ERROR_OUT_OF_ROOM);
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

struct result organization_applications(const struct act *act, const char *after, struct application_row **ret_rows,
                                        size_t *ret_count, const char **ret_next)
{
    struct look l = { .act = act, .statement = STATEMENT_APPLICATION_LIST_OF_ORGANIZATION,
                      .shape = &application_row_shape };
    /* Numbers fall from page to page; '~' stands behind every digit. */
    l.key = (struct key_row){ .key = after ? after : "~", .limit_count = ORGANIZATION_PAGE + 1 };
    if (after && !number_right(after)) return diag_field(act->diag, ERROR_FIELD_FORMAT, "after", "翻页位置不对");
    TRY(store_read(act->service->store, look, &l));
    struct application_row *rows = l.rows;
    *ret_next = cut(&l.count) ? rows[l.count - 1].number : NULL;
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

struct result organization_certificates(const struct act *act, const char *after, struct certificate_row **ret_rows,
                                        size_t *ret_count, const char **ret_next)
{
    struct look l = { .act = act, .statement = STATEMENT_CERTIFICATE_LIST_OF_ORGANIZATION,
                      .shape = &certificate_row_shape };
    l.key = (struct key_row){ .key = after ? after : "", .limit_count = ORGANIZATION_PAGE + 1 };
    TRY(store_read(act->service->store, look, &l));
    struct certificate_row *rows = l.rows;
    *ret_next = cut(&l.count) ? rows[l.count - 1].serial : NULL;
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

/* ---- asking for a revocation (R-OPS-9) ---- */

struct asking {
    const struct act *act;
    struct revocation_wish wish;
};

static struct result ask(struct tx *tx, void *context)
{
    const struct asking *a = context;
    const struct act *act = a->act;
    struct key_row which = { .key = a->wish.serial }, who;
    struct id organization;
    struct certificate_row certificate;
    struct account_row holder;
    TRY(organization_run_by(tx, act, &act->account, &organization));
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &which), act->arena, &certificate_row_shape,
               &certificate));
    who = (struct key_row){ .id = certificate.holder };
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &who), act->arena, &account_row_shape, &holder));
    ENSURE(id_equal(&holder.organization, &organization), ERROR_NOT_FOUND);
    ENSURE(!text_equal(certificate.state, "revoked") && text_equal(certificate.purpose, "signing"),
           ERROR_CERTIFICATE_STATE);
    return revocation_wish_add(tx, act, &a->wish);
}

struct result organization_ask_revocation(const struct act *act, const char *serial, const char *reason,
                                          const char *words)
{
    struct asking asking = { act, { serial, reason, words } };
    return store_write(act->service->store, ask, &asking);
}
