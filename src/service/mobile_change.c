#include "service/mobile_change.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/directory.h"
#include "service/evidence.h"
#include "service/mask.h"
#include "service/notice.h"
#include "service/organization.h"
#include "service/page.h"
#include "service/scan.h"
#include "service/session.h"

static const char evidence_use[] = "mobile-change", waiting_use[] = "mobile-change.waiting";

/* ---- claims: the new number, and that there is a change under way ---- */

static struct result claim(struct tx *tx, const struct act *act, struct bytes value, const struct id *account,
                           enum error taken)
{
    struct account_claim_row row = { value, *account };
    struct result r = tx_run(tx, STATEMENT_ACCOUNT_CLAIM_INSERT, RECORD(account_claim_row_shape, &row), NULL);
    if (r.code != ERROR_STORE_EXISTS) return r;
    return taken == ERROR_ACCOUNT_MOBILE_TAKEN
               ? diag_field(act->diag, taken, "mobile", "这个手机号已用于另一个账户")
               : FAIL(taken);
}

static struct result let_go(struct tx *tx, struct bytes value, const struct id *account)
{
    struct key_row key = { .hash = value, .id = *account };
    return tx_run(tx, STATEMENT_ACCOUNT_CLAIM_DELETE, RECORD(key_row_shape, &key), NULL);
}

static void waiting_index(const struct act *act, const struct id *account, uint8_t ret_index[SEAL_INDEX_SIZE])
{
    seal_index(act->service, waiting_use, BYTES(account->b), ret_index);
}

/* ---- asking ---- */

struct asking {
    const struct act *act;
    const struct mobile_change_ask *ask;
    struct mobile_change_row row;
    struct account_row account;
};

/* Whose account it is, and whether ACT may ask for it. */
static struct result check(struct tx *tx, struct asking *a)
{
    const struct act *act = a->act;
    struct key_row key = { .id = a->ask->account };
    struct id organization;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &a->account));
    bool own = act->kind == ACTOR_HOLDER && id_equal(&act->account, &a->account.id);
    if (act->kind == ACTOR_HOLDER && !own) {
        struct result r = organization_run_by(tx, act, &act->account, &organization);
        ENSURE(r.code != ERROR_ORGANIZATION_ADMINISTRATOR, ERROR_NOT_FOUND);
        TRY(r);
        ENSURE(id_equal(&organization, &a->account.organization), ERROR_NOT_FOUND);
    }
    ENSURE(text_equal(a->account.state, "open"), ERROR_ACCOUNT_CLOSED);
    ENSURE(!text_equal(a->account.mobile, a->ask->mobile), ERROR_MOBILE_CHANGE_SAME);
    return OK;
}

static struct result look(struct tx *tx, void *context)
{
    return check(tx, context);
}

static struct result tell(struct tx *tx, const struct act *act, const struct mobile_change_row *row,
                          const struct account_row *account, const char *template, const char *mobile,
                          const char *email)
{
    char time[CIVIL_TEXT_MAX];
    civil_people(act->now_s, time);
    struct notice_value values[] = { { "name", account->name },
                                     { "old", mask_mobile(act->arena, row->old_mobile) },
                                     { "new", mask_mobile(act->arena, row->mobile) },
                                     { "time", time },
                                     { "words", row->words ? row->words : "-" } };
    struct notice notice = { template, mobile, email, NOTICE_VALUES(values) };
    ENSURE(values[1].value && values[2].value, ERROR_OUT_OF_ROOM);
    return notice_queue(tx, act, &notice);
}

static struct result insert(struct tx *tx, void *context)
{
    struct asking *a = context;
    const struct act *act = a->act;
    struct mobile_change_row *row = &a->row;
    uint8_t mobile[SEAL_INDEX_SIZE], waiting[SEAL_INDEX_SIZE];
    TRY(check(tx, a));
    row->old_mobile = a->account.mobile;
    row->holder_name = a->account.name;
    directory_mobile_index(act->service, row->mobile, mobile);
    waiting_index(act, &row->account, waiting);
    TRY(claim(tx, act, BYTES(waiting), &row->account, ERROR_MOBILE_CHANGE_WAITS));
    TRY(claim(tx, act, BYTES(mobile), &row->account, ERROR_ACCOUNT_MOBILE_TAKEN));
    TRY(tx_run(tx, STATEMENT_MOBILE_CHANGE_INSERT, RECORD(mobile_change_row_shape, row), NULL));
    TRY(tell(tx, act, row, &a->account, "mobile-change-asked", row->old_mobile, a->account.email));
    char id[ID_TEXT_LEN + 1];
    id_text(&row->account, id);
    return audit_write(tx, act, "mobile.ask", id, mask_mobile(act->arena, row->mobile));
}

static const char *asker_of(const struct act *act)
{
    return act->kind == ACTOR_HOLDER ? text_id(act->arena, &act->account) : act->serial;
}

struct result mobile_change_ask(const struct act *act, const struct mobile_change_ask *ask,
                                struct mobile_change_row *ret_change)
{
    struct asking a = { .act = act, .ask = ask };
    struct files_inspected found;
    struct sealed_file file;
    TRY(session_check_whole(act));
    TRY(store_read(act->service->store, look, &a));
    TRY(scan_take(act, evidence_use, ask->fd, ask->size, &found, &file));
    a.row = (struct mobile_change_row){ .id = random_id_rising(), .account = ask->account, .mobile = ask->mobile,
                                        .state = "waiting", .type = found.type, .size = ask->size, .name = file.name,
                                        .key_sealed = file.key_sealed, .asked_by = act->name,
                                        .asked_by_id = asker_of(act), .asked_s = act->now_s };
    struct result r = a.row.asked_by_id ? store_write(act->service->store, insert, &a) : FAIL(ERROR_NOT_PERMITTED);
    if (failed(r)) {
        IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
        return r;
    }
    a.row.name = NULL; /* it points into this function, and is nobody's business */
    *ret_change = a.row;
    return OK;
}

/* ---- looking ---- */

static const struct page_list changes =
    PAGE_LIST(STATEMENT_MOBILE_CHANGE_LIST, mobile_change_row, asked_s, MOBILE_CHANGE_PAGE);

struct result mobile_change_list(const struct act *act, const char *after, struct mobile_change_row **ret_rows,
                                 size_t *ret_count, const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, MOBILE_CHANGE_PAGE, act->diag, &key));
    TRY(page_read(act->service->store, &changes, RECORD(key_row_shape, &key), act->arena, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}

struct result mobile_change_evidence(const struct act *act, const struct id *id, struct mobile_change_row *ret_change,
                                     int *ret_fd)
{
    struct key_row key = { .id = *id };
    struct mobile_change_row row;
    char account[ID_TEXT_LEN + 1];
    TRY(store_one(act->service->store, STATEMENT_MOBILE_CHANGE_GET, RECORD(key_row_shape, &key), act->arena,
                  &mobile_change_row_shape, &row));
    id_text(&row.account, account);
    TRY(audit_write_alone(act, "mobile.look", account, row.type));
    TRY(seal_file_open(act->service, evidence_use, row.name, row.key_sealed, ret_fd));
    *ret_change = row;
    return OK;
}

/* ---- deciding ---- */

struct deciding {
    const struct act *act;
    struct id id;
    bool approve;
    const char *words;
    struct mobile_change_row row;
};

static struct result put_number(struct tx *tx, const struct deciding *d)
{
    const struct mobile_change_row *row = &d->row;
    struct key_row who = { .id = row->account };
    uint8_t old[SEAL_INDEX_SIZE];
    struct result r = tx_change(tx, STATEMENT_ACCOUNT_SET_MOBILE, RECORD(mobile_change_row_shape, row));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_ACCOUNT_CLOSED);
    TRY(r);
    directory_mobile_index(d->act->service, row->old_mobile, old);
    TRY(let_go(tx, BYTES(old), &row->account));
    return tx_run(tx, STATEMENT_SESSION_DELETE_ACCOUNT, RECORD(key_row_shape, &who), NULL);
}

static struct result settle(struct tx *tx, const struct deciding *d, const struct account_row *account)
{
    const struct act *act = d->act;
    const struct mobile_change_row *row = &d->row;
    uint8_t waiting[SEAL_INDEX_SIZE], mobile[SEAL_INDEX_SIZE];
    waiting_index(act, &row->account, waiting);
    TRY(let_go(tx, BYTES(waiting), &row->account));
    if (d->approve) {
        TRY(put_number(tx, d));
        TRY(tell(tx, act, row, account, "mobile-changed-old", row->old_mobile, NULL));
        return tell(tx, act, row, account, "mobile-changed", row->mobile, account->email);
    }
    directory_mobile_index(act->service, row->mobile, mobile);
    TRY(let_go(tx, BYTES(mobile), &row->account));
    return tell(tx, act, row, account, "mobile-change-rejected", row->old_mobile, account->email);
}

static struct result decide(struct tx *tx, void *context)
{
    struct deciding *d = context;
    const struct act *act = d->act;
    struct key_row key = { .id = d->id };
    struct account_row account;
    TRY(tx_one(tx, STATEMENT_MOBILE_CHANGE_GET, RECORD(key_row_shape, &key), act->arena, &mobile_change_row_shape,
               &d->row));
    ENSURE(text_equal(d->row.state, "waiting"), ERROR_MOBILE_CHANGE_DECIDED);
    ENSURE(!evidence_same_person(act, d->row.asked_by, d->row.asked_by_id), ERROR_MOBILE_CHANGE_OWN);
    d->row.state = d->approve ? "approved" : "rejected";
    d->row.decided_by = act->name;
    d->row.decided_s = act->now_s;
    d->row.words = d->words;
    struct result r = tx_change(tx, STATEMENT_MOBILE_CHANGE_DECIDE, RECORD(mobile_change_row_shape, &d->row));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_MOBILE_CHANGE_DECIDED);
    TRY(r);
    key.id = d->row.account;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    TRY(settle(tx, d, &account));
    char id[ID_TEXT_LEN + 1];
    id_text(&d->row.account, id);
    return audit_write(tx, act, d->approve ? "mobile.approve" : "mobile.reject", id, d->words);
}

struct result mobile_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                                   struct mobile_change_row *ret_change)
{
    const struct service *service = act->service;
    struct deciding d = { .act = act, .id = *id, .approve = approve, .words = words };
    TRY(store_write(service->store, decide, &d));
    if (approve && service->end) service->end(service->web, &d.row.account);
    *ret_change = d.row;
    return OK;
}
