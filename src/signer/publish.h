/* What the world is told about certificates (pki/published.h): revocation lists by partition and in full, an OCSP
 * answer for every certificate, signed ahead. All of it follows from the journal; what is lost of the folder is made
 * anew.
 *
 * It is done in the signer's own loop, in small pieces: while nobody asks, and after each group of requests as much
 * as presses (answers about changes, lists that wait, answers that waited long). Nothing is told that is not synced in
 * the journal, and nothing at all before the peer has shown that the journal is the whole one: a journal that was
 * rolled back must not call good what was revoked. */
#pragma once

#include "base/diag.h"
#include "pki/issuer_id.h"
#include "signer/roll.h"

struct signer;
struct publisher;

/* SETTINGS and the rest of SIGNER outlive it. Makes the folder. ERROR_IO with words in DIAG. */
RESULT publisher_open(struct signer *signer, struct diag *diag, struct publisher **ret_publisher);
void publisher_free(struct publisher *publisher);
/* Certificates of the CAs, when there are some: also before the peer has greeted, for they never change. ERROR_IO. */
RESULT publisher_begin(struct publisher *publisher);

/* Whether there is something to do now; whether it must not wait until nobody asks any more. */
bool publisher_due(struct publisher *publisher);
bool publisher_presses(struct publisher *publisher);
/* How long there is nothing to do, unless something is recorded: at most an hour. */
int publisher_wait_ms(struct publisher *publisher);
/* Does at most STEPS pieces, those first that press most. What fails is logged and tried again a little later; the
 * return value is of the journal alone, in which responders' certificates stand: ERROR_JOURNAL_WRITE. */
RESULT publisher_work(struct publisher *publisher, int steps);

/* An answer for one request with a nonce, about the certificate SERIAL (magnitude), which the client's CertID named by
 * HASH. ERROR_NOT_FOUND for one that was not issued here, ERROR_BUSY when there is no responder, and for strangers
 * beyond so many a second. */
struct publisher_nonce {
    enum ocsp_hash hash;
    struct bytes serial, nonce; /* nonce: as it stands in a request */
    bool stranger;              /* asks */
};
RESULT publisher_nonce(struct publisher *publisher, const struct publisher_nonce *ask, struct arena *arena,
                       struct bytes *ret_response);
