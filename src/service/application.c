#include "service/application.h"

#include "base/secret.h"
#include "service/audit.h"
#include "service/directory.h"
#include "service/former.h"
#include "service/item.h"
#include "service/mask.h"
#include "service/number.h"
#include "service/part.h"
#include "service/seal.h"
#include "service/session.h"
#include "service/standing.h"
#include "service/tariff.h"

enum { NUMBER_TRIES_MAX = 5 };

/* ---- the identity number, sealed for this application ---- */

static const char document_seal[] = "application.document";

static struct result seal_document(const struct act *act, struct application_row *row, const char *number)
{
    TRY(seal_value(act->service, document_seal, row->number, bytes_text(number), act->arena, &row->document_sealed));
    row->document_mask = mask_document(act->arena, number);
    ENSURE(row->document_mask, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result application_document(const struct service *service, const struct application_row *row,
                                   char ret_number[DOCUMENT_NUMBER_MAX + 1])
{
    char secret[SEAL_SECRET_MAX + 1];
    size_t len;
    TRY(seal_open(service, document_seal, row->number, row->document_sealed, secret, &len));
    struct result r = len <= DOCUMENT_NUMBER_MAX ? OK : FAIL(ERROR_STORE_DAMAGED);
    if (!failed(r)) memcpy(ret_number, secret, len + 1);
    secret_wipe(secret, sizeof secret);
    return r;
}

/* ---- beginning ---- */

static desk_fn submit;

struct beginning {
    const struct act *act;
    enum kind kind;
    struct id holder;
    const char *overridden; /* the application that a revocation has cancelled; NULL: none */
    struct former former;   /* whose place it takes; without a number: none */
    struct application_row row;
};

/* What the directory knows; the holder confirms or corrects it. */
static struct result prefill(struct tx *tx, const struct act *act, const struct account_row *account,
                             struct application_row *row)
{
    struct key_row params = { .id = account->organization };
    struct organization_row organization;
    char number[DIRECTORY_DOCUMENT_MAX + 1];
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &params), act->arena, &organization_row_shape,
               &organization));
    row->organization_name = organization.name;
    row->credit_code = organization.credit_code;
    row->organization_address = organization.address;
    row->holder_name = account->name;
    row->document_type = account->document_type;
    row->mobile = account->mobile;
    row->email = account->email;
    row->invoice_title = organization.name;
    row->tax_number = organization.credit_code;
    row->invoice_email = account->email;
    TRY(directory_account_document(act->service, account, number));
    struct result r = seal_document(act, row, number);
    secret_wipe(number, sizeof number);
    return r;
}

/* What a service is about stands fast: the certificate, and its medium. A new USBKey goes where the last one went,
 * until something else is said (R-SHIP-2). */
static struct result prefill_certificate(struct tx *tx, const struct act *act, const struct standing *standing,
                                         enum kind kind, struct application_row *row)
{
    struct key_row params = { .id = row->holder };
    struct application_row last;
    if (!kind_rule(kind)->about_certificate) return OK;
    row->about = standing->certificate.serial;
    row->medium = standing->certificate.medium;
    if (kind_fulfilment(kind, text_equal(row->medium, "shield")) != FULFIL_PRODUCTION) return OK;
    struct result r = tx_one(tx, STATEMENT_APPLICATION_LAST_SENT, RECORD(key_row_shape, &params), act->arena,
                             &application_row_shape, &last);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r;
    row->recipient = last.recipient;
    row->recipient_mobile = last.recipient_mobile;
    row->province = last.province;
    row->address = last.address;
    row->postcode = last.postcode;
    return OK;
}

static struct result cancel(struct tx *tx, struct beginning *b, const struct application_row *open)
{
    struct act system = *b->act;
    ENSURE(!text_equal(open->service, "revoke"), ERROR_APPLICATION_OPEN);
    system.kind = ACTOR_SYSTEM;
    struct desk_step step = { .act = &system, .number = open->number, .event = EVENT_CANCEL, .detail = "证书吊销优先" };
    struct result r = desk_take_in(tx, &step);
    ENSURE(r.code != ERROR_APPLICATION_STATE, ERROR_APPLICATION_OPEN);
    TRY(r);
    b->overridden = open->number;
    return OK;
}

/* R-FORM-7: a revocation overrides what else is open, and an unlock that stands beside it; all is cancelled, what was
 * paid for it goes back. */
static struct result override_open(struct tx *tx, struct beginning *b)
{
    static const enum statement others[] = { STATEMENT_APPLICATION_OPEN_OF, STATEMENT_APPLICATION_BESIDE };
    struct key_row params = { .id = b->holder };
    for (size_t i = 0; b->kind == KIND_REVOKE && i < COUNT(others); i++) {
        struct application_row open;
        struct result r = tx_one(tx, others[i], RECORD(key_row_shape, &params), b->act->arena,
                                 &application_row_shape, &open);
        if (r.code == ERROR_NOT_FOUND) continue;
        TRY(r);
        TRY(cancel(tx, b, &open));
    }
    return OK;
}

/* Whether an unlock may stand beside what is open (R-FORM-7): a download that was approved waits for its USBKey, and
 * that is locked. One at a time. */
static struct result may_stand_beside(struct tx *tx, const struct beginning *b, bool *ret_beside)
{
    struct key_row params = { .id = b->holder };
    struct application_row open;
    struct count_row unlocks;
    enum kind kind;
    *ret_beside = false;
    if (b->kind != KIND_UNLOCK) return OK;
    struct result r = tx_one(tx, STATEMENT_APPLICATION_OPEN_OF, RECORD(key_row_shape, &params), b->act->arena,
                             &application_row_shape, &open);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r;
    TRY(kind_find(open.service, &kind));
    bool waits = text_equal(open.state, state_name(STATE_APPROVED)) && !kind_rule(kind)->successor &&
                 kind_fulfilment(kind, text_equal(open.medium, "shield")) == FULFIL_DOWNLOAD;
    TRY(tx_one(tx, STATEMENT_APPLICATION_COUNT_BESIDE, RECORD(key_row_shape, &params), b->act->arena, &count_row_shape,
               &unlocks));
    *ret_beside = waits && unlocks.count == 0;
    return OK;
}

static struct result insert(struct tx *tx, const struct beginning *b, const struct standing *standing,
                            struct application_row *row)
{
    const struct act *act = b->act;
    bool beside;
    TRY(may_stand_beside(tx, b, &beside));

    struct result r = FAIL(ERROR_STORE_EXISTS);
    char number[NUMBER_LEN + 1];
    for (int i = 0; i < NUMBER_TRIES_MAX && r.code == ERROR_STORE_EXISTS; i++) {
        number_make(act->now_s, number);
        row->number = arena_text(act->arena, bytes_text(number));
        ENSURE(row->number, ERROR_OUT_OF_ROOM);
        TRY(prefill(tx, act, &standing->account, row));
        r = tx_run(tx, STATEMENT_APPLICATION_INSERT, RECORD(application_row_shape, row), NULL);
    }
    TRY(r);
    if (beside) return OK;
    r = tx_run(tx, STATEMENT_APPLICATION_OPEN_INSERT, RECORD(application_row_shape, row), NULL);
    ENSURE(r.code != ERROR_STORE_EXISTS, ERROR_APPLICATION_OPEN);
    return r;
}

/* Of what waits for the USBKey that is lost or broken. It is about the certificate that this was about. */
static struct result take_place(struct tx *tx, struct beginning *b, struct standing *ret_standing)
{
    struct key_row about = { .key = b->former.row.about };
    TRY(standing_account(tx, b->act, &b->holder, ret_standing));
    TRY(former_take(tx, b->act, &b->former, &b->holder));
    ret_standing->has_certificate = true;
    return tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &about), b->act->arena, &certificate_row_shape,
                  &ret_standing->certificate);
}

static struct result begin(struct tx *tx, void *context)
{
    struct beginning *b = context;
    const struct act *act = b->act;
    struct standing standing;
    const char *service = kind_rule(b->kind)->name;
    bool replaces;
    b->overridden = NULL;
    b->former = (struct former){ 0 };
    TRY(former_find(tx, act, b->kind, &b->holder, &b->former, &replaces));
    if (replaces) TRY(take_place(tx, b, &standing));
    else TRY(standing_check(tx, act, b->kind, &b->holder, &standing));
    TRY(override_open(tx, b));
    struct application_row row = { .service = service, .origin = service, .state = state_name(STATE_DRAFT),
                                   .version = 1, .holder = standing.account.id, .open = 1, .created_s = act->now_s,
                                   .touched_s = act->now_s, .former = replaces ? b->former.row.number : NULL };
    TRY(prefill_certificate(tx, act, &standing, b->kind, &row));
    TRY(insert(tx, b, &standing, &row));
    TRY(standing_organization(tx, act, b->kind, &row));
    TRY(audit_write(tx, act, "application.begin", row.number, row.service));
    b->row = row;
    return OK;
}

struct result application_begin(const struct act *act, enum kind kind, struct application_row *ret_row)
{
    struct beginning b = { .act = act, .kind = kind, .holder = act->account };
    ENSURE(session_may_enter(act->means, kind_rule(kind)->name), ERROR_NOT_PERMITTED);
    TRY(store_write(act->service->store, begin, &b));
    if (b.overridden) desk_publish(act, b.overridden, EVENT_CANCEL);
    if (b.row.former) desk_publish(act, b.row.former, EVENT_REPLACE);
    *ret_row = b.row;
    return OK;
}

struct result application_begin_for(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                                    struct application_row *ret_row)
{
    struct beginning b = { .act = act, .kind = kind, .holder = *holder };
    TRY(begin(tx, &b));
    struct desk_step step = { .act = act, .number = b.row.number, .event = EVENT_SUBMIT, .prepare = submit };
    TRY(desk_take_in(tx, &step));
    *ret_row = step.row;
    return OK;
}

/* ---- looking ---- */

struct looking {
    const struct act *act;
    const char *number;
    struct application_row row;
};

static struct result look(struct tx *tx, void *context)
{
    struct looking *l = context;
    return desk_look(tx, l->act, l->number, &l->row);
}

struct result application_get(const struct act *act, const char *number, struct application_row *ret_row)
{
    struct looking l = { .act = act, .number = number };
    ENSURE(number_right(number), ERROR_APPLICATION_NUMBER);
    TRY(store_read(act->service->store, look, &l));
    *ret_row = l.row;
    return OK;
}

struct result application_list_by(const struct act *act, enum statement statement, const char *after,
                                  struct application_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    /* Numbers fall from page to page; '~' stands behind every digit. */
    struct key_row params = { .id = act->account, .key = after ? after : "~", .limit_count = APPLICATION_PAGE + 1 };
    void *rows;
    size_t count;
    ENSURE(!after || number_right(after), ERROR_MALFORMED);
    TRY(store_list(act->service->store, statement, RECORD(key_row_shape, &params), act->arena,
                   &application_row_shape, APPLICATION_PAGE + 1, &rows, &count));
    *ret_rows = rows;
    *ret_count = count > APPLICATION_PAGE ? APPLICATION_PAGE : count;
    *ret_next = count > APPLICATION_PAGE ? (*ret_rows)[APPLICATION_PAGE - 1].number : NULL;
    return OK;
}

struct result application_list(const struct act *act, const char *after, struct application_row **ret_rows,
                               size_t *ret_count, const char **ret_next)
{
    return application_list_by(act, STATEMENT_APPLICATION_LIST_OF, after, ret_rows, ret_count, ret_next);
}

/* ---- edits ---- */

bool application_item_open(const struct application_row *row, const char *item)
{
    return !row->return_items || item_listed(row->return_items, item);
}

static struct result edit(const struct act *act, const struct application_edit *which, enum event event,
                          const char *detail, desk_fn *prepare, void *own, struct application_row *ret_row)
{
    struct desk_step step = { .act = act, .number = which->number, .guarded = which->guarded,
                              .version = which->version, .event = event, .detail = detail, .prepare = prepare,
                              .own = own };
    ENSURE(number_right(which->number), ERROR_APPLICATION_NUMBER);
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}

/* ---- the agreement ---- */

static struct result agreement_in_force(struct tx *tx, const struct act *act, struct agreement_row *ret_agreement)
{
    struct key_row params = { .at_s = act->now_s };
    return tx_one(tx, STATEMENT_AGREEMENT_CURRENT, RECORD(key_row_shape, &params), act->arena, &agreement_row_shape,
                  ret_agreement);
}

static struct result agree(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct agreement_row agreement;
    const char *version = step->own;
    ENSURE(!desk_deputy(step->act, row), ERROR_DEPUTY);
    TRY(agreement_in_force(tx, step->act, &agreement));
    if (!text_equal(agreement.version, version))
        return diag_field(step->act->diag, ERROR_APPLICATION_AGREEMENT, "version", "现行版本是 %s", agreement.version);
    /* What was agreed to stays as it was: the form bears its time. */
    if (text_equal(row->agreement_version, version)) return OK;
    row->agreement_version = agreement.version;
    row->agreed_s = step->act->now_s;
    row->agreed_from = step->act->client;
    return OK;
}

struct result application_agree(const struct act *act, const struct application_edit *which, const char *version,
                                struct application_row *ret_row)
{
    const char *detail = arena_format(act->arena, "同意服务协议 %s，来自 %s", version, act->client);
    char *own = arena_text(act->arena, bytes_text(version));
    ENSURE(detail && own, ERROR_OUT_OF_ROOM);
    return edit(act, which, EVENT_FILL, detail, agree, own, ret_row);
}

/* ---- details ---- */

struct filling {
    struct application_details details;
    char document[DOCUMENT_NUMBER_MAX + 1]; /* as it is to be kept; wiped by the caller */
    bool same_document;
};

/* The texts of details, where they stand and in the row. Those that may be absent are kept as they are then. */
static const struct field {
    const char *name;
    enum section section;
    bool kept;
    size_t from, to;
} fields[] = {
#define FIELD(field, section, kept) \
    { #field, section, kept, offsetof(struct application_details, field), offsetof(struct application_row, field) }
    FIELD(organization_name, SECTION_ORGANIZATION, false),
    FIELD(credit_code, SECTION_ORGANIZATION, false),
    FIELD(organization_address, SECTION_ORGANIZATION, false),
    FIELD(holder_name, SECTION_HOLDER, false),
    FIELD(document_type, SECTION_HOLDER, false),
    FIELD(mobile, SECTION_HOLDER, true),
    FIELD(email, SECTION_HOLDER, false),
    FIELD(invoice_title, SECTION_INVOICE, false),
    FIELD(tax_number, SECTION_INVOICE, false),
    FIELD(invoice_email, SECTION_INVOICE, false),
#undef FIELD
};

static const char *given(const struct application_details *details, const struct field *field)
{
    return *(const char *const *)(const void *)((const char *)details + field->from);
}

static unsigned sections_of(const struct application_details *details)
{
    unsigned sections = details->document_number ? SECTION_HOLDER : 0;
    for (size_t i = 0; i < COUNT(fields); i++)
        if (given(details, &fields[i])) sections |= fields[i].section;
    return sections;
}

/* Every field of a section that is named, and what carries a check of its own. */
static struct result check_details(const struct act *act, struct filling *f, unsigned sections)
{
    const struct application_details *d = &f->details;
    if (!sections) return diag_field(act->diag, ERROR_FIELD_MISSING, "organization_name", "请至少填写一部分信息");
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].section & sections && !fields[i].kept && !given(d, &fields[i]))
            return diag_field(act->diag, ERROR_FIELD_MISSING, fields[i].name, "请填写%s",
                              item_find(fields[i].name)->words);
    if (d->organization_name) TRY(identity_check_name(d->organization_name, "organization_name", act->diag));
    if (d->holder_name) TRY(identity_check_name(d->holder_name, "holder_name", act->diag));
    if (d->credit_code) TRY(identity_check_credit_code(d->credit_code, act->diag));
    if (d->document_number)
        TRY(identity_check_document(d->document_type, d->document_number, act->now_s, act->diag, f->document));
    return OK;
}

/* ERROR_APPLICATION_ITEM for a change of what was not sent back. */
static struct result may_change(const struct act *act, const struct application_row *row, const char *item)
{
    if (application_item_open(row, item)) return OK;
    return diag_field(act->diag, ERROR_APPLICATION_ITEM, item, "%s没有被要求更正", item_find(item)->words);
}

static struct result fill_document(const struct act *act, struct filling *f, struct application_row *row)
{
    char kept[DOCUMENT_NUMBER_MAX + 1];
    bool other_type = !text_equal(f->details.document_type, row->document_type);
    if (!f->details.document_number) {
        if (!other_type) return OK;
        return diag_field(act->diag, ERROR_FIELD_MISSING, "document_number", "证件类型改动后，请填写证件号码");
    }
    TRY(application_document(act->service, row, kept));
    bool same = text_equal(kept, f->document);
    secret_wipe(kept, sizeof kept);
    if (same) return OK;
    TRY(may_change(act, row, "document_number"));
    return seal_document(act, row, f->document);
}

static struct result fill(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct filling *f = step->own;
    unsigned sections = sections_of(&f->details);
    if (sections & SECTION_HOLDER) TRY(fill_document(step->act, f, row));
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *value = given(&f->details, &fields[i]);
        const char **at = (const char **)(void *)((char *)row + fields[i].to);
        if (!value || text_equal(*at, value)) continue;
        TRY(may_change(step->act, row, fields[i].name));
        if (text_equal(fields[i].name, "holder_name")) TRY(part_change_holder(tx, step->act, row, value));
        *at = value;
    }
    row->confirmed |= sections;
    return OK;
}

struct result application_fill(const struct act *act, const struct application_edit *which,
                               const struct application_details *details, struct application_row *ret_row)
{
    struct filling f = { .details = *details };
    unsigned sections = sections_of(details);
    struct result r = check_details(act, &f, sections);
    const char *names = item_sections(act->arena, sections);
    const char *detail = arena_format(act->arena, "确认 %s", names ? names : "-");
    if (!failed(r)) r = detail ? edit(act, which, EVENT_FILL, detail, fill, &f, ret_row) : FAIL(ERROR_OUT_OF_ROOM);
    secret_wipe(f.document, sizeof f.document);
    return r;
}

/* ---- medium and address ---- */

static struct result address_bad(const struct act *act, const char *field, const char *why)
{
    return diag_field(act->diag, ERROR_APPLICATION_ADDRESS, field, "%s", why);
}

/* R-FEE-1: sent within mainland China only. Provinces are the document's; an address that names another place is
 * refused too. Streets and towns may be called after one: only the whole names count. */
static struct result check_address(const struct act *act, const struct application_medium *m)
{
    static const char *const elsewhere[] = { "香港特别行政区", "澳门特别行政区", "台湾省", "中国香港", "中国澳门",
                                             "中国台湾", "臺灣", "台北市", "新北市", "台中市", "台南市", "高雄市",
                                             "Hong Kong", "Macau", "Macao", "Taiwan" };
    if (!m->recipient) return address_bad(act, "recipient", "请填写收件人");
    if (!m->recipient_mobile) return address_bad(act, "recipient_mobile", "请填写收件人手机");
    if (!m->province) return address_bad(act, "province", "请选择省份");
    if (!m->address) return address_bad(act, "address", "请填写详细地址");
    for (size_t i = 0; i < COUNT(elsewhere); i++)
        if (strstr(m->address, elsewhere[i])) return address_bad(act, "address", "USBKey 只邮寄到中国大陆");
    return OK;
}

static struct result choose(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct application_medium given = *(const struct application_medium *)step->own;
    const struct application_medium *m = &given;
    /* What a service is about has its medium already. */
    ENSURE(!kind_rule(step->kind)->about_certificate || text_equal(m->medium, row->medium), ERROR_APPLICATION_MEDIUM);
    if (text_equal(m->medium, "usbkey")) {
        if (!given.recipient_mobile) given.recipient_mobile = row->recipient_mobile;
        TRY(check_address(step->act, m));
    }
    const struct {
        const char *name, *value, **at;
    } texts[] = { { "medium", m->medium, &row->medium },
                  { "recipient", m->recipient, &row->recipient },
                  { "recipient_mobile", m->recipient_mobile, &row->recipient_mobile },
                  { "province", m->province, &row->province },
                  { "address", m->address, &row->address },
                  { "postcode", m->postcode, &row->postcode } };
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (text_equal(*texts[i].at, texts[i].value)) continue;
        TRY(may_change(step->act, row, texts[i].name));
        *texts[i].at = texts[i].value;
    }
    return OK;
}

struct result application_choose(const struct act *act, const struct application_edit *which,
                                 const struct application_medium *medium, struct application_row *ret_row)
{
    struct application_medium m = { .medium = medium->medium };
    if (text_equal(m.medium, "usbkey")) m = *medium; /* a shield is sent nowhere */
    return edit(act, which, EVENT_FILL, m.medium, choose, &m, ret_row);
}

/* ---- submission, withdrawal ---- */

static struct result submit(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct act *act = step->act;
    int64_t paid;
    TRY(standing_check_again(tx, act, step->kind, row));
    /* What was paid for is not made dearer afterwards. */
    TRY(desk_paid(tx, act, row->number, &paid));
    if (paid == 0) TRY(application_fee(tx, act, step->kind, row, &row->fee_fen));
    row->submitted_s = act->now_s;
    return OK;
}

struct result application_fee(struct tx *tx, const struct act *act, enum kind kind,
                              const struct application_row *row, int64_t *ret_fen)
{
    struct key_row params = { .id = row->holder };
    struct count_row lost;
    TRY(tx_one(tx, STATEMENT_APPLICATION_COUNT_LOST, RECORD(key_row_shape, &params), act->arena, &count_row_shape,
               &lost));
    struct tariff_case which = { .kind = kind, .replacements = lost.count,
                                 .shield = text_equal(row->medium, "shield") };
    return tariff_fee(tx, &which, act->now_s, act->arena, ret_fen);
}

struct result application_submit(const struct act *act, const struct application_edit *which,
                                 struct application_row *ret_row)
{
    return edit(act, which, EVENT_SUBMIT, NULL, submit, NULL, ret_row);
}

struct result application_withdraw(const struct act *act, const struct application_edit *which,
                                   struct application_row *ret_row)
{
    return edit(act, which, EVENT_WITHDRAW, NULL, NULL, NULL, ret_row);
}

/* ---- what only some services ask for ---- */

static struct result particulars(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct application_particulars *p = step->own;
    const struct act *act = step->act;
    const struct kind_rule *rule = kind_rule(step->kind);
    struct key_row params = { .key = p->successor_mobile };
    struct account_row successor;
    if (p->reason) {
        if (step->kind != KIND_REVOKE) return diag_field(act->diag, ERROR_APPLICATION_FIELD, "reason", "这项业务没有吊销原因");
        TRY(may_change(act, row, "reason"));
        row->revoke_reason = p->reason;
    }
    if (!p->successor_mobile) return OK;
    if (!rule->successor)
        return diag_field(act->diag, ERROR_APPLICATION_FIELD, "successor_mobile", "这项业务不变更使用人");
    struct result r = tx_one(tx, STATEMENT_ACCOUNT_BY_MOBILE, RECORD(key_row_shape, &params), act->arena,
                             &account_row_shape, &successor);
    if (r.code == ERROR_NOT_FOUND) return standing_no_colleague(act);
    TRY(r);
    TRY(standing_successor(tx, act, &row->holder, &successor.id, &successor));
    if (!id_equal(&successor.id, &row->successor)) {
        TRY(may_change(act, row, "successor_mobile"));
        row->successor_confirmed_s = 0; /* another person confirms anew */
    }
    row->successor = successor.id;
    row->keep_encryption = p->keep_encryption;
    return OK;
}

struct result application_particularize(const struct act *act, const struct application_edit *which,
                                        const struct application_particulars *with, struct application_row *ret_row)
{
    struct application_particulars p = *with;
    return edit(act, which, EVENT_FILL, p.reason, particulars, &p, ret_row);
}

/* The person to whom the certificate passes; the account is that of the act, logged in by a code sent to its mobile. */
static struct result confirm(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct act *act = step->act;
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(&act->account, &row->successor), ERROR_NOT_PERMITTED);
    ENSURE(text_equal(act->means, "sms"), ERROR_NOT_PERMITTED);
    TRY(standing_check_again(tx, act, step->kind, row));
    row->successor_confirmed_s = act->now_s;
    return OK;
}

struct result application_confirm(const struct act *act, const char *number, struct application_row *ret_row)
{
    struct application_edit which = { .number = number };
    return edit(act, &which, EVENT_CONFIRM, NULL, confirm, NULL, ret_row);
}

static struct result send_back(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    row->key_waybill = step->own;
    return OK;
}

struct result application_key_sent(const struct act *act, const char *number, const char *waybill,
                                   struct application_row *ret_row)
{
    struct application_edit which = { .number = number };
    char *own = arena_text(act->arena, bytes_text(waybill));
    ENSURE(own, ERROR_OUT_OF_ROOM);
    return edit(act, &which, EVENT_SEND_BACK, own, send_back, own, ret_row);
}
