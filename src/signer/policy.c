#include "signer/policy.h"

#include "signer/serials.h"

enum { YEARS_MAX = 5 };

static const char renew[] = "renew:";

/* Anything that is not listed here is good for nothing. */
static const struct policy {
    const char *service;
    unsigned rights; /* enum policy_right */
} policies[] = {
    { "apply", POLICY_ISSUE | POLICY_REVOKE }, /* a pair that did not get into its USBKey is revoked by the next */
    { "lost", POLICY_ISSUE | POLICY_REVOKE | POLICY_RECOVER },
    { "damaged", POLICY_ISSUE | POLICY_REVOKE | POLICY_RECOVER },
    { "unlock", POLICY_UNLOCK },
    { "renew", POLICY_DOWNLOAD | POLICY_REVOKE },
    { "change", POLICY_DOWNLOAD | POLICY_REVOKE | POLICY_PASS },
    { "reissue", POLICY_DOWNLOAD | POLICY_REVOKE }, /* to the same holder, with the same end */
    { "revoke", POLICY_REVOKE },
};

bool policy_has(const char *service, enum policy_right right)
{
    for (size_t i = 0; i < COUNT(policies); i++)
        if (text_equal(policies[i].service, service) && (policies[i].rights & right)) return true;
    return false;
}

struct result policy_check(struct call *call, const struct approve_statement *approval, enum policy_right right)
{
    if (policy_has(approval->service, right)) return OK;
    return refuse(call, ERROR_APPROVAL_UNFIT, "approval1", "service %s", approval->service);
}

bool policy_renews(const struct approve_statement *approval)
{
    return text_starts(approval->validity, renew);
}

/* ---- the end of validity ---- */

struct looking {
    struct call *call;
    int64_t end_s;
    bool found;
};

static struct result look_at_end(void *context, const char *serial)
{
    struct looking *l = context;
    const struct signer *s = l->call->signer;
    struct index_value value;
    if (!index_find(s->index, INDEX_CERTIFICATE, bytes_text(serial), &value)) return OK;
    int64_t position = roll_find(s->roll, value.record, bytes_text(serial));
    l->found |= position != ROLL_NONE && roll_at(s->roll, (size_t)position)->not_after_s == l->end_s;
    return OK;
}

/* A year after the old end, or from now where that has passed: what was paid for is never shortened (R-RENEW-5). The
 * old end is that of a certificate which the approval revokes: nobody's word for it counts but the journal's. */
static struct result renewed(struct call *call, const struct approve_statement *approval, int64_t old_end_s,
                             int64_t *ret_not_after_s)
{
    struct looking l = { call, old_end_s, false };
    int64_t from_s = old_end_s + 1 > call->now_s ? old_end_s + 1 : call->now_s;
    int64_t end_s = certificate_validity_end(from_s, 1);
    TRY(serials_each(call, "approval1", approval->revokes, look_at_end, &l));
    if (!l.found || end_s > certificate_validity_end(call->now_s, YEARS_MAX))
        return refuse(call, ERROR_VALIDITY_UNFIT, "approval1", "validity %s: no certificate ends then, or too long",
                      approval->validity);
    *ret_not_after_s = end_s;
    return OK;
}

struct result policy_validity(struct call *call, const struct approve_statement *approval, int64_t *ret_not_after_s)
{
    static const char until[] = "until:";
    const char *rule = approval->validity;
    int64_t longest_s = certificate_validity_end(call->now_s, YEARS_MAX);
    uint64_t time_s;
    if (text_equal(rule, "1y")) {
        *ret_not_after_s = certificate_validity_end(call->now_s, 1);
        return OK;
    }
    if (text_starts(rule, renew) && !failed(text_number(rule + sizeof renew - 1, (uint64_t)longest_s, &time_s)))
        return renewed(call, approval, (int64_t)time_s, ret_not_after_s);
    if (!text_starts(rule, until) || failed(text_number(rule + sizeof until - 1, (uint64_t)longest_s, &time_s)) ||
        (int64_t)time_s <= call->now_s)
        return refuse(call, ERROR_VALIDITY_UNFIT, "approval1", "validity %s", rule);
    *ret_not_after_s = (int64_t)time_s;
    return OK;
}

struct result policy_reason(struct call *call, const char *reason)
{
    static const char *const reasons[] = { "unspecified", "keyCompromise",        "affiliationChanged",
                                           "superseded",  "cessationOfOperation", "privilegeWithdrawn" };
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (text_equal(reasons[i], reason)) return OK;
    return refuse(call, ERROR_REASON_UNFIT, "approval1", "reason %s", reason);
}
