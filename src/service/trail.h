/* Signed heads of the trail of who did what (R-OPS-6): what it has now is told to the signer, whose journal goes out
 * under signed heads. Whoever later cuts or changes the trail, in whatever database, is told by the journal. */
#pragma once

#include "ipc/signer_api.h"
#include "service/service.h"

/* One round of the job: has the trail recorded where it grew and an hour has passed, or where it grew much.
 * ERROR_TRAIL_CUT, ERROR_TRAIL_FORK: it is not what the journal vouches for. */
RESULT trail_work(struct service *service, size_t *ret_count);
/* The same while the process is told to stop and nothing writes any more, whatever time has passed: so that only a
 * crash leaves entries that no head vouches for. */
RESULT trail_stop(struct service *service);
