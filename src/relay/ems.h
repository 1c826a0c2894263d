/* EMS, by the interface of its platform for customers with a contract (api.ems.com.cn): a form with the
 * business part as JSON, sealed by SM4 in ECB under a key that is shared with it; the answer says retCode,
 * retMsg and, as text or sealed likewise, retBody. One instance serves all threads.
 *
 * What is known of it is from its clients' code, not from a contract: the envelope with a vector of it,
 * 020003 and 040001 with their fields, and codes of some events; the others are read by their names. An order
 * is not cancelled here: who needs that calls the courier. */
#pragma once

#include "relay/work.h"

enum { EMS_KEY_SIZE = 16, EMS_KEY_TEXT_MAX = 32, EMS_AUTHORIZATION_MAX = 64, EMS_EVENTS_MAX = 64 };

struct ems;

struct ems_options {
    const char *url;
    const char *sender_no, *authorization; /* 协议客户号, 授权码 */
    const char *key;                       /* base64 of EMS_KEY_SIZE bytes */
    const char *product;                   /* bizProductNo */
    const char *sender, *sender_mobile, *sender_province, *sender_city, *sender_county, *sender_address;
    const char *ca_file; /* NULL: the system's roots */
};

/* Copies what it needs. ERROR_RELAY_CONFIG with the option in DIAG. */
RESULT ems_new(const struct ems_options *options, struct diag *diag, struct ems **ret_ems);
void ems_free(struct ems *ems);

/* Each may fail as http_send does, with ERROR_RELAY_ANSWER or _ANSWER_SIGNATURE for what cannot be understood
 * or is not sealed for us, ERROR_RELAY_RATE when the platform says later, or ERROR_RELAY_REFUSED with its
 * words. The same order again is the same parcel. */
RESULT ems_order(struct ems *ems, struct work *work, const struct relay_parcel *ask,
                 struct relay_parcel_taken *ret_taken);
RESULT ems_track(struct ems *ems, struct work *work, const struct relay_parcel_ask *ask,
                 struct relay_parcel_way *ret_way);

/* ---- both sides of the interface ---- */

/* "|$4|" and base64 of SM4-ECB (PKCS #7) over JSON with the key's base64 behind it. NULL when ARENA is full.
 */
const char *ems_seal(struct arena *arena, const char *key, struct bytes json);
/* The other way round: ERROR_RELAY_ANSWER_SIGNATURE for what was not sealed under KEY. */
RESULT ems_open(struct arena *arena, const char *key, const char *sealed, struct bytes *ret_json);
/* 16 bytes in base64, KEY_TEXT_MAX at most. */
bool ems_key_is_good(const char *key);

/* What an event means: "collected", "moving", "delivering", "delivered", "returned". */
const char *ems_event_state(const char *code, const char *name);

/* City and county in front of ADDRESS within PROVINCE, as EMS wants them apart. False when they do not stand
 * there. */
struct ems_place {
    const char *city, *county, *rest;
};
bool ems_place_of(struct arena *arena, const char *province, const char *address,
                  struct ems_place *ret_place);
