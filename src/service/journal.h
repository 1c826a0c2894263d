/* The signer's journal as the database follows it: every record is applied once, in order, in the closure that moves
 * the position on, so that certificates, revocations and the register of operators come from there and from nowhere
 * else (R-PKI-1). What the signer answers to a request is never stored from the answer: the record is read again. */
#pragma once

#include "ipc/signer_api.h"
#include "service/service.h"

enum { JOURNAL_BATCH = 64, JOURNAL_ASK_MS = 20000 };

/* Lets one thread at a time read the journal. */
struct journal;
struct journal *journal_new(void);
void journal_free(struct journal *journal);

/* For peers_greet_fn: tells the signer how far this database is, takes what it lacks, and the CAs' certificates.
 * ERROR_JOURNAL_MISMATCH when the journal is shorter than what was applied, or another one: nothing is issued then. */
RESULT journal_greet(struct service *service, struct ipc_client *client, struct diag *diag);
/* Reads on until the record INDEX is applied (-1: all there are). Concurrent callers share the reading. */
RESULT journal_catch_up(const struct act *act, int64_t index);
/* One round of the job: reads on, and keeps the root of what was applied. */
RESULT journal_work(struct service *service, size_t *ret_count);


/* Asks the signer. ERROR_ISSUING_CLOSED while database and journal do not agree. */
RESULT journal_ask(const struct act *act, const struct ipc_call *call, const void *record, void *ret_answer);
