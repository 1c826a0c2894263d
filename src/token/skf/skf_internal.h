/* How the functions of the driver are written. Internal to token/skf. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/secret.h"
#include "crypto/sm2.h"
#include "pki/certificate.h"
#include "token/card/card.h"
#include "token/skf/hufu_skf.h"
#include "token/skf/skf_transport.h"

#ifdef _WIN32
#define SKF_EXPORT __declspec(dllexport)
#else
#define SKF_EXPORT __attribute__((visibility("default")))
#endif

#define SKF_TRY(expr)                   \
    do {                                \
        ULONG try_ = (expr);            \
        if (try_ != SAR_OK) return try_; \
    } while (0)
#define SKF_ENSURE(cond, sar)      \
    do {                           \
        if (!(cond)) return (sar); \
    } while (0)

/* ---- a device, as one handle of SKF_ConnectDev has it ---- */

struct skf_device {
    const struct skf_transport *transport;
    void *link;
    pthread_mutex_t mutex;
    unsigned users;        /* handles and calls that point here; guarded by the table's mutex */
    bool protected;        /* commands go through a channel of their own */
    uint8_t channel, turn, key_out[SM4_KEY_SIZE], key_in[SM4_KEY_SIZE];
    uint32_t count_out, count_in;
    struct card_name serial;
    struct sm2_public card_key;
    struct drbg drbg;
    char name[SKF_DEVICE_NAME_MAX];
    uint8_t sealed[CARD_COMMAND_MAX], plain[CARD_COMMAND_MAX], answer[CARD_ANSWER_MAX];
};

/* Reads who the card is and opens a channel if it has such. */
ULONG skf_device_open(struct skf_device *device);
/* Whether one of the makers of the setting vouches for the card's certificate (NULL: it has none). SAR_OK where there
 * is no such setting. */
ULONG skf_check_maker(const struct certificate *card, struct arena *arena);

/* ---- handles ---- */

enum skf_kind { SKF_FREE, SKF_DEVICE, SKF_APPLICATION, SKF_CONTAINER, SKF_KEY, SKF_HASH, SKF_MAC, SKF_AGREEMENT };

struct skf_entry {
    enum skf_kind kind;
    uint32_t generation;
    struct skf_device *device;
    uint32_t parent;        /* place of the application of a container, of the device of anything else */
    uint16_t id;            /* the card's number */
    uint16_t application;   /* … of a container */
    struct card_name name;
    ULONG algorithm;        /* of a key */
    bool padding;           /* … of the operation that it is in */
    size_t waiting;         /* bytes that the card holds back until a block is whole */
    bool finished;          /* of a hash */
    struct sm3 hash;
};

/* One call's hold on a handle: its device stays and is locked until skf_release. */
struct skf_use {
    struct skf_device *device;
    struct skf_entry *entry; /* valid while held */
    uint32_t place;
};

/* SAR_INVALIDHANDLEERR unless HANDLE is one of KIND. Use as
 *   struct skf_use use CLEANUP(skf_release) = { 0 };
 *   SKF_TRY(skf_acquire(handle, SKF_CONTAINER, &use)); */
ULONG skf_acquire(void *handle, enum skf_kind kind, struct skf_use *ret_use);
/* Any of the kinds in MASK (1 << kind). */
ULONG skf_acquire_any(void *handle, unsigned mask, struct skf_use *ret_use);
void skf_release(struct skf_use *use);

/* Makes a handle; ENTRY's device is counted up. SAR_MEMORYERR when the table is full. */
ULONG skf_handle_new(const struct skf_entry *entry, void **ret_handle);
/* Frees the handle of USE and what was opened through it. */
void skf_handle_free(struct skf_use *use);
/* Whether no other handle of this connection has the same application or container open. */
bool skf_last_opened(const struct skf_use *use);
/* Calls FN for each application and container of DEVICE, applications first. */
void skf_each_opened(struct skf_device *device, void (*fn)(struct skf_device *device, struct skf_entry *entry));

/* The device's generator, fresh enough. */
struct drbg *skf_drbg(struct skf_device *device);

/* ---- commands ---- */

struct skf_command {
    uint8_t cla, ins, p1, p2;
    struct writer data;
    size_t expected;      /* Le; 0: all that there is */
    struct bytes answer;  /* in the device, until the next command or the release */
    uint16_t sw;
};

/* BUFFER is where the data is built. */
#define SKF_COMMAND(cla, ins, p1, p2, buffer) \
    { (cla), (ins), (uint8_t)(p1), (uint8_t)(p2), writer_of((buffer), sizeof(buffer)), 0, { 0 }, 0 }

/* Sends it; SAR_OK when the card said 9000, else what its status word means. */
ULONG skf_run(struct skf_device *device, struct skf_command *command);
/* Without protection: what SKF_Transmit passes on, and what opens channels. RET_ANSWER has the status word. */
ULONG skf_run_raw(struct skf_device *device, struct bytes apdu, struct bytes *ret_answer);
ULONG skf_sar_of(uint16_t sw);
/* Integers of the commands: the lowest byte first. */
void skf_put_u16(struct skf_command *command, uint32_t v);
void skf_put_u32(struct skf_command *command, uint32_t v);
uint16_t skf_take_u16(struct reader *r);
uint32_t skf_take_u32(struct reader *r);
/* Application 2, container 2: what most commands begin with. */
void skf_put_place(struct skf_command *command, const struct skf_use *container);

/* Parts of the container's functions that production uses as well. */
ULONG skf_import_certificate(const struct skf_use *container, bool signing, struct bytes der);
/* Puts the fields of BLOB as the commands have them; SKF_ENVELOPE_ROOM bytes at most. */
enum { SKF_ENVELOPE_ROOM = 12 + 96 + 4 + 16 + 68 + 4 + 64 };
ULONG skf_put_envelope(struct skf_command *c, const ENVELOPEDKEYBLOB *blob);
ULONG skf_import_pair(const struct skf_use *container, const ENVELOPEDKEYBLOB *blob);
/* A container of the application of production, opened for this connection; what the handle has stays as it is. */
ULONG skf_open_place(struct skf_use *device, const char *container, struct skf_entry *ret_container);
ULONG skf_read_flags(struct skf_device *device, HUFUFLAGS *ret_flags);

/* ---- arguments ---- */

/* The text in at most MAX bytes; SAR_NAMELENERR when longer or empty, SAR_INVALIDPARAMERR for NULL. */
ULONG skf_text(const char *text, size_t max, struct bytes *ret_text);
/* Gives DATA out after the rule of the standard: BUFFER NULL asks for the length. */
ULONG skf_give(struct bytes data, void *buffer, ULONG *length);

/* Numbers of 32 bytes in fields of 64, and the commands' form: bits 4, X, Y. */
ULONG skf_point_of(const ECCPUBLICKEYBLOB *blob, uint8_t ret_point[SM2_POINT_SIZE]);
ULONG skf_public_of(const ECCPUBLICKEYBLOB *blob, struct sm2_public *ret_key);
void skf_point_to(const uint8_t point[SM2_POINT_SIZE], ECCPUBLICKEYBLOB *ret_blob);
void skf_put_point(struct skf_command *command, const uint8_t point[SM2_POINT_SIZE]);
/* bits 4, X, Y of an answer. */
ULONG skf_take_point(struct reader *r, ECCPUBLICKEYBLOB *ret_blob);
/* C1 ‖ C3 ‖ C2 ↔ ECCCIPHERBLOB. */
ULONG skf_cipher_of(const ECCCIPHERBLOB *blob, uint8_t *ret_cipher, size_t room, size_t *ret_len);
void skf_cipher_to(struct bytes cipher, ECCCIPHERBLOB *ret_blob);
void skf_signature_to(const uint8_t signature[SM2_SIGNATURE_SIZE], ECCSIGNATUREBLOB *ret_blob);
ULONG skf_signature_of(const ECCSIGNATUREBLOB *blob, uint8_t ret_signature[SM2_SIGNATURE_SIZE]);
/* A number of 32 bytes out of a field of 64 whose first half is zero. */
bool skf_number_of(const BYTE field[SKF_NUMBER_MAX], uint8_t ret_number[32]);
