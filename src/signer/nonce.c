#include "signer/nonce.h"

#include <unistd.h>

#include "ipc/status_api.h"

enum { ARENA_MAX = 128 * 1024 };

static struct result answer(struct signer *signer, const struct ipc_message *asked, struct arena *arena,
                            struct status_nonce_answer *ret_answer)
{
    struct status_nonce nonce;
    struct reader r = reader_of(asked->body);
    ENSURE(asked->type == STATUS_NONCE, ERROR_IPC_BROKEN);
    TRY(shape_read(&status_nonce_shape, &r, arena, &nonce));
    TRY(reader_end(&r));
    const struct publisher_nonce ask = { (enum ocsp_hash)nonce.hash, nonce.serial, nonce.nonce, true };
    return publisher_nonce(signer->publisher, &ask, arena, &ret_answer->response);
}

bool nonce_answer(struct signer *signer, int socket, uint8_t *buffer)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct ipc_message asked;
    struct status_nonce_answer answered;
    struct result r = ipc_read(socket, buffer, &asked);
    if (failed(r)) return r.code != ERROR_IPC_CLOSED;
    if (asked.fd >= 0) close(asked.fd);
    r = answer(signer, &asked, arena, &answered);
    /* A full socket means that nobody reads: then nobody waits for this one either. */
    if (failed(r)) IGNORE(ipc_answer_failure(socket, &asked, r.code, NULL));
    else IGNORE(ipc_answer(socket, &asked, &status_nonce_answer_shape, &answered));
    return true;
}
