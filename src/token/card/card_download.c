/* Download (R-RENEW-3, R-CHANGE-2): a key that has left production takes new certificates. The new key is made beside
 * the one in use, in a container that is in the making until its certificates are in; only then, in one write, it
 * becomes the current one. Whatever is lost in between, the one in use goes on. Like production it belongs to the card
 * and outlives the power. */
#include "token/card/card_internal.h"

enum { P1_GOING_ON = 0, P1_ANEW = 1, P1_LOOK = 2, NUMBER_MAX = 99 };

static struct card_container *in_the_making(struct card *card, const struct card_application *a)
{
    for (size_t i = 0; i < COUNT(card->state.containers); i++) {
        struct card_container *c = &card->state.containers[i];
        if (c->used && c->application == card_application_index(card, a) && c->attributes & CARD_MAKING) return c;
    }
    return NULL;
}

static struct card_application *produced(struct card *card)
{
    struct card_application *a = card_produced(card);
    return a && a->stage == CARD_STAGE_PRODUCED && a->current ? a : NULL;
}

/* "HUFU-" and the first number that is free. */
static struct bytes next_name(struct card *card, const struct card_application *a, uint8_t room[8])
{
    uint8_t index = card_application_index(card, a);
    for (unsigned number = 2; number <= NUMBER_MAX; number++) {
        struct writer w = writer_of(room, 8);
        write_text(&w, CARD_CONTAINER_PREFIX);
        if (number > 9) write_u8(&w, (uint8_t)('0' + number / 10));
        write_u8(&w, (uint8_t)('0' + number % 10));
        if (!card_find_container(card, index, bytes_of(room, w.len))) return bytes_of(room, w.len);
    }
    return (struct bytes){ 0 };
}

static uint16_t make(struct card *card, const struct card_application *a, uint8_t more,
                     struct card_container **ret_container)
{
    uint8_t room[8];
    unsigned count = 0;
    struct sm2_private key;
    struct bytes name = next_name(card, a, room);
    uint8_t index = card_application_index(card, a);
    for (size_t i = 0; i < COUNT(card->state.containers); i++)
        if (card->state.containers[i].used && card->state.containers[i].application == index) count++;
    CARD_ENSURE(name.len && count < a->containers_max, SW_NO_ROOM);
    struct card_container *c = card_new_container(card, index, name);
    CARD_ENSURE(c, SW_NO_ROOM);
    c->attributes = (uint8_t)(CARD_NO_DIGESTS | CARD_MAKING | more);
    CARD_ENSURE(!failed(sm2_private_generate(&key, card_drbg(card))), SW_INTERNAL);
    card_pair_set(&c->pairs[CARD_SIGNING], &key);
    sm2_private_done(&key);
    *ret_container = c;
    return card_commit(card);
}

uint16_t card_download_approve(struct card *card, struct card_application *a)
{
    struct card_container *c = in_the_making(card, a);
    if (!c) return make(card, a, CARD_APPROVED, &c);
    c->attributes |= CARD_APPROVED;
    return card_commit(card);
}

/* → key 64, attestation 64, length 1 and name of the container. P1 0: what is in the making, or a fresh one; 1: a fresh
 * one in any case; 2: only what there is. */
uint16_t card_download_open(struct card *card, struct card_call *call)
{
    struct card_application *a = produced(card);
    uint8_t attestation[SM2_SIGNATURE_SIZE];
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->p1 <= P1_LOOK && call->p2 == 0, SW_P1P2);
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    struct card_container *c = in_the_making(card, a);
    uint8_t approved = c ? c->attributes & CARD_APPROVED : 0;
    CARD_ENSURE(approved || a->user.tries > 0, SW_LOCKED);
    CARD_ENSURE(approved || !a->user.must_change, SW_MUST_CHANGE);
    CARD_ENSURE(c || call->p1 != P1_LOOK, SW_CONTAINER_NAME);
    bool anew = c && call->p1 == P1_ANEW;
    if (anew) card_erase_container(card, card_container_index(card, c)); /* committed with what takes its place */
    uint16_t sw = c && !anew ? SW_OK : make(card, a, approved, &c);
    if (sw != SW_OK && anew) card_undo(card);
    CARD_TRY(sw);
    CARD_TRY(card_attest(card, c, CARD_SIGNING, attestation));
    write_bytes(&call->out, BYTES(c->pairs[CARD_SIGNING].point));
    write_bytes(&call->out, BYTES(attestation));
    write_u8(&call->out, c->name.len);
    write_bytes(&call->out, bytes_of(c->name.text, c->name.len));
    return SW_OK;
}

/* Whether TEXT is a HUFU-DOWNLOAD-v1 that names this card, this container and its key, of a service that has one; what
 * that means for what the card has. */
static bool provable(const struct card *card, const struct card_container *c, struct bytes text, uint8_t *ret_means)
{
    uint8_t own[CARD_ATTEST_MAX];
    struct bytes attest = bytes_of(own, card_attest_text(card, c, CARD_SIGNING, own));
    struct bytes service = card_line(text, "service");
    *ret_means = bytes_equal(service, bytes_text("change"))        ? CARD_PASSES
                 : bytes_equal(service, bytes_text("change-keep")) ? CARD_PASSES | CARD_KEEPS
                                                                   : 0;
    return card_starts(text, bytes_text("HUFU-DOWNLOAD-v1\n")) &&
           card_name_equal(&card->state.serial, card_line(text, "card")) &&
           card_name_equal(&c->name, card_line(text, "container")) &&
           bytes_equal(card_line(text, "public_key"), card_line(attest, "public_key")) &&
           (*ret_means || bytes_equal(service, bytes_text("renew")) || bytes_equal(service, bytes_text("reissue")));
}

static uint16_t sign(struct card *card, const struct card_container *c, struct bytes text, struct writer *out)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    struct sm2_private key;
    CARD_TRY(card_private(&c->pairs[CARD_SIGNING], &key));
    struct result r = sm2_sign(&key, text, card_drbg(card), signature);
    sm2_private_done(&key);
    CARD_ENSURE(!failed(r), SW_INTERNAL);
    write_bytes(out, BYTES(signature));
    return SW_OK;
}

/* The text of the statement → signature of the key in use 64, of the new one 64. Under the user's PIN: with it the
 * holder agrees that the certificates are written; at a change of holder the issuer's word is as good. */
uint16_t card_download_prove(struct card *card, struct card_call *call)
{
    struct card_application *a = produced(card);
    struct bytes text = read_bytes(&call->in, call->in.left);
    uint8_t means;
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    struct card_container *c = in_the_making(card, a);
    uint8_t approved = c ? c->attributes & CARD_APPROVED : 0;
    if (!approved) CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(c, SW_CONTAINER_NAME);
    CARD_ENSURE(provable(card, c, text, &means), SW_DATA);
    if (approved && !(means & CARD_PASSES)) CARD_TRY(card_need_user(card, call, a));
    uint8_t proved = (uint8_t)(CARD_NO_DIGESTS | CARD_MAKING | CARD_PROVED | means | approved);
    if (c->attributes != proved) {
        c->attributes = proved;
        CARD_TRY(card_commit(card));
    }
    CARD_TRY(sign(card, &card->state.containers[a->current - 1], text, &call->out));
    return sign(card, c, text, &call->out);
}

/* Of a holder before: everything, or all but the encryption keys where they pass on. */
static void let_go(struct card *card, uint8_t at, bool keeps)
{
    struct card_container *c = &card->state.containers[at];
    if (!keeps || !c->pairs[CARD_ENCRYPTION].used) {
        card_erase_container(card, at);
        return;
    }
    secret_wipe(&c->pairs[CARD_SIGNING], sizeof c->pairs[CARD_SIGNING]);
    secret_wipe(&c->certificates[CARD_SIGNING], sizeof c->certificates[CARD_SIGNING]);
}

/* Ends it: what was in the making is the current one. Of a change of holder everything else in the application is
 * erased, and the PIN is 000000, to be changed: the new holder sets a PIN, and reads nothing of the former one, unless
 * the organization asked for it. Without
 * anything in the making: 9000, for the first answer was lost. */
uint16_t card_download_close(struct card *card, struct card_call *call)
{
    struct card_application *a = produced(card);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    struct card_container *c = in_the_making(card, a);
    if (!c) return SW_OK;
    CARD_ENSURE(c->attributes & CARD_PROVED, SW_SECURITY);
    CARD_ENSURE(c->certificates[CARD_SIGNING].len > 0, SW_CERTIFICATE_NONE);
    CARD_ENSURE(!c->pairs[CARD_ENCRYPTION].used || c->certificates[CARD_ENCRYPTION].len > 0, SW_CERTIFICATE_NONE);
    bool passes = c->attributes & CARD_PASSES, keeps = c->attributes & CARD_KEEPS;
    uint8_t index = card_application_index(card, a), current = card_container_index(card, c);
    c->attributes = CARD_NO_DIGESTS;
    for (uint8_t i = 0; i < CARD_CONTAINERS_MAX && passes; i++)
        if (i != current && card->state.containers[i].used && card->state.containers[i].application == index)
            let_go(card, i, keeps);
    for (uint8_t i = 0; i < CARD_FILES_MAX && passes; i++)
        if (card->state.files[i].used && card->state.files[i].application == index) card_erase_file(card, i);
    a->current = (uint8_t)(current + 1);
    if (passes) card_give_initial_pin(card, a);
    return card_commit(card);
}
