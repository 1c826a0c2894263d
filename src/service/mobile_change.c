#include "service/mobile_change.h"

#include "service/audit.h"
#include "service/checked_change.h"
#include "service/directory.h"
#include "service/mask.h"
#include "service/notice.h"
#include "service/organization.h"
#include "service/seal.h"
#include "service/session.h"
#include "service/sms.h"

static RESULT settle(struct tx *tx, const struct act *act, struct change_row *change);

static const struct checked_change kind = {
    .use = "mobile-change",
    .action = "mobile.",
    .row = &mobile_change_row_shape,
    .subject = offsetof(struct mobile_change_row, account),
    .insert = STATEMENT_MOBILE_CHANGE_INSERT,
    .get = STATEMENT_MOBILE_CHANGE_GET,
    .list_waiting = STATEMENT_MOBILE_CHANGE_LIST_WAITING,
    .list_decided = STATEMENT_MOBILE_CHANGE_LIST_DECIDED,
    .decide = STATEMENT_MOBILE_CHANGE_DECIDE,
    .withdraw = STATEMENT_MOBILE_CHANGE_WITHDRAW,
    .own = ERROR_MOBILE_CHANGE_OWN,
    .decided = ERROR_MOBILE_CHANGE_DECIDED,
    .settle = settle,
};

/* ---- claims: the new number, and that there is a change under way ---- */

static struct result refuse_taken(const struct act *act)
{
    return diag_field(act->diag, ERROR_ACCOUNT_MOBILE_TAKEN, "mobile", "这个手机号已用于另一个账户");
}

static struct result claim(struct tx *tx, const struct act *act, struct bytes value, const struct id *account,
                           enum error taken)
{
    struct account_claim_row row = { value, *account };
    struct result r = tx_run(tx, STATEMENT_ACCOUNT_CLAIM_INSERT, RECORD(account_claim_row_shape, &row), NULL);
    if (r.code != ERROR_STORE_EXISTS) return r;
    return taken == ERROR_ACCOUNT_MOBILE_TAKEN ? refuse_taken(act) : FAIL(taken);
}

static struct result let_go(struct tx *tx, struct bytes value, const struct id *account)
{
    struct key_row key = { .hash = value, .id = *account };
    return tx_run(tx, STATEMENT_ACCOUNT_CLAIM_DELETE, RECORD(key_row_shape, &key), NULL);
}

static void waiting_index(const struct act *act, const struct id *account, uint8_t ret_index[SEAL_INDEX_SIZE])
{
    seal_index(act->service, "mobile-change.waiting", BYTES(account->b), ret_index);
}

/* ---- showing that the new number is in the own hands ---- */

struct proving {
    const struct act *act;
    const char *code;
    struct mobile_proof_row row;
    enum error why; /* it is refused; ERROR_NONE: it is not */
    int left;
};

/* Whether an account other than ACT's has the number, or waits for it. */
static struct result find_taken(struct tx *tx, const struct act *act, const char *mobile, bool *ret_taken)
{
    uint8_t value[SEAL_INDEX_SIZE];
    struct key_row key = { .hash = BYTES(value) };
    struct account_claim_row row;
    directory_mobile_index(act->service, mobile, value);
    struct result r = tx_one(tx, STATEMENT_ACCOUNT_CLAIM_GET, RECORD(key_row_shape, &key), act->arena,
                             &account_claim_row_shape, &row);
    *ret_taken = !failed(r) && !id_equal(&row.account, &act->account);
    return r.code == ERROR_NOT_FOUND ? OK : r;
}

static struct result keep_proof(struct tx *tx, const struct act *act, const struct mobile_proof_row *row)
{
    struct record proof = RECORD(mobile_proof_row_shape, row);
    struct result r = tx_run(tx, STATEMENT_MOBILE_PROOF_INSERT, proof, NULL);
    if (r.code == ERROR_STORE_EXISTS) r = tx_run(tx, STATEMENT_MOBILE_PROOF_UPDATE, proof, NULL);
    TRY(r);
    const char *id = text_id(act->arena, &row->account), *mask = mask_mobile(act->arena, row->mobile);
    ENSURE(id && mask, ERROR_OUT_OF_ROOM);
    return audit_write(tx, act, "mobile.prove", id, mask);
}

static struct result prove(struct tx *tx, void *context)
{
    struct proving *p = context;
    const struct act *act = p->act;
    bool taken;
    TRY(sms_check(tx, act, &(struct sms_try){ SMS_MOBILE, p->row.mobile, p->code }, &p->why, &p->left));
    if (p->why != ERROR_NONE) return OK; /* what was counted stays */
    TRY(find_taken(tx, act, p->row.mobile, &taken));
    if (taken) p->why = ERROR_ACCOUNT_MOBILE_TAKEN;
    return taken ? OK : keep_proof(tx, act, &p->row);
}

struct result mobile_change_code(const struct act *act, const char *mobile)
{
    struct account_row account;
    TRY(session_check_whole(act));
    TRY(directory_account_get(act, &act->account, &account));
    ENSURE(!text_equal(account.mobile, mobile), ERROR_MOBILE_CHANGE_SAME);
    return sms_want(act, SMS_MOBILE, mobile);
}

struct result mobile_change_prove(const struct act *act, const char *mobile, const char *code,
                                  struct mobile_proof_row *ret_proof)
{
    struct proving p = { .act = act, .code = code, .row = { act->account, mobile, act->now_s } };
    TRY(session_check_whole(act));
    TRY(store_write(act->service->store, prove, &p));
    if (p.why == ERROR_SMS_CODE_WRONG) return diag_field(act->diag, p.why, "code", "还可以再试 %d 次", p.left);
    if (p.why == ERROR_ACCOUNT_MOBILE_TAKEN) return refuse_taken(act);
    ENSURE(p.why == ERROR_NONE, p.why);
    *ret_proof = p.row;
    return OK;
}

static struct result load_proof(struct tx *tx, const struct act *act, struct mobile_proof_row *ret_proof)
{
    struct key_row key = { .id = act->account };
    struct mobile_proof_row row;
    struct result r = tx_one(tx, STATEMENT_MOBILE_PROOF_GET, RECORD(key_row_shape, &key), act->arena,
                             &mobile_proof_row_shape, &row);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_MOBILE_UNPROVEN);
    TRY(r);
    ENSURE(act->now_s - row.proven_s <= MOBILE_PROOF_S, ERROR_MOBILE_UNPROVEN);
    *ret_proof = row;
    return OK;
}

struct looking {
    const struct act *act;
    struct mobile_proof_row row;
};

static struct result look_proof(struct tx *tx, void *context)
{
    struct looking *l = context;
    return load_proof(tx, l->act, &l->row);
}

struct result mobile_change_proven(const struct act *act, struct mobile_proof_row *ret_proof)
{
    struct looking l = { .act = act };
    TRY(store_read(act->service->store, look_proof, &l));
    *ret_proof = l.row;
    return OK;
}

static struct result clean(struct tx *tx, void *context)
{
    const struct service *service = context;
    struct key_row key = { .at_s = clock_now(service->clock) - MOBILE_PROOF_S };
    return tx_run(tx, STATEMENT_MOBILE_PROOF_DELETE_OLD, RECORD(key_row_shape, &key), NULL);
}

struct result mobile_change_clean(struct service *service)
{
    return store_write(service->store, clean, service);
}

/* ---- asking ---- */

struct asking {
    const struct act *act;
    const struct mobile_change_ask *ask;
    struct checked_change_ask change;
    struct mobile_change_row row;
    struct mobile_proof_row proof;
    struct account_row account;
};

/* Whose account it is, and whether ACT may ask for it. */
static struct result check(struct tx *tx, struct asking *a)
{
    const struct act *act = a->act;
    struct key_row key = { .id = a->ask->account };
    struct id organization;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &a->account));
    a->row.mobile = a->ask->mobile;
    if (act->kind == ACTOR_HOLDER) {
        TRY(load_proof(tx, act, &a->proof));
        a->row.mobile = a->proof.mobile;
    }
    bool own = act->kind == ACTOR_HOLDER && id_equal(&act->account, &a->account.id);
    if (act->kind == ACTOR_HOLDER && !own) {
        struct result r = organization_run_by(tx, act, &act->account, &organization);
        ENSURE(r.code != ERROR_ORGANIZATION_ADMINISTRATOR, ERROR_NOT_FOUND);
        TRY(r);
        ENSURE(id_equal(&organization, &a->account.organization), ERROR_NOT_FOUND);
    }
    ENSURE(text_equal(a->account.state, "open"), ERROR_ACCOUNT_CLOSED);
    ENSURE(!text_equal(a->account.mobile, a->row.mobile), ERROR_MOBILE_CHANGE_SAME);
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
    struct key_row asker = { .id = act->account };
    uint8_t mobile[SEAL_INDEX_SIZE], waiting[SEAL_INDEX_SIZE];
    TRY(check(tx, a));
    row->old_mobile = a->account.mobile;
    row->holder_name = a->account.name;
    directory_mobile_index(act->service, row->mobile, mobile);
    waiting_index(act, &row->account, waiting);
    TRY(claim(tx, act, BYTES(waiting), &row->account, ERROR_MOBILE_CHANGE_WAITS));
    TRY(claim(tx, act, BYTES(mobile), &row->account, ERROR_ACCOUNT_MOBILE_TAKEN));
    TRY(tx_run(tx, STATEMENT_MOBILE_PROOF_DELETE, RECORD(key_row_shape, &asker), NULL));
    TRY(tell(tx, act, row, &a->account, "mobile-change-asked", row->old_mobile, a->account.email));
    return checked_change_insert(tx, &a->change, mask_mobile(act->arena, row->mobile));
}

struct result mobile_change_ask(const struct act *act, const struct mobile_change_ask *ask,
                                struct mobile_change_row *ret_change)
{
    struct asking a = { .act = act, .ask = ask, .row = { .account = ask->account } };
    a.change = (struct checked_change_ask){ act, &kind, &a.row.change, ask->fd, ask->size, look, insert, &a };
    TRY(session_check_whole(act));
    TRY(checked_change_ask(&a.change));
    *ret_change = a.row;
    return OK;
}

/* ---- looking ---- */

struct result mobile_change_own(const struct act *act, struct mobile_change_row **ret_rows, size_t *ret_count)
{
    struct key_row key = { .id = act->account, .limit_count = MOBILE_CHANGE_OWN_MAX };
    void *rows;
    TRY(store_list(act->service->store, STATEMENT_MOBILE_CHANGE_LIST_ACCOUNT, RECORD(key_row_shape, &key), act->arena,
                   &mobile_change_row_shape, MOBILE_CHANGE_OWN_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct result mobile_change_list(const struct act *act, bool waiting, const char *after,
                                 struct mobile_change_row **ret_rows, size_t *ret_count,
                                 const char **ret_next)
{
    void *rows;
    TRY(checked_change_list(act, &kind, waiting, after, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}

struct result mobile_change_evidence(const struct act *act, const struct id *id, struct mobile_change_row *ret_change,
                                     int *ret_fd)
{
    struct mobile_change_row row;
    TRY(checked_change_evidence(act, &kind, id, &row.change, ret_fd));
    *ret_change = row;
    return OK;
}

/* ---- deciding ---- */

static struct result put_number(struct tx *tx, const struct act *act, const struct mobile_change_row *row)
{
    struct key_row who = { .id = row->account };
    uint8_t old[SEAL_INDEX_SIZE];
    struct result r = tx_change(tx, STATEMENT_ACCOUNT_SET_MOBILE, RECORD(mobile_change_row_shape, row));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_ACCOUNT_CLOSED);
    TRY(r);
    directory_mobile_index(act->service, row->old_mobile, old);
    TRY(let_go(tx, BYTES(old), &row->account));
    return tx_run(tx, STATEMENT_SESSION_DELETE_ACCOUNT, RECORD(key_row_shape, &who), NULL);
}

static struct result settle(struct tx *tx, const struct act *act, struct change_row *change)
{
    const struct mobile_change_row *row = (const void *)change;
    struct key_row who = { .id = row->account };
    struct account_row account;
    uint8_t waiting[SEAL_INDEX_SIZE], mobile[SEAL_INDEX_SIZE];
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &who), act->arena, &account_row_shape, &account));
    waiting_index(act, &row->account, waiting);
    TRY(let_go(tx, BYTES(waiting), &row->account));
    if (text_equal(row->state, "approved")) {
        TRY(put_number(tx, act, row));
        TRY(tell(tx, act, row, &account, "mobile-changed-old", row->old_mobile, NULL));
        return tell(tx, act, row, &account, "mobile-changed", row->mobile, account.email);
    }
    directory_mobile_index(act->service, row->mobile, mobile);
    TRY(let_go(tx, BYTES(mobile), &row->account));
    if (text_equal(row->state, "withdrawn")) return OK;
    return tell(tx, act, row, &account, "mobile-change-rejected", row->old_mobile, account.email);
}

struct result mobile_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                                   struct mobile_change_row *ret_change)
{
    const struct service *service = act->service;
    struct mobile_change_row row;
    TRY(checked_change_decide(act, &kind, id, approve, words, &row.change));
    if (approve && service->end) service->end(service->web, &row.account);
    *ret_change = row;
    return OK;
}

struct result mobile_change_withdraw(const struct act *act, const struct id *id)
{
    struct mobile_change_row row;
    TRY(session_check_whole(act));
    return checked_change_withdraw(act, &kind, id, &row.change);
}
