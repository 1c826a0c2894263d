#include "cli/operator.h"

#include <stdio.h>

#include "cli/command.h"

#define USUAL_AGENT "http://127.0.0.1:18181"

/* The person of the demonstration with this USBKey; NULL: none, or no demonstration. */
static const json_t *person_with(const struct place *place, const char *card)
{
    const json_t *person;
    size_t i;
    json_array_foreach(place->people, i, person)
        if (strcmp(client_text(person, "card"), card) == 0) return person;
    return NULL;
}

/* The entry of the USBKey that is asked for, among those plugged in. */
static struct result find_key(struct client *agent, const char *card, struct diag *diag, json_t **ret_key)
{
    json_t *answer = NULL;
    if (card) return agent_find(agent, card, diag, ret_key);
    TRY(agent_ask(agent, "keys", NULL, diag, &answer));
    json_t *keys = json_object_get(answer, "keys");
    size_t count = json_array_size(keys);
    if (count == 1) *ret_key = json_incref(json_array_get(keys, 0));
    json_decref(answer);
    if (count == 1) return OK;
    return diag_log(diag, ERROR_DEMO_KEY, "%zu USBKeys are plugged in: say which by --card", count);
}

/* Serial number of the certificate that signs. */
static const char *signing_serial(const json_t *key)
{
    const json_t *certificate;
    size_t i;
    json_array_foreach(json_object_get(key, "certificates"), i, certificate)
        if (strcmp(client_text(certificate, "purpose"), "signing") == 0) return client_text(certificate, "serial");
    return "";
}

static struct result finish(struct client *agent, struct client *console, const json_t *key, const char *pin,
                            struct diag *diag)
{
    json_t *draft = NULL, *signed_ = NULL;
    char path[CLIENT_PATH_MAX];
    TRY(client_call(console, "POST", "/api/v1/key-logins", json_pack("{s:s}", "serial", signing_serial(key)), diag,
                    &draft));
    snprintf(path, sizeof path, "/api/v1/key-logins/%s", client_text(draft, "id"));
    struct result r = agent_sign(agent, client_text(key, "key"), client_text(draft, "statement"), pin, diag, &signed_);
    json_decref(draft);
    TRY(r);
    r = client_call(console, "POST", path,
                    json_pack("{s:s, s:s}", "certificate", client_text(signed_, "certificate"), "signature",
                              client_text(signed_, "signature")),
                    diag, NULL);
    json_decref(signed_);
    return r;
}

struct result operator_log_in(const struct place *place, const struct operator_login *login, struct diag *diag,
                              struct client **ret_console)
{
    const char *address = login->agent ? login->agent : place_address(place, "agent");
    const json_t *person = login->card ? person_with(place, login->card) : place_person(place, login->role);
    const char *card = login->card ? login->card : person ? client_text(person, "card") : NULL;
    struct client *agent CLEANUP(client_free_p) = NULL;
    TRY(agent_client_new(address[0] ? address : USUAL_AGENT, place_address(place, "console"), cli_english(), diag,
                         &agent));
    struct client *console CLEANUP(client_free_p) = client_new(place_address(place, "console"));
    client_english(console, cli_english());
    json_t *key = NULL;
    TRY(find_key(agent, card, diag, &key));
    struct result r = finish(agent, console, key, person ? client_text(person, "pin") : NULL, diag);
    json_decref(key);
    if (!failed(r)) *ret_console = TAKE(console);
    return r;
}
