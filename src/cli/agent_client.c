#include "cli/agent_client.h"

#include <stdio.h>

struct result agent_ask(struct client *agent, const char *what, json_t *body, struct diag *diag, json_t **ret_answer)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/%s", what);
    return client_call(agent, "POST", path, body ? body : json_object(), diag, ret_answer);
}

static struct result pair(struct client *agent, struct diag *diag)
{
    json_t *answer = NULL;
    TRY(agent_ask(agent, "pair", NULL, diag, &answer));
    client_header(agent, "Hufu-Pairing", client_text(answer, "token"));
    json_decref(answer);
    return OK;
}

struct result agent_client_new(const char *agent_url, const char *origin, bool english, struct diag *diag,
                               struct client **ret_agent)
{
    struct client *agent CLEANUP(client_free_p) = client_new(origin);
    client_address(agent, agent_url);
    client_english(agent, english);
    TRY(pair(agent, diag));
    *ret_agent = TAKE(agent);
    return OK;
}

struct result agent_find(struct client *agent, const char *card, struct diag *diag, json_t **ret_key)
{
    json_t *answer = NULL, *key, *found = NULL;
    size_t i;
    TRY(agent_ask(agent, "keys", NULL, diag, &answer));
    json_array_foreach(json_object_get(answer, "keys"), i, key)
        if (strcmp(client_text(key, "serial"), card) == 0) found = json_incref(key);
    json_decref(answer);
    if (!found) return diag_detail(diag, ERROR_DEMO_KEY, "USBKey %s", card);
    *ret_key = found;
    return OK;
}

struct result agent_sign(struct client *agent, const char *key, const char *statement, const char *pin,
                         struct diag *diag, json_t **ret_signed)
{
    json_t *body = json_pack("{s:s, s:s, s:s*}", "key", key, "statement", statement, "pin", pin);
    return agent_ask(agent, "sign", body, diag, ret_signed);
}
