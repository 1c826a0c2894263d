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

void operator_end(struct operator_work *work)
{
    client_free(work->agent);
    client_free(work->console);
    json_decref(work->key);
    *work = (struct operator_work){ 0 };
}

const char *operator_serial(const struct operator_work *work)
{
    return signing_serial(work->key);
}

struct result operator_sign(const struct operator_work *work, const char *statement, struct arena *arena,
                            struct diag *diag, const char **ret_signature)
{
    json_t *signed_ = NULL;
    TRY(agent_sign(work->agent, client_text(work->key, "key"), statement, work->pin, diag, &signed_));
    const char *signature = arena_text(arena, bytes_text(client_text(signed_, "signature")));
    json_decref(signed_);
    ENSURE(signature, ERROR_OUT_OF_ROOM);
    *ret_signature = signature;
    return OK;
}

static struct result begin(const struct place *place, const struct operator_login *login, struct diag *diag,
                           struct operator_work *work)
{
    const char *address = login->agent ? login->agent : place_address(place, "agent");
    const json_t *person = login->card ? person_with(place, login->card) : place_person(place, login->role);
    const char *card = login->card ? login->card : person ? client_text(person, "card") : NULL;
    TRY(agent_client_new(address[0] ? address : USUAL_AGENT, place_address(place, "console"), cli_english(), diag,
                         &work->agent));
    work->console = client_new(place_address(place, "console"));
    work->pin = person ? client_text(person, "pin") : NULL;
    client_english(work->console, cli_english());
    TRY(find_key(work->agent, card, diag, &work->key));
    return finish(work->agent, work->console, work->key, work->pin, diag);
}

struct result operator_begin(const struct place *place, const struct operator_login *login, struct diag *diag,
                             struct operator_work *ret_work)
{
    struct operator_work work = { 0 };
    struct result r = begin(place, login, diag, &work);
    if (failed(r)) operator_end(&work);
    else *ret_work = work;
    return r;
}

struct result operator_log_in(const struct place *place, const struct operator_login *login, struct diag *diag,
                              struct client **ret_console)
{
    struct operator_work work;
    TRY(operator_begin(place, login, diag, &work));
    *ret_console = TAKE(work.console);
    operator_end(&work);
    return OK;
}
