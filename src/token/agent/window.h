/* The agent's own window, a program of its own (hufu-agent-window), so that the agent links no toolkit. One window at
 * a time; it goes away when the page that asked does. */
#pragma once

#include "token/agent/agent.h"
#include "token/agent/pin.h"
#include "token/agent/words.h"

/* All: ERROR_AGENT_NO_DISPLAY, ERROR_AGENT_WINDOW_OPEN, ERROR_AGENT_WINDOW, ERROR_AGENT_CANCELLED when the person said
 * no, closed it, did nothing for WINDOW_TIME_MS, or the page has gone. */
enum { WINDOW_TIME_MS = 5 * 60 * 1000 };

/* Whether the website that asks may use USBKeys here. */
RESULT window_pair(struct call *call);

/* What a window about one key shows besides. */
struct window_key {
    const char *serial, *holder; /* holder: of the certificate; "" where there is none */
    int tries;                   /* HELPER_NO_TRIES: not shown. Two or less: the person must confirm */
    const char *problem;         /* why it is asked again; "" the first time */
};

/* The PIN, for what WORDS say. The caller wipes it. */
RESULT window_pin(struct call *call, const struct window_key *key, const struct words *words, struct pin *ret_pin);
/* Old and new PIN (which was entered twice). PRESET: the old one is 000000 and not asked for. */
RESULT window_new_pin(struct call *call, const struct window_key *key, bool preset, struct pin *ret_old,
                      struct pin *ret_new);
