#include "token/skf/skf_transport.h"

const struct skf_transport *const skf_transports[] = { &skf_transport_socket, &skf_transport_pcsc, NULL };
