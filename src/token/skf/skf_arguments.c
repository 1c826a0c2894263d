/* Arguments and results in the forms of GM/T 0016. */
#include "token/skf/skf_internal.h"

#include "token/card/card_state.h"

enum { BITS = 256, NUMBER = 32 };

ULONG skf_text(const char *text, size_t max, struct bytes *ret_text)
{
    size_t len = 0;
    SKF_ENSURE(text, SAR_INVALIDPARAMERR);
    while (len <= max && text[len]) len++;
    SKF_ENSURE(len > 0 && len <= max, SAR_NAMELENERR);
    *ret_text = bytes_of(text, len);
    return SAR_OK;
}

ULONG skf_give(struct bytes data, void *buffer, ULONG *length)
{
    ULONG room = *length;
    *length = (ULONG)data.len;
    if (!buffer) return SAR_OK;
    if (room < data.len) return SAR_BUFFER_TOO_SMALL;
    if (data.len) memcpy(buffer, data.ptr, data.len);
    return SAR_OK;
}

void skf_put_place(struct skf_command *c, const struct skf_use *container)
{
    const uint16_t numbers[2] = { container->entry->application, container->entry->id };
    for (int i = 0; i < 2; i++) {
        write_u8(&c->data, (uint8_t)numbers[i]);
        write_u8(&c->data, (uint8_t)(numbers[i] >> 8));
    }
}

bool skf_number_of(const BYTE field[SKF_NUMBER_MAX], uint8_t ret_number[NUMBER])
{
    uint8_t high = 0;
    for (int i = 0; i < SKF_NUMBER_MAX - NUMBER; i++) high |= field[i];
    memcpy(ret_number, field + SKF_NUMBER_MAX - NUMBER, NUMBER);
    return high == 0;
}

static void number_to(const uint8_t number[NUMBER], BYTE ret_field[SKF_NUMBER_MAX])
{
    memset(ret_field, 0, SKF_NUMBER_MAX - NUMBER);
    memcpy(ret_field + SKF_NUMBER_MAX - NUMBER, number, NUMBER);
}

/* ---- points ---- */

ULONG skf_point_of(const ECCPUBLICKEYBLOB *blob, uint8_t ret_point[SM2_POINT_SIZE])
{
    SKF_ENSURE(blob, SAR_INVALIDPARAMERR);
    SKF_ENSURE(blob->BitLen == BITS, SAR_MODULUSLENERR);
    bool x = skf_number_of(blob->XCoordinate, ret_point), y = skf_number_of(blob->YCoordinate, ret_point + NUMBER);
    return x && y ? SAR_OK : SAR_INDATAERR;
}

ULONG skf_public_of(const ECCPUBLICKEYBLOB *blob, struct sm2_public *ret_key)
{
    uint8_t point[SM2_POINT_SIZE];
    SKF_TRY(skf_point_of(blob, point));
    return failed(sm2_public_init(ret_key, point)) ? SAR_INDATAERR : SAR_OK;
}

void skf_point_to(const uint8_t point[SM2_POINT_SIZE], ECCPUBLICKEYBLOB *ret_blob)
{
    ret_blob->BitLen = BITS;
    number_to(point, ret_blob->XCoordinate);
    number_to(point + NUMBER, ret_blob->YCoordinate);
}

void skf_put_point(struct skf_command *c, const uint8_t point[SM2_POINT_SIZE])
{
    skf_put_u32(c, BITS);
    write_bytes(&c->data, bytes_of(point, SM2_POINT_SIZE));
}

ULONG skf_take_point(struct reader *r, ECCPUBLICKEYBLOB *ret_blob)
{
    uint8_t point[SM2_POINT_SIZE];
    (void)read_u32(r);
    read_copy(r, point, sizeof point);
    SKF_ENSURE(!r->bad, SAR_FAIL);
    skf_point_to(point, ret_blob);
    return SAR_OK;
}

/* ---- numbers in data ---- */

void skf_put_u32(struct skf_command *c, uint32_t v)
{
    for (int i = 0; i < 4; i++) write_u8(&c->data, (uint8_t)(v >> 8 * i));
}

void skf_put_u16(struct skf_command *c, uint32_t v)
{
    write_u8(&c->data, (uint8_t)v);
    write_u8(&c->data, (uint8_t)(v >> 8));
}

uint16_t skf_take_u16(struct reader *r)
{
    uint16_t v = read_u16(r);
    return (uint16_t)(v << 8 | v >> 8);
}

uint32_t skf_take_u32(struct reader *r)
{
    uint32_t low = skf_take_u16(r);
    return low | (uint32_t)skf_take_u16(r) << 16;
}

/* ---- ciphertexts, signatures ---- */

ULONG skf_cipher_of(const ECCCIPHERBLOB *blob, uint8_t *ret_cipher, size_t room, size_t *ret_len)
{
    SKF_ENSURE(blob, SAR_INVALIDPARAMERR);
    SKF_ENSURE(blob->CipherLen > 0 && blob->CipherLen <= SM2_PLAINTEXT_MAX, SAR_INDATALENERR);
    SKF_ENSURE(room >= SM2_CIPHERTEXT_EXTRA + blob->CipherLen, SAR_INDATALENERR);
    SKF_ENSURE(skf_number_of(blob->XCoordinate, ret_cipher), SAR_INDATAERR);
    SKF_ENSURE(skf_number_of(blob->YCoordinate, ret_cipher + NUMBER), SAR_INDATAERR);
    memcpy(ret_cipher + SM2_POINT_SIZE, blob->HASH, SM3_SIZE);
    memcpy(ret_cipher + SM2_CIPHERTEXT_EXTRA, (const uint8_t *)blob + offsetof(ECCCIPHERBLOB, Cipher), blob->CipherLen);
    *ret_len = SM2_CIPHERTEXT_EXTRA + blob->CipherLen;
    return SAR_OK;
}

void skf_cipher_to(struct bytes cipher, ECCCIPHERBLOB *ret_blob)
{
    size_t len = cipher.len - SM2_CIPHERTEXT_EXTRA;
    number_to(cipher.ptr, ret_blob->XCoordinate);
    number_to(cipher.ptr + NUMBER, ret_blob->YCoordinate);
    memcpy(ret_blob->HASH, cipher.ptr + SM2_POINT_SIZE, SM3_SIZE);
    ret_blob->CipherLen = (ULONG)len;
    /* Cipher is the beginning of as many bytes as the caller has room for: written as the bytes that they are. */
    memcpy((uint8_t *)ret_blob + offsetof(ECCCIPHERBLOB, Cipher), cipher.ptr + SM2_CIPHERTEXT_EXTRA, len);
}

void skf_signature_to(const uint8_t signature[SM2_SIGNATURE_SIZE], ECCSIGNATUREBLOB *ret_blob)
{
    number_to(signature, ret_blob->r);
    number_to(signature + NUMBER, ret_blob->s);
}

ULONG skf_signature_of(const ECCSIGNATUREBLOB *blob, uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    SKF_ENSURE(blob, SAR_INVALIDPARAMERR);
    bool r = skf_number_of(blob->r, ret_signature), s = skf_number_of(blob->s, ret_signature + NUMBER);
    return r && s ? SAR_OK : SAR_INDATAERR;
}
