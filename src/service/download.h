/* The holder's USBKey takes its new certificates (证书下载: R-RENEW-3, R-CHANGE-2). The key on record signs
 * the HUFU-DOWNLOAD-v1 that the server drafts, the signer checks it and decides, and the same statement again gives the
 * same pair. Done by the holder, or by the colleague to whom the certificate passes. production_finish ends it. */
#pragma once

#include "service/production.h"

struct download_key {
    const char *card, *container, *public_key, *attestation; /* the latter two in hex */
    /* The signing certificate that the USBKey bears: the one that is replaced (NULL), or the one that a download of
     * before put in its place, where that is to be made anew. */
    const char *certificate;
};
/* ERROR_APPLICATION_STATE unless it is approved and to be downloaded; ERROR_DOWNLOAD_CARD for another USBKey than that
 * which the certificate is on. */
RESULT download_draft(const struct act *act, const char *number, const struct download_key *key,
                      const char **ret_statement);
/* Issues the pair. ERROR_DECISION_STATEMENT, ERROR_DECISION_SIGNATURE, ERROR_DECISION_STALE, and what the signer
 * refuses with. */
RESULT download_make(const struct act *act, const char *number, const struct production_signed *with,
                     struct signer_issued *ret_issued);
/* The pair that was issued and is not in the USBKey yet, for a page that begins anew. ERROR_APPLICATION_STATE when
 * there is none. */
RESULT download_pair(const struct act *act, const char *number, struct signer_issued *ret_issued);
