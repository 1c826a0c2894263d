/* Key agreement of SM2 with the encryption pair of a container. */
#include "crypto/sm2_exchange.h"
#include "token/card/card_internal.h"

enum { BITS = 256 };

static uint16_t read_point(struct reader *r, struct sm2_public *ret_key)
{
    uint8_t point[SM2_POINT_SIZE];
    uint32_t bits = card_read_u32(r);
    read_copy(r, point, sizeof point);
    CARD_ENSURE(!r->bad, SW_LENGTH);
    CARD_ENSURE(bits == BITS && !failed(sm2_public_init(ret_key, point)), SW_DATA);
    return SW_OK;
}

static struct bytes read_identity(struct reader *r)
{
    struct bytes id = read_bytes(r, card_read_u32(r));
    if (id.len == 0 || id.len > sizeof ((struct card_agreement *)0)->id) r->bad = true;
    return id;
}

static uint16_t read_pair(struct card *card, struct card_call *call, struct card_container **ret_container)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    struct card_container *c = card_read_container(card, call, a);
    CARD_ENSURE(c, SW_CONTAINER_ID);
    CARD_TRY(card_need_user(card, call, a));
    CARD_ENSURE(c->pairs[CARD_ENCRYPTION].used, SW_KEY_NONE);
    *ret_container = c;
    return SW_OK;
}

/* The agreed key as a session key of ALGORITHM; writes its number. */
static uint16_t finish(struct card *card, struct card_call *call, const struct sm2_exchange *x, uint32_t algorithm)
{
    struct sm2_confirmation unused;
    uint8_t key[SM4_KEY_SIZE];
    CARD_ENSURE(!failed(sm2_exchange(x, key, sizeof key, &unused)), SW_DATA);
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_KEY);
    uint8_t *into = o ? card_object_key(o, algorithm) : NULL;
    if (into) {
        memcpy(into, key, sizeof key);
        card_write_u16(&call->out, o->id);
    } else if (o)
        card_object_free(o);
    secret_wipe(key, sizeof key);
    secret_wipe(&unused, sizeof unused);
    return into ? SW_OK : o ? SW_ALGORITHM : SW_NO_ROOM;
}

/* Algorithm 4, identity (length 4) → ephemeral point, number 2. */
uint16_t card_agree_start(struct card *card, struct card_call *call)
{
    struct card_container *c;
    struct sm2_private ephemeral;
    CARD_TRY(read_pair(card, call, &c));
    uint32_t algorithm = card_read_u32(&call->in);
    struct bytes id = read_identity(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(!failed(sm2_private_generate(&ephemeral, card_drbg(card))), SW_INTERNAL);
    struct card_object *o = card_object_new(card, call, CARD_OBJECT_AGREEMENT);
    if (o) {
        struct card_agreement *g = &o->u.agreement;
        g->container = card_container_index(card, c);
        g->algorithm = algorithm;
        g->id_len = (uint8_t)id.len;
        memcpy(g->id, id.ptr, id.len);
        sm2_private_bytes(&ephemeral, g->ephemeral);
        card_write_u32(&call->out, BITS);
        write_bytes(&call->out, BYTES(ephemeral.public.point));
        card_write_u16(&call->out, o->id);
    }
    sm2_private_done(&ephemeral);
    return o ? SW_OK : SW_NO_ROOM;
}

/* Algorithm 4, the other side's key and ephemeral key, own identity, the other side's → ephemeral point, number 2. */
uint16_t card_agree_answer(struct card *card, struct card_call *call)
{
    struct card_container *c;
    struct sm2_public peer, peer_ephemeral;
    struct sm2_private own, ephemeral;
    CARD_TRY(read_pair(card, call, &c));
    uint32_t algorithm = card_read_u32(&call->in);
    CARD_TRY(read_point(&call->in, &peer));
    CARD_TRY(read_point(&call->in, &peer_ephemeral));
    struct bytes id = read_identity(&call->in), peer_id = read_identity(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_private(&c->pairs[CARD_ENCRYPTION], &own));
    uint16_t sw = failed(sm2_private_generate(&ephemeral, card_drbg(card))) ? SW_INTERNAL : SW_OK;
    if (sw == SW_OK) {
        struct sm2_exchange x = { false, &own, &ephemeral, &peer, &peer_ephemeral, id, peer_id };
        card_write_u32(&call->out, BITS);
        write_bytes(&call->out, BYTES(ephemeral.public.point));
        sw = finish(card, call, &x, algorithm);
    }
    sm2_private_done(&own);
    sm2_private_done(&ephemeral);
    return sw;
}

/* Number 2, the other side's key and ephemeral key, its identity → number 2. The agreement is used up. */
uint16_t card_agree_finish(struct card *card, struct card_call *call)
{
    struct card_object *o =
        card_object_find(card, call, card_read_u16(&call->in), CARD_OBJECT_AGREEMENT);
    struct sm2_public peer, peer_ephemeral;
    struct sm2_private own, ephemeral;
    CARD_ENSURE(o, SW_OBJECT);
    CARD_TRY(read_point(&call->in, &peer));
    CARD_TRY(read_point(&call->in, &peer_ephemeral));
    struct bytes peer_id = read_identity(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    struct card_agreement agreement = o->u.agreement;
    card_object_free(o);
    const struct card_container *c = &card->state.containers[agreement.container];
    CARD_TRY(card_need_user(card, call, &card->state.applications[c->application]));
    CARD_TRY(card_private(&c->pairs[CARD_ENCRYPTION], &own));
    uint16_t sw = failed(sm2_private_init(&ephemeral, agreement.ephemeral)) ? SW_INTERNAL : SW_OK;
    if (sw == SW_OK) {
        struct sm2_exchange x = { true, &own, &ephemeral, &peer, &peer_ephemeral,
                                  bytes_of(agreement.id, agreement.id_len), peer_id };
        sw = finish(card, call, &x, agreement.algorithm);
    }
    sm2_private_done(&own);
    sm2_private_done(&ephemeral);
    secret_wipe(&agreement, sizeof agreement);
    return sw;
}
