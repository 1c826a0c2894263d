/* Ways to a card: one table, each entry a set of functions. All of them are called with the device locked, but for
 * list, which touches no device. */
#pragma once

#include "base/bytes.h"
#include "token/skf/skf_codes.h"

enum { SKF_DEVICE_NAME_MAX = 256, SKF_LIST_MAX = 16 * 1024 };

struct skf_transport {
    const char *name; /* used where skf_setting_transport says so */
    /* Appends the names of the keys that are plugged in, each with its NUL. */
    void (*list)(struct writer *names);
    /* SAR_OK with a link to the key NAME; SAR_NOT_EVENTERR… any SAR code otherwise. SAR_DEVICE_REMOVED: not here. */
    uint32_t (*connect)(const char *name, void **ret_link);
    void (*close)(void *link);
    /* One command APDU and its answer; SAR_DEVICE_REMOVED when the key is gone. */
    uint32_t (*exchange)(void *link, struct bytes command, uint8_t *ret_answer, size_t room, size_t *ret_len);
    /* Keeps every other program away; SAR_TIMEOUTERR. unlock of what is not locked: SAR_FAIL. */
    uint32_t (*lock)(void *link, uint32_t timeout_ms);
    uint32_t (*unlock)(void *link);
};

extern const struct skf_transport skf_transport_socket;  /* sockets of hufu-card */
extern const struct skf_transport skf_transport_pcsc;  /* readers of PC/SC */
extern const struct skf_transport skf_transport_local; /* cards in this process: skf_local.h */

/* The transports of this build, NULL behind the last. */
extern const struct skf_transport *const skf_transports[];
