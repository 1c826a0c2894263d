#include "token/card/card_internal.h"

/* CLA: 80 and 84 (with MAC) of the standard, B0 beyond it. */
enum { CLA_STANDARD = 0x80, CLA_MAC = 0x84, CLA_HUFU = 0xB0, INS_PROTECTED = 0x1C };

enum { NEEDS_ISSUER = 1, NEEDS_CHANNEL = 2, MAY_MAC = 4 };

static const struct command {
    uint8_t cla, ins, flags;
    card_handler *run;
} commands[] = {
    { CLA_STANDARD, 0x02, NEEDS_ISSUER, card_set_label },
    { CLA_STANDARD, 0x04, 0, card_get_info },
    { CLA_STANDARD, 0x10, 0, card_device_auth },
    { CLA_STANDARD, 0x12, NEEDS_ISSUER | MAY_MAC, card_change_device_key },
    { CLA_STANDARD, 0x14, 0, card_pin_info },
    { CLA_STANDARD, 0x16, MAY_MAC, card_change_pin },
    { CLA_STANDARD, 0x18, 0, card_verify_pin },
    { CLA_STANDARD, 0x1A, MAY_MAC, card_unblock_pin },
    { CLA_STANDARD, 0x1C, 0, card_clear_state },
    { CLA_STANDARD, 0x20, NEEDS_ISSUER, card_create_application },
    { CLA_STANDARD, 0x22, 0, card_enum_applications },
    { CLA_STANDARD, 0x24, NEEDS_ISSUER, card_delete_application },
    { CLA_STANDARD, 0x26, 0, card_open_application },
    { CLA_STANDARD, 0x28, 0, card_close_application },
    { CLA_STANDARD, 0x30, 0, card_create_file },
    { CLA_STANDARD, 0x32, 0, card_delete_file },
    { CLA_STANDARD, 0x34, 0, card_enum_files },
    { CLA_STANDARD, 0x36, 0, card_file_info },
    { CLA_STANDARD, 0x38, 0, card_read_file },
    { CLA_STANDARD, 0x3A, 0, card_write_file },
    { CLA_STANDARD, 0x40, 0, card_create_container },
    { CLA_STANDARD, 0x42, 0, card_open_container },
    { CLA_STANDARD, 0x44, 0, card_close_container },
    { CLA_STANDARD, 0x46, 0, card_enum_containers },
    { CLA_STANDARD, 0x48, 0, card_delete_container },
    { CLA_STANDARD, 0x4A, 0, card_container_info },
    { CLA_STANDARD, 0x4C, 0, card_import_certificate },
    { CLA_STANDARD, 0x4E, 0, card_export_certificate },
    { CLA_STANDARD, 0x50, 0, card_gen_random },
    { CLA_STANDARD, 0x70, 0, card_gen_pair },
    { CLA_STANDARD, 0x72, 0, card_import_pair },
    { CLA_STANDARD, 0x74, 0, card_sign },
    { CLA_STANDARD, 0x76, 0, card_verify },
    { CLA_STANDARD, 0x78, 0, card_export_session_key },
    { CLA_STANDARD, 0x7A, 0, card_ext_encrypt },
    { CLA_STANDARD, 0x7C, 0, card_ext_decrypt },
    { CLA_STANDARD, 0x7E, 0, card_ext_sign },
    { CLA_STANDARD, 0x7F, 0, card_ext_verify },
    { CLA_STANDARD, 0x82, 0, card_agree_start },
    { CLA_STANDARD, 0x84, 0, card_agree_answer },
    { CLA_STANDARD, 0x86, 0, card_agree_finish },
    { CLA_STANDARD, 0x88, 0, card_export_public },
    { CLA_STANDARD, 0xA0, 0, card_import_session_key },
    { CLA_STANDARD, 0xA2, 0, card_set_key },
    { CLA_STANDARD, 0xA4, 0, card_cipher_init },
    { CLA_STANDARD, 0xA6, 0, card_cipher_once },
    { CLA_STANDARD, 0xA8, 0, card_cipher_update },
    { CLA_STANDARD, 0xAA, 0, card_cipher_final },
    { CLA_STANDARD, 0xAC, 0, card_cipher_init },
    { CLA_STANDARD, 0xAE, 0, card_cipher_once },
    { CLA_STANDARD, 0xB0, 0, card_cipher_update },
    { CLA_STANDARD, 0xB2, 0, card_cipher_final },
    { CLA_STANDARD, 0xB4, 0, card_digest_init },
    { CLA_STANDARD, 0xB6, 0, card_digest_once },
    { CLA_STANDARD, 0xB8, 0, card_digest_update },
    { CLA_STANDARD, 0xBA, 0, card_digest_final },
    { CLA_STANDARD, 0xBC, 0, card_mac_init },
    { CLA_STANDARD, 0xBE, 0, card_mac_once },
    { CLA_STANDARD, 0xC0, 0, card_mac_update },
    { CLA_STANDARD, 0xC2, 0, card_mac_final },
    { CLA_STANDARD, 0xC4, 0, card_free_object },
    { CLA_HUFU, 0x10, 0, card_open_channel },
    { CLA_HUFU, 0x12, 0, card_own_certificate },
    { CLA_HUFU, 0x1E, NEEDS_CHANNEL, card_close_channel },
    { CLA_HUFU, 0x20, 0, card_flags },
    { CLA_HUFU, 0x32, 0, card_get_attestation },
    { CLA_HUFU, 0x34, NEEDS_CHANNEL, card_forbid_digests },
    { CLA_HUFU, 0x36, NEEDS_CHANNEL, card_set_current },
    { CLA_HUFU, 0x40, 0, card_decrypt },
    { CLA_HUFU, 0x42, 0, card_gen_own },
    { CLA_HUFU, 0x60, 0, card_produce_challenge },
    { CLA_HUFU, 0x62, 0, card_produce_open },
    { CLA_HUFU, 0x64, NEEDS_ISSUER, card_install_admin_key },
    { CLA_HUFU, 0x66, 0, card_produce_prove },
    { CLA_HUFU, 0x68, 0, card_produce_recovered },
    { CLA_HUFU, 0x6A, 0, card_produce_close },
    { CLA_HUFU, 0x74, 0, card_download_open },
    { CLA_HUFU, 0x76, NEEDS_CHANNEL, card_download_prove },
    { CLA_HUFU, 0x78, 0, card_download_close },
    { CLA_HUFU, 0x80, 0, card_unlock_draw },
    { CLA_HUFU, 0x82, 0, card_unlock_take },
};

/* ---- power ---- */

static void seed(struct card *card)
{
    uint8_t entropy[DRBG_ENTROPY_MIN + SM3_SIZE / 2];
    card->io.entropy(card->io.context, entropy, sizeof entropy);
    drbg_init(&card->drbg, BYTES(entropy), bytes_of(card->state.serial.text, card->state.serial.len),
              bytes_text("hufu-card"));
    secret_wipe(entropy, sizeof entropy);
}

struct result card_init(struct card *card, const struct card_io *io)
{
    struct bytes image;
    memset(card, 0, sizeof *card);
    card->io = *io;
    TRY(io->read(io->context, &image));
    TRY(card_state_decode(image, &card->state));
    seed(card);
    card_reset(card);
    return OK;
}

void card_reset(struct card *card)
{
    for (uint8_t i = 0; i < CARD_CHANNELS_MAX; i++) card_channel_close(card, i);
    card->channels[0].open = true;
}

void card_done(struct card *card)
{
    secret_wipe(card, sizeof *card);
}

uint16_t card_commit(struct card *card)
{
    struct bytes image;
    struct result r = card_state_encode(&card->state, card->image, sizeof card->image, &image);
    if (!failed(r)) r = card->io.write(card->io.context, image);
    secret_wipe(card->image, sizeof card->image);
    if (!failed(r)) return SW_OK;
    card_undo(card);
    return SW_WRITE;
}

void card_undo(struct card *card)
{
    struct bytes image;
    struct result r = card->io.read(card->io.context, &image);
    if (!failed(r)) r = card_state_decode(image, &card->state);
    card_reset(card);
    card->dead = failed(r);
}

struct drbg *card_drbg(struct card *card)
{
    enum { RESEED_AT = 1 << 16 };
    if (card->drbg.count >= RESEED_AT) {
        uint8_t entropy[DRBG_ENTROPY_MIN];
        card->io.entropy(card->io.context, entropy, sizeof entropy);
        drbg_reseed(&card->drbg, BYTES(entropy));
        secret_wipe(entropy, sizeof entropy);
    }
    return &card->drbg;
}

void card_random(struct card *card, uint8_t *into, size_t len)
{
    /* Cannot fail: card_drbg keeps the count far below its limit. */
    IGNORE(drbg_fill(card_drbg(card), into, len));
}

/* ---- one command ---- */

/* ISO 7816-4: lengths of one byte, or extended ones of 00 and two bytes (GM/T 0017). */
static bool parse_body(struct reader *r, struct bytes *ret_data, size_t *ret_expected)
{
    *ret_data = (struct bytes){ 0 };
    *ret_expected = 0;
    if (r->left == 0) return true;
    uint8_t first = read_u8(r);
    if (first != 0) { /* short */
        if (r->left == 0) {
            *ret_expected = first;
            return true;
        }
        *ret_data = read_bytes(r, first);
        if (r->left) *ret_expected = read_u8(r);
        return !r->bad && r->left == 0;
    }
    if (r->left == 0) return true; /* a short Le of 0: all */
    size_t length = read_u16(r);
    if (r->left == 0) {
        *ret_expected = length;
        return !r->bad;
    }
    *ret_data = read_bytes(r, length);
    if (r->left) *ret_expected = read_u16(r);
    return length > 0 && !r->bad && r->left == 0;
}

static const struct command *find(uint8_t cla, uint8_t ins, uint16_t *ret_sw)
{
    uint8_t class = cla == CLA_MAC ? CLA_STANDARD : cla;
    *ret_sw = class == CLA_STANDARD || class == CLA_HUFU ? SW_INS : SW_CLA;
    if (class == CLA_STANDARD && ins >= 0x52 && ins <= 0x60 && ins % 2 == 0) *ret_sw = SW_NOT_SUPPORTED; /* RSA */
    for (size_t i = 0; i < COUNT(commands); i++) {
        const struct command *c = &commands[i];
        if (c->cla != class || c->ins != ins) continue;
        if (cla == CLA_MAC && !(c->flags & MAY_MAC)) {
            *ret_sw = SW_CLA;
            return NULL;
        }
        return c;
    }
    return NULL;
}

uint16_t card_run(struct card *card, uint8_t channel, struct bytes command, struct writer *out)
{
    struct card_call call = { .channel = &card->channels[channel], .channel_number = channel };
    struct reader r = reader_of(command);
    struct bytes data;
    uint16_t sw;
    CARD_ENSURE(command.len >= 4 && command.len <= CARD_COMMAND_MAX, SW_LENGTH);
    call.header = read_bytes(&r, 4);
    call.cla = call.header.ptr[0];
    call.ins = call.header.ptr[1];
    call.p1 = call.header.ptr[2];
    call.p2 = call.header.ptr[3];
    const struct command *c = find(call.cla, call.ins, &sw);
    bool protected = call.cla == CLA_HUFU && call.ins == INS_PROTECTED;
    CARD_ENSURE(c || protected, sw);
    CARD_ENSURE(parse_body(&r, &data, &call.expected), SW_LENGTH);
    if (call.expected == 0) call.expected = CARD_DATA_MAX;
    call.in = reader_of(data);
    call.out = *out;
    if (protected) {
        CARD_ENSURE(channel == 0, SW_NOT_NOW);
        sw = card_protected(card, &call);
    } else {
        CARD_ENSURE(!(c->flags & NEEDS_ISSUER) || call.channel->issuer, SW_SECURITY);
        CARD_ENSURE(!(c->flags & NEEDS_CHANNEL) || channel != 0, SW_SECURITY);
        sw = c->run(card, &call);
    }
    if (sw == SW_OK && call.out.full) sw = SW_INTERNAL;
    if (sw == SW_OK && call.out.len - out->len > call.expected) sw = SW_LE;
    if (sw == SW_OK) out->len = call.out.len;
    return sw;
}

size_t card_exchange(struct card *card, struct bytes command, uint8_t *ret_answer)
{
    struct writer out = writer_of(ret_answer, CARD_DATA_MAX);
    card->clock++;
    uint16_t sw = card->dead ? SW_INTERNAL : card_run(card, 0, command, &out);
    struct writer status = writer_of(ret_answer + out.len, 2);
    write_u16(&status, sw);
    return out.len + 2;
}

/* ---- integers, lowest byte first ---- */

uint16_t card_read_u16(struct reader *r)
{
    uint16_t v = read_u16(r);
    return (uint16_t)(v >> 8 | v << 8);
}

uint32_t card_read_u32(struct reader *r)
{
    uint32_t low = card_read_u16(r);
    return low | (uint32_t)card_read_u16(r) << 16;
}

void card_write_u16(struct writer *w, uint16_t v)
{
    write_u8(w, (uint8_t)v);
    write_u8(w, (uint8_t)(v >> 8));
}

void card_write_u32(struct writer *w, uint32_t v)
{
    card_write_u16(w, (uint16_t)v);
    card_write_u16(w, (uint16_t)(v >> 16));
}
