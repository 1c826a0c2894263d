/* Certificates that still name an organization as it was called before a change (R-ORG-1) are reissued free, with the
 * same end: the job begins an application of kind KIND_REISSUE for each and tells its holder; a reviewer approves it,
 * and the holder's USBKey takes the new certificate as at a renewal (service/download.h). Where the holder has
 * something else under way it comes after that. */
#pragma once

#include "service/service.h"

enum { REISSUE_BATCH = 32 };

/* One round of the job: how many it began in RET_COUNT. */
RESULT reissue_work(struct service *service, size_t *ret_count);
