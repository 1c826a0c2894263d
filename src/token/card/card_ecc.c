/* SM2: pairs of a container, signatures, envelopes; and operations with keys that the host brings. */
#include "pki/enveloped.h"
#include "token/card/card_internal.h"

enum { BITS = 256, P1_MESSAGE = 1, P1_DIGEST = 2, ENCRYPTED_KEY = 64 };

/* ---- forms ---- */

/* Bits 4, X 32, Y 32. */
static uint16_t read_point(struct reader *r, struct sm2_public *ret_key)
{
    uint8_t point[SM2_POINT_SIZE];
    uint32_t bits = card_read_u32(r);
    read_copy(r, point, sizeof point);
    CARD_ENSURE(!r->bad, SW_LENGTH);
    CARD_ENSURE(bits == BITS && !failed(sm2_public_init(ret_key, point)), SW_DATA);
    return SW_OK;
}

static void write_point(struct writer *w, const uint8_t point[SM2_POINT_SIZE])
{
    card_write_u32(w, BITS);
    write_bytes(w, bytes_of(point, SM2_POINT_SIZE));
}

/* Bits 4, X 32, Y 32, hash 32, length 4, cipher: into C1 ‖ C3 ‖ C2, which is what X to cipher are but for the
 * length. RET_CIPHER has room for SM2_CIPHERTEXT_EXTRA + MAX. */
static uint16_t read_cipher(struct reader *r, size_t max, uint8_t *ret_cipher, size_t *ret_len)
{
    uint32_t bits = card_read_u32(r);
    read_copy(r, ret_cipher, SM2_CIPHERTEXT_EXTRA);
    uint32_t len = card_read_u32(r);
    CARD_ENSURE(!r->bad && bits == BITS && len > 0 && len <= max, r->bad ? SW_LENGTH : SW_DATA);
    read_copy(r, ret_cipher + SM2_CIPHERTEXT_EXTRA, len);
    CARD_ENSURE(!r->bad, SW_LENGTH);
    *ret_len = SM2_CIPHERTEXT_EXTRA + len;
    return SW_OK;
}

static void write_cipher(struct writer *w, struct bytes cipher)
{
    card_write_u32(w, BITS);
    write_bytes(w, bytes_of(cipher.ptr, SM2_CIPHERTEXT_EXTRA));
    card_write_u32(w, (uint32_t)(cipher.len - SM2_CIPHERTEXT_EXTRA));
    write_bytes(w, bytes_of(cipher.ptr + SM2_CIPHERTEXT_EXTRA, cipher.len - SM2_CIPHERTEXT_EXTRA));
}

uint16_t card_private(const struct card_pair *pair, struct sm2_private *ret_key)
{
    CARD_ENSURE(pair->used, SW_KEY_NONE);
    return failed(sm2_private_init(ret_key, pair->d)) ? SW_INTERNAL : SW_OK;
}

void card_pair_set(struct card_pair *pair, const struct sm2_private *key)
{
    pair->used = true;
    sm2_private_bytes(key, pair->d);
    memcpy(pair->point, key->public.point, SM2_POINT_SIZE);
}

/* Application 2, container 2. */
static uint16_t read_place(struct card *card, struct card_call *call, struct card_application **ret_application,
                           struct card_container **ret_container)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    *ret_application = a;
    *ret_container = c;
    return SW_OK;
}

/* ---- pairs ---- */

/* A pair whose certificate is there is not replaced: delete the container first. */
uint16_t card_gen_pair(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private key;
    CARD_TRY(read_place(card, call, &a, &c));
    uint32_t bits = card_read_u32(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(bits == BITS, SW_DATA);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(c->certificates[CARD_SIGNING].len == 0, SW_NOT_NOW);
    CARD_ENSURE(!(c->attributes & CARD_MAKING), SW_NOT_NOW);
    CARD_ENSURE(!failed(sm2_private_generate(&key, card_drbg(card))), SW_INTERNAL);
    card_pair_set(&c->pairs[CARD_SIGNING], &key);
    write_bytes(&call->out, BYTES(key.public.point));
    sm2_private_done(&key);
    return card_commit(card);
}

/* An encryption pair that nobody else has → key 64, the card's word for it 64: this once, so that it can never be said
 * of one that was brought. For what a person keeps for others; in the application that production made, encryption
 * keys come from the key centre alone. */
uint16_t card_gen_own(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private key;
    uint8_t attestation[SM2_SIGNATURE_SIZE];
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(a->stage == CARD_STAGE_PLAIN && !c->pairs[CARD_ENCRYPTION].used, SW_NOT_NOW);
    CARD_ENSURE(!failed(sm2_private_generate(&key, card_drbg(card))), SW_INTERNAL);
    card_pair_set(&c->pairs[CARD_ENCRYPTION], &key);
    sm2_private_done(&key);
    uint16_t sw = card_attest(card, c, CARD_ENCRYPTION, attestation);
    if (sw != SW_OK) {
        card_undo(card);
        return sw;
    }
    CARD_TRY(card_commit(card));
    write_bytes(&call->out, BYTES(c->pairs[CARD_ENCRYPTION].point));
    write_bytes(&call->out, BYTES(attestation));
    return SW_OK;
}

/* Puts the fields of the command into the order of ENVELOPEDKEYBLOB. */
uint16_t card_read_envelope(struct card_call *call, uint8_t ret_blob[ENVELOPED_KEY_SIZE])
{
    static const uint8_t zeros[32] = { 0 };
    enum { SESSION_KEY = 16 };
    struct reader *r = &call->in;
    uint32_t version = card_read_u32(r), algorithm = card_read_u32(r), cipher_bits = card_read_u32(r);
    struct bytes x = read_bytes(r, 32), y = read_bytes(r, 32), hash = read_bytes(r, 32);
    uint32_t cipher_len = card_read_u32(r);
    CARD_ENSURE(!r->bad && cipher_len == SESSION_KEY && cipher_bits == BITS, r->bad ? SW_LENGTH : SW_DATA);
    struct bytes cipher = read_bytes(r, SESSION_KEY);
    uint32_t bits = card_read_u32(r);
    struct bytes public_x = read_bytes(r, 32), public_y = read_bytes(r, 32);
    uint32_t private_len = card_read_u32(r);
    struct bytes private = read_bytes(r, ENCRYPTED_KEY);
    CARD_ENSURE(card_read_all(r), SW_LENGTH);
    CARD_ENSURE(bits == BITS && private_len == ENCRYPTED_KEY, SW_DATA);
    struct writer w = writer_of(ret_blob, ENVELOPED_KEY_SIZE);
    card_write_u32(&w, version);
    card_write_u32(&w, algorithm);
    card_write_u32(&w, BITS);
    write_bytes(&w, private);
    card_write_u32(&w, BITS);
    const struct bytes numbers[4] = { public_x, public_y, x, y };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        write_bytes(&w, BYTES(zeros));
        write_bytes(&w, numbers[i]);
    }
    write_bytes(&w, hash);
    card_write_u32(&w, SESSION_KEY);
    write_bytes(&w, cipher);
    return SW_OK;
}

uint16_t card_import_pair(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private own, brought;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_TRY(card_read_envelope(call, blob));
    CARD_TRY(card_need_writer(card, call, a, c));
    CARD_TRY(card_private(&c->pairs[CARD_SIGNING], &own));
    struct result r = enveloped_key_open(&own, BYTES(blob), &brought);
    sm2_private_done(&own);
    CARD_ENSURE(!failed(r), SW_DATA);
    struct card_pair *pair = &c->pairs[CARD_ENCRYPTION];
    bool same = pair->used && bytes_equal(BYTES(pair->point), BYTES(brought.public.point));
    bool taken = c->certificates[CARD_ENCRYPTION].len > 0 && !same;
    if (!taken) card_pair_set(pair, &brought);
    sm2_private_done(&brought);
    CARD_ENSURE(!taken, SW_NOT_NOW); /* what was encrypted to it could not be read any more */
    return card_commit(card);
}

uint16_t card_export_public(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->p1 <= 1 && call->p2 == 0, SW_P1P2);
    const struct card_pair *pair = &c->pairs[call->p1 ? CARD_SIGNING : CARD_ENCRYPTION];
    CARD_ENSURE(pair->used, SW_KEY_NONE);
    write_point(&call->out, pair->point);
    return SW_OK;
}

/* ---- signatures ---- */

static uint16_t sign_with(struct card *card, const struct sm2_private *key, const uint8_t digest[SM3_SIZE],
                          struct writer *w)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    CARD_ENSURE(!failed(sm2_sign_digest(key, digest, card_drbg(card), signature)), SW_INTERNAL);
    card_write_u32(w, BITS);
    write_bytes(w, BYTES(signature));
    return SW_OK;
}

/* Z of IDENTITY and the message, hashed here. */
static void digest_message(const struct sm2_public *key, struct bytes identity, struct bytes message,
                           uint8_t ret_digest[SM3_SIZE])
{
    uint8_t z[SM3_SIZE];
    struct sm3 sm3;
    sm2_z(key, identity, z);
    sm3_init(&sm3);
    sm3_update(&sm3, BYTES(z));
    sm3_update(&sm3, message);
    sm3_final(&sm3, ret_digest);
}

/* P1 1: length of the identity 4, identity, message. P1 2: a digest. */
uint16_t card_sign(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private key;
    struct bytes identity = { 0 };
    uint8_t digest[SM3_SIZE];
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_ENSURE((call->p1 == P1_MESSAGE || call->p1 == P1_DIGEST) && call->p2 == 0, SW_P1P2);
    if (call->p1 == P1_MESSAGE) identity = read_bytes(&call->in, card_read_u32(&call->in));
    struct bytes data = read_bytes(&call->in, call->in.left);
    CARD_ENSURE(!call->in.bad && identity.len <= SM2_IDENTITY_MAX && data.len > 0, SW_LENGTH);
    CARD_ENSURE(call->p1 == P1_MESSAGE || data.len == SM3_SIZE, SW_LENGTH);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(call->p1 == P1_MESSAGE || !(c->attributes & CARD_NO_DIGESTS), SW_NO_DIGESTS);
    CARD_TRY(card_private(&c->pairs[CARD_SIGNING], &key));
    if (call->p1 == P1_MESSAGE)
        digest_message(&key.public, identity, data, digest);
    else
        memcpy(digest, data.ptr, SM3_SIZE);
    uint16_t sw = sign_with(card, &key, digest, &call->out);
    sm2_private_done(&key);
    return sw;
}

/* Key, length of the digest 4, digest, r 32, s 32. */
uint16_t card_verify(struct card *card, struct card_call *call)
{
    struct sm2_public key;
    uint8_t digest[SM3_SIZE], signature[SM2_SIGNATURE_SIZE];
    (void)card;
    CARD_TRY(read_point(&call->in, &key));
    CARD_ENSURE(card_read_u32(&call->in) == SM3_SIZE, SW_DATA);
    read_copy(&call->in, digest, sizeof digest);
    read_copy(&call->in, signature, sizeof signature);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    return failed(sm2_verify_digest(&key, digest, signature)) ? SW_SIGNATURE : SW_OK;
}

uint16_t card_ext_verify(struct card *card, struct card_call *call)
{
    return card_verify(card, call);
}

/* Bits 4, private key 32. */
static uint16_t read_private(struct reader *r, struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    uint32_t bits = card_read_u32(r);
    read_copy(r, d, sizeof d);
    CARD_ENSURE(!r->bad, SW_LENGTH);
    bool good = bits == BITS && !failed(sm2_private_init(ret_key, d));
    secret_wipe(d, sizeof d);
    return good ? SW_OK : SW_DATA;
}

/* Private key, length 4, digest. */
uint16_t card_ext_sign(struct card *card, struct card_call *call)
{
    struct sm2_private key;
    uint8_t digest[SM3_SIZE];
    CARD_TRY(read_private(&call->in, &key));
    uint32_t len = card_read_u32(&call->in);
    read_copy(&call->in, digest, sizeof digest);
    bool good = len == SM3_SIZE && card_read_all(&call->in);
    uint16_t sw = good ? sign_with(card, &key, digest, &call->out) : SW_LENGTH;
    sm2_private_done(&key);
    return sw;
}

/* ---- encryption ---- */

/* Encrypts PLAIN for KEY in the form of the commands. */
static uint16_t encrypt(struct card *card, const struct sm2_public *key, struct bytes plain, struct writer *w)
{
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX];
    CARD_ENSURE(plain.len > 0 && plain.len <= SM2_PLAINTEXT_MAX, SW_LENGTH);
    CARD_ENSURE(!failed(sm2_encrypt(key, plain, card_drbg(card), cipher)), SW_INTERNAL);
    write_cipher(w, bytes_of(cipher, SM2_CIPHERTEXT_EXTRA + plain.len));
    return SW_OK;
}

/* Key, length 4, plaintext. */
uint16_t card_ext_encrypt(struct card *card, struct card_call *call)
{
    struct sm2_public key;
    CARD_TRY(read_point(&call->in, &key));
    struct bytes plain = read_bytes(&call->in, card_read_u32(&call->in));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    return encrypt(card, &key, plain, &call->out);
}

static uint16_t decrypt(const struct sm2_private *key, struct reader *r, struct writer *w)
{
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX], plain[SM2_PLAINTEXT_MAX];
    size_t len;
    CARD_TRY(read_cipher(r, SM2_PLAINTEXT_MAX, cipher, &len));
    CARD_ENSURE(card_read_all(r), SW_LENGTH);
    CARD_ENSURE(!failed(sm2_decrypt(key, bytes_of(cipher, len), plain)), SW_DECRYPT);
    write_bytes(w, bytes_of(plain, len - SM2_CIPHERTEXT_EXTRA));
    secret_wipe(plain, sizeof plain);
    return SW_OK;
}

uint16_t card_ext_decrypt(struct card *card, struct card_call *call)
{
    struct sm2_private key;
    (void)card;
    CARD_TRY(read_private(&call->in, &key));
    uint16_t sw = decrypt(&key, &call->in, &call->out);
    sm2_private_done(&key);
    return sw;
}

/* By the container's encryption key, which the standard of 2012 has no command for. */
uint16_t card_decrypt(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private key;
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_TRY(card_need_user(card, call, a));
    CARD_TRY(card_private(&c->pairs[CARD_ENCRYPTION], &key));
    uint16_t sw = decrypt(&key, &call->in, &call->out);
    sm2_private_done(&key);
    return sw;
}

/* ---- session keys ---- */

/* Key, algorithm 4 → the session key for it, number 2. */
uint16_t card_export_session_key(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_public key;
    CARD_TRY(read_place(card, call, &a, &c));
    CARD_TRY(read_point(&call->in, &key));
    uint32_t algorithm = card_read_u32(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_KEY);
    CARD_ENSURE(o, SW_NO_ROOM);
    uint8_t *session = card_object_key(o, algorithm);
    if (session) card_random(card, session, SM4_KEY_SIZE);
    uint16_t sw = session ? encrypt(card, &key, bytes_of(session, SM4_KEY_SIZE), &call->out) : SW_ALGORITHM;
    if (sw != SW_OK)
        card_object_free(o);
    else
        card_write_u16(&call->out, o->id);
    return sw;
}

/* Algorithm 4, length 4, ciphertext → number 2. */
uint16_t card_import_session_key(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_container *c;
    struct sm2_private key;
    uint8_t plain[SM2_PLAINTEXT_MAX];
    CARD_TRY(read_place(card, call, &a, &c));
    uint32_t algorithm = card_read_u32(&call->in), len = card_read_u32(&call->in);
    CARD_ENSURE(!call->in.bad && len == call->in.left, SW_LENGTH);
    CARD_TRY(card_need_user(card, call, a));
    CARD_TRY(card_private(&c->pairs[CARD_ENCRYPTION], &key));
    struct writer w = writer_of(plain, sizeof plain);
    uint16_t sw = decrypt(&key, &call->in, &w);
    sm2_private_done(&key);
    if (sw == SW_OK && w.len != SM4_KEY_SIZE) sw = SW_DATA;
    struct card_object *o = sw == SW_OK ? card_object_new(card, call, CARD_OBJECT_KEY) : NULL;
    if (sw == SW_OK && !o) sw = SW_NO_ROOM;
    uint8_t *session = o ? card_object_key(o, algorithm) : NULL;
    if (o && !session) {
        card_object_free(o);
        sw = SW_ALGORITHM;
    }
    if (session) {
        memcpy(session, plain, SM4_KEY_SIZE);
        card_write_u16(&call->out, o->id);
    }
    secret_wipe(plain, sizeof plain);
    return sw;
}
