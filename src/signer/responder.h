/* Who signs OCSP answers: a key of the signer's, or of the module that holds the issuing CA's, with a certificate of
 * the issuing CA that is short-lived, since nobody asks whether it was revoked (id-pkix-ocsp-nocheck), and replaced in
 * half its time. The signer's key lies wrapped beside the CAs' keys; the certificate is in the journal like every
 * other. */
#pragma once

#include "pki/certificate.h"
#include "pki/signing_key.h"

enum { RESPONDER_DAYS = 14, RESPONDER_ROTATE_DAYS = 7 };

struct signer;

struct responder {
    struct arena *arena;
    struct certificate *certificate; /* NULL: none yet */
    struct sm2_private key;    /* zero where a module holds it */
    struct signing_key signs;
};

void responder_done(struct responder *responder);
/* Whether there is one that signs at TIME_S and goes on to for long enough. */
bool responder_good(const struct responder *responder, int64_t time_s);
/* Not to be copied: SIGNS points into it. */
/* Takes the one that the journal names last, if its key is there and it is good; else makes a new one and records it,
 * synced. ERROR_JOURNAL_WRITE, ERROR_IO and what certificate_issue fails with. */
RESULT responder_renew(struct signer *signer, struct responder *responder, int64_t time_s);
