#include "service/custody.h"

#include "crypto/sm3.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

/* The same two statements give the same id: asked again, the signer answers what it answered. */
static void request_of(const char *kind, const struct custody_signed *evidence, struct id *ret_id)
{
    uint8_t hash[SM3_SIZE];
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_text(kind));
    sm3_update(&sm3, bytes_text(evidence->statement1));
    sm3_update(&sm3, bytes_text(evidence->statement2));
    sm3_final(&sm3, hash);
    memcpy(ret_id->b, hash, sizeof ret_id->b);
}

struct result custody_appoint(const struct act *act, const struct custody_signed *evidence, struct bytes keys,
                              struct signer_custody_done *ret_done)
{
    struct ipc_call call = { SIGNER_CUSTODY, &signer_custody_shape, &signer_custody_done_shape, -1, ASK_MS };
    struct signer_custody ask = { .statement1 = evidence->statement1, .signature1 = evidence->signature1,
                                  .statement2 = evidence->statement2, .signature2 = evidence->signature2,
                                  .keys = keys };
    request_of("custody", evidence, &ask.request);
    TRY(journal_ask(act, &call, &ask, ret_done));
    return journal_catch_up(act, ret_done->index);
}

struct result custody_order(const struct act *act, const struct custody_signed *evidence,
                            struct signer_judicial_opened *ret_opened)
{
    struct ipc_call call = { SIGNER_JUDICIAL, &signer_judicial_shape, &signer_judicial_opened_shape, -1, ASK_MS };
    struct signer_judicial ask = { .statement1 = evidence->statement1, .signature1 = evidence->signature1,
                                   .statement2 = evidence->statement2, .signature2 = evidence->signature2 };
    request_of("judicial", evidence, &ask.request);
    TRY(journal_ask(act, &call, &ask, ret_opened));
    return journal_catch_up(act, ret_opened->index);
}
