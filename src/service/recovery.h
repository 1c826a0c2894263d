/* Encryption keys of before for a new USBKey (R-LOST-4): 证书补办 and 证书更换 take two reviewers' approvals (R-OPS-4), on
 * which the signer issues the new pair and then envelopes the old keys for it. web passes the approvals on and keeps
 * nothing: the envelopes stand in the journal, and asked again the signer gives the same. */
#pragma once

#include "ipc/signer_api.h"
#include "service/desk.h"

struct recovered_key {
    const char *serial;             /* of the old encryption certificate */
    struct bytes certificate;       /* it, DER */
    struct bytes enveloped;         /* ENVELOPEDKEYBLOB for the signing key of the new USBKey */
};

/* The keys that go into the USBKey of NUMBER, whose pair is issued; for its producer. None (RET_COUNT 0) where the
 * service takes no USBKey's place. ERROR_APPLICATION_STATE unless it is issued and not yet finished, and what the
 * signer refuses with: ERROR_RECOVER_NONE where the key centre has none of them. */
RESULT recovery_keys(const struct act *act, const char *number, struct recovered_key **ret_keys, size_t *ret_count);
/* production_finish, once the new USBKey has taken them all: WRITTEN are the serials that whoever wrote them tells,
 * joined by commas, NULL: none. They stand in the trail. ERROR_PRODUCTION_RECOVERED names the first that is missing: as
 * long as production is not finished it can be written. Where the key centre has none of them there is nothing to be
 * written. */
RESULT recovery_finish(const struct act *act, const char *number, const char *written, struct application_row *ret_row);
