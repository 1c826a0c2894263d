/* Worker threads in lanes: jobs come from one socket, each is answered on it by whoever did it. */
#pragma once

#include "relay/gateways.h"

enum { LANES_JOBS_MAX = 256 /* waiting in one lane */, LANES_ARENA_MAX = 3 * 1024 * 1024,
       LANES_BILL_ARENA_MAX = 48 * 1024 * 1024 /* a bill is read whole */ };

struct lanes;

/* Starts the threads. SOCKET and GATEWAYS stay the caller's and must outlive them. */
RESULT lanes_new(int socket, struct gateways *gateways, const struct clock *clock, struct lanes **ret_lanes);
/* Lets running jobs end; those that wait are dropped: whoever asked is gone or asks again. */
void lanes_free(struct lanes *lanes);
/* Copies ASKED into its lane, which owns its descriptor from here on. A type that is not the relay's, or a full lane,
 * is answered at once. */
RESULT lanes_take(struct lanes *lanes, const struct ipc_message *asked);
