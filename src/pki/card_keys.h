/* What signer and USBKey must work out alike: symmetric keys of one card, made of a master key and its serial
 * number, so that the key of one says nothing about another's; and the answers made with them. No allocation.
 *
 *   device key   first 16 bytes of HMAC-SM3(transport key, "HUFU-DEVICE-KEY-v1" ‖ serial): authenticates the
 *                issuer to a fresh card (DevAuth, GM/T 0017 INS 10, SM4)
 *   admin key    first 16 bytes of HMAC-SM3(USBKey master key, "HUFU-ADMIN-KEY-v1" ‖ serial): unlocks it
 *   sealed       the admin key on its way into the card: SM2 ciphertext C1 ‖ C3 ‖ C2, for the card's own key, of
 *                4 bytes master version (big-endian) ‖ 16 bytes key
 *   unlock       approval ‖ HMAC-SM3(admin key, "HUFU-UNLOCK-v1" ‖ serial ‖ 0 ‖ challenge ‖ approval), where
 *                approval is the SM3 of the text of the HUFU-APPROVE-v1 that allows it
 *   pass         the same with "HUFU-PASS-v1": the USBKey passes to another holder, who needs no PIN for the
 *                download */
#pragma once

#include "crypto/sm2.h"
#include "crypto/sm4.h"

/* What production puts on a USBKey: one application, in it one container with the holder's keys. A renewal makes its
 * keys in another one, named by the next number, and the earlier ones stay for what was encrypted to them. The name
 * of the container stands in HUFU-ATTEST-v1. */
#define CARD_APPLICATION      "HUFU"
#define CARD_CONTAINER        "HUFU-1"
#define CARD_CONTAINER_PREFIX "HUFU-"

enum {
    CARD_SERIAL_MAX = 32,
    CARD_KEY_SIZE = 16,
    CARD_CHALLENGE_SIZE = 8,           /* of DevAuth */
    CARD_UNLOCK_CHALLENGE_SIZE = 16,
    CARD_UNLOCK_ANSWER_SIZE = 2 * SM3_SIZE,
    CARD_ADMIN_SEALED_SIZE = 4 + CARD_KEY_SIZE + SM2_CIPHERTEXT_EXTRA
};

/* SERIAL is 1 to CARD_SERIAL_MAX bytes (asserted), here and below. RET_KEY is the caller's to wipe. */
void card_device_key(struct bytes transport_key, struct bytes serial, uint8_t ret_key[CARD_KEY_SIZE]);
void card_admin_key(struct bytes master_key, struct bytes serial, uint8_t ret_key[CARD_KEY_SIZE]);

/* SM4-ECB(device key, challenge ‖ 0^8): what DevAuth takes. */
void card_device_answer(const uint8_t device_key[CARD_KEY_SIZE], const uint8_t challenge[CARD_CHALLENGE_SIZE],
                        uint8_t ret_answer[SM4_BLOCK]);

/* Seals and opens what is put in at production. ERROR_DECRYPT for what is not for CARD. */
RESULT card_admin_seal(const struct sm2_public *card, uint32_t version, const uint8_t admin_key[CARD_KEY_SIZE],
                       struct drbg *drbg, uint8_t ret_sealed[CARD_ADMIN_SEALED_SIZE]);
RESULT card_admin_open(const struct sm2_private *card, const uint8_t sealed[CARD_ADMIN_SEALED_SIZE],
                       uint32_t *ret_version, uint8_t ret_admin_key[CARD_KEY_SIZE]);

void card_unlock_answer(const uint8_t admin_key[CARD_KEY_SIZE], struct bytes serial,
                        const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE], const uint8_t approval[SM3_SIZE],
                        uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE]);
void card_pass_answer(const uint8_t admin_key[CARD_KEY_SIZE], struct bytes serial,
                      const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE], const uint8_t approval[SM3_SIZE],
                      uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE]);
