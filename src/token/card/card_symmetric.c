/* Session keys and what is done with them: SM4 in ECB, CBC, CFB, OFB, CBC-MAC; SM3. */
#include "token/card/card_internal.h"

enum { SM4_ECB = 0x401, SM4_CBC = 0x402, SM4_CFB = 0x404, SM4_OFB = 0x408, SM4_MAC = 0x410 };
enum { STATE_IDLE, STATE_ENCRYPT, STATE_DECRYPT, STATE_MAC };
enum { FIRST_DECRYPT_INS = 0xAC, PADDING_NONE = 0, PADDING_PKCS = 1 };

/* ---- objects ---- */

struct card_object *card_object_new(struct card *card, const struct card_call *call, enum card_object_kind kind)
{
    for (size_t i = 0; i < COUNT(card->objects); i++) {
        struct card_object *o = &card->objects[i];
        if (o->kind != CARD_OBJECT_NONE) continue;
        memset(o, 0, sizeof *o);
        if (++card->object_id == 0) card->object_id = 1;
        o->kind = (uint8_t)kind;
        o->channel = call->channel_number;
        o->id = card->object_id;
        return o;
    }
    return NULL;
}

struct card_object *card_object_find(struct card *card, const struct card_call *call, uint16_t id,
                                     enum card_object_kind kind)
{
    for (size_t i = 0; i < COUNT(card->objects); i++) {
        struct card_object *o = &card->objects[i];
        if (o->kind == kind && o->id == id && o->channel == call->channel_number) return o;
    }
    return NULL;
}

void card_object_free(struct card_object *object)
{
    secret_wipe(object, sizeof *object);
}

void card_objects_free(struct card *card, uint8_t channel)
{
    for (size_t i = 0; i < COUNT(card->objects); i++)
        if (card->objects[i].kind != CARD_OBJECT_NONE && card->objects[i].channel == channel)
            card_object_free(&card->objects[i]);
}

uint8_t *card_object_key(struct card_object *object, uint32_t algorithm)
{
    if (algorithm != SM4_ECB && algorithm != SM4_CBC && algorithm != SM4_CFB && algorithm != SM4_OFB &&
        algorithm != SM4_MAC)
        return NULL;
    object->u.cipher.algorithm = algorithm;
    return object->u.cipher.key;
}

uint16_t card_free_object(struct card *card, struct card_call *call)
{
    uint16_t id = card_read_u16(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    for (int kind = CARD_OBJECT_KEY; kind <= CARD_OBJECT_AGREEMENT; kind++) {
        struct card_object *o = card_object_find(card, call, id, (enum card_object_kind)kind);
        if (!o) continue;
        card_object_free(o);
        return SW_OK;
    }
    return SW_OBJECT;
}

/* Algorithm 4, key 16 → number 2. */
uint16_t card_set_key(struct card *card, struct card_call *call)
{
    uint32_t algorithm = card_read_u32(&call->in);
    struct bytes key = read_bytes(&call->in, SM4_KEY_SIZE);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_KEY);
    CARD_ENSURE(o, SW_NO_ROOM);
    uint8_t *into = card_object_key(o, algorithm);
    if (!into) {
        card_object_free(o);
        return SW_ALGORITHM;
    }
    memcpy(into, key.ptr, SM4_KEY_SIZE);
    card_write_u16(&call->out, o->id);
    return SW_OK;
}

/* ---- blocks ---- */

static void xor_block(uint8_t *into, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++) into[i] ^= with[i];
}

/* One block, or the shorter end of a stream; OUT may be IN. */
static void crypt_block(struct card_cipher *c, const struct sm4 *sm4, uint8_t block[SM4_BLOCK], size_t len)
{
    uint8_t before[SM4_BLOCK], pad[SM4_BLOCK];
    bool encrypt = c->state != STATE_DECRYPT;
    memcpy(before, block, len);
    switch (c->algorithm) {
    case SM4_ECB:
        (encrypt ? sm4_ecb_encrypt : sm4_ecb_decrypt)(sm4, block, SM4_BLOCK, block);
        break;
    case SM4_CBC:
    case SM4_MAC:
        (encrypt ? sm4_cbc_encrypt : sm4_cbc_decrypt)(sm4, c->iv, block, SM4_BLOCK, block);
        break;
    case SM4_CFB:
        sm4_ecb_encrypt(sm4, c->iv, SM4_BLOCK, pad);
        xor_block(block, pad, len);
        memcpy(c->iv, encrypt ? block : before, len);
        break;
    default: /* OFB */
        sm4_ecb_encrypt(sm4, c->iv, SM4_BLOCK, c->iv);
        xor_block(block, c->iv, len);
    }
    secret_wipe(before, sizeof before);
    secret_wipe(pad, sizeof pad);
}

static bool is_stream(const struct card_cipher *c)
{
    return c->algorithm == SM4_CFB || c->algorithm == SM4_OFB;
}

/* Whole blocks of what came so far and DATA go to W; the rest waits. With padding, decryption holds the last block
 * back, since it may be padding. W NULL: a MAC, nothing is given out. */
static void feed(struct card_cipher *c, struct bytes data, struct writer *w)
{
    const bool hold = c->state == STATE_DECRYPT && c->padding && !is_stream(c);
    struct sm4 sm4;
    sm4_init(&sm4, c->key);
    for (size_t i = 0; i < data.len; i++) {
        if (c->rest_len == SM4_BLOCK) { /* held back, and more comes */
            crypt_block(c, &sm4, c->rest, SM4_BLOCK);
            if (w) write_bytes(w, BYTES(c->rest));
            c->rest_len = 0;
        }
        c->rest[c->rest_len++] = data.ptr[i];
        if (c->rest_len < SM4_BLOCK || hold) continue;
        crypt_block(c, &sm4, c->rest, SM4_BLOCK);
        if (w) write_bytes(w, BYTES(c->rest));
        c->rest_len = 0;
    }
    sm4_wipe(&sm4);
}

static uint16_t finish_padding(struct card_cipher *c, const struct sm4 *sm4, struct writer *w)
{
    if (c->state != STATE_DECRYPT) {
        uint8_t missing = (uint8_t)(SM4_BLOCK - c->rest_len);
        memset(c->rest + c->rest_len, missing, missing);
        crypt_block(c, sm4, c->rest, SM4_BLOCK);
        if (w) write_bytes(w, BYTES(c->rest));
        return SW_OK;
    }
    CARD_ENSURE(c->rest_len == SM4_BLOCK, SW_LENGTH);
    crypt_block(c, sm4, c->rest, SM4_BLOCK);
    uint8_t padding = c->rest[SM4_BLOCK - 1];
    CARD_ENSURE(padding >= 1 && padding <= SM4_BLOCK, SW_DECRYPT);
    for (size_t i = SM4_BLOCK - padding; i < SM4_BLOCK; i++) CARD_ENSURE(c->rest[i] == padding, SW_DECRYPT);
    write_bytes(w, bytes_of(c->rest, (size_t)SM4_BLOCK - padding));
    return SW_OK;
}

/* What is left over; ends the operation. */
static uint16_t finish(struct card_cipher *c, struct writer *w)
{
    struct sm4 sm4;
    uint16_t sw = SW_OK;
    sm4_init(&sm4, c->key);
    if (is_stream(c)) {
        size_t len = c->rest_len;
        if (len) crypt_block(c, &sm4, c->rest, len);
        if (w) write_bytes(w, bytes_of(c->rest, len));
    } else if (c->padding)
        sw = finish_padding(c, &sm4, w);
    else if (c->rest_len)
        sw = SW_LENGTH;
    sm4_wipe(&sm4);
    secret_wipe(c->rest, sizeof c->rest);
    c->rest_len = 0;
    c->state = STATE_IDLE;
    return sw;
}

/* ---- encryption and decryption ---- */

/* Length of the IV 4, IV, padding 4, bits of feedback 4. */
static uint16_t read_parameters(struct card_call *call, struct card_cipher *c, uint8_t state)
{
    struct bytes iv = read_bytes(&call->in, card_read_u32(&call->in));
    uint32_t padding = card_read_u32(&call->in), feed_bits = card_read_u32(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(padding <= PADDING_PKCS, SW_DATA);
    CARD_ENSURE(c->algorithm == SM4_ECB || iv.len == SM4_BLOCK, SW_DATA);
    CARD_ENSURE(!is_stream(c) || feed_bits == 0 || feed_bits == 8 * SM4_BLOCK, SW_NOT_SUPPORTED);
    memset(c->iv, 0, sizeof c->iv);
    if (c->algorithm != SM4_ECB) memcpy(c->iv, iv.ptr, SM4_BLOCK);
    c->padding = padding == PADDING_PKCS;
    c->rest_len = 0;
    c->state = state;
    return SW_OK;
}

static uint8_t direction(const struct card_call *call)
{
    return call->ins >= FIRST_DECRYPT_INS ? STATE_DECRYPT : STATE_ENCRYPT;
}

uint16_t card_cipher_init(struct card *card, struct card_call *call)
{
    struct card_object *o = card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_KEY);
    CARD_ENSURE(o, SW_OBJECT);
    CARD_ENSURE(o->u.cipher.algorithm != SM4_MAC, SW_ALGORITHM);
    return read_parameters(call, &o->u.cipher, direction(call));
}

static struct card_cipher *running(struct card *card, struct card_call *call)
{
    struct card_object *o = card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_KEY);
    return o && o->u.cipher.state == direction(call) ? &o->u.cipher : NULL;
}

uint16_t card_cipher_update(struct card *card, struct card_call *call)
{
    struct card_cipher *c = running(card, call);
    CARD_ENSURE(c, SW_OBJECT);
    feed(c, read_bytes(&call->in, call->in.left), &call->out);
    return SW_OK;
}

uint16_t card_cipher_final(struct card *card, struct card_call *call)
{
    struct card_cipher *c = running(card, call);
    CARD_ENSURE(c, SW_OBJECT);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    return finish(c, &call->out);
}

uint16_t card_cipher_once(struct card *card, struct card_call *call)
{
    struct card_cipher *c = running(card, call);
    CARD_ENSURE(c, SW_OBJECT);
    feed(c, read_bytes(&call->in, call->in.left), &call->out);
    return finish(c, &call->out);
}

/* ---- MAC: the last block of CBC ---- */

/* Number of the key 2, parameters → number of the MAC 2. */
uint16_t card_mac_init(struct card *card, struct card_call *call)
{
    struct card_object *key = card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_KEY);
    struct card_cipher c = { .algorithm = SM4_MAC };
    CARD_ENSURE(key, SW_OBJECT);
    CARD_TRY(read_parameters(call, &c, STATE_MAC));
    memcpy(c.key, key->u.cipher.key, sizeof c.key);
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_MAC);
    if (o) {
        o->u.cipher = c;
        card_write_u16(&call->out, o->id);
    }
    secret_wipe(&c, sizeof c);
    return o ? SW_OK : SW_NO_ROOM;
}

static uint16_t mac_step(struct card *card, struct card_call *call, bool data, bool end)
{
    struct card_object *o = card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_MAC);
    CARD_ENSURE(o && o->u.cipher.state == STATE_MAC, SW_OBJECT);
    if (data) feed(&o->u.cipher, read_bytes(&call->in, call->in.left), NULL);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    if (!end) return SW_OK;
    CARD_TRY(finish(&o->u.cipher, NULL));
    write_bytes(&call->out, BYTES(o->u.cipher.iv));
    card_object_free(o);
    return SW_OK;
}

uint16_t card_mac_once(struct card *card, struct card_call *call)
{
    return mac_step(card, call, true, true);
}

uint16_t card_mac_update(struct card *card, struct card_call *call)
{
    return mac_step(card, call, true, false);
}

uint16_t card_mac_final(struct card *card, struct card_call *call)
{
    return mac_step(card, call, false, true);
}

/* ---- digests ---- */

/* Algorithm 4 and, for the digest of a signature, public key and identity (length 4) → number 2. */
uint16_t card_digest_init(struct card *card, struct card_call *call)
{
    enum { SM3 = 1, BITS = 256 };
    uint8_t z[SM3_SIZE];
    bool with_z = call->in.left > 4;
    CARD_ENSURE(card_read_u32(&call->in) == SM3, call->in.bad ? SW_LENGTH : SW_ALGORITHM);
    if (with_z) {
        uint8_t point[SM2_POINT_SIZE];
        struct sm2_public key;
        uint32_t bits = card_read_u32(&call->in);
        read_copy(&call->in, point, sizeof point);
        struct bytes identity = read_bytes(&call->in, card_read_u32(&call->in));
        CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
        CARD_ENSURE(bits == BITS && identity.len <= SM2_IDENTITY_MAX, SW_DATA);
        CARD_ENSURE(!failed(sm2_public_init(&key, point)), SW_DATA);
        sm2_z(&key, identity, z);
    }
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_HASH);
    CARD_ENSURE(o, SW_NO_ROOM);
    sm3_init(&o->u.hash);
    if (with_z) sm3_update(&o->u.hash, BYTES(z));
    card_write_u16(&call->out, o->id);
    return SW_OK;
}

static uint16_t digest_step(struct card *card, struct card_call *call, bool data, bool end)
{
    struct card_object *o = card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_HASH);
    uint8_t hash[SM3_SIZE];
    CARD_ENSURE(o, SW_OBJECT);
    if (data) sm3_update(&o->u.hash, read_bytes(&call->in, call->in.left));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    if (!end) return SW_OK;
    sm3_final(&o->u.hash, hash);
    card_object_free(o);
    write_bytes(&call->out, BYTES(hash));
    return SW_OK;
}

uint16_t card_digest_once(struct card *card, struct card_call *call)
{
    return digest_step(card, call, true, true);
}

uint16_t card_digest_update(struct card *card, struct card_call *call)
{
    return digest_step(card, call, true, false);
}

uint16_t card_digest_final(struct card *card, struct card_call *call)
{
    return digest_step(card, call, false, true);
}
