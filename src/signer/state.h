/* The signer's state in a snapshot (snapshot.h), beside the journal. */
#pragma once

#include "signer/signer.h"

/* Whether the journal has grown enough since the last one. */
bool state_due(const struct signer *signer);
/* ERROR_IO. */
RESULT state_write(struct signer *signer);
/* Takes over what is believable; RET_SIZE: so many records of the journal are in it, 0 when there is none. */
RESULT state_read(struct signer *signer, uint64_t *ret_size);
