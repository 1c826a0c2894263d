#include "service/directory.h"

#include "base/random.h"
#include "base/secret.h"
#include "service/audit.h"
#include "service/closing.h"
#include "service/desk.h"
#include "service/identity.h"
#include "service/mask.h"
#include "service/notice.h"
#include "service/page.h"
#include "service/part.h"
#include "service/seal.h"

static const char document_use[] = "account.document", mobile_use[] = "account.mobile";

/* ---- organizations ---- */

struct organization_change {
    const struct act *act;
    struct organization_row row;
};

static struct result insert_organization(struct tx *tx, void *context)
{
    struct organization_change *c = context;
    struct result r = tx_run(tx, STATEMENT_ORGANIZATION_INSERT, RECORD(organization_row_shape, &c->row), NULL);
    if (r.code == ERROR_STORE_EXISTS)
        return diag_field(c->act->diag, ERROR_ORGANIZATION_EXISTS, "credit_code", "已有单位使用这个统一社会信用代码");
    TRY(r);
    TRY(part_add_organization(tx, &c->row.id));
    const char *id = text_id(c->act->arena, &c->row.id);
    ENSURE(id, ERROR_OUT_OF_ROOM);
    return audit_write(tx, c->act, "organization.open", id, c->row.name);
}

struct result directory_organization_new(const struct act *act, const struct organization_row *what,
                                         struct organization_row *ret_organization)
{
    struct organization_change change = { act, *what };
    change.row.id = random_id();
    change.row.created_s = act->now_s;
    TRY(identity_check_name(what->name, "name", act->diag));
    TRY(identity_check_credit_code(what->credit_code, act->diag));
    TRY(store_write(act->service->store, insert_organization, &change));
    *ret_organization = change.row;
    return OK;
}

/* Cuts what is one more than a page; the cursor is that of the page's last id. */
static struct result end_page(const struct act *act, size_t *count, const struct id *last, const char **ret_next)
{
    const char *next = NULL;
    if (*count > DIRECTORY_PAGE) {
        *count = DIRECTORY_PAGE;
        next = text_id(act->arena, last);
        ENSURE(next, ERROR_OUT_OF_ROOM);
    }
    *ret_next = next;
    return OK;
}

struct result directory_organization_list(const struct act *act, const char *after, struct organization_row **ret_rows,
                                          size_t *ret_count, const char **ret_next)
{
    struct key_row key;
    void *rows;
    size_t count;
    TRY(page_by_id(after, DIRECTORY_PAGE, act->arena, act->diag, &key));
    TRY(store_list(act->service->store, STATEMENT_ORGANIZATION_LIST, RECORD(key_row_shape, &key), act->arena,
                   &organization_row_shape, DIRECTORY_PAGE + 1, &rows, &count));
    struct organization_row *list = rows;
    TRY(end_page(act, &count, &list[DIRECTORY_PAGE - 1].id, ret_next));
    *ret_rows = list;
    *ret_count = count;
    return OK;
}

/* ---- opening an account ---- */

void directory_document_index(const struct service *service, const char *type, const char *number,
                              uint8_t ret_index[32])
{
    char value[64];
    struct writer w = writer_of(value, sizeof value);
    write_text(&w, type);
    write_u8(&w, 0);
    write_text(&w, number);
    seal_index(service, document_use, bytes_of(value, w.len), ret_index);
    secret_wipe(value, sizeof value);
}

void directory_mobile_index(const struct service *service, const char *mobile, uint8_t ret_index[32])
{
    seal_index(service, mobile_use, bytes_text(mobile), ret_index);
}

struct account_change {
    const struct act *act;
    struct account_row row;
    struct bytes mobile_index;
    const char *id;
};

static struct result claim(struct tx *tx, const struct account_change *c, struct bytes value, enum error taken,
                           const char *field, const char *detail)
{
    struct account_claim_row row = { value, c->row.id };
    struct result r = tx_run(tx, STATEMENT_ACCOUNT_CLAIM_INSERT, RECORD(account_claim_row_shape, &row), NULL);
    if (r.code == ERROR_STORE_EXISTS) return diag_field(c->act->diag, taken, field, "%s", detail);
    return r;
}

static struct result insert_account(struct tx *tx, void *context)
{
    struct account_change *c = context;
    const struct act *act = c->act;
    struct key_row key = { .id = c->row.organization };
    struct organization_row organization;
    struct result r = tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &key), act->arena,
                             &organization_row_shape, &organization);
    if (r.code == ERROR_NOT_FOUND)
        return diag_field(act->diag, ERROR_ORGANIZATION_UNKNOWN, "organization", "没有这个单位，请重新选择");
    TRY(r);
    c->row.organization_name = organization.name;
    TRY(tx_run(tx, STATEMENT_ACCOUNT_INSERT, RECORD(account_row_shape, &c->row), NULL));
    TRY(part_add_account(tx, &c->row.id));
    TRY(claim(tx, c, c->row.document_index, ERROR_ACCOUNT_DOCUMENT_TAKEN, "document_number", "这个证件已开过账户"));
    TRY(claim(tx, c, c->mobile_index, ERROR_ACCOUNT_MOBILE_TAKEN, "mobile", "这个手机号已用于另一个账户"));
    TRY(audit_write(tx, act, "account.open", c->id, c->row.name));
    const char *mobile = mask_mobile(act->arena, c->row.mobile);
    ENSURE(mobile, ERROR_OUT_OF_ROOM);
    struct notice_value values[] = { { "name", c->row.name }, { "organization", organization.name },
                                     { "mobile", mobile } };
    struct notice notice = { "account-opened", c->row.mobile, c->row.email, NOTICE_VALUES(values) };
    return notice_queue(tx, act, &notice);
}

static struct result fill_account(struct account_change *c, const struct account_new *what)
{
    const struct act *act = c->act;
    const struct service *service = act->service;
    char number[DOCUMENT_NUMBER_MAX + 1] = { 0 };
    uint8_t index[32];
    c->row = (struct account_row){ .id = random_id(), .organization = what->organization, .name = what->name,
                                   .document_type = what->document_type, .mobile = what->mobile, .email = what->email,
                                   .state = "open", .created_s = act->now_s };
    c->id = text_id(act->arena, &c->row.id);
    ENSURE(c->id, ERROR_OUT_OF_ROOM);
    TRY(identity_check_name(what->name, "name", act->diag));
    TRY(identity_check_document(what->document_type, what->document_number, act->now_s, act->diag, number));
    struct result r = seal_value(service, document_use, c->id, bytes_text(number), act->arena, &c->row.document_sealed);
    directory_document_index(service, what->document_type, number, index);
    c->row.document_index = arena_bytes(act->arena, BYTES(index));
    c->row.document_mask = mask_document(act->arena, number);
    secret_wipe(number, sizeof number);
    TRY(r);
    directory_mobile_index(service, what->mobile, index);
    c->mobile_index = arena_bytes(act->arena, BYTES(index));
    ENSURE(c->row.document_index.ptr && c->row.document_mask && c->mobile_index.ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result directory_account_new(const struct act *act, const struct account_new *what,
                                    struct account_row *ret_account)
{
    struct account_change change = { .act = act };
    TRY(fill_account(&change, what));
    TRY(store_write(act->service->store, insert_account, &change));
    *ret_account = change.row;
    return OK;
}

/* ---- looking ---- */

struct result directory_account_get(const struct act *act, const struct id *id, struct account_row *ret_account)
{
    struct key_row key = { .id = *id };
    return store_one(act->service->store, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena,
                     &account_row_shape, ret_account);
}

struct result directory_account_list(const struct act *act, const struct id *organization, const char *after,
                                     struct account_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct key_row key;
    void *rows;
    size_t count;
    TRY(page_by_id(after, DIRECTORY_PAGE, act->arena, act->diag, &key));
    key.id = *organization;
    TRY(store_list(act->service->store,
                   id_empty(organization) ? STATEMENT_ACCOUNT_LIST : STATEMENT_ACCOUNT_LIST_OF,
                   RECORD(key_row_shape, &key), act->arena, &account_row_shape, DIRECTORY_PAGE + 1, &rows, &count));
    struct account_row *list = rows;
    TRY(end_page(act, &count, &list[DIRECTORY_PAGE - 1].id, ret_next));
    *ret_rows = list;
    *ret_count = count;
    return OK;
}

struct result directory_account_document(const struct service *service, const struct account_row *account,
                                         char ret_number[DIRECTORY_DOCUMENT_MAX + 1])
{
    char id[ID_TEXT_LEN + 1], number[SEAL_SECRET_MAX + 1];
    size_t len;
    id_text(&account->id, id);
    TRY(seal_open(service, document_use, id, account->document_sealed, number, &len));
    struct result r = len <= DIRECTORY_DOCUMENT_MAX ? OK : FAIL(ERROR_STORE_DAMAGED);
    if (!failed(r)) memcpy(ret_number, number, len + 1);
    secret_wipe(number, sizeof number);
    return r;
}

/* ---- suspending, opening again, closing ---- */

struct state_change {
    const struct act *act;
    struct id id;
    const char *state, *reason;
    struct account_row row; /* as it is afterwards */
    bool changed;
    const char *cancelled; /* application that closing has cancelled; NULL: none */
};

static struct result tell_state(struct tx *tx, const struct state_change *c)
{
    static const struct {
        const char *state, *template, *action;
    } words[] = { { "open", "account-reopened", "account.reopen" },
                  { "suspended", "account-suspended", "account.suspend" },
                  { "closed", "account-closed", "account.close" } };
    char time[CIVIL_TEXT_MAX];
    civil_people(c->act->now_s, time);
    const char *id = text_id(c->act->arena, &c->id);
    ENSURE(id, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!text_equal(words[i].state, c->state)) continue;
        struct notice_value values[] = { { "name", c->row.name }, { "reason", c->reason }, { "time", time } };
        struct notice notice = { words[i].template, c->row.mobile, c->row.email, NOTICE_VALUES(values) };
        TRY(notice_queue(tx, c->act, &notice));
        return audit_write(tx, c->act, words[i].action, id, c->reason);
    }
    return diag_field(c->act->diag, ERROR_FIELD_CHOICE, "state", "没有这种账户状态");
}

static struct result set_state(struct tx *tx, void *context)
{
    struct state_change *c = context;
    struct key_row key = { .id = c->id, .state = c->state };
    c->changed = false;
    c->cancelled = NULL;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), c->act->arena, &account_row_shape, &c->row));
    if (text_equal(c->row.state, c->state)) return OK;
    ENSURE(!text_equal(c->row.state, "closed"), ERROR_ACCOUNT_CLOSED);
    TRY(tx_change(tx, STATEMENT_ACCOUNT_SET_STATE, RECORD(key_row_shape, &key)));
    c->row.state = c->state;
    if (!text_equal(c->state, "open"))
        TRY(tx_run(tx, STATEMENT_SESSION_DELETE_ACCOUNT, RECORD(key_row_shape, &key), NULL));
    if (text_equal(c->state, "closed")) {
        TRY(closing_follow(tx, c->act, &c->row, c->reason, &c->cancelled));
        TRY(tx_run(tx, STATEMENT_ACCOUNT_CLAIM_DELETE_OF, RECORD(key_row_shape, &key), NULL));
    }
    TRY(tell_state(tx, c));
    c->changed = true;
    return OK;
}

struct result directory_account_set_state(const struct act *act, const struct id *id, const char *state,
                                          const char *reason, struct account_row *ret_account)
{
    const struct service *service = act->service;
    struct state_change change = { .act = act, .id = *id, .state = state, .reason = reason };
    TRY(store_write(service->store, set_state, &change));
    if (change.changed && !text_equal(state, "open") && service->end) service->end(service->web, id);
    if (change.cancelled) desk_publish(act, change.cancelled, EVENT_CANCEL);
    *ret_account = change.row;
    return OK;
}
