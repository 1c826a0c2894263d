/* What a page asks of hufu-agent (docs/PROTOCOL.agent), for the demonstration and `hufu user`: a struct client whose
 * requests go to the agent and name a page's origin. PINs are sent along: agents of a demonstration take them from the
 * page; others ask the person themselves. */
#pragma once

#include "cli/client.h"

enum { AGENT_KEY_MAX = 128 };

/* AGENT_URL "http://127.0.0.1:18181", ORIGIN that of the page. Pairs at once. Free with client_free. */
RESULT agent_client_new(const char *agent_url, const char *origin, bool english, struct diag *diag,
                        struct client **ret_agent);
/* Asks WHAT ("sign") with BODY (taken over; NULL for {}). */
RESULT agent_ask(struct client *agent, const char *what, json_t *body, struct diag *diag, json_t **ret_answer);
/* The entry of "keys" for the USBKey with serial number CARD; the caller frees it. ERROR_DEMO_KEY. */
RESULT agent_find(struct client *agent, const char *card, struct diag *diag, json_t **ret_key);
/* Has the USBKey KEY (its "key") sign STATEMENT. RET_SIGNED: {"certificate","signature","serial"}; PIN may be NULL. */
RESULT agent_sign(struct client *agent, const char *key, const char *statement, const char *pin, struct diag *diag,
                  json_t **ret_signed);
