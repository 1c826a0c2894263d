/* A smart token: the commands of GM/T 0017 (APDU) and those beyond them (docs/PROTOCOL.card). One command in, one
 * answer out. No allocation, no I/O but the storage below, no libc beyond memory functions, no globals: it could live
 * in a chip. Everything that must last lies in one image (docs/PROTOCOL.card-image), which the storage replaces
 * as a whole or not at all. Not for several threads at once. */
#pragma once

#include "token/card/card_state.h"

enum {
    CARD_DATA_MAX = 8704,                     /* data of a command or an answer */
    CARD_COMMAND_MAX = CARD_DATA_MAX + 9,     /* header, extended Lc and Le */
    CARD_ANSWER_MAX = CARD_DATA_MAX + 2,
    CARD_CHANNELS_MAX = 9,                    /* the open one and 8 protected ones */
    CARD_OBJECTS_MAX = 32,                    /* session keys, hashes, MACs, agreements */
};

struct card_io {
    void *context;
    /* Replaces the image, durably: after success the new one is there, after failure the old one. */
    struct result (*write)(void *context, struct bytes image);
    /* Reads the whole image; it stays where it is until the next call of write. */
    struct result (*read)(void *context, struct bytes *ret_image);
    /* Random bytes of full entropy. */
    void (*entropy)(void *context, uint8_t *into, size_t len);
};

/* What is gone when the power is. */
struct card_channel {
    bool open;
    uint8_t turn;                       /* which of the channels in this place, one after the other */
    uint8_t key_in[SM4_KEY_SIZE], key_out[SM4_KEY_SIZE];
    uint32_t count_in, count_out, used; /* used: when, to find the one that lay idle longest */
    bool issuer;                        /* DevAuth succeeded here */
    bool has_challenge;
    uint8_t challenge[CARD_CHALLENGE_SIZE];
    uint8_t apps_open, apps_user, apps_admin; /* bit i: application i */
    uint16_t containers_open;
};

enum card_object_kind { CARD_OBJECT_NONE, CARD_OBJECT_KEY, CARD_OBJECT_HASH, CARD_OBJECT_MAC, CARD_OBJECT_AGREEMENT };

struct card_cipher {
    uint8_t key[SM4_KEY_SIZE], iv[SM4_BLOCK], rest[SM4_BLOCK];
    uint32_t algorithm;  /* SGD_SM4_… it was made for */
    uint8_t rest_len, state; /* state: enum in card_symmetric.c */
    bool padding;
};

struct card_agreement {
    uint8_t container;
    uint8_t ephemeral[SM2_KEY_SIZE];
    uint8_t id_len, id[64];
    uint32_t algorithm;
};

struct card_object {
    uint8_t kind, channel;
    uint16_t id;
    union {
        struct card_cipher cipher;
        struct sm3 hash;
        struct card_agreement agreement;
    } u;
};

struct card {
    struct card_io io;
    struct drbg drbg;
    struct card_state state;
    struct card_channel channels[CARD_CHANNELS_MAX]; /* 0: without protection */
    struct card_object objects[CARD_OBJECTS_MAX];
    uint32_t clock;           /* counts commands */
    uint16_t object_id;
    bool dead;                /* the image could not be read back: answers 6F00 to everything */
    uint8_t plain[CARD_COMMAND_MAX]; /* a command out of a protected channel */
    uint8_t image[CARD_IMAGE_MAX];
};

/* Power on: reads the image. ERROR_CARD_IMAGE when it is not one of this version, ERROR_IO. IO's functions live as
 * long as the card. */
RESULT card_init(struct card *card, const struct card_io *io);
/* Power off and on again: rights, challenges, channels and session keys are gone. */
void card_reset(struct card *card);
/* Wipes everything. */
void card_done(struct card *card);

/* Runs COMMAND; the answer with its two status bytes is written to RET_ANSWER, which has room for CARD_ANSWER_MAX.
 * Returns its length, at least 2. */
size_t card_exchange(struct card *card, struct bytes command, uint8_t *ret_answer);

/* 3B … as PC/SC shows it. */
extern const struct bytes card_atr;
