#include "pki/key_wrap.h"

#include "base/secret.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

enum { FORMAT = 1, KIND_KEY = 1, KIND_PASSPHRASE = 2, SALT_SIZE = 16, LABEL_MAX = 64 };
enum { HEADER_SIZE = 4 + 1 + 1 + 4 + 4 + SALT_SIZE + SM4_GCM_NONCE_SIZE + 4 };

static const char magic[] = "HUFK";

struct header {
    uint8_t kind;
    uint32_t version, rounds; /* rounds: 0 under a key */
    uint8_t salt[SALT_SIZE], nonce[SM4_GCM_NONCE_SIZE];
    uint32_t len;
};

_Static_assert(HEADER_SIZE + SM4_GCM_TAG_SIZE == KEY_WRAP_EXTRA, "what the header says is added");

static uint8_t kind_of(const struct key_wrapping *how)
{
    return how->passphrase.len > 0 ? KIND_PASSPHRASE : KIND_KEY;
}

static struct result check_wrapping(const struct key_wrapping *how)
{
    bool key = how->key.len >= KEY_WRAP_KEY_MIN && how->key.len <= KEY_WRAP_KEY_MAX;
    ENSURE(how->passphrase.len > 0 ? how->key.len == 0 : key, ERROR_KEY_INVALID);
    ENSURE(how->label && strlen(how->label) <= LABEL_MAX, ERROR_KEY_INVALID);
    return OK;
}

static void write_header(struct writer *w, const struct header *h)
{
    write_text(w, magic);
    write_u8(w, FORMAT);
    write_u8(w, h->kind);
    write_u32(w, h->version);
    write_u32(w, h->rounds);
    write_bytes(w, BYTES(h->salt));
    write_bytes(w, BYTES(h->nonce));
    write_u32(w, h->len);
}

static struct result read_header(struct reader *r, struct header *ret_header)
{
    struct header h;
    ENSURE(bytes_equal(read_bytes(r, sizeof magic - 1), bytes_text(magic)), ERROR_KEY_WRAPPED);
    ENSURE(read_u8(r) == FORMAT, ERROR_KEY_WRAPPED);
    h.kind = read_u8(r);
    h.version = read_u32(r);
    h.rounds = read_u32(r);
    read_copy(r, h.salt, sizeof h.salt);
    read_copy(r, h.nonce, sizeof h.nonce);
    h.len = read_u32(r);
    ENSURE(!r->bad && h.len >= 1 && h.len <= KEY_WRAP_SECRET_MAX, ERROR_KEY_WRAPPED);
    if (h.kind == KIND_PASSPHRASE)
        ENSURE(h.rounds >= KEY_WRAP_ROUNDS_MIN && h.rounds <= KEY_WRAP_ROUNDS_MAX, ERROR_KEY_WRAPPED);
    else ENSURE(h.kind == KIND_KEY && h.rounds == 0, ERROR_KEY_WRAPPED);
    *ret_header = h;
    return OK;
}

/* The SM4 key for this one sealing: the salt makes it another one each time. */
static void derive(const struct key_wrapping *how, const struct header *h, struct sm4 *ret_sm4)
{
    uint8_t derived[SM3_SIZE];
    if (h->kind == KIND_PASSPHRASE) {
        sm3_pbkdf2(how->passphrase, BYTES(h->salt), h->rounds, derived);
    } else {
        struct sm3_hmac hmac;
        sm3_hmac_init(&hmac, how->key);
        sm3_hmac_update(&hmac, bytes_text("HUFU-WRAP-v1"));
        sm3_hmac_update(&hmac, BYTES(h->salt));
        sm3_hmac_final(&hmac, derived);
    }
    sm4_init(ret_sm4, derived);
    secret_wipe(derived, sizeof derived);
}

/* Authenticated with what is sealed: the whole header and the label. */
static struct bytes additional(const struct header *h, const char *label,
                               uint8_t room[HEADER_SIZE + LABEL_MAX])
{
    struct writer w = writer_of(room, HEADER_SIZE + LABEL_MAX);
    write_header(&w, h);
    write_text(&w, label);
    return bytes_of(room, w.len);
}

struct result key_wrap(const struct key_wrapping *how, struct bytes secret, struct drbg *drbg,
                       struct writer *w)
{
    TRY(check_wrapping(how));
    ENSURE(secret.len >= 1 && secret.len <= KEY_WRAP_SECRET_MAX, ERROR_TOO_LARGE);
    struct header h = { .kind = kind_of(how), .version = how->version, .len = (uint32_t)secret.len };
    if (h.kind == KIND_PASSPHRASE) h.rounds = how->rounds;
    if (h.kind == KIND_PASSPHRASE)
        ENSURE(h.rounds >= KEY_WRAP_ROUNDS_MIN && h.rounds <= KEY_WRAP_ROUNDS_MAX, ERROR_KEY_INVALID);
    TRY(drbg_fill(drbg, h.salt, sizeof h.salt));
    TRY(drbg_fill(drbg, h.nonce, sizeof h.nonce));

    uint8_t room[HEADER_SIZE + LABEL_MAX], sealed[KEY_WRAP_SECRET_MAX], tag[SM4_GCM_TAG_SIZE];
    struct sm4 sm4;
    derive(how, &h, &sm4);
    sm4_gcm_seal(&sm4, h.nonce, additional(&h, how->label, room), secret, sealed, tag);
    sm4_wipe(&sm4);
    write_header(w, &h);
    write_bytes(w, bytes_of(sealed, secret.len));
    write_bytes(w, BYTES(tag));
    return OK;
}

struct result key_unwrap(const struct key_wrapping *how, struct bytes wrapped, uint8_t *ret_secret,
                         size_t len)
{
    TRY(check_wrapping(how));
    struct reader r = reader_of(wrapped);
    struct header h;
    TRY(read_header(&r, &h));
    ENSURE(h.kind == kind_of(how) && h.len == len, ERROR_KEY_WRAPPED);
    struct bytes sealed = read_bytes(&r, h.len), tag = read_bytes(&r, SM4_GCM_TAG_SIZE);
    ENSURE(!failed(reader_end(&r)), ERROR_KEY_WRAPPED);

    uint8_t room[HEADER_SIZE + LABEL_MAX];
    struct sm4 sm4;
    derive(how, &h, &sm4);
    struct result opened =
        sm4_gcm_open(&sm4, h.nonce, additional(&h, how->label, room), sealed, tag.ptr, ret_secret);
    sm4_wipe(&sm4);
    ENSURE(!failed(opened), ERROR_KEY_UNWRAP);
    return OK;
}

struct result key_wrap_version(struct bytes wrapped, uint32_t *ret_version)
{
    struct reader r = reader_of(wrapped);
    struct header h;
    TRY(read_header(&r, &h));
    *ret_version = h.version;
    return OK;
}
