/* What operators look for in one box (R-OPS-5): a part of a person's or organization's name, or how an application's
 * number, a certificate's or USBKey's serial number, a credit code or a mobile number begins; and the life of what is
 * found. */
#pragma once

#include "service/desk.h"

enum {
    SEARCH_TEXT_MIN = 2,  /* characters of a name */
    SEARCH_EACH = 20,     /* found of each kind */
    SEARCH_PAGE = 50,
    SEARCH_LIFE_MAX = 200
};

/* Applications, people, certificates, USBKeys and organizations in this order, at most SEARCH_EACH of each: the newest,
 * or the first by name. ERROR_FIELD_FORMAT naming "text" for fewer than SEARCH_TEXT_MIN characters. */
RESULT search(const struct act *act, const char *text, struct hit_row **ret_rows, size_t *ret_count);

/* Certificates that open nothing for now, by WHICH: "held", on hold (AT_S: since when); "transit", on the way to their
 * holder (AT_S: since when they were sent); "suspended", of suspended accounts (AT_S: until when they are valid). ABOUT
 * is the state of the account. TEXT: a part of a name, NULL: all. SEARCH_PAGE a page; AFTER is the serial number that
 * the page before ended with. */
RESULT search_halted(const struct act *act, const char *which, const char *text, const char *after,
                     struct hit_row **ret_rows, size_t *ret_count, const char **ret_next);

/* All certificates that were made on a USBKey, the newest first. ERROR_NOT_FOUND: none. */
RESULT search_card(const struct act *act, const char *card, struct certificate_row **ret_rows, size_t *ret_count);
/* What happened to a certificate, oldest first, as the audit trail has it. */
RESULT search_certificate(const struct act *act, const char *serial, struct audit_row **ret_rows, size_t *ret_count);
