/* SIGNER_OPERATOR: the register changes only by two administrators. */
#include "pki/issue.h"
#include "signer/evidence.h"
#include "signer/handlers.h"

enum { STATEMENT_DAYS = 7 };

/* ---- certificate ---- */

static const char *text_of(struct call *call, struct bytes value)
{
    return value.ptr ? arena_text(call->arena, value) : NULL;
}

struct result operator_certify(struct call *call, const struct operator_fields *fields, struct bytes *ret_der)
{
    const struct signer *s = call->signer;
    const struct signer_settings *settings = &s->settings;
    const struct name *ca = &s->authority.operators->subject;
    const struct certificate_fields certificate = {
        .subject = { .country = text_of(call, name_value(ca, OID_COUNTRY)),
                     .organization = text_of(call, name_value(ca, OID_ORGANIZATION)),
                     .serial_number = fields->card, .common_name = fields->name },
        .key = public_key_sm2(fields->key),
        .not_before_s = call->now_s,
        .not_after_s = certificate_validity_end(call->now_s, (int)settings->operator_years),
        .policy = settings->policy,
    };
    const struct issuance issuance = { &profile_operator, &certificate, s->authority.operators,
                                        signing_key_sm2(&s->keys.operators) };
    return certificate_issue(&issuance, &call->signer->drbg, call->arena, call->diag, ret_der);
}

/* ---- evidence ---- */

static bool say_the_same(const struct operator_statement *a, const struct operator_statement *b)
{
    return text_equal(a->change, b->change) && text_equal(a->name, b->name) && text_equal(a->roles, b->roles) &&
           text_equal(a->public_key, b->public_key) && text_equal(a->card, b->card) &&
           text_equal(a->serial, b->serial);
}

static struct result check_one(struct call *call, const struct signed_text *text,
                               struct operator_statement *ret_statement, struct signatory *ret_by)
{
    static const struct evidence_wants wants = { &operator_statement_shape, ROLE_ADMINISTRATOR,
                                                 STATEMENT_DAYS * DAY_S };
    TRY(evidence_check(call, &wants, text, ret_statement, ret_by));
    return evidence_unused(call, text->field, ret_statement->nonce, USED_REGISTER);
}

/* What both ask for; their statements must agree, and they must be two. */
static struct result check_both(struct call *call, const struct signer_operator *ask,
                                struct operator_statement *ret_statement)
{
    const struct signed_text one = { "statement1", ask->statement1, ask->signature1 };
    const struct signed_text two = { "statement2", ask->statement2, ask->signature2 };
    struct operator_statement second;
    struct signatory a, b;
    TRY(check_one(call, &one, ret_statement, &a));
    TRY(check_one(call, &two, &second, &b));
    if (!say_the_same(ret_statement, &second))
        return refuse(call, ERROR_APPROVALS_DIFFER, "statement2", "change %s", ret_statement->change);
    if (operators_same(a.operator, b.operator) || text_equal(ret_statement->nonce, second.nonce))
        return refuse(call, ERROR_APPROVAL_SAME_PERSON, "statement2", "%s and %s", a.operator->serial,
                      b.operator->serial);
    return OK;
}

/* ---- the change ---- */

static struct result record(struct call *call, const struct signer_operator *ask, struct journal_operator *r,
                            struct signer_operator_done *done)
{
    r->statement1 = ask->statement1;
    r->signature1 = ask->signature1;
    r->statement2 = ask->statement2;
    r->signature2 = ask->signature2;
    r->request = ask->request;
    r->content = BYTES(call->content);
    done->certificate = r->certificate;
    return signer_record(call->signer, JOURNAL_OPERATOR, call->now_s, &journal_operator_shape, r, call->arena,
                         &done->index);
}

/* Makes the certificate of an operator who is entered, or whose certificate is renewed, and records it. */
static struct result enter(struct call *call, const struct signer_operator *ask, const struct operator_statement *s,
                           const struct sm2_public *key, struct signer_operator_done *done)
{
    struct journal_operator r = { .change = "add", .name = s->name, .roles = s->roles };
    const struct operator_fields fields = { s->name, s->card, key };
    struct certificate *c;
    TRY(operator_certify(call, &fields, &r.certificate));
    TRY(certificate_parse(r.certificate, call->arena, &c));
    r.serial = certificate_serial_text(c, call->arena);
    ENSURE(r.serial, ERROR_OUT_OF_ROOM);
    return record(call, ask, &r, done);
}

static struct result check_room(struct call *call, const struct operator_statement *s, unsigned *ret_roles)
{
    if (failed(roles_parse(s->roles, ret_roles)) || strlen(s->name) > OPERATOR_NAME_MAX)
        return refuse(call, ERROR_REGISTER_CHANGE, "statement1", "%s: name or roles", s->change);
    if (operators_full(call->signer->operators))
        return refuse(call, ERROR_REGISTER_FULL, "statement1", "%s", s->change);
    return OK;
}

static struct result add(struct call *call, const struct signer_operator *ask, const struct operator_statement *s,
                         struct signer_operator_done *done)
{
    struct sm2_public key;
    unsigned roles;
    if (!text_equal(s->serial, "-")) return refuse(call, ERROR_REGISTER_CHANGE, "statement1", "add %s", s->serial);
    TRY(check_room(call, s, &roles));
    TRY(evidence_fresh_key(call, s->public_key, &key));
    return enter(call, ask, s, &key, done);
}

/* One more certificate for the key of the one that is named, before or after its end: who it is and what the person may
 * do stays as it is. The old one holds until its end, for the new one is not in the USBKey yet. */
static struct result renew(struct call *call, const struct signer_operator *ask, const struct operator_statement *s,
                           struct signer_operator_done *done)
{
    const struct operator *o = operators_find(call->signer->operators, s->serial);
    struct bytes point;
    unsigned roles;
    TRY(check_room(call, s, &roles));
    bool same = o && text_equal(o->name, s->name) && o->roles == roles &&
                !failed(text_from_hex(call->arena, s->public_key, &point)) && bytes_equal(point, BYTES(o->key.point));
    if (!same) return refuse(call, ERROR_REGISTER_CHANGE, "statement1", "renew %s", s->serial);
    return enter(call, ask, s, &o->key, done);
}

static struct result take_away(struct call *call, const struct signer_operator *ask,
                               const struct operator_statement *s, struct signer_operator_done *done)
{
    const struct operator *o = operators_find(call->signer->operators, s->serial);
    if (!o || !text_equal(o->name, s->name) || !text_equal(s->public_key, "-"))
        return refuse(call, ERROR_REGISTER_CHANGE, "statement1", "remove %s", s->serial);
    if (operators_administrators(call->signer->operators, call->now_s, s->serial) < OPERATOR_ADMINISTRATORS_MIN)
        return refuse(call, ERROR_REGISTER_LAST, "statement1", "remove %s", s->serial);
    struct journal_operator r = { .change = s->change, .serial = s->serial, .name = s->name, .roles = s->roles };
    return record(call, ask, &r, done);
}

struct result handle_operator(struct call *call, const void *ask, void *answer)
{
    struct operator_statement s;
    TRY(check_both(call, ask, &s));
    if (text_equal(s.change, "add")) return add(call, ask, &s, answer);
    if (text_equal(s.change, "renew")) return renew(call, ask, &s, answer);
    if (text_equal(s.change, "remove")) return take_away(call, ask, &s, answer);
    return refuse(call, ERROR_REGISTER_CHANGE, "statement1", "change %s", s.change);
}

struct result handle_operator_again(struct call *call, uint64_t index, void *answer)
{
    struct signer_operator_done *done = answer;
    struct journal_operator r;
    TRY(signer_recall(call->signer, index, JOURNAL_OPERATOR, &journal_operator_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    done->index = (int64_t)index;
    done->certificate = r.certificate;
    return OK;
}
