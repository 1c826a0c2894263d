#include "pki/card_keys.h"

#include <assert.h>

#include "base/secret.h"

enum { ADMIN_PLAIN_SIZE = 4 + CARD_KEY_SIZE };

static void derive(struct bytes master, const char *label, struct bytes serial, uint8_t ret_key[CARD_KEY_SIZE])
{
    assert(serial.len >= 1 && serial.len <= CARD_SERIAL_MAX);
    uint8_t mac[SM3_SIZE];
    struct sm3_hmac hmac;
    sm3_hmac_init(&hmac, master);
    sm3_hmac_update(&hmac, bytes_text(label));
    sm3_hmac_update(&hmac, serial);
    sm3_hmac_final(&hmac, mac);
    memcpy(ret_key, mac, CARD_KEY_SIZE);
    secret_wipe(mac, sizeof mac);
}

void card_device_key(struct bytes transport_key, struct bytes serial, uint8_t ret_key[CARD_KEY_SIZE])
{
    derive(transport_key, "HUFU-DEVICE-KEY-v1", serial, ret_key);
}

void card_admin_key(struct bytes master_key, struct bytes serial, uint8_t ret_key[CARD_KEY_SIZE])
{
    derive(master_key, "HUFU-ADMIN-KEY-v1", serial, ret_key);
}

void card_device_answer(const uint8_t device_key[CARD_KEY_SIZE], const uint8_t challenge[CARD_CHALLENGE_SIZE],
                        uint8_t ret_answer[SM4_BLOCK])
{
    uint8_t block[SM4_BLOCK] = { 0 };
    memcpy(block, challenge, CARD_CHALLENGE_SIZE);
    struct sm4 sm4;
    sm4_init(&sm4, device_key);
    sm4_ecb_encrypt(&sm4, block, sizeof block, ret_answer);
    sm4_wipe(&sm4);
}

struct result card_admin_seal(const struct sm2_public *card, uint32_t version,
                              const uint8_t admin_key[CARD_KEY_SIZE], struct drbg *drbg,
                              uint8_t ret_sealed[CARD_ADMIN_SEALED_SIZE])
{
    uint8_t plain[ADMIN_PLAIN_SIZE];
    struct writer w = writer_of(plain, sizeof plain);
    write_u32(&w, version);
    write_bytes(&w, bytes_of(admin_key, CARD_KEY_SIZE));
    struct result r = sm2_encrypt(card, BYTES(plain), drbg, ret_sealed);
    secret_wipe(plain, sizeof plain);
    return r;
}

struct result card_admin_open(const struct sm2_private *card, const uint8_t sealed[CARD_ADMIN_SEALED_SIZE],
                              uint32_t *ret_version, uint8_t ret_admin_key[CARD_KEY_SIZE])
{
    uint8_t plain[ADMIN_PLAIN_SIZE];
    struct result r = sm2_decrypt(card, bytes_of(sealed, CARD_ADMIN_SEALED_SIZE), plain);
    if (!failed(r)) {
        struct reader reader = reader_of(BYTES(plain));
        *ret_version = read_u32(&reader);
        read_copy(&reader, ret_admin_key, CARD_KEY_SIZE);
    }
    secret_wipe(plain, sizeof plain);
    return r;
}

static void answer(const char *label, const uint8_t admin_key[CARD_KEY_SIZE], struct bytes serial,
                   const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE], const uint8_t approval[SM3_SIZE],
                   uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE])
{
    struct sm3_hmac hmac;
    sm3_hmac_init(&hmac, bytes_of(admin_key, CARD_KEY_SIZE));
    sm3_hmac_update(&hmac, bytes_text(label));
    sm3_hmac_update(&hmac, serial);
    sm3_hmac_update(&hmac, bytes_of("", 1));
    sm3_hmac_update(&hmac, bytes_of(challenge, CARD_UNLOCK_CHALLENGE_SIZE));
    sm3_hmac_update(&hmac, bytes_of(approval, SM3_SIZE));
    memcpy(ret_answer, approval, SM3_SIZE);
    sm3_hmac_final(&hmac, ret_answer + SM3_SIZE);
}

void card_unlock_answer(const uint8_t admin_key[CARD_KEY_SIZE], struct bytes serial,
                        const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE], const uint8_t approval[SM3_SIZE],
                        uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE])
{
    answer("HUFU-UNLOCK-v1", admin_key, serial, challenge, approval, ret_answer);
}

void card_pass_answer(const uint8_t admin_key[CARD_KEY_SIZE], struct bytes serial,
                      const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE], const uint8_t approval[SM3_SIZE],
                      uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE])
{
    answer("HUFU-PASS-v1", admin_key, serial, challenge, approval, ret_answer);
}
