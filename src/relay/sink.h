/* Demonstration in place of a gateway: messages go to a file, one JSON object a line, readable by its owner
 * only: {"time","channel","to","subject","text","name","id","files"}. */
#pragma once

#include "relay/work.h"

struct sink;

/* Opens or makes PATH (mode 0600). ERROR_RELAY_SINK. */
RESULT sink_open(const char *path, struct sink **ret_sink);
void sink_free(struct sink *sink);
/* Thread-safe; a line is written whole or not at all. */
RESULT sink_append(struct sink *sink, struct work *work, const char *channel, const struct relay_notice *notice);
