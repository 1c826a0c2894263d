/* A card in memory, its maker and an issuer, for the tests of card and driver. */
#pragma once

#include "base/text.h"
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
/* The HUFU-DOWNLOAD-v1 of this card, container and key, for SERVICE. */
const char *world_download_text(struct world *w, const char *service, const char *container,
                                const uint8_t point[SM2_POINT_SIZE]);
/* The HUFU-PRODUCE-v2 of this card and key. */
const char *world_produce_text(struct world *w, const char *card, const uint8_t point[SM2_POINT_SIZE]);

/* ---- commands by hand ---- */

/* Header, data in hex (blanks allowed) or NULL. Returns the status word, the answer's data in world_answer. */
uint16_t world_send(struct world *w, uint32_t header, struct bytes data);
extern uint8_t world_answer[CARD_ANSWER_MAX];
extern size_t world_answer_len;
/* With this Le; 0: all. */
uint16_t world_send_le(struct world *w, uint32_t header, struct bytes data, uint16_t le);

/* ---- a protected channel by hand ---- */

struct world_channel {
    uint8_t number, turn, key_out[SM4_KEY_SIZE], key_in[SM4_KEY_SIZE];
    uint32_t count;
    uint16_t le;                    /* of the next command; 0: all */
    size_t flip;                    /* byte of the next command that gets another bit on its way; 0: none */
    uint8_t last[CARD_COMMAND_MAX]; /* the last command as it went over the wire */
    size_t last_len;
};

/* Fails the test unless the card proves that it has its own key. */
void world_channel_open(struct world *w, struct world_channel *channel);
/* As world_send, inside. 0 when the card did not answer inside: the outer status word is then in *ret_outer. */
uint16_t world_channel_send(struct world *w, struct world_channel *channel, uint32_t header, struct bytes data,
                            uint16_t *ret_outer);

/* ---- building data ---- */

/* A buffer that is filled by put_…, one at a time. */
extern struct writer world_data;
void put_begin(void);
void put_u16(uint32_t v); /* lowest byte first */
void put_u32(uint32_t v);
void put(struct bytes b);
void put_text(const char *text);
void put_padded(const char *text, size_t size);
void put_zeros(size_t count);
struct bytes put_end(void);

/* An application "APP" (admin PIN 731946, user PIN 824619, 6 tries each), made by DevAuth in the open: for the commands
 * of 2012. Its number is 1. */
#define WORLD_APP   "APP"
#define WORLD_ADMIN "731946"
#define WORLD_USER  "824619"
void world_application(struct world *w);
/* What CreateApplication is sent for it. */
void world_put_application(void);
/* VerifyPIN of 2012. TYPE: 0 admin, 1 user. */
uint16_t world_verify(struct world *w, uint16_t app, int type, const char *pin);
/* The application, logged in, with a container "C" (number 1) and a key pair in it. */
void world_container(struct world *w, uint8_t ret_point[SM2_POINT_SIZE]);
/* ChangePIN (0x16) or UnblockPIN (0x1A) of 2012. WITH_LENGTH: the MAC's length counts the MAC itself. */
uint16_t world_replace(struct world *w, uint8_t ins, uint16_t app, int type, const char *prover, const char *fresh,
                       bool with_length);

/* Through a channel: from a blank card to a holder's key whose PIN is PIN (NULL: left at 000000). */
void world_produce(struct world *w, const char *pin, uint8_t ret_point[SM2_POINT_SIZE]);
/* OpenApplication and OpenContainer of what production made, in this channel. */
void world_open_holder(struct world *w, struct world_channel *channel, uint16_t *ret_app, uint16_t *ret_container);
uint16_t world_channel_verify(struct world *w, struct world_channel *channel, uint16_t app, const char *pin);
/* The state, tries left, tries. */
void world_flags(struct world *w, uint8_t ret_flags[3]);
