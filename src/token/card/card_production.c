/* Production (R-APPLY-3) and unlocking (R-UNLOCK-2): what the issuer does with a key. Both belong to the
 * card, not to a channel, and outlive the power: people sign and approve in between, and readers switch idle
 * cards off. */
#include "token/card/card_internal.h"

enum { PIN_TRIES = 6, P1_DIGESTS_ALLOWED = 1, CONTAINERS = CARD_CONTAINERS_MAX, FILES = 4 };
enum { KIND_PRODUCE, KIND_ATTEST };

/* A challenge is made of the card's own key and of how many were answered: nobody can know it before, it
 * stays the same until it is answered, and never comes back. */
static void challenge_of(const struct card *card, const char *kind, uint8_t *ret_challenge, size_t len)
{
    uint8_t mac[SM3_SIZE], number[4];
    struct writer w = writer_of(number, sizeof number);
    struct sm3_hmac hmac;
    write_u32(&w, card->state.answered);
    sm3_hmac_init(&hmac, BYTES(card->state.own_key));
    sm3_hmac_update(&hmac, bytes_text(kind));
    sm3_hmac_update(&hmac, BYTES(number));
    sm3_hmac_final(&hmac, mac);
    memcpy(ret_challenge, mac, len);
    secret_wipe(mac, sizeof mac);
}

static const char production_challenge[] = "HUFU-PRODUCTION-CHALLENGE-v1",
                  unlock_challenge[] = "HUFU-UNLOCK-CHALLENGE-v1";

uint16_t card_produce_challenge(struct card *card, struct card_call *call)
{
    uint8_t challenge[CARD_CHALLENGE_SIZE];
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    challenge_of(card, production_challenge, challenge, sizeof challenge);
    write_bytes(&call->out, BYTES(challenge));
    return SW_OK;
}

static uint16_t check_issuer(const struct card *card, const uint8_t answer[SM4_BLOCK])
{
    uint8_t challenge[CARD_CHALLENGE_SIZE], expected[SM4_BLOCK];
    challenge_of(card, production_challenge, challenge, sizeof challenge);
    card_device_answer(card->state.device_key, challenge, expected);
    bool right = secret_equal(expected, answer, sizeof expected);
    secret_wipe(expected, sizeof expected);
    return right ? SW_OK : SW_SECURITY;
}

static uint16_t open_admin_key(const struct card *card, const uint8_t sealed[CARD_ADMIN_SEALED_SIZE],
                               struct card_application *into)
{
    struct sm2_private own;
    CARD_ENSURE(!failed(sm2_private_init(&own, card->state.own_key)), SW_INTERNAL);
    struct result r = card_admin_open(&own, sealed, &into->admin_version, into->admin_key);
    sm2_private_done(&own);
    into->has_admin_key = !failed(r);
    return failed(r) ? SW_DATA : SW_OK;
}

struct card_application *card_produced(struct card *card)
{
    for (size_t i = 0; i < COUNT(card->state.applications); i++) {
        struct card_application *a = &card->state.applications[i];
        if (a->used && a->stage != CARD_STAGE_PLAIN) return a;
    }
    return NULL;
}

/* Erases what production made before and what has this name, and sets MADE in its place with one container
 * and a fresh pair in it. Not yet committed. */
static uint16_t build(struct card *card, const struct card_application *made, struct bytes container,
                      uint8_t attributes, struct card_container **ret_container)
{
    struct card_application *a;
    struct sm2_private key;
    while ((a = card_produced(card))) card_erase_application(card, card_application_index(card, a));
    a = card_find_application(card, bytes_of(made->name.text, made->name.len));
    if (a) card_erase_application(card, card_application_index(card, a));
    for (size_t i = 0; i < COUNT(card->state.applications) && !a; i++)
        if (!card->state.applications[i].used) a = &card->state.applications[i];
    CARD_ENSURE(a, SW_NO_ROOM);
    *a = *made;
    struct card_container *c = card_new_container(card, card_application_index(card, a), container);
    CARD_ENSURE(c, SW_NO_ROOM);
    c->attributes = attributes;
    CARD_ENSURE(!failed(sm2_private_generate(&key, card_drbg(card))), SW_INTERNAL);
    card_pair_set(&c->pairs[CARD_SIGNING], &key);
    sm2_private_done(&key);
    *ret_container = c;
    return SW_OK;
}

static struct bytes read_short(struct reader *r)
{
    return read_bytes(r, read_u8(r));
}

/* Answer 16, sealed administrator key 116, name of the application (length 1), of the container (length 1) →
 * public key 64, attestation 64. P1 1: digests may be signed. */
uint16_t card_produce_open(struct card *card, struct card_call *call)
{
    struct card_application made = { .used = true,
                                     .stage = CARD_STAGE_PRODUCTION,
                                     .file_rights = CARD_RIGHT_USER,
                                     .containers_max = CONTAINERS,
                                     .certificates_max = 2 * CONTAINERS,
                                     .files_max = FILES };
    uint8_t answer[SM4_BLOCK], sealed[CARD_ADMIN_SEALED_SIZE], attestation[SM2_SIGNATURE_SIZE];
    struct card_container *c;
    read_copy(&call->in, answer, sizeof answer);
    read_copy(&call->in, sealed, sizeof sealed);
    struct bytes application = read_short(&call->in), container = read_short(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->p1 <= P1_DIGESTS_ALLOWED && call->p2 == 0, SW_P1P2);
    CARD_ENSURE(card_name_good(application, 32) && card_name_good(container, CARD_NAME_MAX), SW_DATA);
    CARD_TRY(check_issuer(card, answer));
    card_name_set(&made.name, application);
    CARD_TRY(open_admin_key(card, sealed, &made));
    uint16_t sw = build(card, &made, container, call->p1 ? 0 : CARD_NO_DIGESTS, &c);
    card->state.answered++;
    secret_wipe(&made, sizeof made);
    if (sw == SW_OK) sw = card_attest(card, c, CARD_SIGNING, attestation);
    if (sw == SW_OK) sw = card_commit(card);
    else card_undo(card);
    CARD_TRY(sw);
    write_bytes(&call->out, BYTES(c->pairs[CARD_SIGNING].point));
    write_bytes(&call->out, BYTES(attestation));
    return SW_OK;
}

/* A new administrator key for the application that production made, under DevAuth. */
uint16_t card_install_admin_key(struct card *card, struct card_call *call)
{
    uint8_t sealed[CARD_ADMIN_SEALED_SIZE];
    struct card_application *a = card_produced(card);
    read_copy(&call->in, sealed, sizeof sealed);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    struct card_application changed = *a;
    uint16_t sw = open_admin_key(card, sealed, &changed);
    if (sw == SW_OK) *a = changed;
    secret_wipe(&changed, sizeof changed);
    return sw == SW_OK ? card_commit(card) : sw;
}

/* ---- proof of possession ---- */

struct bytes card_line(struct bytes text, const char *name)
{
    struct bytes found = { 0 };
    const size_t len = strlen(name);
    for (size_t at = 0; at < text.len;) {
        const uint8_t *line = text.ptr + at;
        size_t end = at;
        while (end < text.len && text.ptr[end] != '\n') end++;
        size_t line_len = end - at;
        bool same = line_len > len + 2 && bytes_equal(bytes_of(line, len), bytes_of(name, len));
        if (same && line[len] == ':' && line[len + 1] == ' ') {
            if (found.len) return (struct bytes){ 0 };
            found = bytes_of(line + len + 2, line_len - len - 2);
        }
        at = end + 1;
    }
    return found;
}

bool card_starts(struct bytes text, struct bytes prefix)
{
    return text.len >= prefix.len && bytes_equal(bytes_of(text.ptr, prefix.len), prefix);
}

/* Whether TEXT is the HUFU-ATTEST-v1 of this key, or a HUFU-PRODUCE-v2 (or -v1) that names this card and this
 * key. */
static bool provable(const struct card *card, const struct card_container *c, struct bytes text,
                     int *ret_kind)
{
    uint8_t own[CARD_ATTEST_MAX];
    struct bytes attest = bytes_of(own, card_attest_text(card, c, CARD_SIGNING, own));
    *ret_kind = KIND_ATTEST;
    if (bytes_equal(text, attest)) return true;
    *ret_kind = KIND_PRODUCE;
    if (!card_starts(text, bytes_text("HUFU-PRODUCE-v2\n")) && !card_starts(text, bytes_text("HUFU-PRODUCE-v1\n")))
        return false;
    struct bytes key = card_line(text, "public_key");
    return card_name_equal(&card->state.serial, card_line(text, "card")) &&
           bytes_equal(key, card_line(attest, "public_key"));
}

/* The application whose production is open, and its container. */
static struct card_application *in_production(struct card *card, struct card_container **ret_container)
{
    struct card_application *a = card_produced(card);
    if (!a || a->stage != CARD_STAGE_PRODUCTION) return NULL;
    for (size_t i = 0; i < COUNT(card->state.containers); i++) {
        struct card_container *c = &card->state.containers[i];
        if (!c->used || c->application != card_application_index(card, a)) continue;
        if (!c->pairs[CARD_SIGNING].used) continue; /* of a recovered key */
        *ret_container = c;
        return a;
    }
    return NULL;
}

/* The text of the statement → signature 64. */
uint16_t card_produce_prove(struct card *card, struct card_call *call)
{
    struct bytes text = read_bytes(&call->in, call->in.left);
    uint8_t hash[SM3_SIZE], signature[SM2_SIGNATURE_SIZE];
    struct sm2_private key;
    struct card_container *c;
    int kind;
    struct card_application *a = in_production(card, &c);
    CARD_ENSURE(a, SW_SECURITY);
    CARD_ENSURE(provable(card, c, text, &kind), SW_DATA);
    sm3_hash(text, hash);
    CARD_ENSURE(!a->has_proved[kind] || bytes_equal(BYTES(hash), BYTES(a->proved[kind])), SW_NOT_NOW);
    if (!a->has_proved[kind]) {
        a->has_proved[kind] = true;
        memcpy(a->proved[kind], hash, sizeof hash);
        CARD_TRY(card_commit(card));
    }
    CARD_TRY(card_private(&c->pairs[CARD_SIGNING], &key));
    struct result r = sm2_sign(&key, text, card_drbg(card), signature);
    sm2_private_done(&key);
    CARD_ENSURE(!failed(r), SW_INTERNAL);
    write_bytes(&call->out, BYTES(signature));
    return SW_OK;
}

/* ---- recovered keys (R-LOST-4) ---- */

/* Recovered keys lie in containers of their own, which have nothing but the encryption part; the name is made of the
 * key, so that one that is brought again finds its own. */
static void recovered_name(const struct sm2_private *key, char ret_name[sizeof "recovered-" + 16])
{
    static const char digits[] = "0123456789abcdef";
    char *at = ret_name;
    for (const char *p = "recovered-"; *p; p++) *at++ = *p;
    for (size_t i = 0; i < 8; i++) {
        *at++ = digits[key->public.point[i] >> 4];
        *at++ = digits[key->public.point[i] & 15];
    }
    *at = '\0';
}

static uint16_t keep_recovered(struct card *card, const struct card_application *a, const struct sm2_private *key,
                               struct bytes der)
{
    char name[sizeof "recovered-" + 16];
    const uint8_t application = card_application_index(card, a);
    CARD_TRY(card_certificate_check(der, key->public.point));
    recovered_name(key, name);
    struct card_container *c = card_find_container(card, application, bytes_text(name));
    if (!c) c = card_new_container(card, application, bytes_text(name));
    CARD_ENSURE(c, SW_NO_ROOM);
    c->attributes = CARD_NO_DIGESTS;
    card_pair_set(&c->pairs[CARD_ENCRYPTION], key);
    struct card_certificate *into = &c->certificates[CARD_ENCRYPTION];
    into->len = (uint16_t)der.len;
    memcpy(into->der, der.ptr, der.len);
    return card_commit(card);
}

/* Certificate (length 4), envelope as in ImportECCKeyPair, for the fresh signing key. */
uint16_t card_produce_recovered(struct card *card, struct card_call *call)
{
    struct bytes der = read_bytes(&call->in, card_read_u32(&call->in));
    uint8_t blob[ENVELOPED_KEY_SIZE];
    struct sm2_private own, brought;
    struct card_container *fresh;
    CARD_TRY(card_read_envelope(call, blob));
    const struct card_application *a = in_production(card, &fresh);
    CARD_ENSURE(a, SW_SECURITY);
    CARD_TRY(card_private(&fresh->pairs[CARD_SIGNING], &own));
    struct result r = enveloped_key_open(&own, BYTES(blob), &brought);
    sm2_private_done(&own);
    CARD_ENSURE(!failed(r), SW_DATA);
    uint16_t sw = keep_recovered(card, a, &brought, der);
    sm2_private_done(&brought);
    return sw;
}

/* ---- the end of production ---- */

void card_give_initial_pin(struct card *card, struct card_application *a)
{
    a->user.tries_max = PIN_TRIES;
    card_pin_set(card, &a->user, CARD_PIN_SALTED, card_initial_pin, true);
    card_log_out(card, card_application_index(card, a));
}

/* As closing leaves it. */
static bool just_closed(const struct card_application *a)
{
    return a && a->stage == CARD_STAGE_PRODUCED && a->user.must_change && a->user.tries == a->user.tries_max;
}

uint16_t card_produce_close(struct card *card, struct card_call *call)
{
    struct card_container *c;
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    if (just_closed(card_produced(card))) return SW_OK; /* asked again: the first answer was lost */
    struct card_application *a = in_production(card, &c);
    CARD_ENSURE(a, SW_SECURITY);
    CARD_ENSURE(c->certificates[CARD_SIGNING].len > 0, SW_CERTIFICATE_NONE);
    CARD_ENSURE(!c->pairs[CARD_ENCRYPTION].used || c->certificates[CARD_ENCRYPTION].len > 0,
                SW_CERTIFICATE_NONE);
    a->stage = CARD_STAGE_PRODUCED;
    a->current = (uint8_t)(card_container_index(card, c) + 1);
    card_give_initial_pin(card, a);
    return card_commit(card);
}

/* ---- unlock ---- */

uint16_t card_unlock_draw(struct card *card, struct card_call *call)
{
    const struct card_application *a = card_produced(card);
    uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE];
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(a && a->stage == CARD_STAGE_PRODUCED && a->has_admin_key, SW_APPLICATION_NAME);
    challenge_of(card, unlock_challenge, challenge, sizeof challenge);
    write_bytes(&call->out, BYTES(challenge));
    return SW_OK;
}

enum answer { ANSWER_WRONG, ANSWER_UNLOCKS, ANSWER_PASSES };

static enum answer judge_answer(const struct card *card, const struct card_application *a, const uint8_t *answer)
{
    uint8_t expected[CARD_UNLOCK_ANSWER_SIZE], challenge[CARD_UNLOCK_CHALLENGE_SIZE];
    struct bytes serial = bytes_of(card->state.serial.text, card->state.serial.len);
    enum answer found = ANSWER_WRONG;
    challenge_of(card, unlock_challenge, challenge, sizeof challenge);
    card_unlock_answer(a->admin_key, serial, challenge, answer, expected);
    if (secret_equal(expected, answer, sizeof expected)) found = ANSWER_UNLOCKS;
    card_pass_answer(a->admin_key, serial, challenge, answer, expected);
    if (secret_equal(expected, answer, sizeof expected)) found = ANSWER_PASSES;
    secret_wipe(expected, sizeof expected);
    return found;
}

/* Approval 32, MAC 32. An approval is good for one unlock, a challenge for one right answer. Of a change of holder the
 * PIN stays as it is: its new holder needs none for the download, and reads nothing of the former one. */
uint16_t card_unlock_take(struct card *card, struct card_call *call)
{
    struct card_application *a = card_produced(card);
    uint8_t answer[CARD_UNLOCK_ANSWER_SIZE];
    read_copy(&call->in, answer, sizeof answer);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(a && a->stage == CARD_STAGE_PRODUCED && a->has_admin_key, SW_APPLICATION_NAME);
    enum answer what = judge_answer(card, a, answer);
    CARD_ENSURE(what != ANSWER_WRONG, SW_SECURITY);
    CARD_ENSURE(!a->has_unlocked || !bytes_equal(BYTES(a->unlocked), bytes_of(answer, SM3_SIZE)), SW_NOT_NOW);
    a->has_unlocked = true;
    memcpy(a->unlocked, answer, SM3_SIZE);
    card->state.answered++;
    if (what == ANSWER_PASSES) {
        uint16_t sw = card_download_approve(card, a);
        if (sw != SW_OK) card_undo(card);
        return sw;
    }
    card_give_initial_pin(card, a);
    return card_commit(card);
}
