/* Certificates that somebody wants revoked without the holder's application: because the account was closed (R-ACCT-7),
 * or the organization asks for it, since the person left (R-OPS-9). A wish waits in a queue of its own until a reviewer
 * revokes the certificate by a signed statement (certify.h), or says no. */
#pragma once

#include "service/service.h"

enum { REVOCATION_WISH_LIST_MAX = 500 };

struct revocation_wish {
    const char *serial; /* of the signing certificate; its pair goes with it */
    const char *reason; /* RFC 5280's name */
    const char *words;
};

/* In a closure. One that waits already stays as it is; one that was refused is asked again. */
RESULT revocation_wish_add(struct tx *tx, const struct act *act, const struct revocation_wish *wish);
/* SERIAL is revoked: where it was wanted, who asked for it is told. In the closure of that. */
RESULT revocation_wish_done(struct tx *tx, const struct act *act, const char *serial);
/* How it stands: "waiting", "refused", "done". */
const char *revocation_wish_state(const struct revocation_wish_row *row);
/* What waits, the most urgent first. */
RESULT revocation_wish_list(const struct act *act, struct revocation_wish_row **ret_rows, size_t *ret_count);
/* The reviewer's no, which is told to who asked. ERROR_NOT_FOUND, ERROR_STORE_CONFLICT for one that waits no more. */
RESULT revocation_wish_refuse(const struct act *act, const char *serial, const char *words);
