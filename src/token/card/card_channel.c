/* Protected channels: the PIN travels in them, and whoever listened has nothing to try PINs against. */
#include "crypto/sm2_exchange.h"
#include "token/card/card_internal.h"

enum { SW_SIZE = 2 };

static uint8_t pick_channel(const struct card *card)
{
    uint8_t best = 1;
    for (uint8_t i = 1; i < CARD_CHANNELS_MAX; i++) {
        if (!card->channels[i].open) return i;
        if (card->channels[i].used < card->channels[best].used) best = i;
    }
    return best;
}

void card_channel_close(struct card *card, uint8_t number)
{
    uint8_t turn = card->channels[number].turn;
    card_objects_free(card, number);
    secret_wipe(&card->channels[number], sizeof card->channels[number]);
    card->channels[number].turn = turn;
}

/* Host point 64, host ephemeral point 64 → card ephemeral point 64, confirmation 32, place of the channel 1, its turn
 * there 1. */
uint16_t card_open_channel(struct card *card, struct card_call *call)
{
    struct sm2_public host, host_ephemeral;
    struct sm2_private own, ephemeral;
    struct sm2_confirmation confirmation;
    uint8_t points[2][SM2_POINT_SIZE], keys[2 * SM4_KEY_SIZE];
    CARD_ENSURE(call->channel_number == 0, SW_NOT_NOW);
    read_copy(&call->in, points, sizeof points);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(!failed(sm2_public_init(&host, points[0])), SW_DATA);
    CARD_ENSURE(!failed(sm2_public_init(&host_ephemeral, points[1])), SW_DATA);
    CARD_ENSURE(!failed(sm2_private_init(&own, card->state.own_key)), SW_INTERNAL);
    struct result r = sm2_private_generate(&ephemeral, card_drbg(card));
    if (!failed(r)) {
        struct sm2_exchange x = { false, &own, &ephemeral, &host, &host_ephemeral,
                                  bytes_of(card->state.serial.text, card->state.serial.len), sm2_default_identity };
        r = sm2_exchange(&x, keys, sizeof keys, &confirmation);
    }
    if (!failed(r)) {
        uint8_t number = pick_channel(card);
        struct card_channel *channel = &card->channels[number];
        uint8_t turn = (uint8_t)(channel->turn + 1);
        card_channel_close(card, number);
        channel->turn = turn;
        channel->open = true;
        channel->used = card->clock;
        memcpy(channel->key_in, keys, SM4_KEY_SIZE);
        memcpy(channel->key_out, keys + SM4_KEY_SIZE, SM4_KEY_SIZE);
        write_bytes(&call->out, BYTES(ephemeral.public.point));
        write_bytes(&call->out, BYTES(confirmation.responder));
        write_u8(&call->out, number);
        write_u8(&call->out, turn);
    }
    secret_wipe(keys, sizeof keys);
    secret_wipe(&confirmation, sizeof confirmation);
    sm2_private_done(&own);
    sm2_private_done(&ephemeral);
    return failed(r) ? SW_DATA : SW_OK;
}

static void nonce(uint32_t count, uint8_t ret_nonce[SM4_GCM_NONCE_SIZE])
{
    struct writer w = writer_of(ret_nonce, SM4_GCM_NONCE_SIZE);
    write_u64(&w, 0);
    write_u32(&w, count);
}

/* Opens the inner command into card->plain. */
static bool open_command(struct card *card, struct card_call *call, struct card_channel *channel, size_t *ret_len)
{
    uint8_t n[SM4_GCM_NONCE_SIZE];
    struct sm4 sm4;
    if (call->in.left < SM4_GCM_TAG_SIZE + 4) return false;
    struct bytes sealed = read_bytes(&call->in, call->in.left - SM4_GCM_TAG_SIZE);
    nonce(channel->count_in, n);
    sm4_init(&sm4, channel->key_in);
    struct result r = sm4_gcm_open(&sm4, n, call->header, sealed, call->in.ptr, card->plain);
    sm4_wipe(&sm4);
    *ret_len = sealed.len;
    return !failed(r);
}

/* Seals LEN bytes at AT, where the tag has room behind them. */
static void seal_answer(struct card_channel *channel, struct bytes header, uint8_t *at, size_t len)
{
    uint8_t n[SM4_GCM_NONCE_SIZE];
    struct sm4 sm4;
    nonce(channel->count_out, n);
    sm4_init(&sm4, channel->key_out);
    sm4_gcm_seal(&sm4, n, header, bytes_of(at, len), at, at + len);
    sm4_wipe(&sm4);
}

uint16_t card_protected(struct card *card, struct card_call *call)
{
    enum { EXTRA = SW_SIZE + SM4_GCM_TAG_SIZE };
    const uint8_t number = call->p1;
    size_t len;
    CARD_ENSURE(number > 0 && number < CARD_CHANNELS_MAX, SW_P1P2);
    struct card_channel *channel = &card->channels[number];
    /* One that had to make place does not disturb the one that took it. */
    CARD_ENSURE(channel->open && channel->turn == call->p2, SW_PROTECTED);
    if (channel->count_in == UINT32_MAX || !open_command(card, call, channel, &len)) {
        card_channel_close(card, number);
        return SW_PROTECTED;
    }
    channel->count_in++;
    channel->used = card->clock;
    uint8_t *at = call->out.ptr + call->out.len;
    struct writer inner = writer_of(at, call->out.room - call->out.len - EXTRA);
    uint16_t sw = card_run(card, number, bytes_of(card->plain, len), &inner);
    secret_wipe(card->plain, len);
    CARD_ENSURE(channel->open, sw == SW_OK ? SW_PROTECTED : sw); /* it closed itself, or the write failed */
    struct writer status = writer_of(at + inner.len, SW_SIZE);
    write_u16(&status, sw);
    seal_answer(channel, call->header, at, inner.len + SW_SIZE);
    channel->count_out++;
    call->out.len += inner.len + EXTRA;
    return SW_OK;
}

uint16_t card_close_channel(struct card *card, struct card_call *call)
{
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    card_channel_close(card, call->channel_number);
    return SW_OK;
}

/* ---- what the card says of itself ---- */

uint16_t card_own_certificate(struct card *card, struct card_call *call)
{
    CARD_ENSURE(card->state.own_certificate.len > 0, SW_CERTIFICATE_NONE);
    write_bytes(&call->out, bytes_of(card->state.own_certificate.der, card->state.own_certificate.len));
    return SW_OK;
}

static void write_padded(struct writer *w, const struct card_name *name, size_t size)
{
    write_bytes(w, bytes_of(name->text, name->len));
    for (size_t i = name->len; i < size; i++) write_u8(w, 0);
}

/* The 288 bytes of DEVINFO as they travel. */
uint16_t card_get_info(struct card *card, struct card_call *call)
{
    static const struct card_name issuer = { 4, "HUFU" };
    enum { ROOM = 64 * 1024, RESERVED = 54, SM4_MODES = 0x41F, SM2_ALL = 0x20E00, SM4_ECB = 0x401 };
    struct writer *w = &call->out;
    write_bytes(w, bytes_of("\x01\x01\x01\x00", 4)); /* versions of the structure and of the standard */
    write_padded(w, &card->state.maker, 64);
    write_padded(w, &issuer, 64);
    write_padded(w, &card->state.label, 32);
    write_padded(w, &card->state.serial, 32);
    write_bytes(w, bytes_of("\x01\x00\x01\x00", 4)); /* hardware, firmware */
    card_write_u32(w, SM4_MODES);
    card_write_u32(w, SM2_ALL);
    card_write_u32(w, 1); /* SM3 */
    card_write_u32(w, SM4_ECB);
    card_write_u32(w, ROOM);
    card_write_u32(w, CARD_FILE_ROOM - card->state.file_room_used);
    card_write_u16(w, CARD_DATA_MAX);
    card_write_u16(w, 0);
    card_write_u16(w, 0);
    write_u8(w, CARD_CONTAINERS_MAX);
    write_u8(w, 2 * CARD_CONTAINERS_MAX);
    card_write_u16(w, CARD_FILES_MAX);
    for (int i = 0; i < RESERVED; i++) write_u8(w, 0);
    return SW_OK;
}

uint16_t card_set_label(struct card *card, struct card_call *call)
{
    struct bytes label = card_read_name(&call->in);
    CARD_ENSURE(label.len <= CARD_LABEL_MAX, SW_LENGTH);
    memset(&card->state.label, 0, sizeof card->state.label);
    card_name_set(&card->state.label, label);
    return card_commit(card);
}

static uint8_t state_of(const struct card_application *a)
{
    if (!a) return 0;
    if (a->stage == CARD_STAGE_PRODUCTION) return 1;
    if (a->user.tries == 0) return 4;
    return a->user.must_change ? 2 : 3;
}

/* State 1, tries left 1, tries 1, length 1 and name of the application made by production, the same of its current
 * container. */
uint16_t card_flags(struct card *card, struct card_call *call)
{
    const struct card_application *a = NULL;
    for (size_t i = 0; i < COUNT(card->state.applications); i++)
        if (card->state.applications[i].used && card->state.applications[i].stage != CARD_STAGE_PLAIN)
            a = &card->state.applications[i];
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    uint8_t state = state_of(a);
    static const struct card_name none = { 0 };
    const struct card_name *application = state ? &a->name : &none, *container = &none;
    if (state && a->current) container = &card->state.containers[a->current - 1].name;
    write_u8(&call->out, state);
    write_u8(&call->out, state > 1 ? a->user.tries : 0);
    write_u8(&call->out, state > 1 ? a->user.tries_max : 0);
    write_u8(&call->out, application->len);
    write_bytes(&call->out, bytes_of(application->text, application->len));
    write_u8(&call->out, container->len);
    write_bytes(&call->out, bytes_of(container->text, container->len));
    return SW_OK;
}
