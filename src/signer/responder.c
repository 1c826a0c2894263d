#include "signer/responder.h"

#include "base/log.h"
#include "base/secret.h"
#include "pki/issue.h"
#include "signer/signer.h"

static const char common_name[] = "OCSP";

void responder_done(struct responder *responder)
{
    sm2_private_done(&responder->key);
    arena_free(responder->arena);
    *responder = (struct responder){ 0 };
}

bool responder_good(const struct responder *responder, int64_t time_s)
{
    const struct certificate *c = responder->certificate;
    return c && c->not_before_s <= time_s && time_s < c->not_before_s + (int64_t)RESPONDER_ROTATE_DAYS * DAY_S;
}

/* The certificate DER with KEY, if they belong together; KEY NULL: the module's. */
static struct result take(struct signer *s, struct responder *responder, struct bytes der,
                          const struct sm2_private *key)
{
    struct responder r = { .arena = arena_new(SIGNER_ARENA_MAX) };
    struct bytes kept = arena_bytes(r.arena, der);
    struct result result = kept.ptr ? certificate_parse(kept, r.arena, &r.certificate) : FAIL(ERROR_OUT_OF_ROOM);
    if (key) r.key = *key;
    if (!failed(result) && key && !bytes_equal(BYTES(r.certificate->key.point), BYTES(key->public.point)))
        result = FAIL(ERROR_KEY_INVALID);
    if (failed(result)) {
        responder_done(&r);
        return result;
    }
    responder_done(responder);
    *responder = r;
    secret_wipe(&r, sizeof r);
    responder->signs = key ? signing_key_sm2(&responder->key)
                           : hsm_key(s->hsm, HSM_OCSP, s->settings.hsm_ocsp_key, &responder->certificate->key);
    return OK;
}

/* What was made before a restart. */
static struct result take_last(struct signer *s, struct responder *responder, struct arena *arena)
{
    struct sm2_private key;
    struct journal_responder last;
    ENSURE(s->responder_record > 0, ERROR_NOT_FOUND);
    TRY(signer_recall(s, s->responder_record, JOURNAL_RESPONDER, &journal_responder_shape, arena, &last));
    if (s->hsm) return take(s, responder, last.certificate, NULL);
    TRY(keys_read_responder(s->keys_folder, s->process_key, &key));
    struct result r = take(s, responder, last.certificate, &key);
    sm2_private_done(&key);
    return r;
}

static const char *text_of(struct arena *arena, struct bytes value)
{
    return value.ptr ? arena_text(arena, value) : NULL;
}

static struct result certify(struct signer *s, const struct public_key *key, int64_t time_s, struct arena *arena,
                             struct bytes *ret_der)
{
    const struct name *ca = &s->authority.issuing->subject;
    const struct certificate_fields fields = {
        .subject = { .country = text_of(arena, name_value(ca, OID_COUNTRY)),
                     .organization = text_of(arena, name_value(ca, OID_ORGANIZATION)), .common_name = common_name },
        .key = *key,
        .not_before_s = time_s,
        .not_after_s = time_s + (int64_t)RESPONDER_DAYS * DAY_S,
    };
    const struct issuance issuance = { &profile_ocsp_responder, &fields, s->authority.issuing, s->keys.issuing_ca };
    struct diag diag = { 0 };
    struct result r = certificate_issue(&issuance, &s->drbg, arena, &diag, ret_der);
    if (failed(r)) log_failure("responder", r, &diag);
    return r;
}

/* KEY NULL: the module's, whose public key is PUBLIC. */
static struct result make_with(struct signer *s, struct responder *responder, const struct sm2_private *key,
                               const struct public_key *public, int64_t time_s, struct arena *arena)
{
    struct journal_responder record;
    int64_t index;
    TRY(certify(s, public, time_s, arena, &record.certificate));
    TRY(signer_record(s, JOURNAL_RESPONDER, time_s, &journal_responder_shape, &record, arena, &index));
    TRY(signer_sync(s));
    return take(s, responder, record.certificate, key);
}

/* The key is on disk before its certificate is anywhere. A crash between leaves a key without one: made anew. */
static struct result make(struct signer *s, struct responder *responder, int64_t time_s, struct arena *arena)
{
    struct sm2_private key;
    TRY(sm2_private_generate(&key, &s->drbg));
    const struct public_key public = public_key_sm2(&key.public);
    struct result r = keys_write_responder(s->keys_folder, s->process_key, &key, &s->drbg);
    if (!failed(r)) r = make_with(s, responder, &key, &public, time_s, arena);
    sm2_private_done(&key);
    return r;
}

struct result responder_renew(struct signer *signer, struct responder *responder, int64_t time_s)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    struct signing_key held;
    if (!responder->certificate && !failed(take_last(signer, responder, arena)) && responder_good(responder, time_s))
        return OK;
    if (!signer->hsm) return make(signer, responder, time_s, arena);
    TRY(hsm_find(signer->hsm, HSM_OCSP, signer->settings.hsm_ocsp_key, NULL, &held));
    return make_with(signer, responder, NULL, &held.public, time_s, arena);
}
