#include "pki/crl.h"

#include "base/clock.h"
#include "base/text.h"
#include "pki/rules.h"

enum { VERSION_2 = 1 };

#define TRY_AS(expr, error) ENSURE(!failed(expr), error)

/* ---- reasons ---- */

static const struct {
    enum crl_reason reason;
    const char *name;
} reasons[] = {
    { CRL_UNSPECIFIED, "unspecified" },
    { CRL_KEY_COMPROMISE, "keyCompromise" },
    { CRL_CA_COMPROMISE, "cACompromise" },
    { CRL_AFFILIATION_CHANGED, "affiliationChanged" },
    { CRL_SUPERSEDED, "superseded" },
    { CRL_CESSATION_OF_OPERATION, "cessationOfOperation" },
    { CRL_CERTIFICATE_HOLD, "certificateHold" },
    { CRL_REMOVE_FROM_CRL, "removeFromCRL" },
    { CRL_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
    { CRL_AA_COMPROMISE, "aACompromise" },
};

const char *crl_reason_name(enum crl_reason reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].reason == reason) return reasons[i].name;
    return NULL;
}

struct result crl_reason_find(const char *name, enum crl_reason *ret_reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (text_equal(reasons[i].name, name)) {
            *ret_reason = reasons[i].reason;
            return OK;
        }
    return FAIL(ERROR_NOT_FOUND);
}

/* Magnitudes without leading zero bytes: the longer one is the greater. */
static int serial_order(struct bytes a, struct bytes b)
{
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

int crl_entry_order(const void *a, const void *b)
{
    return serial_order(((const struct crl_entry *)a)->serial, ((const struct crl_entry *)b)->serial);
}

/* ---- writing ---- */

static void write_entry(struct writer *w, const struct crl_entry *entry)
{
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write_unsigned(w, entry->serial);
    der_write_time(w, entry->revoked_s);
    if (entry->reason != CRL_UNSPECIFIED) { /* §5.3.1: absent rather than unspecified */
        size_t extensions = der_begin(w, DER_SEQUENCE);
        struct extension_at reason = extension_begin(w, oid_bytes(OID_CRL_REASON), false);
        der_write_enumerated(w, (uint8_t)entry->reason);
        extension_finish(w, reason);
        der_finish(w, extensions);
    }
    der_finish(w, at);
}

/* IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0] { fullName [0] GeneralNames }, … } */
static void write_partition(struct writer *w, const char *url)
{
    struct extension_at at = extension_begin(w, oid_bytes(OID_ISSUING_DISTRIBUTION_POINT), true);
    size_t point = der_begin(w, DER_SEQUENCE);
    size_t name = der_begin(w, DER_CONSTRUCTED + 0), full = der_begin(w, DER_CONSTRUCTED + 0);
    der_write(w, DER_CONTEXT + 6, bytes_text(url));
    der_finish(w, full);
    der_finish(w, name);
    der_finish(w, point);
    extension_finish(w, at);
}

static void write_extensions(struct writer *w, const struct crl_fields *f)
{
    size_t wrapped = der_begin(w, DER_CONSTRUCTED + 0), all = der_begin(w, DER_SEQUENCE);
    extension_write_authority(w, f->issuer->subject_key_id);
    struct extension_at at = extension_begin(w, oid_bytes(OID_CRL_NUMBER), false);
    uint8_t number[8];
    for (size_t i = 0; i < sizeof number; i++) number[i] = (uint8_t)(f->number >> 8 * (7 - i));
    der_write_unsigned(w, BYTES(number));
    extension_finish(w, at);
    if (f->url) write_partition(w, f->url);
    der_finish(w, all);
    der_finish(w, wrapped);
}

void crl_build(const struct crl_fields *f, struct writer *w)
{
    size_t tbs = der_begin(w, DER_SEQUENCE);
    der_write_small(w, VERSION_2);
    signed_algorithm_write(w, f->issuer->key.algorithm);
    write_bytes(w, f->issuer->subject.der);
    der_write_time(w, f->this_update_s);
    der_write_time(w, f->next_update_s);
    if (f->count > 0) { /* §5.1.2.6: absent when nothing is revoked */
        size_t list = der_begin(w, DER_SEQUENCE);
        for (size_t i = 0; i < f->count; i++) write_entry(w, &f->entries[i]);
        der_finish(w, list);
    }
    write_extensions(w, f);
    der_finish(w, tbs);
}

struct result crl_issue(const struct crl_fields *f, struct drbg *drbg, struct arena *arena, struct diag *diag,
                        struct bytes *ret_der)
{
    uint8_t signature[KEY_SIGNATURE_SIZE];
    size_t room = crl_size_max(f->count);
    struct bytes tbs, der;
    struct writer w = writer_of(arena_take(arena, room), room), whole = writer_of(arena_take(arena, room), room);
    ENSURE(w.ptr && whole.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(public_key_equal(&f->issuer->key, &f->issuer_key.public), ERROR_KEY_INVALID);
    for (size_t i = 1; i < f->count; i++)
        ENSURE(crl_entry_order(&f->entries[i - 1], &f->entries[i]) < 0, ERROR_CRL_ENTRIES);
    crl_build(f, &w);
    TRY_AS(writer_end(&w, &tbs), ERROR_LINT); /* a field that cannot be written */
    TRY(crl_lint(f, tbs, diag));
    TRY(signing_key_sign(&f->issuer_key, tbs, drbg, signature));
    signed_write(&whole, tbs, f->issuer_key.public.algorithm, signature);
    TRY(writer_end(&whole, &der));
    *ret_der = der;
    return OK;
}

/* ---- reading ---- */

static struct result read_reason(struct bytes value, enum crl_reason *ret_reason)
{
    struct reader r = reader_of(value);
    uint8_t number;
    TRY(der_read_enumerated(&r, &number));
    TRY(der_end(&r));
    ENSURE(number != CRL_UNSPECIFIED && number != CRL_REMOVE_FROM_CRL && crl_reason_name(number), ERROR_DER);
    *ret_reason = number;
    return OK;
}

static struct result read_entry_extensions(struct reader *r, struct crl_entry *entry)
{
    struct reader all;
    bool seen = false;
    TRY_AS(der_open(r, DER_SEQUENCE, &all), ERROR_CRL_MALFORMED);
    ENSURE(all.left > 0, ERROR_CRL_MALFORMED);
    while (all.left > 0) {
        struct extension e;
        TRY_AS(extension_read(&all, &e), ERROR_CRL_MALFORMED);
        if (!oid_is(e.oid, OID_CRL_REASON)) {
            ENSURE(!e.critical, ERROR_CERTIFICATE_CRITICAL);
            continue;
        }
        ENSURE(!seen, ERROR_CRL_MALFORMED);
        seen = true;
        TRY_AS(read_reason(e.value, &entry->reason), ERROR_CRL_MALFORMED);
    }
    return OK;
}

static struct result read_entry(struct reader *r, struct crl_entry *ret_entry)
{
    struct reader in;
    struct crl_entry e = { .reason = CRL_UNSPECIFIED };
    TRY_AS(der_open(r, DER_SEQUENCE, &in), ERROR_CRL_MALFORMED);
    TRY_AS(der_read_unsigned(&in, &e.serial), ERROR_CRL_MALFORMED);
    ENSURE(e.serial.len + (e.serial.ptr[0] >= 0x80) <= CERTIFICATE_SERIAL_MAX, ERROR_CRL_MALFORMED);
    TRY_AS(der_read_time(&in, &e.revoked_s), ERROR_CRL_MALFORMED);
    if (in.left > 0) TRY(read_entry_extensions(&in, &e));
    TRY_AS(der_end(&in), ERROR_CRL_MALFORMED);
    *ret_entry = e;
    return OK;
}

static struct result read_entries(struct bytes entries, size_t *ret_count)
{
    struct reader r = reader_of(entries);
    struct crl_entry before = { 0 }, entry;
    size_t count = 0;
    ENSURE(entries.len > 0, ERROR_CRL_MALFORMED);
    for (; r.left > 0; count++, before = entry) {
        TRY(read_entry(&r, &entry));
        ENSURE(count == 0 || crl_entry_order(&before, &entry) < 0, ERROR_CRL_ENTRIES);
    }
    *ret_count = count;
    return OK;
}

static struct result parse_authority(struct reader *r, struct crl *c)
{
    struct reader in;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_read(&in, DER_CONTEXT + 0, &c->authority_key_id));
    ENSURE(c->authority_key_id.len > 0, ERROR_DER);
    return der_end(&in);
}

static struct result parse_number(struct reader *r, struct crl *c)
{
    TRY(der_read_unsigned(r, &c->number));
    ENSURE(c->number.len + (c->number.ptr[0] >= 0x80) <= CERTIFICATE_SERIAL_MAX, ERROR_DER);
    return OK;
}

/* Only the URL: lists for some reasons or kinds of certificates only, and indirect ones, say more (§5.2.5). */
static struct result parse_partition(struct reader *r, struct crl *c)
{
    struct reader in, name, full;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_open(&in, DER_CONSTRUCTED + 0, &name));
    TRY(der_open(&name, DER_CONSTRUCTED + 0, &full));
    TRY(der_read(&full, DER_CONTEXT + 6, &c->url));
    ENSURE(c->url.len > 0, ERROR_DER);
    TRY(der_end(&full));
    TRY(der_end(&name));
    return der_end(&in);
}

static struct result parse_extension(const struct extension *e, unsigned *seen, struct crl *c)
{
    static const struct {
        enum oid oid;
        bool critical;
        struct result (*parse)(struct reader *r, struct crl *c);
    } known[] = { { OID_AUTHORITY_KEY_IDENTIFIER, false, parse_authority },
                  { OID_CRL_NUMBER, false, parse_number },
                  { OID_ISSUING_DISTRIBUTION_POINT, true, parse_partition } };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (!oid_is(e->oid, known[i].oid)) continue;
        struct reader in = reader_of(e->value);
        ENSURE(!(*seen & 1u << i) && e->critical == known[i].critical, ERROR_CRL_MALFORMED);
        *seen |= 1u << i;
        TRY_AS(der_check(e->value), ERROR_CRL_MALFORMED);
        TRY_AS(known[i].parse(&in, c), ERROR_CRL_MALFORMED);
        TRY_AS(der_end(&in), ERROR_CRL_MALFORMED);
        return OK;
    }
    ENSURE(!e->critical, ERROR_CERTIFICATE_CRITICAL);
    return OK;
}

static struct result parse_extensions(struct reader *r, struct crl *c)
{
    struct reader wrapped, all;
    unsigned seen = 0;
    TRY_AS(der_open(r, DER_CONSTRUCTED + 0, &wrapped), ERROR_CRL_MALFORMED);
    TRY_AS(der_open(&wrapped, DER_SEQUENCE, &all), ERROR_CRL_MALFORMED);
    TRY_AS(der_end(&wrapped), ERROR_CRL_MALFORMED);
    while (all.left > 0) {
        struct extension e;
        TRY_AS(extension_read(&all, &e), ERROR_CRL_MALFORMED);
        TRY(parse_extension(&e, &seen, c));
    }
    ENSURE(c->authority_key_id.ptr && c->number.ptr, ERROR_CRL_MALFORMED); /* §5.2.1, §5.2.3 */
    return OK;
}

/* TBS has passed der_check. */
static struct result parse_tbs(struct bytes tbs, struct crl *c)
{
    struct reader r = reader_of(tbs), in;
    uint32_t version;
    c->tbs = tbs;
    TRY_AS(der_open(&r, DER_SEQUENCE, &in), ERROR_CRL_MALFORMED);
    TRY_AS(der_read_small(&in, UINT32_MAX, &version), ERROR_CRL_MALFORMED);
    ENSURE(version == VERSION_2, ERROR_CRL_MALFORMED);
    TRY_AS(signed_algorithm_read(&in, &c->signed_by, &c->algorithm), ERROR_ALGORITHM);
    TRY(name_read(&in, &c->issuer));
    TRY_AS(der_read_time(&in, &c->this_update_s), ERROR_CRL_MALFORMED);
    TRY_AS(der_read_time(&in, &c->next_update_s), ERROR_CRL_MALFORMED);
    ENSURE(c->this_update_s < c->next_update_s, ERROR_CRL_MALFORMED);
    if (der_next(&in, DER_SEQUENCE)) {
        TRY_AS(der_read(&in, DER_SEQUENCE, &c->entries), ERROR_CRL_MALFORMED);
        TRY(read_entries(c->entries, &c->count));
    }
    TRY(parse_extensions(&in, c));
    TRY_AS(der_end(&in), ERROR_CRL_MALFORMED);
    return OK;
}

struct result crl_parse(struct bytes der, struct crl *ret_crl)
{
    struct crl c = { 0 };
    struct signed_parts parts;
    ENSURE(der.len <= CRL_SIZE_MAX, ERROR_TOO_LARGE);
    TRY(der_check(der));
    struct result read = signed_read(der, &parts);
    ENSURE(read.code != ERROR_DER, ERROR_CRL_MALFORMED);
    TRY(read);
    TRY(parse_tbs(parts.tbs, &c));
    ENSURE(bytes_equal(c.algorithm, parts.algorithm), ERROR_ALGORITHM); /* §5.1.1.2 */
    c.der = der;
    memcpy(c.signature, parts.signature, sizeof c.signature);
    *ret_crl = c;
    return OK;
}

struct result crl_check(const struct crl *crl, const struct certificate *issuer, int64_t time_s)
{
    ENSURE(name_equal(&crl->issuer, &issuer->subject) &&
               bytes_equal(crl->authority_key_id, issuer->subject_key_id) &&
               (issuer->key_usage & KEY_USAGE_CRL_SIGN) != 0,
           ERROR_CRL_FOREIGN);
    TRY_AS(signed_check(&issuer->key, crl->tbs, crl->signed_by, crl->signature), ERROR_CRL_FOREIGN);
    ENSURE(crl->this_update_s <= time_s && time_s <= crl->next_update_s, ERROR_CRL_STALE);
    return OK;
}

void crl_next(struct reader *entries, struct crl_entry *ret_entry)
{
    /* crl_parse has read every one of them */
    if (failed(read_entry(entries, ret_entry))) *entries = (struct reader){ 0 };
}

bool crl_find(const struct crl *crl, struct bytes serial, struct crl_entry *ret_entry)
{
    for (struct reader r = reader_of(crl->entries); r.left > 0;) {
        struct crl_entry entry = { 0 };
        crl_next(&r, &entry);
        if (!bytes_equal(entry.serial, serial)) continue;
        if (ret_entry) *ret_entry = entry;
        return true;
    }
    return false;
}

/* ---- the rules, read from what was built ---- */

struct subject {
    const struct crl_fields *fields;
    const struct crl *crl;
};

static bool issuer_may_sign_lists(const struct subject *s)
{
    return s->fields->issuer->ca && (s->fields->issuer->key_usage & KEY_USAGE_CRL_SIGN) != 0;
}

static bool issuer_is_the_issuer(const struct subject *s)
{
    return name_equal(&s->crl->issuer, &s->fields->issuer->subject) &&
           bytes_equal(s->crl->authority_key_id, s->fields->issuer->subject_key_id);
}

static bool times_are_what_was_asked(const struct subject *s)
{
    return s->crl->this_update_s == s->fields->this_update_s && s->crl->next_update_s == s->fields->next_update_s;
}

/* An issuer of CAs alone, whose key is out of reach, may take a year (CA/B Forum Baseline Requirements §4.9.7). */
static bool next_update_comes_in_time(const struct subject *s)
{
    int64_t days = s->fields->issuer->path_length == 0 ? CRL_DAYS_MAX : CRL_DAYS_ROOT_MAX;
    return s->crl->next_update_s - s->crl->this_update_s <= days * DAY_S &&
           s->crl->this_update_s >= s->fields->issuer->not_before_s &&
           s->crl->this_update_s <= s->fields->issuer->not_after_s;
}

static bool partition_is_what_was_asked(const struct subject *s)
{
    return s->fields->url ? bytes_equal(s->crl->url, bytes_text(s->fields->url)) : !s->crl->url.ptr;
}

static bool number_is_what_was_asked(const struct subject *s)
{
    uint64_t number = 0;
    for (size_t i = 0; i < s->crl->number.len; i++) number = number << 8 | s->crl->number.ptr[i];
    return s->crl->number.len <= 8 && number == s->fields->number;
}

static bool entries_are_what_was_asked(const struct subject *s)
{
    struct reader r = reader_of(s->crl->entries);
    if (s->crl->count != s->fields->count) return false;
    for (size_t i = 0; i < s->fields->count; i++) {
        const struct crl_entry *asked = &s->fields->entries[i];
        struct crl_entry entry = { 0 };
        crl_next(&r, &entry);
        if (!bytes_equal(entry.serial, asked->serial) || entry.reason != asked->reason) return false;
        if (entry.revoked_s != asked->revoked_s || entry.revoked_s > s->crl->this_update_s) return false;
        if (entry.serial.len == 1 && entry.serial.ptr[0] == 0) return false; /* no certificate has it */
    }
    return true;
}

static const struct rule {
    const char *name;
    bool (*holds)(const struct subject *s);
} rules[] = {
    RULE(issuer_may_sign_lists),       RULE(issuer_is_the_issuer),        RULE(times_are_what_was_asked),
    RULE(next_update_comes_in_time),   RULE(partition_is_what_was_asked), RULE(number_is_what_was_asked),
    RULE(entries_are_what_was_asked),
};

struct result crl_lint(const struct crl_fields *fields, struct bytes tbs, struct diag *diag)
{
    struct crl crl = { 0 };
    if (failed(der_check(tbs)) || failed(parse_tbs(tbs, &crl)))
        return diag_log(diag, ERROR_LINT, "lint: the list does not parse");
    struct subject s = { fields, &crl };
    RULES_HOLD(rules, &s, diag);
    return OK;
}
