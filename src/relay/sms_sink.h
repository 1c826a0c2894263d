/* SMS in demonstrations: to a file instead of a phone. */
#pragma once

#include "relay/sink.h"

/* ERROR_RELAY_RECIPIENT unless it goes to a mainland mobile number: 11 digits, perhaps with +86 before. */
RESULT sms_sink_send(struct sink *sink, struct work *work, const struct relay_notice *notice,
                     struct relay_sent *ret_sent);
