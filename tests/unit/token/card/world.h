/* A card in memory, its maker and an issuer, for the tests of card and driver. */
#pragma once

#include "crypto/sm2.h"
#include "pki/enveloped.h"
#include "pki/profile.h"
#include "token/card/card.h"

#define WORLD_SERIAL "HF00000042"

struct world {
    struct drbg drbg;
    struct arena *arena;
    struct sm2_private maker_key, issuing_key, own_key, encryption_key;
    struct certificate *maker, *issuing;
    uint8_t transport_key[CARD_KEY_SIZE], master_key[CARD_KEY_SIZE];
    struct card *card;
    /* the storage */
    uint8_t image[CARD_IMAGE_MAX];
    size_t image_len;
    int writes;          /* so far */
    int fail_at;         /* this write (from 1) fails; 0: none */
    bool fail_after;     /* … but the image was written: power was lost behind it */
};

/* A blank card that is plugged in. */
struct world *world_new(void);
void world_free(struct world *w);
/* Power off and on: what the storage has is what counts. */
void world_power(struct world *w);

/* The maker's device key and the issuer's admin key of the card. */
void world_device_answer(const struct world *w, const uint8_t challenge[CARD_CHALLENGE_SIZE], uint8_t ret_answer[16]);
void world_admin_sealed(struct world *w, uint8_t ret_sealed[CARD_ADMIN_SEALED_SIZE]);
void world_unlock_answer(const struct world *w, const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE],
                         const char *approval, uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE]);
/* A holder's certificate for POINT. */
struct bytes world_certificate(struct world *w, const uint8_t point[SM2_POINT_SIZE], const struct profile *profile);
/* encryption_key enveloped for POINT. */
void world_envelope(struct world *w, const uint8_t point[SM2_POINT_SIZE], uint8_t ret_blob[ENVELOPED_KEY_SIZE]);
/* The HUFU-PRODUCE-v1 of this card and key. */
const char *world_produce_text(struct world *w, const char *card, const uint8_t point[SM2_POINT_SIZE]);

/* ---- commands by hand ---- */

/* Header, data in hex (blanks allowed) or NULL. Returns the status word, the answer's data in world_answer. */
uint16_t world_send(struct world *w, uint32_t header, struct bytes data);
extern uint8_t world_answer[CARD_ANSWER_MAX];
extern size_t world_answer_len;
