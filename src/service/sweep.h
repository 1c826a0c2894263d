/* Files of the upload folder that no row names: what was sealed by a process that died before its commit. */
#pragma once

#include "service/service.h"

enum { SWEEP_AGE_S = 24 * 3600, SWEEP_ROUND = 1000 };

/* Removes those that are older than SWEEP_AGE_S; names that are not ours stay. How many in RET_REMOVED. */
RESULT sweep_uploads(struct service *service, size_t *ret_removed);
