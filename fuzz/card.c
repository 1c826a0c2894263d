/* A card: whatever commands come, answers keep their limits, what the card remembers is what it has written, tries are
 * never more than they may be, and a PIN that must be changed opens nothing.
 * An input is a byte that says how the card stands, then commands, each with its length before it (u16, big-endian). */
#include <assert.h>
#include <stdlib.h>

#include "token/card/card_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOGGED_IN = 1, ISSUER = 2, CHANNEL = 4, PRODUCTION = 8, MUST_CHANGE = 16, COMMANDS_MAX = 16 };

static uint8_t image[CARD_IMAGE_MAX], encoded[CARD_IMAGE_MAX];
static size_t image_len;
static bool written; /* since it was last looked at */

static struct result storage_write(void *context, struct bytes b)
{
    (void)context;
    memcpy(image, b.ptr, b.len);
    image_len = b.len;
    written = true;
    return OK;
}

static struct result storage_read(void *context, struct bytes *ret_image)
{
    (void)context;
    *ret_image = bytes_of(image, image_len);
    return OK;
}

static void storage_entropy(void *context, uint8_t *into, size_t len)
{
    (void)context;
    memset(into, 0x5A, len); /* the same input gives the same run */
}

static const struct card_io io = { NULL, storage_write, storage_read, storage_entropy };

/* ---- how the card stands at the beginning ---- */

static void name(struct card_name *n, const char *text)
{
    card_name_set(n, bytes_text(text));
}

static void pair(struct card_pair *p, uint8_t number)
{
    uint8_t d[SM2_KEY_SIZE] = { 1, number };
    struct sm2_private key;
    assert(!failed(sm2_private_init(&key, d)));
    card_pair_set(p, &key);
}

static void make_state(struct card *card, uint8_t how)
{
    struct card_state *s = &card->state;
    struct card_application *a = &s->applications[0];
    struct card_container *c = &s->containers[0];
    memset(s, 0, sizeof *s);
    name(&s->serial, "HF00000042");
    name(&s->maker, "Maker");
    s->own_key[0] = 3;
    a->used = true;
    a->stage = how & PRODUCTION ? CARD_STAGE_PRODUCTION : how & MUST_CHANGE ? CARD_STAGE_PRODUCED : CARD_STAGE_PLAIN;
    name(&a->name, "APP");
    a->file_rights = CARD_RIGHT_USER;
    a->containers_max = a->certificates_max = 8;
    a->files_max = 8;
    a->user.tries_max = a->admin.tries_max = 6;
    card_pin_set(card, &a->user, CARD_PIN_2012, how & MUST_CHANGE ? card_initial_pin : bytes_text("824619"),
                 how & MUST_CHANGE);
    card_pin_set(card, &a->admin, CARD_PIN_2012, bytes_text("731946"), false);
    c->used = true;
    name(&c->name, "C");
    pair(&c->pairs[CARD_SIGNING], 1);
    pair(&c->pairs[CARD_ENCRYPTION], 2);
    a->current = 1;
    s->files[0] = (struct card_file){ true, 0, { 1, "F" }, CARD_RIGHT_ANYONE, CARD_RIGHT_USER, 0, 64 };
    s->file_room_used = 64;
}

/* Each of the images is made once. */
static void put_image(struct card *card, uint8_t how)
{
    static struct {
        uint8_t image[CARD_IMAGE_MAX];
        size_t len;
    } made[(PRODUCTION | MUST_CHANGE) + 1];
    struct bytes b;
    how &= PRODUCTION | MUST_CHANGE;
    if (!made[how].len) {
        const struct bytes entropy = bytes_text("thirty-two bytes or more of this"), none = { 0 };
        drbg_init(&card->drbg, entropy, none, none);
        make_state(card, how);
        assert(!failed(card_state_encode(&card->state, made[how].image, sizeof made[how].image, &b)));
        made[how].len = b.len;
    }
    memcpy(image, made[how].image, made[how].len);
    image_len = made[how].len;
}

static void begin(struct card *card, uint8_t how)
{
    put_image(card, how);
    assert(!failed(card_init(card, &io)));
    struct card_channel *channel = &card->channels[how & CHANNEL ? 1 : 0];
    channel->open = true;
    channel->issuer = how & ISSUER;
    channel->apps_open = channel->containers_open = 1;
    channel->apps_user = channel->apps_admin = how & LOGGED_IN;
}

/* ---- what always holds ---- */

static void check_state(const struct card *card)
{
    struct bytes b;
    if (card->dead) return;
    assert(!failed(card_state_encode(&card->state, encoded, sizeof encoded, &b)));
    assert(b.len == image_len && memcmp(encoded, image, image_len) == 0);
    for (size_t i = 0; i < CARD_APPLICATIONS_MAX; i++) {
        const struct card_application *a = &card->state.applications[i];
        assert(!a->used || (a->user.tries <= a->user.tries_max && a->admin.tries <= a->admin.tries_max));
    }
}

/* No application is there whose user could do anything but change the PIN. */
static bool shut(const struct card *card)
{
    for (size_t i = 0; i < CARD_APPLICATIONS_MAX; i++) {
        const struct card_application *a = &card->state.applications[i];
        if (a->used && (!a->user.must_change || a->stage == CARD_STAGE_PRODUCTION)) return false;
    }
    return true;
}

static bool uses_a_key(struct bytes command)
{
    static const uint8_t standard[] = { 0x70, 0x72, 0x74, 0x82, 0x84, 0xA0 };
    if (command.len < 2) return false;
    if (command.ptr[0] == 0xB0) return command.ptr[1] == 0x40;
    return memchr(standard, command.ptr[1], sizeof standard) != NULL;
}

static void run(struct card *card, bool in_channel, struct bytes command)
{
    static uint8_t answer[CARD_ANSWER_MAX];
    bool was_shut = shut(card);
    uint16_t sw;
    if (in_channel) {
        struct writer out = writer_of(answer, CARD_DATA_MAX);
        if (!card->channels[1].open) return;
        sw = card_run(card, 1, command, &out);
        assert(out.len <= CARD_DATA_MAX);
    } else {
        size_t len = card_exchange(card, command, answer);
        assert(len >= 2 && len <= CARD_ANSWER_MAX);
        sw = (uint16_t)(answer[len - 2] << 8 | answer[len - 1]);
    }
    assert(!(was_shut && uses_a_key(command) && sw == SW_OK));
    if (written) check_state(card);
    written = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct card card;
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t how = read_u8(&r);
    begin(&card, how);
    for (int i = 0; i < COMMANDS_MAX && r.left; i++) {
        size_t len = read_u16(&r);
        /* A block of exactly its size, so that a sanitizer sees a step too far. */
        struct bytes command = read_bytes(&r, len <= r.left ? len : r.left);
        uint8_t *copy = malloc(command.len ? command.len : 1);
        assert(copy);
        if (command.len) memcpy(copy, command.ptr, command.len);
        run(&card, how & CHANNEL, bytes_of(copy, command.len));
        free(copy);
    }
    check_state(&card);
    return 0;
}
