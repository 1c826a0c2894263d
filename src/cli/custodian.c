#include "cli/custodian.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "cli/usbkey.h"
#include "pki/card_keys.h"
#include "pki/chain.h"
#include "pki/statement.h"

enum { TRIES = 6, PROBE_SIZE = 32, PROBE_SEALED = PROBE_SIZE + SM2_CIPHERTEXT_EXTRA, ADMIN_PIN_BYTES = 8,
       SEALED_HEX = 2 * ESCROW_SHARE_SIZE, POINT_HEX = 2 * SM2_POINT_SIZE, WORD = 32 };

#define FIELD(field, max) SHAPE_TEXT(struct custodian_share, field, max)
static const struct shape_field share_fields[] = {
    FIELD(key, WORD), FIELD(whole, POINT_HEX), FIELD(number, WORD), FIELD(threshold, WORD),
    FIELD(custodian, CUSTODIAN_NAME_MAX), FIELD(card, CARD_SERIAL_MAX), FIELD(container, CUSTODIAN_CONTAINER_MAX),
    FIELD(public_key, POINT_HEX), FIELD(sealed, SEALED_HEX),
};
#undef FIELD
const struct shape custodian_share_shape = SHAPE("HUFU-SHARE-v1", struct custodian_share, share_fields);

/* ---- the USBKey ---- */

struct opened {
    const struct custodian *custodian;
    struct diag *diag;
    DEVHANDLE device;
    HAPPLICATION application;
    HCONTAINER container;
};

static struct result told(const struct opened *o, const char *what, ULONG sar)
{
    return usbkey_told(o->custodian->name, o->custodian->card, what, sar, o->diag);
}

static struct result plug(struct opened *o)
{
    return usbkey_plug(o->custodian->name, o->custodian->card, o->diag, &o->device);
}

static void leave(struct opened *o)
{
    if (o->container) SKF_CloseContainer(o->container);
    if (o->application) {
        SKF_ClearSecureState(o->application);
        SKF_CloseApplication(o->application);
    }
    if (o->device) SKF_DisConnectDev(o->device);
}

static struct result log_in(struct opened *o, const struct secret *pin)
{
    return usbkey_log_in(o->application, o->custodian->name, o->custodian->card, pin, o->diag);
}

/* What was encrypted to the container's key, C1 ‖ C3 ‖ C2. RET_PLAIN has room for what is in SEALED. */
static ULONG decrypt(const struct opened *o, struct bytes sealed, uint8_t *ret_plain)
{
    union {
        ECCCIPHERBLOB blob;
        BYTE room[sizeof(ECCCIPHERBLOB) + ESCROW_SHARE_SIZE];
    } cipher = { .room = { 0 } };
    enum { NUMBER = SM2_POINT_SIZE / 2, HALF = sizeof cipher.blob.XCoordinate - NUMBER };
    size_t plain_len = sealed.len - SM2_CIPHERTEXT_EXTRA;
    ULONG len = (ULONG)plain_len;
    memcpy(cipher.blob.XCoordinate + HALF, sealed.ptr, NUMBER);
    memcpy(cipher.blob.YCoordinate + HALF, sealed.ptr + NUMBER, NUMBER);
    memcpy(cipher.blob.HASH, sealed.ptr + SM2_POINT_SIZE, sizeof cipher.blob.HASH);
    cipher.blob.CipherLen = len;
    memcpy(cipher.room + offsetof(ECCCIPHERBLOB, Cipher), sealed.ptr + SM2_CIPHERTEXT_EXTRA, plain_len);
    ULONG sar = SKF_ECCDecrypt(o->container, &cipher.blob, ret_plain, &len);
    return sar == SAR_OK && len != plain_len ? SAR_FAIL : sar;
}

/* ---- making a key ---- */

static struct result read_transport(const struct opened *o, const char *path, uint8_t ret_key[CARD_KEY_SIZE])
{
    uint8_t read_[CARD_KEY_SIZE + 1];
    if (!path)
        return diag_log(o->diag, ERROR_USBKEY_FAILED, "%s: USBKey %s is blank, and no maker_transport_key is named",
                        o->custodian->name, o->custodian->card);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, read_, sizeof read_);
    if (fd >= 0) close(fd);
    if (n == CARD_KEY_SIZE) memcpy(ret_key, read_, CARD_KEY_SIZE);
    secret_wipe(read_, sizeof read_);
    return n == CARD_KEY_SIZE ? OK : diag_log(o->diag, ERROR_IO, "%s is no transport key of 16 bytes", path);
}

/* Shows the USBKey that we may make applications (DevAuth). */
static struct result authenticate(const struct opened *o, const char *transport_path)
{
    uint8_t transport[CARD_KEY_SIZE], key[CARD_KEY_SIZE], challenge[CARD_CHALLENGE_SIZE], answer[SM4_BLOCK];
    TRY(read_transport(o, transport_path, transport));
    ULONG sar = SKF_GenRandom(o->device, challenge, sizeof challenge);
    card_device_key(BYTES(transport), bytes_text(o->custodian->card), key);
    card_device_answer(key, challenge, answer);
    secret_wipe(transport, sizeof transport);
    secret_wipe(key, sizeof key);
    if (sar == SAR_OK) sar = SKF_DevAuth(o->device, answer, sizeof answer);
    return told(o, "SKF_DevAuth", sar);
}

/* The administrator's PIN is drawn and forgotten: nobody but the custodian opens this application. */
static struct result make_application(struct opened *o, const char *transport_key, const struct secret *pin,
                                      struct drbg *drbg)
{
    uint8_t drawn[ADMIN_PIN_BYTES];
    char admin[2 * ADMIN_PIN_BYTES + 1], text[SKF_PIN_MAX + 1];
    TRY(authenticate(o, transport_key));
    TRY(usbkey_pin(o->custodian->name, pin, o->diag, text));
    struct result r = drbg_fill(drbg, drawn, sizeof drawn);
    for (size_t i = 0; i < sizeof drawn; i++) snprintf(admin + 2 * i, 3, "%02x", drawn[i]);
    ULONG sar = SAR_OK;
    if (!failed(r))
        sar = SKF_CreateApplication(o->device, (char[]){ CUSTODIAN_APPLICATION }, admin, TRIES, text, TRIES,
                                    SECURE_USER_ACCOUNT, &o->application);
    secret_wipe(drawn, sizeof drawn);
    secret_wipe(admin, sizeof admin);
    secret_wipe(text, sizeof text);
    TRY(r);
    return usbkey_told(o->custodian->name, o->custodian->card, "SKF_CreateApplication", sar, o->diag);
}

static struct result enter(struct opened *o, const struct custodian_maker *maker, const struct secret *pin,
                           struct drbg *drbg)
{
    TRY(plug(o));
    ULONG sar = SKF_OpenApplication(o->device, (char[]){ CUSTODIAN_APPLICATION }, &o->application);
    if (sar == SAR_APPLICATION_NOT_EXISTS) TRY(make_application(o, maker->transport_key, pin, drbg));
    else TRY(told(o, "SKF_OpenApplication", sar));
    return log_in(o, pin);
}

/* The card's own certificate, which the maker gave to this very USBKey. */
static struct result read_card(const struct opened *o, const struct custodian_maker *maker, struct arena *arena,
                               struct certificate **ret_certificate)
{
    const struct clock clock = { .now = clock_system };
    BYTE *der = arena_take(arena, CERTIFICATE_SIZE_MAX);
    ULONG len = CERTIFICATE_SIZE_MAX;
    ENSURE(der, ERROR_OUT_OF_ROOM);
    TRY(told(o, "HUFU_GetCardCertificate", HUFU_GetCardCertificate(o->device, der, &len)));
    TRY(certificate_parse(bytes_of(der, len), arena, ret_certificate));
    const struct certificate *anchors[] = { maker->certificate }, *c = *ret_certificate;
    const struct chain chain = { .leaf = c, .anchors = anchors, .anchor_count = 1, .time_s = clock_now(&clock),
                                 .purpose = PURPOSE_CARD };
    struct result r = chain_check(&chain, NULL);
    if (failed(r)) return diag_log(o->diag, r.code, "%s, USBKey %s", o->custodian->name, o->custodian->card);
    bool own = bytes_equal(name_value(&c->subject, OID_SERIAL_NUMBER), bytes_text(o->custodian->card));
    return own ? OK : diag_log(o->diag, ERROR_CARD_OTHER, "%s, USBKey %s", o->custodian->name, o->custodian->card);
}

/* A key that was made elsewhere and brought into the USBKey would be nobody's alone. */
static struct result check_attested(const struct opened *o, const struct certificate *card,
                                    const struct custodian_key *key, const uint8_t *attestation, struct arena *arena)
{
    struct attest_statement s = { o->custodian->card, key->container, text_hex(arena, BYTES(key->public.point)) };
    const char *text;
    TRY(statement_write(&attest_encryption_shape, &s, arena, &text));
    if (failed(public_key_verify(&card->key, bytes_text(text), attestation)))
        return diag_log(o->diag, ERROR_CARD_ATTESTATION, "%s, USBKey %s", o->custodian->name, o->custodian->card);
    return OK;
}

/* Before anything depends on it. */
static struct result try_out(const struct opened *o, const struct custodian_key *key, struct drbg *drbg)
{
    uint8_t probe[PROBE_SIZE], sealed[PROBE_SEALED], plain[PROBE_SIZE];
    random_fill(probe, sizeof probe);
    TRY(sm2_encrypt(&key->public, BYTES(probe), drbg, sealed));
    TRY(told(o, "SKF_ECCDecrypt", decrypt(o, BYTES(sealed), plain)));
    return told(o, "SKF_ECCDecrypt", bytes_equal(BYTES(probe), BYTES(plain)) ? SAR_OK : SAR_FAIL);
}

static struct result make(struct opened *o, const struct custodian_maker *maker, const struct secret *pin,
                          struct drbg *drbg, struct arena *arena, struct custodian_key *key)
{
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN], drawn[8];
    struct certificate *card;
    TRY(enter(o, maker, pin, drbg));
    TRY(read_card(o, maker, arena, &card));
    random_fill(drawn, sizeof drawn);
    const char *end = text_hex(arena, BYTES(drawn));
    ENSURE(end, ERROR_OUT_OF_ROOM);
    snprintf(key->container, sizeof key->container, "share-%s", end);
    TRY(told(o, "SKF_CreateContainer", SKF_CreateContainer(o->application, key->container, &o->container)));
    TRY(told(o, "HUFU_GenEncryptionKeyPair", HUFU_GenEncryptionKeyPair(o->container, point, attestation)));
    TRY(sm2_public_init(&key->public, point));
    TRY(check_attested(o, card, key, attestation, arena));
    return try_out(o, key, drbg);
}

struct result custodian_key_make(const struct custodian *custodian, const struct custodian_maker *maker,
                                 const struct secret *pin, struct drbg *drbg, struct arena *arena, struct diag *diag,
                                 struct custodian_key *ret_key)
{
    struct opened o = { .custodian = custodian, .diag = diag };
    struct custodian_key key = { .container = "" };
    struct result r = make(&o, maker, pin, drbg, arena, &key);
    if (failed(r) && o.container) SKF_DeleteContainer(o.application, key.container); /* its place is free again */
    leave(&o);
    if (!failed(r)) *ret_key = key;
    return r;
}

void custodian_key_forget(const struct custodian *custodian, const struct custodian_key *key, const struct secret *pin)
{
    struct diag nobody_asks = { 0 };
    struct opened o = { .custodian = custodian, .diag = &nobody_asks };
    char container[CUSTODIAN_CONTAINER_MAX];
    snprintf(container, sizeof container, "%s", key->container);
    if (usbkey_connect(custodian->card, &o.device) &&
        SKF_OpenApplication(o.device, (char[]){ CUSTODIAN_APPLICATION }, &o.application) == SAR_OK &&
        !failed(log_in(&o, pin)))
        SKF_DeleteContainer(o.application, container);
    leave(&o);
}

/* ---- opening a share ---- */

static struct result open_share(struct opened *o, const struct custodian_share *share, const struct secret *pin,
                                struct bytes sealed, struct shamir_share *ret_share)
{
    uint8_t plain[ESCROW_SHARE_PLAIN];
    char container[CUSTODIAN_CONTAINER_MAX + 1];
    snprintf(container, sizeof container, "%s", share->container);
    TRY(plug(o));
    TRY(told(o, "SKF_OpenApplication",
             SKF_OpenApplication(o->device, (char[]){ CUSTODIAN_APPLICATION }, &o->application)));
    TRY(log_in(o, pin));
    TRY(told(o, "SKF_OpenContainer", SKF_OpenContainer(o->application, container, &o->container)));
    ULONG sar = decrypt(o, sealed, plain);
    if (sar == SAR_OK) {
        ret_share->number = plain[0];
        memcpy(ret_share->value, plain + 1, SM2_KEY_SIZE);
    }
    secret_wipe(plain, sizeof plain);
    if (sar != SAR_INDATAERR) return told(o, "SKF_ECCDecrypt", sar);
    return diag_log(o->diag, ERROR_CUSTODIAN_SHARE, "%s, USBKey %s: it is not sealed to the key there",
                    share->custodian, share->card);
}

struct result custodian_share_open(const struct custodian_share *share, const struct secret *pin, struct arena *arena,
                                   struct diag *diag, struct shamir_share *ret_share)
{
    const struct custodian custodian = { share->custodian, share->card };
    struct opened o = { .custodian = &custodian, .diag = diag };
    struct bytes sealed;
    if (failed(text_from_hex(arena, share->sealed, &sealed)) || sealed.len != ESCROW_SHARE_SIZE)
        return diag_log(diag, ERROR_CUSTODIAN_SHARE, "share of %s: its form is wrong", share->custodian);
    struct result r = open_share(&o, share, pin, sealed, ret_share);
    leave(&o);
    return r;
}
