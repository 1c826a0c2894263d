/* The code under valgrind with secrets marked as undefined: a jump or an index that depends on one is reported.
 * constant-time OPERATION; "leak" does it wrong by intention, to show that the check sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/secret.h"
#include "crypto/shamir.h"
#include "crypto/sm2_exchange.h"
#include "crypto/sm4.h"

#define SECRET(what) VALGRIND_MAKE_MEM_UNDEFINED((what), sizeof(what))
#define PUBLIC(what) VALGRIND_MAKE_MEM_DEFINED((what), sizeof(what))

static const uint8_t entropy[DRBG_ENTROPY_MIN] = { 3, 1, 4, 1, 5 };
static uint8_t d[SM2_KEY_SIZE] = { [3] = 0x6B, [17] = 0xC4, [31] = 0x77 };

static void drbg_secret(struct drbg *drbg)
{
    drbg_init(drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    VALGRIND_MAKE_MEM_UNDEFINED(drbg->v, sizeof drbg->v);
    VALGRIND_MAKE_MEM_UNDEFINED(drbg->c, sizeof drbg->c);
}

static int generate(void)
{
    struct drbg drbg;
    struct sm2_private key;
    drbg_secret(&drbg);
    return failed(sm2_private_generate(&key, &drbg));
}

static int sign(void)
{
    struct drbg drbg;
    struct sm2_private key;
    uint8_t signature[SM2_SIGNATURE_SIZE];
    drbg_secret(&drbg);
    SECRET(d);
    return failed(sm2_private_init(&key, d)) || failed(sm2_sign(&key, bytes_text("message"), &drbg, signature));
}

static int encrypt(void)
{
    struct drbg drbg;
    struct sm2_private key;
    uint8_t plain[24] = "what is encrypted", out[sizeof plain + SM2_CIPHERTEXT_EXTRA];
    if (failed(sm2_private_init(&key, d))) return 1;
    drbg_secret(&drbg);
    SECRET(plain);
    return failed(sm2_encrypt(&key.public, BYTES(plain), &drbg, out));
}

static int decrypt(void)
{
    struct drbg drbg;
    struct sm2_private key, secret;
    uint8_t plain[24] = "what is decrypted", out[sizeof plain + SM2_CIPHERTEXT_EXTRA];
    drbg_init(&drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    if (failed(sm2_private_init(&key, d)) || failed(sm2_encrypt(&key.public, BYTES(plain), &drbg, out))) return 1;
    SECRET(d);
    return failed(sm2_private_init(&secret, d)) || failed(sm2_decrypt(&secret, BYTES(out), plain));
}

static int exchange(void)
{
    struct drbg drbg;
    struct sm2_private own, own_ephemeral, peer, peer_ephemeral;
    struct sm2_confirmation confirmation;
    uint8_t key[32];
    drbg_init(&drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    if (failed(sm2_private_generate(&peer, &drbg)) || failed(sm2_private_generate(&peer_ephemeral, &drbg))) return 1;
    VALGRIND_MAKE_MEM_UNDEFINED(drbg.v, sizeof drbg.v);
    VALGRIND_MAKE_MEM_UNDEFINED(drbg.c, sizeof drbg.c);
    SECRET(d);
    if (failed(sm2_private_init(&own, d)) || failed(sm2_private_generate(&own_ephemeral, &drbg))) return 1;
    struct sm2_exchange x = { true, &own, &own_ephemeral, &peer.public, &peer_ephemeral.public, sm2_default_identity,
                              sm2_default_identity };
    return failed(sm2_exchange(&x, key, sizeof key, &confirmation));
}

static int sm4(void)
{
    uint8_t key[SM4_KEY_SIZE] = { 1 }, iv[SM4_BLOCK] = { 2 }, data[64] = { 3 }, tag[SM4_GCM_TAG_SIZE];
    struct sm4 cipher;
    SECRET(key);
    SECRET(data);
    sm4_init(&cipher, key);
    sm4_ecb_encrypt(&cipher, data, sizeof data, data);
    sm4_cbc_encrypt(&cipher, iv, data, sizeof data, data);
    PUBLIC(iv);
    sm4_ctr(&cipher, iv, data, sizeof data, data);
    sm4_gcm_seal(&cipher, iv, bytes_text("aad"), BYTES(data), data, tag);
    PUBLIC(tag);
    return failed(sm4_gcm_open(&cipher, iv, bytes_text("aad"), BYTES(data), tag, data));
}

static int hmac(void)
{
    uint8_t key[40] = { 1 }, mac[SM3_SIZE], other[SM3_SIZE] = { 0 };
    SECRET(key);
    sm3_hmac(BYTES(key), bytes_text("data"), mac);
    sm3_kdf(BYTES(key), other, sizeof other);
    sm3_pbkdf2(BYTES(key), bytes_text("salt"), 3, other);
    bool same = secret_equal(mac, other, sizeof mac);
    VALGRIND_MAKE_MEM_DEFINED(&same, sizeof same);
    return same;
}

static int shamir(void)
{
    struct drbg drbg;
    struct shamir_share shares[5];
    uint8_t again[SM2_KEY_SIZE];
    SECRET(d);
    drbg_init(&drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    VALGRIND_MAKE_MEM_UNDEFINED(drbg.v, sizeof drbg.v);
    VALGRIND_MAKE_MEM_UNDEFINED(drbg.c, sizeof drbg.c);
    if (failed(shamir_split(BYTES(d), 3, COUNT(shares), &drbg, shares))) return 1;
    return failed(shamir_join(shares + 1, 3, sizeof again, again));
}

/* By intention. */
static int leak(void)
{
    static const uint8_t table[256] = { 7 };
    SECRET(d);
    return table[d[3]] == 7;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } operations[] = { { "generate", generate }, { "sign", sign }, { "encrypt", encrypt }, { "decrypt", decrypt },
                       { "exchange", exchange },
                       { "sm4", sm4 },           { "hmac", hmac },
                       { "shamir", shamir },     { "leak", leak } };
    for (size_t i = 0; argc == 2 && i < COUNT(operations); i++)
        if (strcmp(argv[1], operations[i].name) == 0) return operations[i].run();
    fputs("usage: constant-time OPERATION\n", stderr);
    return 2;
}
