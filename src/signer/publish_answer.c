/* OCSP answers, and certificates as files. */
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "signer/publish_internal.h"

enum { FILE_MAX = PUBLISHED_ANSWER_HEAD + OCSP_RESPONSE_SIZE_MAX };

static const char ca[] = "issuing";

/* How a certificate stands, in the words of OCSP. */
static struct published_answer told_of(const struct certified *c)
{
    bool good = c->standing == STANDING_VALID;
    return (struct published_answer){ .since_s = c->since_s, .status = good ? OCSP_GOOD : OCSP_REVOKED,
                                      .reason = good ? CRL_UNSPECIFIED : (enum crl_reason)c->reason };
}

static int64_t holds_s(const struct publisher *p)
{
    return p->signer->settings.ocsp_hours * 3600;
}

/* Whether what is published says the same and holds for half its time yet. */
static bool will_do(struct publisher *p, const char *path, const struct published_answer *wanted, int64_t now_s)
{
    uint8_t *file;
    size_t len;
    struct published_answer there;
    if (failed(publish_read(p, path, FILE_MAX, &file, &len))) return false;
    bool good = !failed(published_answer_read(bytes_of(file, len), &there)) && there.status == wanted->status &&
                there.reason == wanted->reason && there.since_s == wanted->since_s &&
                there.next_update_s - now_s > holds_s(p) / 2;
    free(file);
    return good;
}

/* ---- signing ---- */

static struct ocsp_single single_of(const struct certified *c, int64_t now_s, int64_t next_s)
{
    const struct published_answer told = told_of(c);
    return (struct ocsp_single){ .status = told.status, .revoked_s = told.since_s, .reason = told.reason,
                                 .this_update_s = now_s, .next_update_s = next_s };
}

static struct result sign(struct publisher *p, const struct ocsp_single *singles, size_t count, struct bytes nonce,
                          struct arena *arena, struct bytes *ret_response)
{
    const struct ocsp_fields fields = { .issuer = p->signer->authority.issuing, .responder = p->responder.certificate,
                                        .responder_key = p->responder.signs,
                                        .produced_s = singles[0].this_update_s,
                                        .singles = singles, .count = count, .nonce = nonce };
    struct diag diag = { 0 };
    struct result r = ocsp_issue(&fields, &p->signer->drbg, arena, &diag, ret_response);
    if (r.code == ERROR_LINT) log_failure("ocsp", r, &diag);
    return r;
}

struct result publish_answer(struct publisher *p, size_t position)
{
    const struct certified *c = roll_at(p->signer->roll, position);
    const struct bytes serial = BYTES(c->serial);
    const int64_t now_s = publish_now(p), next_s = now_s + holds_s(p);
    char path[PUBLISHED_PATH_MAX];
    struct published_answer answer = told_of(c);
    struct ocsp_single singles[ISSUER_ID_KINDS];
    uint8_t room[FILE_MAX];
    struct writer w = writer_of(room, sizeof room);
    struct bytes file;
    published_answer_path(ca, serial, path);
    if (c->not_after_s < now_s || will_do(p, path, &answer, now_s)) return OK;
    for (size_t i = 0; i < ISSUER_ID_KINDS; i++) {
        singles[i] = single_of(c, now_s, next_s);
        singles[i].id = issuer_id_of(&p->ids[i], serial);
    }
    answer.next_update_s = next_s;
    TRY(sign(p, singles, COUNT(singles), (struct bytes){ 0 }, p->arena, &answer.response));
    published_answer_write(&answer, &w);
    TRY(writer_end(&w, &file));
    TRY(publish_write(p, path, file));
    FAULT("signer:answer-published");
    return OK;
}

/* ---- with a nonce ---- */

static bool too_many(struct publisher *p, int64_t now_s)
{
    if (p->nonce_second != now_s) {
        p->nonce_second = now_s;
        p->nonces = 0;
    }
    return p->nonces++ >= p->signer->settings.nonces_second;
}

static struct result find(const struct publisher *p, struct bytes serial, struct arena *arena, size_t *ret_position)
{
    const char *text = text_hex(arena, serial);
    struct index_value value;
    ENSURE(text, ERROR_OUT_OF_ROOM);
    ENSURE(index_find(p->signer->index, INDEX_CERTIFICATE, bytes_text(text), &value), ERROR_NOT_FOUND);
    int64_t position = roll_find(p->signer->roll, value.record, bytes_text(text));
    ENSURE(position != ROLL_NONE, ERROR_NOT_FOUND);
    *ret_position = (size_t)position;
    return OK;
}

struct result publisher_nonce(struct publisher *p, const struct publisher_nonce *ask, struct arena *arena,
                              struct bytes *ret_response)
{
    const int64_t now_s = publish_now(p);
    size_t position;
    ENSURE(p->signer->phase == PHASE_SERVING && responder_good(&p->responder, now_s), ERROR_BUSY);
    ENSURE(!ask->stranger || !too_many(p, now_s), ERROR_BUSY);
    TRY(find(p, ask->serial, arena, &position));
    const struct certified *c = roll_at(p->signer->roll, position);
    struct ocsp_single single = single_of(c, now_s, now_s + holds_s(p));
    for (size_t i = 0; i < ISSUER_ID_KINDS; i++)
        if (p->ids[i].hash == ask->hash) single.id = issuer_id_of(&p->ids[i], BYTES(c->serial));
    ENSURE(single.id.serial.ptr && ask->nonce.len > 0 && ask->nonce.len <= OCSP_NONCE_MAX + 2, ERROR_NOT_FOUND);
    return sign(p, &single, 1, ask->nonce, arena, ret_response);
}

/* ---- certificates ---- */

struct result publish_certificate(struct publisher *p, size_t position)
{
    const struct certified *c = roll_at(p->signer->roll, position);
    char path[PUBLISHED_PATH_MAX];
    struct journal_issued issued;
    struct certificate *one;
    published_certificate_path(BYTES(c->serial), path);
    TRY(signer_recall(p->signer, c->record, JOURNAL_ISSUED, &journal_issued_shape, p->arena, &issued));
    TRY(certificate_parse(issued.signing_certificate, p->arena, &one));
    bool signing = bytes_equal(one->serial, BYTES(c->serial));
    return publish_write(p, path, signing ? issued.signing_certificate : issued.encryption_certificate);
}
