/* How the commands of a card are written. Internal to token/card. */
#pragma once

#include "base/secret.h"
#include "pki/enveloped.h"
#include "token/card/card.h"

/* Status words, as gmt0017 implementations give them. */
enum card_sw {
    SW_OK = 0x9000,
    SW_TRIES = 0x63C0,          /* + tries left */
    SW_WRITE = 0x6581,
    SW_LENGTH = 0x6700,
    SW_SECURITY = 0x6982,       /* right missing */
    SW_LOCKED = 0x6983,
    SW_REFERENCE = 0x6984,      /* no challenge, or used up */
    SW_MUST_CHANGE = 0x6985,    /* the PIN must be changed first */
    SW_NOT_NOW = 0x6986,        /* not in this state */
    SW_PROTECTED = 0x6988,      /* protected message wrong: its channel is closed */
    SW_APPLICATION_CLOSED = 0x698A,
    SW_DATA = 0x6A80,
    SW_NOT_SUPPORTED = 0x6A81,
    SW_NO_ROOM = 0x6A84,
    SW_P1P2 = 0x6A86,
    SW_APPLICATION_ID = 0x6A88,
    SW_APPLICATION_EXISTS = 0x6A89,
    SW_APPLICATION_NAME = 0x6A8B,
    SW_CONTAINER_NAME = 0x6A91,
    SW_FILE_EXISTS = 0x6A92,
    SW_FILE_NONE = 0x6A93,
    SW_CONTAINER_ID = 0x6A94,
    SW_KEY_NONE = 0x6A95,
    SW_CERTIFICATE_NONE = 0x6A96,
    SW_WEAK_PIN = 0x6A97,
    SW_SIGNATURE = 0x6A98,
    SW_ALGORITHM = 0x6A99,
    SW_DECRYPT = 0x6A9B,
    SW_NO_DIGESTS = 0x6A9C,
    SW_OBJECT = 0x6A9F,         /* no session key, hash … of this number, or not in this state */
    SW_OFFSET = 0x6B00,
    SW_LE = 0x6C00,
    SW_INS = 0x6D00,
    SW_CLA = 0x6E00,
    SW_CONTAINER_EXISTS = 0x6E02,
    SW_INTERNAL = 0x6F00,
};

enum { CARD_USER = 1, CARD_ADMIN = 0 };
enum { CARD_RIGHT_NEVER = 0, CARD_RIGHT_ADMIN = 1, CARD_RIGHT_USER = 0x10, CARD_RIGHT_ANYONE = 0xFF };

struct card_call {
    struct card_channel *channel;
    uint8_t channel_number;     /* 0: without protection */
    uint8_t cla, ins, p1, p2;
    struct bytes header;        /* CLA INS P1 P2 */
    struct reader in;
    size_t expected;            /* Le; CARD_DATA_MAX where it was 0 or absent */
    struct writer out;
};

/* Integers of GM/T 0017: the lowest byte first. */
uint16_t card_read_u16(struct reader *r);
uint32_t card_read_u32(struct reader *r);
void card_write_u16(struct writer *w, uint16_t v);
void card_write_u32(struct writer *w, uint32_t v);
/* All of the data was read, not more. */
static inline bool card_read_all(const struct reader *r)
{
    return !r->bad && r->left == 0;
}

#define CARD_ENSURE(cond, sw)      \
    do {                           \
        if (!(cond)) return (sw);  \
    } while (0)
#define CARD_TRY(expr)                   \
    do {                                 \
        uint16_t try_ = (expr);          \
        if (try_ != SW_OK) return try_;  \
    } while (0)

/* Makes what stands in card->state last. SW_WRITE when it did not: the state is then as it was before. */
uint16_t card_commit(struct card *card);
/* What is written is what holds: takes the state back to it, as after a loss of power. */
void card_undo(struct card *card);
/* Random bytes, reseeded when it must be. */
void card_random(struct card *card, uint8_t *into, size_t len);
struct drbg *card_drbg(struct card *card);

/* Rights, keys and session keys of a channel are gone. */
void card_channel_close(struct card *card, uint8_t number);

/* ---- what commands refer to ---- */

bool card_name_equal(const struct card_name *a, struct bytes b);
void card_name_set(struct card_name *name, struct bytes text);
/* Printable ASCII without control characters, 1 to MAX bytes; bytes from 80 on are let through as they come. */
bool card_name_good(struct bytes text, size_t max);
/* Rest of the data as a name; padding zeros at its end are left out. */
struct bytes card_read_name(struct reader *r);

/* The application whose number comes next in the data and which is open in this channel; NULL: SW_APPLICATION_ID. */
struct card_application *card_read_application(struct card *card, struct card_call *call);
struct card_container *card_read_container(struct card *card, struct card_call *call,
                                           const struct card_application *application);
uint8_t card_application_index(const struct card *card, const struct card_application *application);
uint8_t card_container_index(const struct card *card, const struct card_container *container);
struct card_application *card_find_application(struct card *card, struct bytes name);
struct card_container *card_find_container(struct card *card, uint8_t application, struct bytes name);
struct card_container *card_new_container(struct card *card, uint8_t application, struct bytes name);
/* Erase with everything that hangs on it, in the state and in the channels; not yet committed. */
void card_erase_application(struct card *card, uint8_t index);
void card_erase_container(struct card *card, uint8_t index);
void card_erase_file(struct card *card, uint8_t index);

/* SW_OK when the user's PIN was given in this channel and is not to be changed first; SW_MUST_CHANGE, SW_SECURITY. */
uint16_t card_need_user(const struct card *card, const struct card_call *call, const struct card_application *a);
/* The same, or production of this application is open, or the container is in the making and has proved itself. */
uint16_t card_need_writer(const struct card *card, const struct card_call *call, const struct card_application *a,
                          const struct card_container *c);
/* One of GM/T 0016's rights (SECURE_…). */
uint16_t card_need_right(const struct card *card, const struct card_call *call, const struct card_application *a,
                         uint32_t right);

/* ---- PINs (card_pin.c) ---- */

bool card_pin_length_good(struct bytes pin);
/* A PIN that anybody would try first. */
bool card_pin_weak(struct bytes pin);
extern const struct bytes card_initial_pin; /* 000000 */
/* KIND: salted, or 2012 for what came without protection. */
void card_pin_set(struct card *card, struct card_pin *pin, uint8_t kind, struct bytes text, bool initial);
/* Nobody in the application is logged in any more, in any channel. */
void card_log_out(struct card *card, uint8_t application);
/* The channel's challenge, once. SW_REFERENCE when there is none. */
uint16_t card_take_challenge(struct card_channel *channel, uint8_t ret_challenge[CARD_CHALLENGE_SIZE]);
/* First 4 bytes of the CBC-MAC of the 2012 commands over header, length, data. */
uint16_t card_check_mac(const struct card_call *call, const uint8_t key[SM4_KEY_SIZE],
                        const uint8_t challenge[CARD_CHALLENGE_SIZE], struct bytes data, struct bytes mac);

/* ---- keys ---- */

/* Point of a container's pair as struct; the pair is used. SW_INTERNAL when the state is not a key. */
uint16_t card_private(const struct card_pair *pair, struct sm2_private *ret_key);
void card_pair_set(struct card_pair *pair, const struct sm2_private *key);
/* The fields of ImportECCKeyPair up to the end of the data, as ENVELOPEDKEYBLOB. SW_LENGTH, SW_DATA. */
uint16_t card_read_envelope(struct card_call *call, uint8_t ret_blob[ENVELOPED_KEY_SIZE]);
/* Whether the certificate DER is for POINT. SW_DATA. */
uint16_t card_certificate_check(struct bytes der, const uint8_t point[SM2_POINT_SIZE]);
/* The card's signature over the statement that the container's key of SLOT was made here: HUFU-ATTEST-v1 for
 * CARD_SIGNING, HUFU-ATTEST-ENCRYPTION-v1 for CARD_ENCRYPTION. */
uint16_t card_attest(struct card *card, const struct card_container *container, int slot,
                     uint8_t ret[SM2_SIGNATURE_SIZE]);
/* The statement itself; returns its length. ROOM is at least CARD_ATTEST_MAX. */
enum { CARD_ATTEST_MAX = 512 };
size_t card_attest_text(const struct card *card, const struct card_container *container, int slot, uint8_t *into);

/* ---- what production and download share ---- */

/* The one application that production made; NULL when there is none. */
struct card_application *card_produced(struct card *card);
/* The issuer's word for a change of holder: what is in the making, or is made now, may be proved without the PIN. */
uint16_t card_download_approve(struct card *card, struct card_application *a);
bool card_starts(struct bytes text, struct bytes prefix);
/* The value of the line "NAME: value\n" in TEXT; empty where it is not there exactly once. */
struct bytes card_line(struct bytes text, const char *name);
/* PIN 000000, to be changed, all tries; nobody is logged in any more. */
void card_give_initial_pin(struct card *card, struct card_application *a);

/* ---- objects ---- */
struct card_object *card_object_new(struct card *card, const struct card_call *call, enum card_object_kind kind);
struct card_object *card_object_find(struct card *card, const struct card_call *call, uint16_t id,
                                     enum card_object_kind kind);
void card_object_free(struct card_object *object);
/* Session keys and the like of a channel. */
void card_objects_free(struct card *card, uint8_t channel);
uint8_t *card_object_key(struct card_object *object, uint32_t algorithm); /* 16 bytes to fill */

/* ---- the commands, one function each; each reads call->in and writes call->out ---- */
typedef uint16_t card_handler(struct card *card, struct card_call *call);

card_handler card_set_label, card_get_info, card_device_auth, card_change_device_key, card_gen_random;
card_handler card_pin_info, card_change_pin, card_verify_pin, card_unblock_pin, card_clear_state;
card_handler card_create_application, card_enum_applications, card_delete_application, card_open_application,
    card_close_application;
card_handler card_create_file, card_delete_file, card_enum_files, card_file_info, card_read_file, card_write_file;
card_handler card_create_container, card_open_container, card_close_container, card_enum_containers,
    card_delete_container, card_container_info, card_import_certificate, card_export_certificate;
card_handler card_gen_pair, card_import_pair, card_sign, card_verify, card_export_session_key, card_ext_encrypt,
    card_ext_decrypt, card_ext_sign, card_ext_verify, card_export_public, card_import_session_key, card_decrypt,
    card_gen_own;
card_handler card_agree_start, card_agree_answer, card_agree_finish;
card_handler card_set_key, card_cipher_init, card_cipher_once, card_cipher_update, card_cipher_final;
card_handler card_digest_init, card_digest_once, card_digest_update, card_digest_final;
card_handler card_mac_init, card_mac_once, card_mac_update, card_mac_final, card_free_object;
card_handler card_open_channel, card_close_channel, card_own_certificate, card_flags, card_get_attestation,
    card_forbid_digests, card_set_current;
card_handler card_produce_challenge, card_produce_open, card_produce_prove, card_produce_close, card_install_admin_key,
    card_produce_recovered;
card_handler card_unlock_draw, card_unlock_take;
card_handler card_download_open, card_download_prove, card_download_close;

/* A command in a protected channel: SW and what is to be sent. */
uint16_t card_protected(struct card *card, struct card_call *call);
/* Runs one command without looking at protection (card.c). */
uint16_t card_run(struct card *card, uint8_t channel, struct bytes command, struct writer *out);
