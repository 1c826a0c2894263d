#include "service/organization_change.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/evidence.h"
#include "service/identity.h"
#include "service/page.h"
#include "service/scan.h"

static const char evidence_use[] = "organization-change";

/* ---- entering ---- */

struct asking {
    const struct act *act;
    const struct organization_change_ask *ask;
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
    const char *id = text_id(a->act->arena, &a->row.organization);
    TRY(look(tx, a));
    ENSURE(id, ERROR_OUT_OF_ROOM);
    TRY(tx_run(tx, STATEMENT_ORGANIZATION_CHANGE_INSERT, RECORD(organization_change_row_shape, &a->row), NULL));
    const char *detail = arena_format(a->act->arena, "%s %s → %s %s", a->row.old_name, a->row.old_credit_code,
                                      a->row.name, a->row.credit_code);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    return audit_write(tx, a->act, "organization.change-ask", id, detail);
}

struct result organization_change_ask(const struct act *act, const struct organization_change_ask *ask,
                                      struct organization_change_row *ret_change)
{
    struct asking a = { .act = act, .ask = ask };
    struct files_inspected found;
    struct sealed_file file;
    TRY(identity_check_name(ask->name, "name", act->diag));
    TRY(identity_check_credit_code(ask->credit_code, act->diag));
    TRY(store_read(act->service->store, look, &a));
    TRY(scan_take(act, evidence_use, ask->fd, ask->size, &found, &file));
    a.row = (struct organization_change_row){ .id = random_id_rising(), .organization = ask->organization,
                                              .name = ask->name, .credit_code = ask->credit_code, .state = "waiting",
                                              .type = found.type, .size = ask->size, .file = file.name,
                                              .key_sealed = file.key_sealed, .asked_by = act->name,
                                              .asked_by_id = act->serial, .asked_s = act->now_s };
    struct result r = act->serial ? store_write(act->service->store, insert, &a) : FAIL(ERROR_NOT_PERMITTED);
    if (failed(r)) {
        IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
        return r;
    }
    a.row.file = NULL; /* it points into this function, and is nobody's business */
    *ret_change = a.row;
    return OK;
}

/* ---- looking ---- */

static const struct page_list changes =
    PAGE_LIST(STATEMENT_ORGANIZATION_CHANGE_LIST, organization_change_row, asked_s, ORGANIZATION_CHANGE_PAGE);

struct result organization_change_list(const struct act *act, const char *after,
                                       struct organization_change_row **ret_rows, size_t *ret_count,
                                       const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, ORGANIZATION_CHANGE_PAGE, act->diag, &key));
    TRY(page_read(act->service->store, &changes, RECORD(key_row_shape, &key), act->arena, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}

struct result organization_change_evidence(const struct act *act, const struct id *id,
                                           struct organization_change_row *ret_change, int *ret_fd)
{
    struct key_row key = { .id = *id };
    struct organization_change_row row;
    char organization[ID_TEXT_LEN + 1];
    TRY(store_one(act->service->store, STATEMENT_ORGANIZATION_CHANGE_GET, RECORD(key_row_shape, &key), act->arena,
                  &organization_change_row_shape, &row));
    id_text(&row.organization, organization);
    TRY(audit_write_alone(act, "organization.change-look", organization, row.type));
    TRY(seal_file_open(act->service, evidence_use, row.file, row.key_sealed, ret_fd));
    *ret_change = row;
    return OK;
}

/* ---- deciding ---- */

struct deciding {
    const struct act *act;
    struct id id;
    bool approve;
    const char *words;
    struct organization_change_row row;
};

static struct result rename_it(struct tx *tx, const struct deciding *d)
{
    struct result r = tx_change(tx, STATEMENT_ORGANIZATION_RENAME, RECORD(organization_change_row_shape, &d->row));
    if (r.code == ERROR_STORE_EXISTS) return taken(d->act);
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_ORGANIZATION_CHANGE_DECIDED);
    return r;
}

static struct result decide(struct tx *tx, void *context)
{
    struct deciding *d = context;
    const struct act *act = d->act;
    struct key_row key = { .id = d->id };
    char organization[ID_TEXT_LEN + 1];
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_CHANGE_GET, RECORD(key_row_shape, &key), act->arena,
               &organization_change_row_shape, &d->row));
    ENSURE(text_equal(d->row.state, "waiting"), ERROR_ORGANIZATION_CHANGE_DECIDED);
    ENSURE(!evidence_same_person(act, d->row.asked_by, d->row.asked_by_id), ERROR_ORGANIZATION_CHANGE_OWN);
    d->row.state = d->approve ? "approved" : "rejected";
    d->row.decided_by = act->name;
    d->row.decided_s = act->now_s;
    d->row.words = d->words;
    struct result r = tx_change(tx, STATEMENT_ORGANIZATION_CHANGE_DECIDE,
                                RECORD(organization_change_row_shape, &d->row));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_ORGANIZATION_CHANGE_DECIDED);
    TRY(r);
    if (d->approve) TRY(rename_it(tx, d));
    id_text(&d->row.organization, organization);
    return audit_write(tx, act, d->approve ? "organization.change-approve" : "organization.change-reject",
                       organization, d->words ? d->words : d->row.name);
}

struct result organization_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                                         struct organization_change_row *ret_change)
{
    struct deciding d = { .act = act, .id = *id, .approve = approve, .words = words };
    ENSURE(act->serial, ERROR_NOT_PERMITTED);
    TRY(store_write(act->service->store, decide, &d));
    if (approve && act->service->wake) act->service->wake(act->service->web, "reissues");
    *ret_change = d.row;
    return OK;
}
