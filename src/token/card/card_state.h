/* What a card keeps, and how it lies in its image (docs/PROTOCOL.card-image). No allocation. */
#pragma once

#include "pki/card_keys.h"

enum {
    CARD_NAME_MAX = 64,
    CARD_LABEL_MAX = 32,
    CARD_FILE_NAME_MAX = 32,
    CARD_APPLICATIONS_MAX = 4,
    CARD_CONTAINERS_MAX = 12,
    CARD_FILES_MAX = 16,
    CARD_FILE_ROOM = 32 * 1024, /* of all files together */
    CARD_CERTIFICATE_MAX = 4096,
    CARD_PIN_MIN = 6,
    CARD_PIN_MAX = 16,
    CARD_PIN_SALT = 16,
    CARD_IMAGE_MAX = 192 * 1024,
};

struct card_name {
    uint8_t len, text[CARD_NAME_MAX];
};

enum card_pin_kind {
    CARD_PIN_NONE,
    CARD_PIN_SALTED, /* salt and SM3-HMAC: known only through a protected channel */
    CARD_PIN_2012,   /* first 16 bytes of SHA-1, as the 2012 commands need it */
};

struct card_pin {
    uint8_t kind, tries_max, tries;
    bool initial;     /* not yet changed since it was set for somebody */
    bool must_change; /* … and is 000000: allows nothing but its own change */
    uint8_t salt[CARD_PIN_SALT], value[SM3_SIZE];
};

enum card_stage {
    CARD_STAGE_PLAIN,      /* made by CreateApplication */
    CARD_STAGE_PRODUCTION, /* the issuer opened production and has not closed it */
    CARD_STAGE_PRODUCED,
};

struct card_application {
    bool used;
    uint8_t stage;
    struct card_name name;
    uint32_t file_rights;  /* who may make files: SECURE_… of GM/T 0016 */
    uint8_t containers_max, certificates_max;
    uint16_t files_max;
    struct card_pin user, admin;
    bool has_admin_key;
    uint32_t admin_version;
    uint8_t admin_key[CARD_KEY_SIZE];
    bool has_unlocked;
    uint8_t unlocked[SM3_SIZE]; /* approval of the last unlock: good once */
    bool has_proved[2];
    uint8_t proved[2][SM3_SIZE]; /* SM3 of the texts that the fresh key signed during production */
    uint8_t current;            /* 1 + container that is the current one; 0: none */
};

struct card_pair {
    bool used;
    uint8_t d[SM2_KEY_SIZE], point[SM2_POINT_SIZE];
};

struct card_certificate {
    uint16_t len;
    uint8_t der[CARD_CERTIFICATE_MAX];
};

enum { CARD_SIGNING = 0, CARD_ENCRYPTION = 1 };
/* Attributes of a container. In the making: its key waits for its certificates (docs/PROTOCOL.card, download). */
enum {
    CARD_NO_DIGESTS = 1,
    CARD_MAKING = 2,
    CARD_PROVED = 4, /* under the user's PIN it signed its HUFU-DOWNLOAD-v1: certificates may be written */
    CARD_PASSES = 8, /* … which was of a change of holder */
    CARD_APPROVED = 16, /* … for which the issuer's word stands in the PIN's place (B0 82) */
    CARD_KEEPS = 32     /* … and leaves the encryption keys of before to the new holder (R-CHANGE-4) */
};

struct card_container {
    bool used;
    uint8_t application, attributes;
    struct card_name name;
    struct card_pair pairs[2]; /* CARD_SIGNING was made inside, CARD_ENCRYPTION brought, or made by B0 42 */
    struct card_certificate certificates[2];
};

struct card_file {
    bool used;
    uint8_t application;
    struct card_name name;
    uint32_t read_rights, write_rights, at, size; /* AT: in file_room, one behind the other without gaps */
};

struct card_state {
    struct card_name serial, label, maker;
    uint8_t own_key[SM2_KEY_SIZE];
    struct card_certificate own_certificate; /* by the maker, for own_key */
    uint8_t device_key[CARD_KEY_SIZE];
    uint32_t answered; /* challenges of the issuer that were answered: the next one differs */
    struct card_application applications[CARD_APPLICATIONS_MAX];
    struct card_container containers[CARD_CONTAINERS_MAX];
    struct card_file files[CARD_FILES_MAX];
    uint32_t file_room_used;
    uint8_t file_room[CARD_FILE_ROOM];
};

/* ERROR_TOO_LARGE when it does not fit. */
RESULT card_state_encode(const struct card_state *state, uint8_t *into, size_t room, struct bytes *ret_image);
/* ERROR_CARD_IMAGE for anything that encode would not have written. RET_STATE is zero then. */
RESULT card_state_decode(struct bytes image, struct card_state *ret_state);
