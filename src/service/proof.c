#include "service/proof.h"

#include "service/authority.h"
#include "service/certify.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

/* That the record is that certificate's own issuance. */
static struct result is_issuance(const struct act *act, const struct proven *proven, struct bytes der)
{
    struct journal_issued issued;
    struct reader r = reader_of(proven->record.body);
    ENSURE(proven->record.type == JOURNAL_ISSUED, ERROR_JOURNAL_PROOF);
    TRY(shape_read(&journal_issued_shape, &r, act->arena, &issued));
    ENSURE(bytes_equal(der, issued.signing_certificate) || bytes_equal(der, issued.encryption_certificate),
           ERROR_JOURNAL_PROOF);
    return OK;
}

struct result certificate_proof(const struct act *act, const char *serial, struct certificate_proof *ret_proof)
{
    struct certificate_proof p = { .serial = serial };
    struct ipc_call call = { SIGNER_PROOF, &signer_range_shape, &signer_proof_shape, -1, ASK_MS };
    struct certificate_row row;
    struct journal_position_row position = { .size = 0 };
    struct signer_proof told;
    TRY(certify_get(act, serial, &row));
    TRY(store_one(act->service->store, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, act->arena,
                  &journal_position_row_shape, &position));
    const struct signer_range range = { row.journal_index, position.size };
    TRY(journal_ask(act, &call, &range, &told));
    p.proof = (struct proof){ (uint64_t)told.leaf, (uint64_t)told.size, told.data, told.path, told.head,
                              told.head_certificate };
    ENSURE(told.leaf == range.from && told.size == range.count, ERROR_IPC_BROKEN);
    TRY(authorities_check_proof(act->service->authorities, &p.proof, act->arena, act->diag, &p.proven));
    TRY(is_issuance(act, &p.proven, row.der));
    *ret_proof = p;
    return OK;
}
