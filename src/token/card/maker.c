#include "token/card/maker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "pki/issue.h"
#include "token/card/card_store.h"

static const char maker_name[] = "Hufu Virtual USBKey";
static const char folder_key[] = "maker.key", folder_certificate[] = "maker.cer", folder_transport[] = "transport.key";

enum { YEARS = 30, YEARS_CARD = 20 };

static void seed(struct drbg *drbg)
{
    uint8_t entropy[DRBG_ENTROPY_MIN + SM3_SIZE / 2];
    random_fill(entropy, sizeof entropy);
    drbg_init(drbg, BYTES(entropy), (struct bytes){ 0 }, bytes_text("hufu-card-maker"));
    secret_wipe(entropy, sizeof entropy);
}

static struct result place(const char *folder, const char *name, char ret_path[CARD_PATH_MAX])
{
    int n = snprintf(ret_path, CARD_PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < CARD_PATH_MAX ? OK : FAIL(ERROR_TOO_LARGE);
}

static struct result save(const char *folder, const char *name, struct bytes content, struct diag *diag)
{
    char path[CARD_PATH_MAX];
    TRY(place(folder, name, path));
    struct result r = card_store_create(path, content);
    return failed(r) ? diag_log(diag, r.code, "%s", path) : OK;
}

/* Reads at most ROOM bytes. */
static struct result load(const char *folder, const char *name, uint8_t *into, size_t room, size_t *ret_len,
                          struct diag *diag)
{
    char path[CARD_PATH_MAX];
    TRY(place(folder, name, path));
    FILE *file = fopen(path, "rb");
    if (!file) return diag_log(diag, ERROR_CARD_MAKER, "%s", path);
    setvbuf(file, NULL, _IONBF, 0); /* no copy of a key is left in a buffer */
    *ret_len = fread(into, 1, room, file);
    fclose(file);
    return *ret_len ? OK : diag_log(diag, ERROR_CARD_MAKER, "%s", path);
}

/* ---- the maker ---- */

static struct result make_root(const struct sm2_private *key, struct drbg *drbg, struct arena *arena,
                               struct diag *diag, struct bytes *ret_der)
{
    static const struct clock clock = { clock_system, 0 };
    int64_t from_s = clock_now(&clock) - DAY_S; /* a machine whose clock is a little behind takes it too */
    struct certificate_fields fields = {
        .subject = { .country = "CN", .organization = "Hufu", .common_name = "Hufu Virtual USBKey Maker" },
        .key = public_key_sm2(&key->public),
        .not_before_s = from_s,
        .not_after_s = certificate_validity_end(from_s, YEARS),
    };
    struct issuance issuance = { &profile_card_maker_ca, &fields, NULL, signing_key_sm2(key) };
    return certificate_issue(&issuance, drbg, arena, diag, ret_der);
}

static struct result save_maker(const char *folder, const struct sm2_private *key, struct bytes certificate,
                                struct diag *diag)
{
    uint8_t d[SM2_KEY_SIZE], transport[CARD_KEY_SIZE];
    sm2_private_bytes(key, d);
    random_fill(transport, sizeof transport);
    struct result r = save(folder, folder_key, BYTES(d), diag);
    if (!failed(r)) r = save(folder, folder_transport, BYTES(transport), diag);
    if (!failed(r)) r = save(folder, folder_certificate, certificate, diag);
    secret_wipe(d, sizeof d);
    secret_wipe(transport, sizeof transport);
    return r;
}

struct result maker_new(const char *folder, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct drbg drbg;
    struct sm2_private key;
    struct bytes certificate;
    struct result made = card_store_folder(folder);
    if (failed(made)) return diag_log(diag, made.code, "%s", folder);
    seed(&drbg);
    struct result r = sm2_private_generate(&key, &drbg);
    if (!failed(r)) r = make_root(&key, &drbg, arena, diag, &certificate);
    if (!failed(r)) r = save_maker(folder, &key, certificate, diag);
    sm2_private_done(&key);
    drbg_done(&drbg);
    return r;
}

/* ---- its cards ---- */

struct maker {
    struct sm2_private key;
    struct certificate *certificate;
    uint8_t transport[CARD_KEY_SIZE];
};

static struct result load_maker(const char *folder, struct arena *arena, struct diag *diag, struct maker *ret_maker)
{
    uint8_t d[SM2_KEY_SIZE + 1], transport[CARD_KEY_SIZE + 1], der[CERTIFICATE_SIZE_MAX];
    size_t d_len, transport_len, der_len;
    TRY(load(folder, folder_key, d, sizeof d, &d_len, diag));
    TRY(load(folder, folder_transport, transport, sizeof transport, &transport_len, diag));
    TRY(load(folder, folder_certificate, der, sizeof der, &der_len, diag));
    struct bytes kept = arena_bytes(arena, bytes_of(der, der_len));
    bool good = kept.ptr && d_len == SM2_KEY_SIZE && transport_len == CARD_KEY_SIZE &&
                !failed(sm2_private_init(&ret_maker->key, d)) &&
                !failed(certificate_parse(kept, arena, &ret_maker->certificate));
    memcpy(ret_maker->transport, transport, CARD_KEY_SIZE);
    secret_wipe(d, sizeof d);
    secret_wipe(transport, sizeof transport);
    return good ? OK : diag_log(diag, ERROR_CARD_MAKER, "%s", folder);
}

static struct result make_certificate(const struct maker *maker, const char *serial, const struct sm2_public *key,
                                      struct drbg *drbg, struct arena *arena, struct diag *diag,
                                      struct bytes *ret_der)
{
    static const struct clock clock = { clock_system, 0 };
    int64_t from_s = clock_now(&clock) - DAY_S;
    if (from_s < maker->certificate->not_before_s) from_s = maker->certificate->not_before_s;
    struct certificate_fields fields = {
        .subject = { .country = "CN", .organization = "Hufu", .serial_number = serial, .common_name = "USBKey" },
        .key = public_key_sm2(key),
        .not_before_s = from_s,
        .not_after_s = certificate_validity_end(from_s, YEARS_CARD),
    };
    if (fields.not_after_s > maker->certificate->not_after_s) fields.not_after_s = maker->certificate->not_after_s;
    struct issuance issuance = { &profile_card, &fields, maker->certificate, signing_key_sm2(&maker->key) };
    return certificate_issue(&issuance, drbg, arena, diag, ret_der);
}

static void set_name(struct card_name *name, struct bytes text)
{
    name->len = (uint8_t)text.len;
    memcpy(name->text, text.ptr, text.len);
}

static struct result make_image(const struct maker *maker, const char *serial, const char *path, struct arena *arena,
                                struct diag *diag, struct card_state *state)
{
    struct drbg drbg;
    struct sm2_private own;
    struct bytes certificate, image;
    uint8_t *buffer = arena_take(arena, CARD_IMAGE_MAX);
    ENSURE(buffer, ERROR_OUT_OF_ROOM);
    seed(&drbg);
    struct result r = sm2_private_generate(&own, &drbg);
    if (!failed(r)) r = make_certificate(maker, serial, &own.public, &drbg, arena, diag, &certificate);
    drbg_done(&drbg);
    if (!failed(r) && certificate.len > CARD_CERTIFICATE_MAX) r = FAIL(ERROR_TOO_LARGE);
    if (!failed(r)) {
        set_name(&state->serial, bytes_text(serial));
        set_name(&state->label, bytes_text("HUFU USBKey"));
        set_name(&state->maker, bytes_text(maker_name));
        sm2_private_bytes(&own, state->own_key);
        card_device_key(BYTES(maker->transport), bytes_text(serial), state->device_key);
        state->own_certificate.len = (uint16_t)certificate.len;
        memcpy(state->own_certificate.der, certificate.ptr, certificate.len);
        r = card_state_encode(state, buffer, CARD_IMAGE_MAX, &image);
    }
    sm2_private_done(&own);
    if (!failed(r)) r = card_store_create(path, image);
    secret_wipe(buffer, CARD_IMAGE_MAX);
    return failed(r) ? diag_log(diag, r.code, "%s", path) : OK;
}

static bool serial_good(const char *serial)
{
    size_t len = strlen(serial);
    if (len == 0 || len > CARD_SERIAL_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        char c = serial[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-')) return false;
    }
    return true;
}

struct result maker_card(const char *folder, const char *serial, const char *image, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(4 << 20);
    struct maker maker = { 0 };
    ENSURE(serial_good(serial), ERROR_CARD_SERIAL);
    struct card_state *state = calloc(1, sizeof *state);
    if (!state) abort();
    struct result r = load_maker(folder, arena, diag, &maker);
    if (!failed(r)) r = make_image(&maker, serial, image, arena, diag, state);
    secret_wipe(&maker, sizeof maker);
    secret_wipe(state, sizeof *state);
    free(state);
    return r;
}
