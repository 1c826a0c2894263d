/* The driver as the tests have it: cards in the same process first. */
#include "token/skf/skf_transport.h"

const struct skf_transport *const skf_transports[] = { &skf_transport_local, &skf_transport_socket, NULL };
