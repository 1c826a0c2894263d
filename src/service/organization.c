#include "service/organization.h"

#include "service/audit.h"
#include "service/directory.h"
#include "service/number.h"
#include "service/page.h"
#include "service/pattern.h"
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
    struct organization_query_row query;
    const struct shape *shape;
    void *rows;
    size_t count;
};

static struct result look(struct tx *tx, void *context)
{
    struct look *l = context;
    TRY(organization_run_by(tx, l->act, &l->act->account, &l->query.organization));
    return tx_list(tx, l->statement, RECORD(organization_query_row_shape, &l->query), l->act->arena, l->shape,
                   ORGANIZATION_PAGE + 1, &l->rows, &l->count);
}

/* What WISH narrows it down to. */
static struct result query_of(const struct act *act, const struct organization_wish *wish,
                              struct organization_query_row *ret_query)
{
    struct id from = wish->holder, until = wish->holder;
    if (id_empty(&wish->holder)) memset(until.b, 0xff, sizeof until.b);
    struct organization_query_row query = { .holder_from = arena_bytes(act->arena, BYTES(from.b)),
                                            .holder_until = arena_bytes(act->arena, BYTES(until.b)),
                                            .text = wish->text ? pattern_part(act->arena, wish->text) : "%",
                                            .limit_count = ORGANIZATION_PAGE + 1 };
    ENSURE(query.holder_from.ptr && query.holder_until.ptr && query.text, ERROR_OUT_OF_ROOM);
    *ret_query = query;
    return OK;
}

/* Whether there is a page behind this one, which is cut to its length. */
static bool cut(size_t *count)
{
    if (*count <= ORGANIZATION_PAGE) return false;
    *count = ORGANIZATION_PAGE;
    return true;
}

static struct result find_own(struct tx *tx, void *context)
{
    struct look *l = context;
    struct key_row key = { 0 };
    TRY(organization_run_by(tx, l->act, &l->act->account, &key.id));
    return tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &key), l->act->arena, l->shape, l->rows);
}

struct result organization_own(const struct act *act, struct organization_row *ret_organization)
{
    struct look l = { .act = act, .shape = &organization_row_shape, .rows = ret_organization };
    return store_read(act->service->store, find_own, &l);
}

struct result organization_people(const struct act *act, const struct organization_wish *wish,
                                  struct account_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct look l = { .act = act, .statement = STATEMENT_ORGANIZATION_PEOPLE, .shape = &account_row_shape };
    struct key_row place;
    TRY(query_of(act, wish, &l.query));
    TRY(page_by_id(wish->after, ORGANIZATION_PAGE, act->arena, act->diag, &place));
    l.query.after = place.after;
    TRY(store_read(act->service->store, look, &l));
    struct account_row *rows = l.rows;
    bool more = cut(&l.count);
    *ret_next = more ? text_id(act->arena, &rows[l.count - 1].id) : NULL;
    ENSURE(!more || *ret_next, ERROR_OUT_OF_ROOM);
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

struct result organization_applications(const struct act *act, const struct organization_wish *wish,
                                        struct application_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct look l = { .act = act, .statement = STATEMENT_ORGANIZATION_APPLICATIONS, .shape = &application_row_shape };
    TRY(query_of(act, wish, &l.query));
    /* Numbers fall from page to page; '~' stands behind every digit. */
    l.query.key = wish->after ? wish->after : "~";
    if (wish->after && !number_right(wish->after)) return page_wrong(act->diag);
    TRY(store_read(act->service->store, look, &l));
    struct application_row *rows = l.rows;
    *ret_next = cut(&l.count) ? rows[l.count - 1].number : NULL;
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

struct result organization_certificates(const struct act *act, const struct organization_wish *wish,
                                        struct certificate_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    static const enum statement statements[] = { [ORGANIZATION_ALL] = STATEMENT_ORGANIZATION_CERTIFICATES,
                                                 [ORGANIZATION_ENDING] = STATEMENT_ORGANIZATION_CERTS_ENDING,
                                                 [ORGANIZATION_WAITING] = STATEMENT_ORGANIZATION_CERTS_WAITING };
    struct look l = { .act = act, .statement = statements[wish->which], .shape = &certificate_row_shape };
    bool ending = wish->which == ORGANIZATION_ENDING;
    TRY(query_of(act, wish, &l.query));
    TRY(page_by_serial(wish->after, ending ? act->now_s : INT64_MAX, act->arena, act->diag, &l.query.at_s,
                       &l.query.key));
    l.query.until_s = act->now_s + ORGANIZATION_ENDING_DAYS * DAY_S;
    TRY(store_read(act->service->store, look, &l));
    struct certificate_row *rows = l.rows;
    const char *next = NULL;
    if (cut(&l.count)) {
        const struct certificate_row *last = &rows[l.count - 1];
        next = arena_format(act->arena, "%lld_%s", (long long)last->not_after_s, last->serial);
        ENSURE(next, ERROR_OUT_OF_ROOM);
    }
    *ret_next = next;
    *ret_rows = rows;
    *ret_count = l.count;
    return OK;
}

/* ---- one of them ---- */

struct one {
    const struct act *act;
    struct key_row key;
    void *row;
};

/* Of somebody of another organization there is nothing. */
static struct result person_of(struct tx *tx, const struct act *act, const struct id *account,
                               struct account_row *ret_person)
{
    struct key_row key = { .id = *account };
    struct id organization;
    struct account_row row;
    TRY(organization_run_by(tx, act, &act->account, &organization));
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &row));
    ENSURE(id_equal(&row.organization, &organization), ERROR_NOT_FOUND);
    *ret_person = row;
    return OK;
}

static struct result find_person(struct tx *tx, void *context)
{
    struct one *o = context;
    return person_of(tx, o->act, &o->key.id, o->row);
}

struct result organization_person(const struct act *act, const struct id *account, struct account_row *ret_person)
{
    struct one one = { act, { .id = *account }, ret_person };
    return store_read(act->service->store, find_person, &one);
}

static struct result find_application(struct tx *tx, void *context)
{
    struct one *o = context;
    struct application_row row;
    struct account_row holder;
    struct id organization;
    TRY(organization_run_by(tx, o->act, &o->act->account, &organization)); /* nobody else learns which there are */
    TRY(tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &o->key), o->act->arena, &application_row_shape,
               &row));
    TRY(person_of(tx, o->act, &row.holder, &holder));
    *(struct application_row *)o->row = row;
    return OK;
}

struct result organization_application(const struct act *act, const char *number, struct application_row *ret_row)
{
    struct one one = { act, { .key = number }, ret_row };
    ENSURE(number_right(number), ERROR_APPLICATION_NUMBER);
    return store_read(act->service->store, find_application, &one);
}

struct result organization_certificate_of(struct tx *tx, const struct act *act, const char *serial,
                                          struct certificate_row *ret_row)
{
    struct key_row key = { .key = serial };
    TRY(organization_run_by(tx, act, &act->account, &key.id));
    return tx_one(tx, STATEMENT_ORGANIZATION_CERTIFICATE, RECORD(key_row_shape, &key), act->arena,
                  &certificate_row_shape, ret_row);
}

static struct result find_certificate(struct tx *tx, void *context)
{
    struct one *o = context;
    return organization_certificate_of(tx, o->act, o->key.key, o->row);
}

struct result organization_certificate(const struct act *act, const char *serial, struct certificate_row *ret_row)
{
    struct one one = { act, { .key = serial }, ret_row };
    return store_read(act->service->store, find_certificate, &one);
}

static struct result find_wish(struct tx *tx, void *context)
{
    struct one *o = context;
    struct certificate_row row;
    TRY(organization_certificate_of(tx, o->act, o->key.key, &row));
    return tx_one(tx, STATEMENT_REVOCATION_WISH_GET, RECORD(key_row_shape, &o->key), o->act->arena,
                  &revocation_wish_row_shape, o->row);
}

struct result organization_revocation(const struct act *act, const char *serial, struct revocation_wish_row *ret_wish)
{
    struct one one = { act, { .key = serial }, ret_wish };
    return store_read(act->service->store, find_wish, &one);
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
    struct certificate_row certificate;
    TRY(organization_certificate_of(tx, act, a->wish.serial, &certificate));
    ENSURE(!text_equal(certificate.state, "revoked"), ERROR_CERTIFICATE_STATE);
    return revocation_wish_add(tx, act, &a->wish);
}

struct result organization_ask_revocation(const struct act *act, const char *serial, const char *reason,
                                          const char *words)
{
    struct asking asking = { act, { serial, reason, words } };
    return store_write(act->service->store, ask, &asking);
}
