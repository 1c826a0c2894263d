/* What the kinds of ceremonies have in common when their files are read: words for what is wrong, inputs, custodians.
 * Internal to the readers ceremony_file.c and ceremony_custody_file.c. */
#pragma once

#include "base/config.h"
#include "cli/ceremony.h"

struct reading {
    const char *path;
    struct arena *arena;
    struct diag *diag;
    struct ceremony *c;
};

/* ERROR_CONFIG: FIELD of the file, and why. */
RESULT reading_wrong(const struct reading *r, const char *field, const char *why);
/* ERROR_CEREMONY_INPUT: what FIELD names is not what the file says. */
RESULT reading_other(const struct reading *r, const char *field, const char *why);
/* All of the file at PATH. ERROR_IO, ERROR_TOO_LARGE. */
RESULT reading_file(const struct reading *r, const char *path, struct bytes *ret_content);
/* FIELD names the file at PATH, which goes into the ceremony. */
RESULT reading_input(const struct reading *r, const char *field, const char *path, struct bytes *ret_content);

/* The options of a section that appoints custodians. */
struct reading_custodian_fields {
    const char *names[CEREMONY_CUSTODIANS_MAX];
    const char *maker_certificate, *maker_transport_key;
    int64_t threshold;
};
#define READING_CUSTODIAN(type, field, n) \
    { "custodian_" #n, CONFIG_TEXT, offsetof(struct type, field.names[n - 1]), NULL, false, 0, 0, \
      "name | serial number of the USBKey; of a root also the name alone" }
#define READING_CUSTODIANS(type, field) \
    { "threshold", CONFIG_NUMBER, offsetof(struct type, field.threshold), "0", false, 0, CEREMONY_CUSTODIANS_MAX, \
      "how many custodians open the key" }, \
    { "maker_certificate", CONFIG_PATH, offsetof(struct type, field.maker_certificate), NULL, false, 0, 0, \
      "of the custodians' USBKeys" }, \
    { "maker_transport_key", CONFIG_PATH, offsetof(struct type, field.maker_transport_key), NULL, false, 0, 0, \
      "of the same maker, for blank USBKeys" }, \
    READING_CUSTODIAN(type, field, 1), READING_CUSTODIAN(type, field, 2), READING_CUSTODIAN(type, field, 3), \
    READING_CUSTODIAN(type, field, 4), READING_CUSTODIAN(type, field, 5), READING_CUSTODIAN(type, field, 6), \
    READING_CUSTODIAN(type, field, 7), READING_CUSTODIAN(type, field, 8), READING_CUSTODIAN(type, field, 9), \
    READING_CUSTODIAN(type, field, 10), READING_CUSTODIAN(type, field, 11), READING_CUSTODIAN(type, field, 12), \
    READING_CUSTODIAN(type, field, 13), READING_CUSTODIAN(type, field, 14), READING_CUSTODIAN(type, field, 15), \
    READING_CUSTODIAN(type, field, 16)
/* Custodians of a new key; none where none is named. */
RESULT reading_custodians(const struct reading *r, const struct reading_custodian_fields *fields);
/* Those of an old key who are there, "1,3": each once, ascending. NULL: none. */
RESULT reading_opened_by(const struct reading *r, const char *text);
/* Their shares NAME-share-N.usbkey, where they are sealed to USBKeys. */
RESULT reading_shares(const struct reading *r, const char *name);

/* The kinds of ceremonies about encryption keys (ceremony_custody_file.c). */
RESULT ceremony_read_custodians(const struct reading *r);
RESULT ceremony_read_order(const struct reading *r);
RESULT ceremony_read_recovery(const struct reading *r);
