#include "signer/evidence.h"

#include <stdarg.h>
#include <stdio.h>

#include "pki/card_keys.h"

enum { EARLY_S = 300 }; /* clocks of operators' computers may be ahead by so much */

struct result refuse(struct call *call, enum error code, const char *field, const char *log, ...)
{
    char text[DIAG_TEXT_MAX];
    va_list ap;
    va_start(ap, log);
    vsnprintf(text, sizeof text, log, ap);
    va_end(ap);
    if (call->diag->field[0] == '\0') snprintf(call->diag->field, sizeof call->diag->field, "%s", field);
    return diag_log(call->diag, code, "%s", text);
}

/* ---- one statement ---- */

/* The value of the field NAME, which every statement that is checked here has. */
static const char *value_of(const struct shape *shape, const void *record, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (text_equal(shape->fields[i].name, name))
            return *(const char *const *)shape_at_const(&shape->fields[i], record);
    return "";
}

static struct result check_operator(struct call *call, const struct evidence_wants *wants, const char *field,
                                    const char *serial, const struct operator **ret_operator)
{
    const struct operator *o = operators_find(call->signer->operators, serial);
    if (!o) return refuse(call, ERROR_OPERATOR_UNKNOWN, field, "%s: not in the register", serial);
    if (!(o->roles & wants->role)) return refuse(call, ERROR_OPERATOR_ROLE, field, "%s: lacks the role", serial);
    if (call->now_s < o->not_before_s) return refuse(call, ERROR_CERTIFICATE_NOT_YET, field, "%s", serial);
    if (call->now_s > o->not_after_s) return refuse(call, ERROR_CERTIFICATE_EXPIRED, field, "%s", serial);
    *ret_operator = o;
    return OK;
}

struct result evidence_time(struct call *call, int64_t age_max_s, const char *field, const char *text,
                            int64_t *ret_time_s)
{
    uint64_t time_s;
    if (failed(text_number(text, INT64_MAX, &time_s)))
        return refuse(call, ERROR_STATEMENT, field, "time: %s", text);
    if ((int64_t)time_s > call->now_s + EARLY_S)
        return refuse(call, ERROR_STATEMENT_EARLY, field, "%s is after %lld", text, (long long)call->now_s);
    if ((int64_t)time_s < call->now_s - age_max_s)
        return refuse(call, ERROR_STATEMENT_OLD, field, "%s is long before %lld", text, (long long)call->now_s);
    *ret_time_s = (int64_t)time_s;
    return OK;
}

struct result evidence_check(struct call *call, const struct evidence_wants *wants,
                             const struct signed_text *signed_text, void *ret_record, struct signatory *ret_signatory)
{
    const char *field = signed_text->field;
    struct signatory by;
    if (!signed_text->text || failed(statement_read(wants->shape, signed_text->text, call->arena, ret_record)))
        return refuse(call, ERROR_STATEMENT, field, "not a %s", wants->shape->name);
    TRY(check_operator(call, wants, field, value_of(wants->shape, ret_record, "operator_serial"), &by.operator));
    /* Before its signature holds nothing in it is believed: a refusal names the operator whose name was used. */
    struct bytes text = bytes_text(signed_text->text);
    if (signed_text->signature.len != SM2_SIGNATURE_SIZE ||
        failed(sm2_verify(&by.operator->key, text, signed_text->signature.ptr)))
        return refuse(call, ERROR_SIGNATURE_INVALID, field, "in the name of %s", by.operator->serial);
    TRY(evidence_time(call, wants->age_max_s, field, value_of(wants->shape, ret_record, "time"), &by.time_s));
    sm3_hash(text, by.hash);
    *ret_signatory = by;
    return OK;
}

struct result evidence_unused(struct call *call, const char *field, const char *nonce, enum used_for purpose)
{
    struct id id;
    char canonical[ID_TEXT_LEN + 1] = "";
    if (!failed(id_parse(nonce, &id))) id_text(&id, canonical);
    if (!text_equal(canonical, nonce)) return refuse(call, ERROR_STATEMENT, field, "nonce: %s", nonce);
    if (used_has(call->signer->index, purpose, nonce))
        return refuse(call, ERROR_APPROVAL_USED, field, "nonce %s", nonce);
    return OK;
}

/* ---- approvals ---- */

bool evidence_lists(const char *list, const char *item)
{
    size_t len = strlen(item);
    for (const char *p = list; *p != '\0';) {
        size_t word = strcspn(p, ",");
        if (word == len && bytes_equal(bytes_of(p, word), bytes_text(item))) return true;
        p += word + (p[word] == ',');
    }
    return false;
}

bool evidence_keeps(const struct approve_statement *approval)
{
    return text_equal(approval->service, "change") && text_equal(approval->profile, APPROVE_PROFILE_KEEP);
}

static struct result check_approval(struct call *call, const struct approvals_want *want, size_t i,
                                    struct approve_statement *ret_statement, struct signatory *ret_by)
{
    const int64_t age_max_s = want->any_age ? call->now_s : call->signer->settings.approval_days * DAY_S;
    const struct evidence_wants wants = { &approve_statement_shape, ROLE_REVIEWER, age_max_s };
    TRY(evidence_check(call, &wants, &want->texts[i], ret_statement, ret_by));
    return evidence_unused(call, want->texts[i].field, ret_statement->nonce, want->purpose);
}

static struct result check_second(struct call *call, const struct approvals_want *want, struct approvals *a)
{
    TRY(check_approval(call, want, 1, &a->two, &a->by[1]));
    a->count = 2;
    const char *field = want->texts[1].field;
    if (!approve_statements_agree(&a->one, &a->two))
        return refuse(call, ERROR_APPROVALS_DIFFER, field, "application %s", a->one.application);
    if (operators_same(a->by[0].operator, a->by[1].operator) || text_equal(a->one.nonce, a->two.nonce))
        return refuse(call, ERROR_APPROVAL_SAME_PERSON, field, "%s and %s", a->by[0].operator->serial,
                      a->by[1].operator->serial);
    return OK;
}

struct result evidence_approvals(struct call *call, const struct approvals_want *want,
                                 struct approvals *ret_approvals)
{
    struct approvals a = { .texts = { want->texts[0], want->texts[1] }, .count = 1 };
    if (!want->texts[0].text) return refuse(call, ERROR_APPROVAL_MISSING, want->texts[0].field, "none");
    TRY(check_approval(call, want, 0, &a.one, &a.by[0]));
    call->application = a.one.application;
    bool two = want->two || evidence_keeps(&a.one) || evidence_lists(call->signer->settings.four_eyes, a.one.service);
    if (want->texts[1].text)
        TRY(check_second(call, want, &a));
    else if (two)
        return refuse(call, ERROR_APPROVAL_SECOND_MISSING, want->texts[1].field, "service %s", a.one.service);
    *ret_approvals = a;
    return OK;
}

/* ---- cards ---- */

struct result evidence_card(struct call *call, struct bytes der, const char *card,
                            struct certificate **ret_certificate)
{
    static const char field[] = "card_certificate";
    const struct certificate *anchors[] = { call->signer->authority.maker };
    struct certificate *c;
    struct result r = certificate_parse(der, call->arena, &c);
    if (failed(r)) return refuse(call, r.code, field, "it does not parse");
    struct chain chain = { .leaf = c, .anchors = anchors, .anchor_count = 1, .time_s = call->now_s,
                           .purpose = PURPOSE_CARD };
    r = chain_check(&chain, NULL);
    if (failed(r)) return refuse(call, r.code, field, "not the maker's");
    if (!bytes_equal(name_value(&c->subject, OID_SERIAL_NUMBER), bytes_text(card)))
        return refuse(call, ERROR_CARD_OTHER, field, "not that of card %s", card);
    *ret_certificate = c;
    return OK;
}

struct result evidence_attestation(struct call *call, const struct certificate *certificate,
                                   const struct attest_statement *made, struct bytes attestation)
{
    const char *text;
    TRY(statement_write(&attest_statement_shape, made, call->arena, &text));
    if (attestation.len != SM2_SIGNATURE_SIZE ||
        failed(public_key_verify(&certificate->key, bytes_text(text), attestation.ptr)))
        return refuse(call, ERROR_CARD_ATTESTATION, "attestation", "card %s", made->card);
    return OK;
}

struct result evidence_fresh_key(struct call *call, const char *hex, struct sm2_public *ret_key)
{
    struct bytes point;
    bool good = !failed(text_from_hex(call->arena, hex, &point)) && point.len == SM2_POINT_SIZE &&
                !failed(sm2_public_init(ret_key, point.ptr));
    if (!good) return refuse(call, ERROR_KEY_INVALID, "public_key", "not a point of the curve");
    if (index_has(call->signer->index, INDEX_KEY, point))
        return refuse(call, ERROR_KEY_REPEATED, "public_key", "certified before");
    return OK;
}
