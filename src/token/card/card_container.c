/* Containers: the pair of keys and their certificates. */
#include "pki/public_key.h"
#include "token/card/card_internal.h"

enum { KIND_ENCRYPTION = 0, KIND_SIGNING = 1, TYPE_NONE = 0, TYPE_ECC = 2, BITS = 256 };

/* The pair of a certificate's kind. */
static int slot_of(uint8_t kind)
{
    return kind == KIND_SIGNING ? CARD_SIGNING : CARD_ENCRYPTION;
}

struct card_container *card_find_container(struct card *card, uint8_t application, struct bytes name)
{
    for (size_t i = 0; i < COUNT(card->state.containers); i++) {
        struct card_container *c = &card->state.containers[i];
        if (c->used && c->application == application && card_name_equal(&c->name, name)) return c;
    }
    return NULL;
}

uint8_t card_container_index(const struct card *card, const struct card_container *c)
{
    return (uint8_t)(c - card->state.containers);
}

struct card_container *card_read_container(struct card *card, struct card_call *call,
                                           const struct card_application *application)
{
    uint16_t number = card_read_u16(&call->in);
    if (call->in.bad || number == 0 || number > CARD_CONTAINERS_MAX) return NULL;
    if (!(call->channel->containers_open & 1u << (number - 1))) return NULL;
    struct card_container *c = &card->state.containers[number - 1];
    return c->used && c->application == card_application_index(card, application) ? c : NULL;
}

void card_erase_container(struct card *card, uint8_t index)
{
    struct card_container *c = &card->state.containers[index];
    struct card_application *a = &card->state.applications[c->application];
    if (a->current == index + 1) a->current = 0;
    for (size_t i = 0; i < COUNT(card->channels); i++) card->channels[i].containers_open &= (uint16_t)~(1u << index);
    for (size_t i = 0; i < COUNT(card->objects); i++) {
        struct card_object *o = &card->objects[i];
        if (o->kind == CARD_OBJECT_AGREEMENT && o->u.agreement.container == index) card_object_free(o);
    }
    secret_wipe(c, sizeof *c);
}

struct card_container *card_new_container(struct card *card, uint8_t application, struct bytes name)
{
    for (size_t i = 0; i < COUNT(card->state.containers); i++) {
        struct card_container *c = &card->state.containers[i];
        if (c->used) continue;
        memset(c, 0, sizeof *c);
        c->used = true;
        c->application = application;
        card_name_set(&c->name, name);
        return c;
    }
    return NULL;
}

uint16_t card_create_container(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct bytes name = card_read_name(&call->in);
    uint8_t index = card_application_index(card, a);
    unsigned count = 0;
    CARD_ENSURE(card_name_good(name, CARD_NAME_MAX), SW_DATA);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(!card_find_container(card, index, name), SW_CONTAINER_EXISTS);
    for (size_t i = 0; i < COUNT(card->state.containers); i++)
        if (card->state.containers[i].used && card->state.containers[i].application == index) count++;
    CARD_ENSURE(count < a->containers_max, SW_NO_ROOM);
    struct card_container *c = card_new_container(card, index, name);
    CARD_ENSURE(c, SW_NO_ROOM);
    CARD_TRY(card_commit(card));
    call->channel->containers_open |= (uint16_t)(1u << card_container_index(card, c));
    card_write_u16(&call->out, (uint16_t)(card_container_index(card, c) + 1));
    return SW_OK;
}

uint16_t card_open_container(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c =
        card_find_container(card, card_application_index(card, a), card_read_name(&call->in));
    CARD_ENSURE(c, SW_CONTAINER_NAME);
    call->channel->containers_open |= (uint16_t)(1u << card_container_index(card, c));
    card_write_u16(&call->out, (uint16_t)(card_container_index(card, c) + 1));
    return SW_OK;
}

uint16_t card_close_container(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    call->channel->containers_open &= (uint16_t)~(1u << card_container_index(card, c));
    return SW_OK;
}

uint16_t card_enum_containers(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    for (size_t i = 0; i < COUNT(card->state.containers); i++) {
        const struct card_container *c = &card->state.containers[i];
        if (!c->used || c->application != card_application_index(card, a)) continue;
        write_bytes(&call->out, bytes_of(c->name.text, c->name.len));
        write_u8(&call->out, 0);
    }
    write_u8(&call->out, 0);
    return SW_OK;
}

uint16_t card_delete_container(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_TRY(card_need_user(card, call, a));
    struct card_container *c =
        card_find_container(card, card_application_index(card, a), card_read_name(&call->in));
    CARD_ENSURE(c, SW_CONTAINER_NAME);
    card_erase_container(card, card_container_index(card, c));
    return card_commit(card);
}

uint16_t card_container_info(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    const struct card_container *c =
        card_find_container(card, card_application_index(card, a), card_read_name(&call->in));
    CARD_ENSURE(c, SW_CONTAINER_NAME);
    bool sign = c->pairs[CARD_SIGNING].used, enc = c->pairs[CARD_ENCRYPTION].used;
    write_u8(&call->out, sign || enc ? TYPE_ECC : TYPE_NONE);
    card_write_u32(&call->out, sign ? BITS : 0);
    card_write_u32(&call->out, enc ? BITS : 0);
    write_u8(&call->out, c->certificates[CARD_SIGNING].len > 0);
    write_u8(&call->out, c->certificates[CARD_ENCRYPTION].len > 0);
    return SW_OK;
}

/* ---- certificates ---- */

/* Goes through TBSCertificate up to the key; what else stands in it is not the card's affair. */
static struct result key_of(struct bytes der, struct public_key *ret_key)
{
    struct reader whole = reader_of(der), certificate, tbs;
    struct bytes skipped;
    TRY(der_check(der));
    TRY(der_open(&whole, DER_SEQUENCE, &certificate));
    TRY(der_open(&certificate, DER_SEQUENCE, &tbs));
    if (der_next(&tbs, DER_CONSTRUCTED)) TRY(der_read(&tbs, DER_CONSTRUCTED, &skipped)); /* version */
    TRY(der_read(&tbs, DER_INTEGER, &skipped));
    for (int i = 0; i < 4; i++) TRY(der_read(&tbs, DER_SEQUENCE, &skipped)); /* algorithm, issuer, validity, subject */
    return public_key_read(&tbs, ret_key);
}

uint16_t card_certificate_check(struct bytes der, const uint8_t point[SM2_POINT_SIZE])
{
    struct public_key key;
    CARD_ENSURE(der.len > 0 && der.len <= CARD_CERTIFICATE_MAX, SW_DATA);
    CARD_ENSURE(!failed(key_of(der, &key)), SW_DATA);
    bool same = key.algorithm == KEY_SM2 && bytes_equal(BYTES(key.point), bytes_of(point, SM2_POINT_SIZE));
    return same ? SW_OK : SW_DATA;
}

/* Kind 1, length 4, DER. */
uint16_t card_import_certificate(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    uint8_t kind = read_u8(&call->in);
    struct bytes der = read_bytes(&call->in, card_read_u32(&call->in));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(kind <= KIND_SIGNING, SW_DATA);
    CARD_TRY(card_need_writer(card, call, a, c));
    const struct card_pair *pair = &c->pairs[slot_of(kind)];
    CARD_ENSURE(pair->used, SW_KEY_NONE);
    CARD_TRY(card_certificate_check(der, pair->point));
    struct card_certificate *into = &c->certificates[slot_of(kind)];
    into->len = (uint16_t)der.len;
    memcpy(into->der, der.ptr, der.len);
    return card_commit(card);
}

uint16_t card_export_certificate(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    const struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->p1 <= KIND_SIGNING && call->p2 == 0, SW_P1P2);
    const struct card_certificate *certificate = &c->certificates[slot_of(call->p1)];
    CARD_ENSURE(certificate->len > 0, SW_CERTIFICATE_NONE);
    write_bytes(&call->out, bytes_of(certificate->der, certificate->len));
    return SW_OK;
}

/* ---- beyond the standard ---- */

uint16_t card_forbid_digests(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_need_user(card, call, a));
    c->attributes |= CARD_NO_DIGESTS;
    return card_commit(card);
}

uint16_t card_set_current(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(!(c->attributes & CARD_MAKING), SW_NOT_NOW); /* it has a way of its own: B0 78 */
    CARD_ENSURE(c->certificates[CARD_SIGNING].len > 0, SW_CERTIFICATE_NONE);
    /* A key with an encryption pair is complete only with its certificate. */
    CARD_ENSURE(!c->pairs[CARD_ENCRYPTION].used || c->certificates[CARD_ENCRYPTION].len > 0, SW_CERTIFICATE_NONE);
    a->current = (uint8_t)(card_container_index(card, c) + 1);
    return card_commit(card);
}

/* ---- attestation ---- */

static void write_hex(struct writer *w, struct bytes b)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < b.len; i++) {
        write_u8(w, (uint8_t)digits[b.ptr[i] >> 4]);
        write_u8(w, (uint8_t)digits[b.ptr[i] & 15]);
    }
}

size_t card_attest_text(const struct card *card, const struct card_container *c, int slot, uint8_t *into)
{
    struct writer w = writer_of(into, CARD_ATTEST_MAX);
    write_text(&w, slot == CARD_SIGNING ? "HUFU-ATTEST-v1\ncard: " : "HUFU-ATTEST-ENCRYPTION-v1\ncard: ");
    write_bytes(&w, bytes_of(card->state.serial.text, card->state.serial.len));
    write_text(&w, "\ncontainer: ");
    write_bytes(&w, bytes_of(c->name.text, c->name.len));
    write_text(&w, "\npublic_key: ");
    write_hex(&w, BYTES(c->pairs[slot].point));
    write_u8(&w, '\n');
    return w.len;
}

static bool plain_ascii(const struct card_name *name)
{
    for (size_t i = 0; i < name->len; i++)
        if (name->text[i] >= 0x7F) return false;
    return true;
}

uint16_t card_attest(struct card *card, const struct card_container *c, int slot, uint8_t ret[SM2_SIGNATURE_SIZE])
{
    uint8_t text[CARD_ATTEST_MAX];
    struct sm2_private own;
    CARD_ENSURE(c->pairs[slot].used, SW_KEY_NONE);
    CARD_ENSURE(plain_ascii(&c->name), SW_NOT_SUPPORTED); /* other names could look like other lines */
    CARD_ENSURE(!failed(sm2_private_init(&own, card->state.own_key)), SW_INTERNAL);
    size_t len = card_attest_text(card, c, slot, text);
    struct result r = sm2_sign(&own, bytes_of(text, len), card_drbg(card), ret);
    sm2_private_done(&own);
    return failed(r) ? SW_INTERNAL : SW_OK;
}

uint16_t card_get_attestation(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    uint8_t signature[SM2_SIGNATURE_SIZE];
    CARD_ENSURE(a, SW_APPLICATION_ID);
    const struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_attest(card, c, CARD_SIGNING, signature));
    write_bytes(&call->out, BYTES(signature));
    return SW_OK;
}
