/* Where a demonstration's SMS and e-mail go (sink/sms.jsonl, email.jsonl), read as their receivers would read them. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

enum { DEMO_SINK_PATH_MAX = 512, DEMO_WAIT_MS = 60 * 1000 };

struct demo_sink {
    char path[DEMO_SINK_PATH_MAX];
    long from; /* what stands before was there already */
};

/* CHANNEL "sms" or "email"; what comes from now on counts. */
void demo_sink_mark(const char *folder, const char *channel, struct demo_sink *ret_sink);
/* Waits for a message to TO whose text holds PART (NULL: any). ERROR_DEMO_SILENCE after DEMO_WAIT_MS. */
RESULT demo_sink_wait(const struct demo_sink *sink, const char *to, const char *part, struct arena *arena,
                      struct diag *diag, const char **ret_text);
/* The six digits that stand alone in TEXT; NULL: there are none. */
const char *demo_sink_code(const char *text, struct arena *arena);
/* Sleeps a little; RET_WAITED_MS counts. False when DEMO_WAIT_MS have passed. */
bool demo_wait(long *waited_ms);
