#include "token/skf/skf_legacy.h"

#include "token/card/card_sha1.h"

enum { PIN_FIELD = 16, MAC_SIZE = 4, CHALLENGE = 8 };

static void key_of(struct bytes pin, uint8_t ret_key[SM4_KEY_SIZE])
{
    uint8_t padded[PIN_FIELD] = { 0 }, hash[CARD_SHA1_SIZE];
    memcpy(padded, pin.ptr, pin.len < PIN_FIELD ? pin.len : PIN_FIELD);
    card_sha1(BYTES(padded), hash);
    memcpy(ret_key, hash, SM4_KEY_SIZE);
    secret_wipe(padded, sizeof padded);
    secret_wipe(hash, sizeof hash);
}

/* 8 random bytes of the card, zeros behind them. */
static ULONG challenge_of(struct skf_device *device, uint8_t ret_block[SM4_BLOCK])
{
    struct skf_command c = { .cla = 0x80, .ins = 0x50, .expected = CHALLENGE };
    SKF_TRY(skf_run(device, &c));
    SKF_ENSURE(c.answer.len == CHALLENGE, SAR_GENRANDERR);
    memset(ret_block, 0, SM4_BLOCK);
    memcpy(ret_block, c.answer.ptr, CHALLENGE);
    return SAR_OK;
}

/* Whatever the status word says is the caller's affair. */
static ULONG send(struct skf_device *device, struct skf_command *c, uint16_t *ret_sw)
{
    ULONG sar = skf_run(device, c);
    *ret_sw = c->sw;
    return c->sw ? SAR_OK : sar;
}

ULONG skf_legacy_verify(struct skf_device *device, uint16_t application, uint8_t type, struct bytes pin,
                        uint16_t *ret_sw)
{
    uint8_t buffer[2 + SM4_BLOCK], block[SM4_BLOCK], key[SM4_KEY_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0x18, 0, type, buffer);
    struct sm4 sm4;
    SKF_TRY(challenge_of(device, block));
    key_of(pin, key);
    sm4_init(&sm4, key);
    sm4_ecb_encrypt(&sm4, block, SM4_BLOCK, block);
    sm4_wipe(&sm4);
    secret_wipe(key, sizeof key);
    skf_put_u16(&c, application);
    write_bytes(&c.data, BYTES(block));
    return send(device, &c, ret_sw);
}

/* First 4 bytes of the CBC-MAC over CLA INS P1 P2, length without the MAC, data, 80 and zeros. */
static void mac_of(const struct sm4 *sm4, const struct skf_command *c, uint8_t iv[SM4_BLOCK])
{
    uint8_t message[3 * SM4_BLOCK] = { c->cla, c->ins, c->p1, c->p2, 0, (uint8_t)c->data.len };
    memcpy(message + 6, c->data.ptr, c->data.len);
    message[6 + c->data.len] = 0x80;
    size_t len = (6 + c->data.len + 1 + SM4_BLOCK - 1) / SM4_BLOCK * SM4_BLOCK;
    sm4_cbc_encrypt(sm4, iv, message, len, message);
    secret_wipe(message, sizeof message);
}

ULONG skf_legacy_replace(struct skf_device *device, uint8_t ins, uint16_t application, uint8_t type,
                         struct bytes prover, struct bytes fresh, uint16_t *ret_sw)
{
    uint8_t buffer[2 + PIN_FIELD + MAC_SIZE], iv[SM4_BLOCK], key[SM4_KEY_SIZE], padded[PIN_FIELD] = { 0 };
    struct skf_command c = SKF_COMMAND(0x84, ins, 0, type, buffer);
    struct sm4 sm4;
    SKF_TRY(challenge_of(device, iv));
    key_of(prover, key);
    sm4_init(&sm4, key);
    memcpy(padded, fresh.ptr, fresh.len < PIN_FIELD ? fresh.len : PIN_FIELD);
    sm4_ecb_encrypt(&sm4, padded, PIN_FIELD, padded);
    skf_put_u16(&c, application);
    write_bytes(&c.data, BYTES(padded));
    mac_of(&sm4, &c, iv);
    write_bytes(&c.data, bytes_of(iv, MAC_SIZE));
    sm4_wipe(&sm4);
    secret_wipe(key, sizeof key);
    return send(device, &c, ret_sw);
}
