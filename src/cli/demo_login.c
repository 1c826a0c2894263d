/* The holder has the USBKey: notices, the own PIN, the login to the platform; and what a stranger does not get. */
#include <stdio.h>

#include "cli/demo_walk.h"

static const char default_pin[] = "000000";

struct result walk_notices(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    const char *text;
    TRY(demo_sink_wait(&walk->sms, p->mobile, p->waybill, walk->arena, &walk->diag, &text));
    TRY(demo_sink_wait(&walk->email, p->email, p->waybill, walk->arena, &walk->diag, &text));
    walk_tell(walk, "sink/sms.jsonl, sink/email.jsonl");
    return OK;
}

/* The certificate as the holder sees it at the portal. */
static struct result find_certificate(struct walk *walk)
{
    const json_t *certificate;
    size_t i;
    TRY(walk_ask(walk, walk->portal, "GET", "/api/v1/certificates", NULL));
    json_array_foreach(json_object_get(walk->answer, "items"), i, certificate)
        if (strcmp(client_text(certificate, "purpose"), "signing") == 0) {
            json_decref(walk->certificate);
            walk->certificate = json_incref((json_t *)(uintptr_t)certificate);
        }
    if (!walk->certificate) return diag_detail(&walk->diag, ERROR_DEMO_SILENCE, "/api/v1/certificates");
    walk->serial = client_text(walk->certificate, "serial");
    return OK;
}

/* ---- logging in ---- */

/* Begins a login of the platform; the statement to be signed. */
static struct result begin(struct walk *walk, const char **ret_statement)
{
    TRY(walk_ask(walk, walk->platform, "POST", "/api/v1/key-logins", json_pack("{s:s}", "serial", walk->serial)));
    walk->attempt = walk_got(walk, "id");
    *ret_statement = walk_got(walk, "statement");
    return OK;
}

static struct result sign(struct walk *walk, struct client *agent, const char *statement, const char *pin)
{
    json_t *signed_ = NULL;
    TRY(agent_sign(agent, walk->key, statement, pin, &walk->diag, &signed_));
    json_decref(walk->proof);
    walk->proof = json_pack("{s:s, s:s}", "certificate", client_text(signed_, "certificate"), "signature",
                            client_text(signed_, "signature"));
    json_decref(signed_);
    return OK;
}

static struct result finish(struct walk *walk, struct client *platform)
{
    const char *path = arena_format(walk->arena, "/api/v1/key-logins/%s", walk->attempt);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    return walk_ask(walk, platform, "POST", path, json_deep_copy(walk->proof));
}

/* R must be a refusal for a reason, by the one who was asked; its words are what is shown. */
static struct result refused(struct walk *walk, struct result r, const struct client *by)
{
    const json_t *refusal = client_refusal(by);
    if (!failed(r)) return FAIL(ERROR_DEMO_NOT_REFUSED);
    if (!refusal || error_find(r.code)->status >= 500) return r;
    const struct error_entry *e = error_find(r.code);
    walk->diag = (struct diag){ 0 };
    walk_tell(walk, "%d %s", (int)r.code, walk->english ? e->en : e->zh);
    return OK;
}

static struct result open_agent(struct walk *walk)
{
    if (walk->agent) return OK;
    return agent_client_new(place_address(walk->place, "agent"), client_origin(walk->platform), walk->english,
                            &walk->diag, &walk->agent);
}

struct result walk_default_pin(struct walk *walk)
{
    const char *statement;
    TRY(find_certificate(walk));
    TRY(open_agent(walk));
    TRY(begin(walk, &statement));
    return refused(walk, sign(walk, walk->agent, statement, default_pin), walk->agent);
}

struct result walk_change_pin(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    return agent_ask(walk->agent, "change-pin",
                     json_pack("{s:s, s:s, s:s, s:s, s:s}", "key", walk->key, "old", default_pin, "new", p->new_pin,
                               "birth_date", p->birth_date, "mobile", p->mobile),
                     &walk->diag, NULL);
}

struct result walk_in_transit(struct walk *walk)
{
    const char *statement;
    TRY(begin(walk, &statement));
    TRY(sign(walk, walk->agent, statement, walk->person.new_pin));
    struct result r = finish(walk, walk->platform);
    return refused(walk, r, walk->platform);
}

struct result walk_receipt(struct walk *walk)
{
    const char *text;
    demo_sink_mark(walk->place->folder, "sms", &walk->sms);
    TRY(walk_ask(walk, walk->portal, "POST", walk_path(walk, "applications", "receipt-code"), NULL));
    TRY(demo_sink_wait(&walk->sms, walk->person.mobile, NULL, walk->arena, &walk->diag, &text));
    walk->code = demo_sink_code(text, walk->arena);
    if (!walk->code) return diag_detail(&walk->diag, ERROR_DEMO_SILENCE, "%s", walk->sms.path);
    TRY(walk_ask(walk, walk->portal, "POST", walk_path(walk, "applications", "receipt"),
                 json_pack("{s:s}", "code", walk->code)));
    return find_certificate(walk);
}

struct result walk_login(struct walk *walk)
{
    const char *statement;
    TRY(begin(walk, &statement));
    TRY(sign(walk, walk->agent, statement, walk->person.new_pin));
    TRY(finish(walk, walk->platform));
    TRY(walk_ask(walk, walk->platform, "GET", "/api/v1/session", NULL));
    if (strcmp(client_text(walk->answer, "kind"), "platform") != 0)
        return diag_detail(&walk->diag, ERROR_CLIENT_ANSWER, "/api/v1/session");
    walk->session = json_incref(walk->answer);
    walk_tell(walk, "%s  HUFU-LOGIN-v1", client_origin(walk->platform));
    return OK;
}

/* ---- strangers ---- */

/* By the very browser that logged in: nothing but the attempt's being used up stands against it. */
struct result walk_replay(struct walk *walk)
{
    return refused(walk, finish(walk, walk->platform), walk->platform);
}

/* A page of somebody else that looks like the platform's and to which the person gives the PIN. */
static struct result open_phish(struct walk *walk, const char **ret_origin, struct client **ret_agent)
{
    const char *own = client_origin(walk->platform), *colon = strrchr(own, ':');
    *ret_origin = arena_format(walk->arena, "http://platform-login.localhost%s", colon && colon > own + 6 ? colon : "");
    ENSURE(*ret_origin, ERROR_OUT_OF_ROOM);
    return agent_client_new(place_address(walk->place, "agent"), *ret_origin, walk->english, &walk->diag, ret_agent);
}

struct result walk_other_page(struct walk *walk)
{
    struct client *phish CLEANUP(client_free_p) = NULL;
    const char *origin, *statement;
    TRY(open_phish(walk, &origin, &phish));
    TRY(begin(walk, &statement));
    return refused(walk, sign(walk, phish, statement, walk->person.new_pin), phish);
}

/* STATEMENT with ORIGIN in the place of the platform's. */
static const char *with_origin(struct walk *walk, const char *statement, const char *origin)
{
    static const char line[] = "\norigin: ";
    const char *at = strstr(statement, line), *end = at ? strchr(at + 1, '\n') : NULL;
    if (!end) return "";
    const char *made = arena_format(walk->arena, "%.*s%s%s%s", (int)(at - statement), statement, line, origin, end);
    return made ? made : "";
}

struct result walk_other_origin(struct walk *walk)
{
    struct client *phish CLEANUP(client_free_p) = NULL;
    const char *origin, *statement;
    TRY(open_phish(walk, &origin, &phish));
    TRY(begin(walk, &statement));
    TRY(sign(walk, phish, with_origin(walk, statement, origin), walk->person.new_pin));
    struct result r = finish(walk, walk->platform);
    return refused(walk, r, walk->platform);
}
