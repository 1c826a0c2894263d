#include "service/standing.h"

#include "base/clock.h"
#include "service/former.h"

static struct result none(struct diag *diag, const char *why)
{
    return diag_detail(diag, ERROR_APPLICATION_CERTIFICATE_NONE, "%s", why);
}

struct result standing_judge(enum kind kind, const struct certificate_row *current, int64_t now_s, struct diag *diag)
{
    bool over = current && now_s > current->not_after_s, hurt = kind == KIND_LOST || kind == KIND_DAMAGED;
    if (kind == KIND_APPLY) {
        ENSURE(!current || over, ERROR_APPLICATION_CERTIFICATE);
        return OK;
    }
    if (!current) return none(diag, "您名下没有有效的证书");
    /* What is lost, broken or no longer wanted on its way can be told; the rest begins with the USBKey in hand. */
    if (current->transit && (kind == KIND_RENEW || kind == KIND_UNLOCK || kind == KIND_CHANGE))
        return none(diag, "USBKey 还在寄送途中，收到后请先确认收货");
    if (kind == KIND_RENEW) {
        int64_t from_s = civil_add_months(current->not_after_s, -1);
        char from[CIVIL_TEXT_MAX];
        civil_people(from_s, from);
        return now_s >= from_s ? OK : diag_detail(diag, ERROR_RENEWAL_EARLY, "自 %s 起可以办理", from);
    }
    if (kind == KIND_UNLOCK) {
        /* An expired one is unlocked too: without its PIN it could not be renewed. */
        ENSURE(text_equal(current->medium, "usbkey"), ERROR_APPLICATION_MEDIUM);
        return OK;
    }
    /* A phone is not sent back: another one is a replacement (R-SHIELD-3). */
    ENSURE(kind != KIND_DAMAGED || text_equal(current->medium, "usbkey"), ERROR_APPLICATION_MEDIUM);
    if (!over) return OK;
    if (kind == KIND_REVOKE) return none(diag, "证书已过期，不能再使用，不需要吊销");
    return none(diag, hurt ? "证书已过期，不再补办或更换，请重新办理证书申请" : "证书已过期，请先办理证书延期");
}

static struct result current_of(struct tx *tx, const struct act *act, const struct id *holder, struct standing *into)
{
    struct key_row params = { .id = *holder };
    struct result r = tx_one(tx, STATEMENT_CERTIFICATE_CURRENT, RECORD(key_row_shape, &params), act->arena,
                             &certificate_row_shape, &into->certificate);
    into->has_certificate = !failed(r);
    return r.code == ERROR_NOT_FOUND ? OK : r;
}

static struct result open_account(struct tx *tx, const struct act *act, const struct id *holder,
                                  struct account_row *ret_account)
{
    struct key_row params = { .id = *holder };
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &params), act->arena, &account_row_shape, ret_account));
    ENSURE(text_equal(ret_account->state, "open"), ERROR_APPLICATION_ACCOUNT);
    return OK;
}

struct result standing_account(struct tx *tx, const struct act *act, const struct id *holder,
                               struct standing *ret_standing)
{
    struct standing s = { 0 };
    TRY(open_account(tx, act, holder, &s.account));
    *ret_standing = s;
    return OK;
}

struct result standing_check(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                             struct standing *ret_standing)
{
    struct standing s = { 0 };
    TRY(open_account(tx, act, holder, &s.account));
    TRY(current_of(tx, act, holder, &s));
    TRY(standing_judge(kind, s.has_certificate ? &s.certificate : NULL, act->now_s, act->diag));
    *ret_standing = s;
    return OK;
}

struct result standing_check_again(struct tx *tx, const struct act *act, enum kind kind,
                                   const struct application_row *row)
{
    struct standing s;
    struct account_row successor;
    if (row->serial) return open_account(tx, act, &row->holder, &s.account);
    if (row->former) {
        struct former former;
        TRY(open_account(tx, act, &row->holder, &s.account));
        TRY(former_load(tx, act, row, &former));
        return former_standing(act, &former);
    }
    TRY(standing_check(tx, act, kind, &row->holder, &s));
    if (row->about && !text_equal(row->about, s.certificate.serial))
        return none(act->diag, "证书已有变化，请重新申请");
    TRY(standing_organization(tx, act, kind, row));
    if (kind_rule(kind)->successor && !id_empty(&row->successor))
        TRY(standing_successor(tx, act, &row->holder, &row->successor, &successor));
    return OK;
}

struct result standing_organization(struct tx *tx, const struct act *act, enum kind kind,
                                    const struct application_row *row)
{
    struct key_row key = { .key = row->about };
    struct certificate_row about;
    struct application_row then;
    if (!kind_rule(kind)->successor) return OK;
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), act->arena, &certificate_row_shape, &about));
    key.key = about.application;
    struct result r = tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &key), act->arena,
                             &application_row_shape, &then);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r; /* of a database that was restored */
    ENSURE(text_equal(then.credit_code, row->credit_code), ERROR_CHANGE_REISSUE_FIRST);
    return OK;
}

static struct result unfit(const struct act *act, const char *why)
{
    return diag_field(act->diag, ERROR_SUCCESSOR_UNFIT, "successor_mobile", "%s", why);
}

struct result standing_no_colleague(const struct act *act)
{
    return unfit(act, "本单位没有使用这个手机号的账户");
}

struct result standing_successor(struct tx *tx, const struct act *act, const struct id *holder,
                                 const struct id *successor, struct account_row *ret_account)
{
    struct account_row from, to;
    struct application_row open;
    struct standing s = { 0 };
    struct key_row params = { .id = *successor };
    TRY(open_account(tx, act, holder, &from));
    if (id_equal(holder, successor)) return unfit(act, "新使用人不能是原使用人本人");
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &params), act->arena, &account_row_shape, &to));
    if (!id_equal(&from.organization, &to.organization)) return standing_no_colleague(act);
    if (!text_equal(to.state, "open")) return unfit(act, "新使用人的账户没有开通");
    TRY(current_of(tx, act, successor, &s));
    if (failed(standing_judge(KIND_APPLY, s.has_certificate ? &s.certificate : NULL, act->now_s, NULL)))
        return unfit(act, "新使用人名下有其他有效证书");
    struct result r = tx_one(tx, STATEMENT_APPLICATION_OPEN_OF, RECORD(key_row_shape, &params), act->arena,
                             &application_row_shape, &open);
    if (!failed(r)) return unfit(act, "新使用人有正在办理的受理单");
    if (r.code != ERROR_NOT_FOUND) return r;
    *ret_account = to;
    return OK;
}
