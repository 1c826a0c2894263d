/* All shapes of messages, for the fingerprint of a build. */
#pragma once

#include "base/shape.h"

extern const struct shape *const ipc_shapes[];
extern const size_t ipc_shapes_count;
