/* Commands on their way to the card: through a protected channel where the card has such. */
#include "token/skf/skf_internal.h"

#include "base/arena.h"
#include "base/random.h"
#include "crypto/sm2_exchange.h"

enum { CLA_HUFU = 0xB0, INS_OPEN = 0x10, INS_CERTIFICATE = 0x12, INS_PROTECTED = 0x1C, INS_INFO = 0x04 };
enum { SW_SIZE = 2, HEAD = 9, INFO_SERIAL = 164, SW_OK = 0x9000, SW_LOST = 0x6988 };

/* ---- plain ---- */

/* Header, extended Lc and data, extended Le. */
static struct bytes encode(const struct skf_command *c, uint8_t *into, size_t room)
{
    struct writer w = writer_of(into, room);
    struct bytes encoded = { 0 };
    write_u8(&w, c->cla);
    write_u8(&w, c->ins);
    write_u8(&w, c->p1);
    write_u8(&w, c->p2);
    write_u8(&w, 0);
    if (c->data.len) {
        write_u16(&w, (uint16_t)c->data.len);
        write_bytes(&w, bytes_of(c->data.ptr, c->data.len));
    }
    write_u16(&w, (uint16_t)c->expected);
    if (failed(writer_end(&w, &encoded))) return (struct bytes){ 0 };
    return encoded;
}

ULONG skf_run_raw(struct skf_device *device, struct bytes apdu, struct bytes *ret_answer)
{
    size_t len = 0;
    SKF_TRY(device->transport->exchange(device->link, apdu, device->answer, sizeof device->answer, &len));
    SKF_ENSURE(len >= SW_SIZE && len <= sizeof device->answer, SAR_FAIL);
    *ret_answer = bytes_of(device->answer, len);
    return SAR_OK;
}

/* Splits off the status word. */
static void split(struct bytes answer, struct skf_command *c)
{
    struct reader r = reader_of(answer);
    c->answer = read_bytes(&r, answer.len - SW_SIZE);
    c->sw = read_u16(&r);
}

static ULONG run_plain(struct skf_device *device, struct skf_command *c)
{
    struct bytes apdu = encode(c, device->sealed, sizeof device->sealed), answer;
    SKF_ENSURE(apdu.len, SAR_INDATALENERR);
    SKF_TRY(skf_run_raw(device, apdu, &answer));
    split(answer, c);
    return SAR_OK;
}

/* ---- the channel ---- */


/* The card's own key, out of its certificate, which must name the serial number that the card gave. */
static ULONG read_card_key(struct skf_device *device)
{
    struct skf_command c = { CLA_HUFU, INS_CERTIFICATE };
    SKF_TRY(run_plain(device, &c));
    SKF_ENSURE(c.sw == SW_OK, skf_sar_of(c.sw));
    struct arena *arena CLEANUP(arena_free_p) = arena_new(256 * 1024);
    struct certificate *certificate;
    SKF_ENSURE(!failed(certificate_parse(c.answer, arena, &certificate)), SAR_FAIL);
    struct bytes named = name_value(&certificate->subject, OID_SERIAL_NUMBER);
    SKF_ENSURE(bytes_equal(named, bytes_of(device->serial.text, device->serial.len)), SAR_FAIL);
    SKF_TRY(skf_check_maker(certificate, arena));
    const struct sm2_public *key = public_key_as_sm2(&certificate->key);
    SKF_ENSURE(key, SAR_FAIL);
    device->card_key = *key;
    return SAR_OK;
}

struct fresh_keys {
    struct sm2_private own, ephemeral;
};

static void wipe_keys(struct fresh_keys *keys)
{
    secret_wipe(keys, sizeof *keys);
}

static ULONG open_channel(struct skf_device *device)
{
    struct fresh_keys keys CLEANUP(wipe_keys);
    uint8_t buffer[2 * SM2_POINT_SIZE], secret[2 * SM4_KEY_SIZE], point[SM2_POINT_SIZE], confirmed[SM3_SIZE];
    struct skf_command c = SKF_COMMAND(CLA_HUFU, INS_OPEN, 0, 0, buffer);
    struct sm2_confirmation expected;
    struct sm2_public card_ephemeral;
    SKF_ENSURE(!failed(sm2_private_generate(&keys.own, skf_drbg(device))), SAR_GENRANDERR);
    SKF_ENSURE(!failed(sm2_private_generate(&keys.ephemeral, skf_drbg(device))), SAR_GENRANDERR);
    write_bytes(&c.data, BYTES(keys.own.public.point));
    write_bytes(&c.data, BYTES(keys.ephemeral.public.point));
    SKF_TRY(run_plain(device, &c));
    SKF_ENSURE(c.sw == SW_OK, skf_sar_of(c.sw));
    struct reader r = reader_of(c.answer);
    read_copy(&r, point, sizeof point);
    read_copy(&r, confirmed, sizeof confirmed);
    device->channel = read_u8(&r);
    device->turn = read_u8(&r);
    SKF_ENSURE(!failed(reader_end(&r)) && !failed(sm2_public_init(&card_ephemeral, point)), SAR_FAIL);
    struct sm2_exchange x = { true, &keys.own, &keys.ephemeral, &device->card_key, &card_ephemeral,
                              sm2_default_identity, bytes_of(device->serial.text, device->serial.len) };
    SKF_ENSURE(!failed(sm2_exchange(&x, secret, sizeof secret, &expected)), SAR_FAIL);
    bool genuine = secret_equal(expected.responder, confirmed, sizeof confirmed);
    memcpy(device->key_out, secret, SM4_KEY_SIZE);
    memcpy(device->key_in, secret + SM4_KEY_SIZE, SM4_KEY_SIZE);
    device->count_out = device->count_in = 0;
    secret_wipe(secret, sizeof secret);
    secret_wipe(&expected, sizeof expected);
    SKF_ENSURE(genuine, SAR_FAIL); /* whoever answered does not have the card's key */
    device->protected = true;
    return SAR_OK;
}

static void nonce(uint32_t count, uint8_t ret_nonce[SM4_GCM_NONCE_SIZE])
{
    struct writer w = writer_of(ret_nonce, SM4_GCM_NONCE_SIZE);
    write_u64(&w, 0);
    write_u32(&w, count);
}

/* The outer command with the inner one sealed in it, in device->sealed. */
static struct bytes seal(struct skf_device *device, struct bytes inner, const uint8_t header[4])
{
    uint8_t n[SM4_GCM_NONCE_SIZE], *at = device->sealed + 7;
    size_t len = inner.len + SM4_GCM_TAG_SIZE;
    struct sm4 sm4;
    if (len > sizeof device->sealed - HEAD) return (struct bytes){ 0 };
    struct writer w = writer_of(device->sealed, 7);
    write_bytes(&w, bytes_of(header, 4));
    write_u8(&w, 0);
    write_u16(&w, (uint16_t)len);
    nonce(device->count_out++, n);
    sm4_init(&sm4, device->key_out);
    sm4_gcm_seal(&sm4, n, bytes_of(header, 4), inner, at, at + inner.len);
    sm4_wipe(&sm4);
    memset(at + len, 0, 2);
    return bytes_of(device->sealed, 7 + len + 2);
}

/* Opens what came back, in place. */
static ULONG unseal(struct skf_device *device, struct bytes sealed, const uint8_t header[4], struct skf_command *c)
{
    uint8_t n[SM4_GCM_NONCE_SIZE];
    struct sm4 sm4;
    SKF_ENSURE(sealed.len >= SM4_GCM_TAG_SIZE + SW_SIZE, SAR_FAIL);
    struct bytes body = bytes_of(sealed.ptr, sealed.len - SM4_GCM_TAG_SIZE);
    nonce(device->count_in++, n);
    sm4_init(&sm4, device->key_in);
    struct result r = sm4_gcm_open(&sm4, n, bytes_of(header, 4), body, body.ptr + body.len, device->plain);
    sm4_wipe(&sm4);
    SKF_ENSURE(!failed(r), SAR_FAIL);
    memcpy(device->answer, device->plain, body.len);
    secret_wipe(device->plain, body.len);
    split(bytes_of(device->answer, body.len), c);
    return SAR_OK;
}

static ULONG run_protected(struct skf_device *device, struct skf_command *c)
{
    const uint8_t header[4] = { CLA_HUFU, INS_PROTECTED, device->channel, device->turn };
    struct bytes inner = encode(c, device->plain, sizeof device->plain), answer;
    SKF_ENSURE(inner.len, SAR_INDATALENERR);
    struct bytes outer = seal(device, inner, header);
    secret_wipe(device->plain, inner.len);
    SKF_ENSURE(outer.len, SAR_INDATALENERR);
    SKF_TRY(skf_run_raw(device, outer, &answer));
    split(answer, c);
    if (c->sw != SW_OK) return SAR_OK; /* the channel is gone, or the card could not write */
    return unseal(device, c->answer, header, c);
}

/* Opens again what the program has open; numbers may have changed. What is not there any more keeps a number that the
 * card refuses. */
static void reopen(struct skf_device *device, struct skf_entry *e)
{
    uint8_t buffer[2 + CARD_NAME_MAX];
    bool container = e->kind == SKF_CONTAINER;
    struct skf_command c = SKF_COMMAND(0x80, container ? 0x42 : 0x26, 0, 0, buffer);
    if (container) {
        write_u8(&c.data, (uint8_t)e->application);
        write_u8(&c.data, (uint8_t)(e->application >> 8));
    }
    write_bytes(&c.data, bytes_of(e->name.text, e->name.len));
    e->id = 0;
    if (run_protected(device, &c) != SAR_OK || c.sw != SW_OK || c.answer.len < 2) return;
    const uint8_t *id = c.answer.ptr + c.answer.len - 2;
    e->id = (uint16_t)(id[0] | id[1] << 8);
}

/* Many programs use the key, and the channel that lay idle longest made place for a new one; or the card lost its
 * power. Rights are gone then, and session keys. */
static ULONG restore_channel(struct skf_device *device)
{
    SKF_TRY(open_channel(device));
    skf_each_opened(device, reopen);
    return SAR_OK;
}

ULONG skf_run(struct skf_device *device, struct skf_command *c)
{
    SKF_ENSURE(!c->data.full, SAR_INDATALENERR);
    if (!device->protected)
        SKF_TRY(run_plain(device, c));
    else {
        SKF_TRY(run_protected(device, c));
        if (c->sw == SW_LOST) {
            SKF_TRY(restore_channel(device));
            SKF_TRY(run_protected(device, c));
        }
    }
    return c->sw == SW_OK ? SAR_OK : skf_sar_of(c->sw);
}

/* ---- getting to know the card ---- */

struct drbg *skf_drbg(struct skf_device *device)
{
    enum { RESEED_AT = 1 << 16 };
    if (device->drbg.count >= RESEED_AT) {
        uint8_t entropy[DRBG_ENTROPY_MIN];
        random_fill(entropy, sizeof entropy);
        drbg_reseed(&device->drbg, BYTES(entropy));
        secret_wipe(entropy, sizeof entropy);
    }
    return &device->drbg;
}

ULONG skf_device_open(struct skf_device *device)
{
    uint8_t entropy[DRBG_ENTROPY_MIN + 16];
    struct skf_command info = { 0x80, INS_INFO };
    random_fill(entropy, sizeof entropy);
    drbg_init(&device->drbg, BYTES(entropy), (struct bytes){ 0 }, bytes_text("hufu-skf"));
    secret_wipe(entropy, sizeof entropy);
    SKF_TRY(run_plain(device, &info));
    SKF_ENSURE(info.sw == SW_OK, skf_sar_of(info.sw));
    struct reader r = reader_of(info.answer);
    (void)read_bytes(&r, INFO_SERIAL);
    struct bytes serial = read_bytes(&r, CARD_SERIAL_MAX);
    SKF_ENSURE(!r.bad, SAR_FAIL);
    while (serial.len > 0 && serial.ptr[serial.len - 1] == 0) serial.len--;
    memcpy(device->serial.text, serial.ptr, serial.len);
    device->serial.len = (uint8_t)serial.len;
    ULONG sar = read_card_key(device);
    if (sar == SAR_NOTSUPPORTYETERR || sar == SAR_CERTNOTFOUNTERR)
        return skf_check_maker(NULL, NULL); /* a card of the 2012 commands only */
    SKF_TRY(sar);
    return open_channel(device);
}

/* ---- what status words mean ---- */

ULONG skf_sar_of(uint16_t sw)
{
    static const struct {
        uint16_t sw;
        ULONG sar;
    } table[] = {
        { 0x9000, SAR_OK },
        { 0x6581, SAR_WRITEFILEERR },
        { 0x6700, SAR_INDATALENERR },
        { 0x6982, SAR_USER_NOT_LOGGED_IN },
        { 0x6983, SAR_PIN_LOCKED },
        { 0x6984, SAR_SECURITY_STATE },
        { 0x6985, SAR_USER_PIN_NOT_INITIALIZED },
        { 0x6986, SAR_FAIL },
        { 0x6988, SAR_FAIL },
        { 0x698A, SAR_APPLICATION_NOT_EXISTS },
        { 0x6A80, SAR_INDATAERR },
        { 0x6A81, SAR_NOTSUPPORTYETERR },
        { 0x6A84, SAR_NO_ROOM },
        { 0x6A86, SAR_INVALIDPARAMERR },
        { 0x6A88, SAR_APPLICATION_NOT_EXISTS },
        { 0x6A89, SAR_APPLICATION_EXISTS },
        { 0x6A8B, SAR_APPLICATION_NOT_EXISTS },
        { 0x6A91, SAR_CONTAINER_NOT_EXISTS },
        { 0x6A92, SAR_FILE_ALREADY_EXIST },
        { 0x6A93, SAR_FILE_NOT_EXIST },
        { 0x6A94, SAR_CONTAINER_NOT_EXISTS },
        { 0x6A95, SAR_KEYNOTFOUNTERR },
        { 0x6A96, SAR_CERTNOTFOUNTERR },
        { 0x6A97, SAR_PIN_INVALID },
        { 0x6A98, SAR_FAIL },
        { 0x6A99, SAR_NOTSUPPORTYETERR },
        { 0x6A9B, SAR_INDATAERR },
        { 0x6A9C, SAR_KEYUSAGEERR },
        { 0x6A9F, SAR_OBJERR },
        { 0x6B00, SAR_INDATAERR },
        { 0x6C00, SAR_BUFFER_TOO_SMALL },
        { 0x6D00, SAR_NOTSUPPORTYETERR },
        { 0x6E00, SAR_NOTSUPPORTYETERR },
        { 0x6E02, SAR_CONTAINER_EXISTS },
    };
    if ((sw & 0xFFF0) == 0x63C0) return SAR_PIN_INCORRECT;
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].sw == sw) return table[i].sar;
    return SAR_FAIL;
}
