#include "pki/ocsp.h"

#include "base/clock.h"
#include "pki/rules.h"

enum { SUCCESSFUL = 0, NAME_HASH_MAX = 64 };

#define TRY_AS(expr, error) ENSURE(!failed(expr), error)

/* ---- CertID ---- */

static const struct {
    enum ocsp_hash hash;
    enum oid oid;
    size_t size;
} hashes[] = { { OCSP_HASH_SHA1, OID_SHA1, 20 }, { OCSP_HASH_SHA256, OID_SHA256, 32 }, { OCSP_HASH_SM3, OID_SM3, 32 } };

/* AlgorithmIdentifier, the parameters absent or NULL. */
static struct result read_hash(struct reader *r, enum ocsp_hash *ret_hash, size_t *ret_size)
{
    struct reader in;
    struct bytes oid, none;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_read_oid(&in, &oid));
    if (in.left > 0) TRY(der_read(&in, DER_NULL, &none));
    TRY(der_end(&in));
    *ret_hash = OCSP_HASH_OTHER;
    for (size_t i = 0; i < COUNT(hashes); i++)
        if (oid_is(oid, hashes[i].oid)) {
            *ret_hash = hashes[i].hash;
            *ret_size = hashes[i].size;
        }
    return OK;
}

static struct result read_id(struct reader *r, struct ocsp_id *ret_id)
{
    struct ocsp_id id = { 0 };
    struct reader in, whole;
    size_t size = 0;
    TRY(der_read_whole(r, DER_SEQUENCE, &id.der));
    whole = reader_of(id.der);
    TRY(der_open(&whole, DER_SEQUENCE, &in));
    TRY(read_hash(&in, &id.hash, &size));
    TRY(der_read(&in, DER_OCTET_STRING, &id.name_hash));
    TRY(der_read(&in, DER_OCTET_STRING, &id.key_hash));
    ENSURE(id.name_hash.len == id.key_hash.len && id.name_hash.len > 0 && id.name_hash.len <= NAME_HASH_MAX,
           ERROR_DER);
    ENSURE(id.hash == OCSP_HASH_OTHER || id.name_hash.len == size, ERROR_DER);
    TRY(der_read_unsigned(&in, &id.serial));
    ENSURE(id.serial.len + (id.serial.ptr[0] >= 0x80) <= CERTIFICATE_SERIAL_MAX, ERROR_DER);
    TRY(der_end(&in));
    *ret_id = id;
    return OK;
}

static void write_id(struct writer *w, const struct ocsp_id *id)
{
    if (id->der.len > 0) { /* as it was asked */
        write_bytes(w, id->der);
        return;
    }
    size_t at = der_begin(w, DER_SEQUENCE), algorithm = der_begin(w, DER_SEQUENCE);
    for (size_t i = 0; i < COUNT(hashes); i++)
        if (hashes[i].hash == id->hash) der_write(w, DER_OID, oid_bytes(hashes[i].oid));
    der_write_null(w);
    der_finish(w, algorithm);
    der_write(w, DER_OCTET_STRING, id->name_hash);
    der_write(w, DER_OCTET_STRING, id->key_hash);
    der_write_unsigned(w, id->serial);
    der_finish(w, at);
}

/* ---- the nonce and other extensions ---- */

/* Older clients put the bare bytes where RFC 8954 has an OCTET STRING: both are given back as they stand. */
static struct result read_extensions(struct reader *r, unsigned tag, struct bytes *ret_nonce, enum error critical)
{
    struct reader wrapped, all;
    TRY(der_open(r, tag, &wrapped));
    TRY(der_open(&wrapped, DER_SEQUENCE, &all));
    TRY(der_end(&wrapped));
    ENSURE(all.left > 0, ERROR_DER);
    while (all.left > 0) {
        struct extension e;
        TRY(extension_read(&all, &e));
        if (!oid_is(e.oid, OID_OCSP_NONCE)) {
            ENSURE(!e.critical, critical);
            continue;
        }
        ENSURE(!ret_nonce->ptr && e.value.len > 0 && e.value.len <= OCSP_NONCE_MAX + 2, ERROR_DER);
        *ret_nonce = e.value;
    }
    return OK;
}

static void write_nonce(struct writer *w, struct bytes nonce)
{
    if (!nonce.ptr) return;
    size_t wrapped = der_begin(w, DER_CONSTRUCTED + 1), all = der_begin(w, DER_SEQUENCE);
    struct extension_at at = extension_begin(w, oid_bytes(OID_OCSP_NONCE), false);
    write_bytes(w, nonce);
    extension_finish(w, at);
    der_finish(w, all);
    der_finish(w, wrapped);
}

/* ---- requests ---- */

/* Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL } */
static struct result read_request(struct reader *r, struct ocsp_request *request)
{
    struct reader in;
    struct bytes none = { 0 };
    ENSURE(request->count < OCSP_SINGLES_MAX, ERROR_OCSP_REQUEST);
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(read_id(&in, &request->ids[request->count++]));
    if (in.left > 0) TRY(read_extensions(&in, DER_CONSTRUCTED + 0, &none, ERROR_OCSP_REQUEST));
    return der_end(&in);
}

/* TBSRequest ::= SEQUENCE { version [0] DEFAULT v1, requestorName [1] OPTIONAL, requestList, [2] extensions } */
static struct result read_tbs_request(struct reader *in, struct ocsp_request *request)
{
    struct bytes skipped;
    struct reader list;
    if (der_next(in, DER_CONSTRUCTED + 0)) return FAIL(ERROR_DER); /* v1 is the default; there is no other */
    if (der_next(in, DER_CONSTRUCTED + 1)) TRY(der_read(in, DER_CONSTRUCTED + 1, &skipped));
    TRY(der_open(in, DER_SEQUENCE, &list));
    ENSURE(list.left > 0, ERROR_DER);
    while (list.left > 0) TRY(read_request(&list, request));
    if (in->left > 0) TRY(read_extensions(in, DER_CONSTRUCTED + 2, &request->nonce, ERROR_OCSP_REQUEST));
    return der_end(in);
}

struct result ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request)
{
    struct ocsp_request request = { 0 };
    struct reader r = reader_of(der), in, tbs;
    struct bytes signature;
    ENSURE(der.len <= OCSP_REQUEST_SIZE_MAX, ERROR_OCSP_REQUEST);
    TRY_AS(der_check(der), ERROR_OCSP_REQUEST);
    TRY_AS(der_open(&r, DER_SEQUENCE, &in), ERROR_OCSP_REQUEST);
    TRY_AS(der_open(&in, DER_SEQUENCE, &tbs), ERROR_OCSP_REQUEST);
    TRY_AS(read_tbs_request(&tbs, &request), ERROR_OCSP_REQUEST);
    if (in.left > 0) TRY_AS(der_read(&in, DER_CONSTRUCTED + 0, &signature), ERROR_OCSP_REQUEST);
    TRY_AS(der_end(&in), ERROR_OCSP_REQUEST);
    *ret_request = request;
    return OK;
}

/* ---- responses, written ---- */

struct bytes ocsp_refuse(enum ocsp_refusal refusal)
{
    static const uint8_t messages[][5] = { [OCSP_MALFORMED_REQUEST] = { 0x30, 3, DER_ENUMERATED, 1, 1 },
                                           [OCSP_INTERNAL_ERROR] = { 0x30, 3, DER_ENUMERATED, 1, 2 },
                                           [OCSP_TRY_LATER] = { 0x30, 3, DER_ENUMERATED, 1, 3 },
                                           [OCSP_UNAUTHORIZED] = { 0x30, 3, DER_ENUMERATED, 1, 6 } };
    return BYTES(messages[refusal]);
}

/* CertStatus ::= CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL }, all IMPLICIT */
static void write_status(struct writer *w, const struct ocsp_single *single)
{
    if (single->status != OCSP_REVOKED) {
        der_write(w, DER_CONTEXT + (single->status == OCSP_GOOD ? 0 : 2), (struct bytes){ 0 });
        return;
    }
    size_t revoked = der_begin(w, DER_CONSTRUCTED + 1);
    der_write_generalized_time(w, single->revoked_s);
    if (single->reason != CRL_UNSPECIFIED) {
        size_t reason = der_begin(w, DER_CONSTRUCTED + 0);
        der_write_enumerated(w, (uint8_t)single->reason);
        der_finish(w, reason);
    }
    der_finish(w, revoked);
}

static void write_single(struct writer *w, const struct ocsp_single *single)
{
    size_t at = der_begin(w, DER_SEQUENCE);
    write_id(w, &single->id);
    write_status(w, single);
    der_write_generalized_time(w, single->this_update_s);
    size_t next = der_begin(w, DER_CONSTRUCTED + 0);
    der_write_generalized_time(w, single->next_update_s);
    der_finish(w, next);
    der_finish(w, at);
}

/* ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, [1] extensions } */
void ocsp_build(const struct ocsp_fields *f, struct writer *w)
{
    size_t tbs = der_begin(w, DER_SEQUENCE), name = der_begin(w, DER_CONSTRUCTED + 1);
    write_bytes(w, f->responder->subject.der);
    der_finish(w, name);
    der_write_generalized_time(w, f->produced_s);
    size_t all = der_begin(w, DER_SEQUENCE);
    for (size_t i = 0; i < f->count; i++) write_single(w, &f->singles[i]);
    der_finish(w, all);
    write_nonce(w, f->nonce);
    der_finish(w, tbs);
}

/* OCSPResponse { successful, { id-pkix-ocsp-basic, BasicOCSPResponse { tbs, algorithm, signature, [0] certs } } } */
void ocsp_wrap(struct writer *w, const struct signed_parts *parts, struct bytes certificate)
{
    size_t response = der_begin(w, DER_SEQUENCE);
    der_write_enumerated(w, SUCCESSFUL);
    size_t wrapped = der_begin(w, DER_CONSTRUCTED + 0), typed = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(OID_OCSP_BASIC));
    size_t octets = der_begin(w, DER_OCTET_STRING), basic = der_begin(w, DER_SEQUENCE);
    write_bytes(w, parts->tbs);
    signed_write_end(w, parts->signed_by, parts->signature);
    if (certificate.len > 0) {
        size_t certificates = der_begin(w, DER_CONSTRUCTED + 0), list = der_begin(w, DER_SEQUENCE);
        write_bytes(w, certificate);
        der_finish(w, list);
        der_finish(w, certificates);
    }
    der_finish(w, basic);
    der_finish(w, octets);
    der_finish(w, typed);
    der_finish(w, wrapped);
    der_finish(w, response);
}

static bool is_issuer(const struct ocsp_fields *f)
{
    return public_key_equal(&f->responder->key, &f->issuer->key);
}

struct result ocsp_issue(const struct ocsp_fields *f, struct drbg *drbg, struct arena *arena, struct diag *diag,
                         struct bytes *ret_der)
{
    struct signed_parts parts = { .signed_by = f->responder_key.public.algorithm };
    size_t room = OCSP_RESPONSE_SIZE_MAX;
    struct bytes der;
    struct writer w = writer_of(arena_take(arena, room), room), whole = writer_of(arena_take(arena, room), room);
    ENSURE(w.ptr && whole.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(public_key_equal(&f->responder->key, &f->responder_key.public), ERROR_KEY_INVALID);
    ocsp_build(f, &w);
    TRY_AS(writer_end(&w, &parts.tbs), ERROR_LINT); /* a field that cannot be written */
    TRY(ocsp_lint(f, parts.tbs, diag));
    TRY(signing_key_sign(&f->responder_key, parts.tbs, drbg, parts.signature));
    ocsp_wrap(&whole, &parts, is_issuer(f) ? (struct bytes){ 0 } : f->responder->der);
    TRY(writer_end(&whole, &der));
    *ret_der = der;
    return OK;
}

/* ---- responses, read ---- */

static struct result read_revoked(struct reader *r, struct ocsp_single *single)
{
    struct reader in, wrapped;
    uint8_t reason;
    TRY(der_open(r, DER_CONSTRUCTED + 1, &in));
    TRY(der_read_generalized_time(&in, &single->revoked_s));
    if (in.left > 0) {
        TRY(der_open(&in, DER_CONSTRUCTED + 0, &wrapped));
        TRY(der_read_enumerated(&wrapped, &reason));
        TRY(der_end(&wrapped));
        ENSURE(crl_reason_name(reason), ERROR_DER);
        single->reason = reason;
    }
    return der_end(&in);
}

static struct result read_status(struct reader *r, struct ocsp_single *single)
{
    struct bytes none;
    if (der_next(r, DER_CONSTRUCTED + 1)) {
        single->status = OCSP_REVOKED;
        return read_revoked(r, single);
    }
    single->status = der_next(r, DER_CONTEXT + 0) ? OCSP_GOOD : OCSP_UNKNOWN;
    TRY(der_read(r, DER_CONTEXT + (single->status == OCSP_GOOD ? 0 : 2), &none));
    ENSURE(none.len == 0, ERROR_DER);
    return OK;
}

static struct result read_single(struct reader *r, struct ocsp_single *ret_single)
{
    struct ocsp_single single = { .reason = CRL_UNSPECIFIED };
    struct reader in, wrapped;
    struct bytes none = { 0 };
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(read_id(&in, &single.id));
    TRY(read_status(&in, &single));
    TRY(der_read_generalized_time(&in, &single.this_update_s));
    TRY(der_open(&in, DER_CONSTRUCTED + 0, &wrapped)); /* without it nothing says until when it holds */
    TRY(der_read_generalized_time(&wrapped, &single.next_update_s));
    TRY(der_end(&wrapped));
    ENSURE(single.this_update_s <= single.next_update_s, ERROR_DER);
    if (in.left > 0) TRY(read_extensions(&in, DER_CONSTRUCTED + 1, &none, ERROR_CERTIFICATE_CRITICAL));
    TRY(der_end(&in));
    *ret_single = single;
    return OK;
}

/* TBS has passed der_check. */
static struct result read_data(struct bytes tbs, struct ocsp_response *response)
{
    struct reader r = reader_of(tbs), in, name, all;
    response->tbs = tbs;
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_open(&in, DER_CONSTRUCTED + 1, &name));
    TRY(name_read(&name, &response->responder));
    TRY(der_end(&name));
    TRY(der_read_generalized_time(&in, &response->produced_s));
    TRY(der_open(&in, DER_SEQUENCE, &all));
    ENSURE(all.left > 0, ERROR_DER);
    while (all.left > 0) {
        ENSURE(response->count < OCSP_SINGLES_MAX, ERROR_DER);
        TRY(read_single(&all, &response->singles[response->count++]));
    }
    if (in.left > 0)
        TRY(read_extensions(&in, DER_CONSTRUCTED + 1, &response->nonce, ERROR_CERTIFICATE_CRITICAL));
    return der_end(&in);
}

static struct result read_basic(struct bytes basic, struct ocsp_response *response)
{
    struct reader r = reader_of(basic), in, wrapped, list;
    struct signed_parts parts;
    TRY(der_check(basic));
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(signed_read_parts(&in, &parts));
    response->signed_by = parts.signed_by;
    memcpy(response->signature, parts.signature, sizeof response->signature);
    if (in.left > 0) {
        TRY(der_open(&in, DER_CONSTRUCTED + 0, &wrapped));
        TRY(der_open(&wrapped, DER_SEQUENCE, &list));
        TRY(der_end(&wrapped));
        TRY(der_read_whole(&list, DER_SEQUENCE, &response->certificate));
    }
    TRY(der_end(&in));
    return read_data(parts.tbs, response);
}

static struct result read_whole(struct bytes der, struct ocsp_response *response)
{
    struct reader r = reader_of(der), in, wrapped, typed;
    struct bytes type, basic;
    uint8_t status;
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_read_enumerated(&in, &status));
    ENSURE(status == SUCCESSFUL || in.left > 0, ERROR_OCSP_REFUSED);
    ENSURE(status == SUCCESSFUL, ERROR_DER);
    TRY(der_open(&in, DER_CONSTRUCTED + 0, &wrapped));
    TRY(der_open(&wrapped, DER_SEQUENCE, &typed));
    TRY(der_read_oid(&typed, &type));
    ENSURE(oid_is(type, OID_OCSP_BASIC), ERROR_OCSP_RESPONSE);
    TRY(der_read(&typed, DER_OCTET_STRING, &basic));
    TRY(der_end(&typed));
    TRY(der_end(&wrapped));
    TRY(der_end(&in));
    return read_basic(basic, response);
}

struct result ocsp_parse(struct bytes der, struct ocsp_response *ret_response)
{
    struct ocsp_response response = { 0 };
    ENSURE(der.len <= OCSP_RESPONSE_SIZE_MAX, ERROR_TOO_LARGE);
    TRY(der_check(der));
    struct result read = read_whole(der, &response);
    ENSURE(read.code != ERROR_DER, ERROR_OCSP_RESPONSE);
    TRY(read);
    *ret_response = response;
    return OK;
}

/* Who may have signed: the issuer, or whom it certified for exactly this (§4.2.2.2). */
static struct result find_key(const struct ocsp_response *response, const struct certificate *issuer, int64_t time_s,
                              struct arena *arena, const struct public_key **ret_key)
{
    struct certificate *responder;
    if (name_equal(&response->responder, &issuer->subject)) {
        *ret_key = &issuer->key;
        return OK;
    }
    TRY(certificate_parse(response->certificate, arena, &responder));
    TRY(certificate_check_signature(responder, &issuer->key));
    ENSURE(name_equal(&responder->issuer, &issuer->subject) && name_equal(&responder->subject, &response->responder) &&
               (responder->extended_usage & EXTENDED_OCSP_SIGNING) != 0 && responder->not_before_s <= time_s &&
               time_s <= responder->not_after_s,
           ERROR_OCSP_FOREIGN);
    *ret_key = &responder->key;
    return OK;
}

struct result ocsp_check(const struct ocsp_response *response, const struct certificate *issuer, int64_t time_s,
                         struct arena *arena)
{
    const struct public_key *key;
    struct result found = find_key(response, issuer, time_s, arena, &key);
    if (found.code == ERROR_OUT_OF_ROOM) return found;
    ENSURE(!failed(found), ERROR_OCSP_FOREIGN);
    TRY_AS(signed_check(key, response->tbs, response->signed_by, response->signature), ERROR_OCSP_FOREIGN);
    for (size_t i = 0; i < response->count; i++)
        ENSURE(response->singles[i].this_update_s <= time_s && time_s <= response->singles[i].next_update_s,
               ERROR_OCSP_STALE);
    return OK;
}

/* ---- the rules, read from what was built ---- */

struct subject {
    const struct ocsp_fields *fields;
    const struct ocsp_response *response;
};

static bool responder_may_answer(const struct subject *s)
{
    return is_issuer(s->fields) ||
           ((s->fields->responder->extended_usage & EXTENDED_OCSP_SIGNING) != 0 &&
            name_equal(&s->fields->responder->issuer, &s->fields->issuer->subject));
}

static bool responder_is_the_responder(const struct subject *s)
{
    return name_equal(&s->response->responder, &s->fields->responder->subject);
}

static bool responder_is_valid(const struct subject *s)
{
    return s->fields->responder->not_before_s <= s->fields->produced_s &&
           s->fields->produced_s <= s->fields->responder->not_after_s;
}

static bool produced_is_what_was_asked(const struct subject *s)
{
    return s->response->produced_s == s->fields->produced_s;
}

static bool nonce_is_what_was_asked(const struct subject *s)
{
    return bytes_equal(s->response->nonce, s->fields->nonce) && !s->response->nonce.ptr == !s->fields->nonce.ptr;
}

static bool single_is_what_was_asked(const struct ocsp_single *read, const struct ocsp_single *asked)
{
    bool revoked = asked->status == OCSP_REVOKED;
    return read->id.hash == asked->id.hash && bytes_equal(read->id.name_hash, asked->id.name_hash) &&
           bytes_equal(read->id.key_hash, asked->id.key_hash) && bytes_equal(read->id.serial, asked->id.serial) &&
           read->status == asked->status && read->this_update_s == asked->this_update_s &&
           read->next_update_s == asked->next_update_s &&
           (!revoked || (read->revoked_s == asked->revoked_s && read->reason == asked->reason));
}

static bool singles_are_what_was_asked(const struct subject *s)
{
    if (s->response->count != s->fields->count) return false;
    for (size_t i = 0; i < s->fields->count; i++)
        if (!single_is_what_was_asked(&s->response->singles[i], &s->fields->singles[i])) return false;
    return true;
}

static bool updates_come_in_time(const struct subject *s)
{
    for (size_t i = 0; i < s->response->count; i++) {
        const struct ocsp_single *single = &s->response->singles[i];
        if (single->next_update_s - single->this_update_s > (int64_t)OCSP_DAYS_MAX * DAY_S) return false;
        if (single->this_update_s > s->response->produced_s) return false;
        if (single->status == OCSP_REVOKED && single->revoked_s > single->this_update_s) return false;
    }
    return true;
}

static const struct rule {
    const char *name;
    bool (*holds)(const struct subject *s);
} rules[] = {
    RULE(responder_may_answer),       RULE(responder_is_the_responder), RULE(responder_is_valid),
    RULE(produced_is_what_was_asked), RULE(nonce_is_what_was_asked),    RULE(singles_are_what_was_asked),
    RULE(updates_come_in_time),
};

struct result ocsp_lint(const struct ocsp_fields *fields, struct bytes tbs, struct diag *diag)
{
    struct ocsp_response response = { 0 };
    if (failed(der_check(tbs)) || failed(read_data(tbs, &response)))
        return diag_log(diag, ERROR_LINT, "lint: the response does not parse");
    struct subject s = { fields, &response };
    RULES_HOLD(rules, &s, diag);
    return OK;
}
