#include "pki/lint.h"

#include "base/text.h"
#include "pki/rules.h"

/* What a rule looks at: what was asked for, and what came of it. */
struct subject {
    const struct issuance *issuance;
    const struct profile *profile;
    const struct certificate_fields *fields;
    const struct certificate *issuer; /* NULL: self-signed */
    const struct certificate *c;
};

/* Whether the text VALUE, or its absence, is what stands there. */
static bool same_text(struct bytes there, const char *value)
{
    return value ? bytes_equal(there, bytes_text(value)) : there.ptr == NULL;
}

static bool same_oid(struct bytes there, const char *dotted)
{
    uint8_t room[OID_SIZE_MAX];
    struct writer w = writer_of(room, sizeof room);
    if (!dotted) return there.ptr == NULL;
    return !failed(oid_from_text(dotted, &w)) && !w.full && bytes_equal(there, bytes_of(room, w.len));
}

static bool is_critical(const struct certificate *c, enum oid oid)
{
    const struct extension *e = certificate_extension(c, oid_bytes(oid));
    return e && e->critical;
}

/* ---- the rules ---- */

/* RFC 5280 §4.1.2.2; 127 random bits against collisions chosen beforehand */
static bool serial_is_16_positive_bytes(const struct subject *s)
{
    return s->c->serial.len == ISSUE_SERIAL_SIZE && s->c->serial.ptr[0] >= 0x01 && s->c->serial.ptr[0] < 0x80;
}

/* GM/T 0015, RFC 5758: the identifier of the issuer's algorithm, without parameters */
static bool algorithm_is_the_issuers(const struct subject *s)
{
    uint8_t room[32];
    struct writer w = writer_of(room, sizeof room);
    signed_algorithm_write(&w, s->issuer ? s->issuer->key.algorithm : s->c->key.algorithm);
    return bytes_equal(s->c->algorithm, bytes_of(room, w.len));
}

/* §4.1.2.4: the issuer's name as it stands in the issuer's certificate */
static bool issuer_name_is_the_issuers(const struct subject *s)
{
    return name_equal(&s->c->issuer, s->issuer ? &s->issuer->subject : &s->c->subject);
}

static bool subject_is_what_was_asked(const struct subject *s)
{
    const struct name_fields *f = &s->fields->subject;
    const struct name *n = &s->c->subject;
    size_t count = 1u + (f->country != NULL) + (f->organization != NULL) + (f->unit != NULL) +
                   (f->serial_number != NULL);
    return n->count == count && same_text(name_value(n, OID_COUNTRY), f->country) &&
           same_text(name_value(n, OID_ORGANIZATION), f->organization) &&
           same_text(name_value(n, OID_ORGANIZATIONAL_UNIT), f->unit) &&
           same_text(name_value(n, OID_SERIAL_NUMBER), f->serial_number) &&
           same_text(name_value(n, OID_COMMON_NAME), f->common_name) && f->common_name != NULL;
}

/* RFC 5280 appendix A.1: upper bounds */
static bool names_keep_their_bounds(const struct subject *s)
{
    const struct name *n = &s->c->subject;
    for (size_t i = 0; i < n->count; i++) {
        size_t characters = 0;
        for (size_t k = 0; k < n->parts[i].value.len; k++)
            characters += (n->parts[i].value.ptr[k] & 0xC0) != 0x80;
        if (characters > NAME_CHARACTERS_MAX) return false;
    }
    return true;
}

static bool validity_is_what_was_asked(const struct subject *s)
{
    return s->c->not_before_s == s->fields->not_before_s && s->c->not_after_s == s->fields->not_after_s;
}

static bool validity_keeps_the_profiles_limit(const struct subject *s)
{
    return s->c->not_after_s <= certificate_validity_end(s->c->not_before_s, s->profile->years_max);
}

/* What outlives its issuer cannot be checked at its end. */
static bool validity_lies_within_the_issuers(const struct subject *s)
{
    if (!s->issuer) return true;
    return s->c->not_before_s >= s->issuer->not_before_s && s->c->not_after_s <= s->issuer->not_after_s;
}

static bool key_is_what_was_asked(const struct subject *s)
{
    return public_key_equal(&s->c->key, &s->fields->key);
}

static bool key_is_of_the_profiles_algorithms(const struct subject *s)
{
    return (s->profile->keys >> s->c->key.algorithm & 1) != 0;
}

/* A CA never certifies its own key as somebody else's. */
static bool key_is_not_the_issuers(const struct subject *s)
{
    return !s->issuer || !public_key_equal(&s->c->key, &s->issuer->key);
}

static bool issuer_may_issue(const struct subject *s)
{
    const struct certificate *i = s->issuer;
    if (!i) return true;
    if (!i->ca || !(i->key_usage & KEY_USAGE_CERT_SIGN) || !i->subject_key_id.ptr) return false;
    return !s->profile->ca || i->path_length != 0;
}

/* §4.2.1.3 */
static bool key_usage_is_the_profiles(const struct subject *s)
{
    return s->c->key_usage == s->profile->key_usage && is_critical(s->c, OID_KEY_USAGE);
}

/* GM/T 0015: one key either signs or deciphers; a card's own key, which has no holder, does both */
static bool key_usages_do_not_mix(const struct subject *s)
{
    bool signs = (s->c->key_usage & (KEY_USAGE_NON_REPUDIATION | KEY_USAGE_CERT_SIGN)) != 0;
    bool deciphers = (s->c->key_usage & (KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT |
                                         KEY_USAGE_KEY_AGREEMENT)) != 0;
    return !(signs && deciphers);
}

/* §4.2.1.9; absent in leaves, since GmSSL refuses an empty one */
static bool basic_constraints_are_the_profiles(const struct subject *s)
{
    if (!s->profile->ca) return !s->c->has_basic_constraints && !s->c->ca;
    return s->c->ca && s->c->path_length == s->profile->path_length &&
           is_critical(s->c, OID_BASIC_CONSTRAINTS);
}

static bool extended_usage_is_the_profiles(const struct subject *s)
{
    return s->c->extended_usage == s->profile->extended_usage;
}

/* §4.2.1.2, §4.2.1.1 */
static bool key_identifiers_chain(const struct subject *s)
{
    uint8_t own[KEY_ID_SIZE];
    public_key_id(&s->fields->key, own);
    return bytes_equal(s->c->subject_key_id, BYTES(own)) &&
           bytes_equal(s->c->authority_key_id, s->issuer ? s->issuer->subject_key_id : BYTES(own));
}

static bool urls_are_what_was_asked(const struct subject *s)
{
    return same_text(s->c->crl_url, s->fields->crl_url) && same_text(s->c->ocsp_url, s->fields->ocsp_url) &&
           same_text(s->c->ca_url, s->fields->ca_url);
}

static bool policy_is_what_was_asked(const struct subject *s)
{
    return same_oid(s->c->policy, s->fields->policy);
}

/* The extension of the credit code; NULL where there is none. */
static const struct extension *credit_extension(const struct subject *s)
{
    for (size_t i = 0; i < s->c->extension_count; i++) {
        const struct extension *e = &s->c->extensions[i];
        bool found =
            s->fields->credit_oid ? same_oid(e->oid, s->fields->credit_oid) : oid_is(e->oid, OID_CREDIT_CODE);
        if (found) return e;
    }
    return NULL;
}

static bool credit_code_is_what_was_asked(const struct subject *s)
{
    const struct extension *e = credit_extension(s);
    if (!e || !s->fields->credit_code) return !e && !s->fields->credit_code;
    return same_text(certificate_text_extension(s->c, e->oid), s->fields->credit_code) &&
           e->value.ptr[0] == (s->fields->credit_utf8 ? DER_UTF8_STRING : DER_PRINTABLE_STRING);
}

/* Nothing is signed that nobody asked for, and only what all software knows is critical. */
static bool extensions_are_the_known_ones(const struct subject *s)
{
    static const enum oid known[] = {
        OID_AUTHORITY_KEY_IDENTIFIER, OID_SUBJECT_KEY_IDENTIFIER,
        OID_BASIC_CONSTRAINTS,        OID_KEY_USAGE,
        OID_EXTENDED_KEY_USAGE,       OID_CERTIFICATE_POLICIES,
        OID_CRL_DISTRIBUTION_POINTS,  OID_AUTHORITY_INFO_ACCESS,
    };
    for (size_t i = 0; i < s->c->extension_count; i++) {
        const struct extension *e = &s->c->extensions[i];
        bool found = e == credit_extension(s) || (s->profile->no_check && oid_is(e->oid, OID_OCSP_NO_CHECK));
        for (size_t k = 0; k < COUNT(known); k++) found |= oid_is(e->oid, known[k]);
        bool may_be_critical = oid_is(e->oid, OID_BASIC_CONSTRAINTS) || oid_is(e->oid, OID_KEY_USAGE);
        if (!found || (e->critical && !may_be_critical)) return false;
    }
    return true;
}

static bool no_check_is_the_profiles(const struct subject *s)
{
    return (certificate_extension(s->c, oid_bytes(OID_OCSP_NO_CHECK)) != NULL) == s->profile->no_check;
}

static bool profile_parts_are_there(const struct subject *s)
{
    unsigned parts = profile_parts(s->fields);
    return (parts & s->profile->needs) == s->profile->needs &&
           !(parts & ~(s->profile->needs | s->profile->may));
}

static const struct rule {
    const char *name;
    bool (*holds)(const struct subject *s);
} rules[] = {
    RULE(serial_is_16_positive_bytes),
    RULE(algorithm_is_the_issuers),
    RULE(issuer_name_is_the_issuers),
    RULE(subject_is_what_was_asked),
    RULE(names_keep_their_bounds),
    RULE(validity_is_what_was_asked),
    RULE(validity_keeps_the_profiles_limit),
    RULE(validity_lies_within_the_issuers),
    RULE(key_is_what_was_asked),
    RULE(key_is_of_the_profiles_algorithms),
    RULE(key_is_not_the_issuers),
    RULE(issuer_may_issue),
    RULE(key_usage_is_the_profiles),
    RULE(key_usages_do_not_mix),
    RULE(basic_constraints_are_the_profiles),
    RULE(extended_usage_is_the_profiles),
    RULE(key_identifiers_chain),
    RULE(urls_are_what_was_asked),
    RULE(policy_is_what_was_asked),
    RULE(credit_code_is_what_was_asked),
    RULE(extensions_are_the_known_ones),
    RULE(no_check_is_the_profiles),
    RULE(profile_parts_are_there),
};

struct result lint_check(const struct issuance *issuance, struct bytes tbs, struct arena *arena,
                         struct diag *diag)
{
    struct certificate *c;
    struct result parsed = certificate_parse_tbs(tbs, arena, &c);
    if (parsed.code == ERROR_OUT_OF_ROOM) return parsed;
    if (failed(parsed))
        return diag_log(diag, ERROR_LINT, "lint: it does not parse (error %d)", (int)parsed.code);
    struct subject s = { issuance, issuance->profile, issuance->fields, issuance->issuer, c };
    RULES_HOLD(rules, &s, diag);
    return OK;
}
