/* Reviewer and producer: every decision is a statement signed by the own USBKey. */
#include <stdio.h>

#include "cli/demo_walk.h"

/* ---- at the console ---- */

static struct result open_agent(struct walk *walk)
{
    struct staff *staff = walk->staff;
    if (staff->agent) return OK;
    return agent_client_new(place_address(walk->place, "agent"), place_address(walk->place, "console"), walk->english,
                            &walk->diag, &staff->agent);
}

/* STATEMENT signed by OPERATOR's USBKey: walk->answer is the agent's. */
static struct result sign(struct walk *walk, const struct operator *operator, const char *statement)
{
    json_t *signed_ = NULL;
    TRY(agent_sign(walk->staff->agent, operator->key, statement, client_text(operator->person, "pin"), &walk->diag,
                   &signed_));
    json_decref(walk->answer);
    walk->answer = signed_;
    return OK;
}

static struct result find_key(struct walk *walk, struct operator *operator)
{
    json_t *key = NULL;
    TRY(agent_find(walk->staff->agent, client_text(operator->person, "card"), &walk->diag, &key));
    snprintf(operator->key, sizeof operator->key, "%s", client_text(key, "key"));
    json_decref(key);
    return OK;
}

static struct result log_in(struct walk *walk, struct operator *operator, struct client *console)
{
    TRY(find_key(walk, operator));
    TRY(walk_ask(walk, console, "POST", "/api/v1/key-logins",
                 json_pack("{s:s}", "serial", client_text(operator->person, "certificate"))));
    const char *path = arena_format(walk->arena, "/api/v1/key-logins/%s", walk_got(walk, "id"));
    ENSURE(path, ERROR_OUT_OF_ROOM);
    TRY(sign(walk, operator, walk_got(walk, "statement")));
    return walk_ask(walk, console, "POST", path,
                    json_pack("{s:s, s:s}", "certificate", walk_got(walk, "certificate"), "signature",
                              walk_got(walk, "signature")));
}

/* Once for all walks of the thread. */
static struct result operator_login(struct walk *walk, enum walk_actor role)
{
    static const char *const roles[WALK_ROLES] = { "administrator", "reviewer", "producer" };
    struct operator *operator = &walk->staff->operators[role];
    if (operator->console) return OK;
    operator->person = place_person(walk->place, roles[role]);
    if (!operator->person) return diag_detail(&walk->diag, ERROR_DEMO_FOLDER, "usbkeys/people.json: %s", roles[role]);
    TRY(open_agent(walk));
    struct client *console CLEANUP(client_free_p) = client_new(place_address(walk->place, "console"));
    client_english(console, walk->english);
    TRY(log_in(walk, operator, console));
    operator->console = TAKE(console);
    walk_tell(walk, "%s", client_text(operator->person, "person"));
    return OK;
}

struct result walk_administrator_login(struct walk *walk)
{
    return operator_login(walk, WALK_ADMINISTRATOR);
}

struct result walk_reviewer_login(struct walk *walk)
{
    return operator_login(walk, WALK_REVIEWER);
}

struct result walk_producer_login(struct walk *walk)
{
    return operator_login(walk, WALK_PRODUCER);
}

static const char *console_path(struct walk *walk, const char *tail)
{
    return walk_path(walk, "console/applications", tail);
}

/* ---- reviewer ---- */

static struct result look_at(struct walk *walk, struct client *console, const json_t *attachments)
{
    const json_t *attachment;
    struct bytes content;
    size_t i;
    json_array_foreach(attachments, i, attachment)
    {
        const char *tail = arena_format(walk->arena, "attachments/%s", client_text(attachment, "id"));
        TRY(client_download(console, console_path(walk, tail ? tail : ""), &walk->diag, &content));
    }
    return OK;
}

struct result walk_review(struct walk *walk)
{
    struct client *console = walk->staff->operators[WALK_REVIEWER].console;
    struct bytes form;
    const char *path = arena_format(walk->arena, "/api/v1/console/applications/%s", walk->number);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    TRY(walk_ask(walk, console, "GET", "/api/v1/console/queue", NULL));
    TRY(walk_ask(walk, console, "GET", path, NULL));
    TRY(walk_ask(walk, console, "GET", console_path(walk, "differences"), NULL));
    size_t differences = json_array_size(json_object_get(walk->answer, "items"));
    TRY(client_download(console, console_path(walk, "form"), &walk->diag, &form));
    TRY(walk_ask(walk, console, "GET", console_path(walk, "attachments"), NULL));
    const json_t *attachments = json_object_get(walk->answer, "items");
    TRY(look_at(walk, console, attachments));
    walk_tell(walk, walk->english ? "%zu differences, %zu scans" : "%zu 处差异，%zu 份扫描件", differences,
              json_array_size(attachments));
    return OK;
}

struct result walk_approval(struct walk *walk)
{
    const struct operator *reviewer = &walk->staff->operators[WALK_REVIEWER];
    TRY(walk_ask(walk, reviewer->console, "POST", console_path(walk, "decision-draft"),
                 json_pack("{s:s}", "decision", "approve")));
    const char *statement = walk_got(walk, "statement");
    TRY(sign(walk, reviewer, statement));
    TRY(walk_ask(walk, reviewer->console, "POST", console_path(walk, "decision"),
                 json_pack("{s:s, s:s}", "statement", statement, "signature", walk_got(walk, "signature"))));
    walk_tell(walk, "HUFU-APPROVE-v1");
    return OK;
}

/* ---- producer ---- */

struct result walk_plug(struct walk *walk)
{
    json_t *key = NULL;
    long waited_ms = 0;
    struct result r;
    TRY(demo_card_plug(walk->place->folder, walk->person.card, &walk->diag, &walk->card));
    /* The agent notices by itself; a page would be told, or ask again as this does. */
    do {
        walk->diag = (struct diag){ 0 };
        r = agent_find(walk->staff->agent, walk->person.card, &walk->diag, &key);
    } while (r.code == ERROR_DEMO_KEY && demo_wait(&waited_ms));
    TRY(r);
    walk->key = arena_text(walk->arena, bytes_text(client_text(key, "key")));
    json_decref(key);
    ENSURE(walk->key, ERROR_OUT_OF_ROOM);
    walk_tell(walk, "%s", walk->person.card);
    return OK;
}

static struct result agent(struct walk *walk, const char *what, json_t *body)
{
    json_decref(walk->answer);
    walk->answer = NULL;
    return agent_ask(walk->staff->agent, what, body, &walk->diag, &walk->answer);
}

struct result walk_open_card(struct walk *walk)
{
    const struct operator *producer = &walk->staff->operators[WALK_PRODUCER];
    TRY(agent(walk, "inspect", json_pack("{s:s}", "key", walk->key)));
    walk->challenge = walk_got(walk, "challenge");
    walk->card_certificate = walk_got(walk, "card_certificate");
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "card-draft"),
                 json_pack("{s:s, s:s, s:s}", "card", walk->person.card, "challenge", walk->challenge,
                           "card_certificate", walk->card_certificate)));
    const char *statement = walk_got(walk, "statement");
    TRY(sign(walk, producer, statement));
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "card"),
                 json_pack("{s:s, s:s, s:s}", "statement", statement, "signature", walk_got(walk, "signature"),
                           "card_certificate", walk->card_certificate)));
    walk->device_answer = walk_got(walk, "device_answer");
    walk->admin_sealed = walk_got(walk, "admin_sealed");
    walk_tell(walk, "HUFU-CARD-v1");
    return OK;
}

struct result walk_key_pair(struct walk *walk)
{
    TRY(agent(walk, "open", json_pack("{s:s, s:s, s:s}", "key", walk->key, "device_answer", walk->device_answer,
                                      "admin_sealed", walk->admin_sealed)));
    walk->public_key = walk_got(walk, "public_key");
    walk->attestation = walk_got(walk, "attestation");
    walk_tell(walk, "SM2  %.16s…", walk->public_key);
    return OK;
}

struct result walk_issue(struct walk *walk)
{
    const struct operator *producer = &walk->staff->operators[WALK_PRODUCER];
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "produce-draft"),
                 json_pack("{s:s, s:s, s:s}", "card", walk->person.card, "public_key", walk->public_key, "attestation",
                           walk->attestation)));
    const char *statement = walk_got(walk, "statement");
    TRY(sign(walk, producer, statement));
    const char *signature = walk_got(walk, "signature");
    TRY(agent(walk, "prove", json_pack("{s:s, s:s}", "key", walk->key, "statement", statement)));
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "certificates"),
                 json_pack("{s:s, s:s, s:s, s:s}", "statement", statement, "signature", signature, "possession",
                           walk_got(walk, "possession"), "card_certificate", walk->card_certificate)));
    walk->produced = json_incref(walk->answer);
    walk_tell(walk, "HUFU-PRODUCE-v2");
    return OK;
}

struct result walk_write(struct walk *walk)
{
    const json_t *p = walk->produced;
    TRY(agent(walk, "write", json_pack("{s:s, s:s, s:s, s:s}", "key", walk->key, "signing_certificate",
                                       client_text(p, "signing_certificate"), "encryption_certificate",
                                       client_text(p, "encryption_certificate"), "enveloped_key",
                                       client_text(p, "enveloped_key"))));
    return agent(walk, "close", json_pack("{s:s}", "key", walk->key));
}

struct result walk_finish(struct walk *walk)
{
    const struct operator *producer = &walk->staff->operators[WALK_PRODUCER];
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "production"), json_object()));
    walk->serial = walk_got(walk, "serial");
    walk_tell(walk, "%s", walk->serial);
    return OK;
}

struct result walk_shipment(struct walk *walk)
{
    const struct operator *producer = &walk->staff->operators[WALK_PRODUCER];
    demo_sink_mark(walk->place->folder, "sms", &walk->sms);
    demo_sink_mark(walk->place->folder, "email", &walk->email);
    TRY(walk_ask(walk, producer->console, "POST", console_path(walk, "shipment"),
                 json_pack("{s:s, s:s}", "carrier", "ems", "waybill", walk->person.waybill)));
    walk_tell(walk, "EMS %s", walk->person.waybill);
    return OK;
}
