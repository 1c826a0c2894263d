/* Answers what hufu-status asks on its socket (ipc/status_api.h). */
#pragma once

#include "signer/signer.h"

/* Reads one question from SOCKET, which is not blocking, and answers it; BUFFER has IPC_MESSAGE_MAX bytes. Whatever
 * is wrong with it is dropped: nothing here may stop the signer. False: the socket is of no use any more. */
bool nonce_answer(struct signer *signer, int socket, uint8_t *buffer);
