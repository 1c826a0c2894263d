/* The whole way of one certificate, step by step: what each of four people does at the pages, asked of the public API
 * and of the agent. The steps are one table; whoever runs them prints, counts or measures. */
#pragma once

#include "cli/agent_client.h"
#include "cli/demo_card.h"
#include "cli/demo_data.h"
#include "cli/demo_sink.h"
#include "cli/place.h"

enum { WALK_TOLD_MAX = 256, WALK_STEPS_MAX = 64, WALK_ROLES = 3 };

/* One of the CA's people with an own USBKey, logged in to the console. */
struct operator {
    const json_t *person;
    struct client *console;
    char key[AGENT_KEY_MAX]; /* of the own USBKey, as the agent names it */
};

/* What a thread's walks share: its operators log in once. */
struct staff {
    struct client *agent; /* for pages of the console */
    struct operator operators[WALK_ROLES];
};

enum walk_actor { WALK_ADMINISTRATOR, WALK_REVIEWER, WALK_PRODUCER, WALK_HOLDER, WALK_STRANGER };

struct walk {
    const struct place *place;
    bool english;
    struct staff *staff;
    struct arena *arena;
    struct diag diag;               /* of the step that failed */
    char told[WALK_TOLD_MAX];       /* what the last step has to show */

    struct demo_person person;
    struct demo_sink sms, email;    /* from before the step that sends */
    struct client *portal, *platform, *agent; /* the holder's; AGENT for pages of the platform */
    json_t *answer;                 /* of the last request */
    const char *organization, *account, *number; /* ids, and the application's number */
    const char *code, *code_url;
    struct bytes form;

    struct demo_card card;          /* the holder's USBKey */
    const char *key;                /* as the agent names it */
    const char *challenge, *card_certificate, *device_answer, *admin_sealed, *public_key, *attestation;
    const char *serial;             /* of the signing certificate */
    json_t *produced;               /* the pair, as it was issued */
    json_t *certificate, *session;  /* what comes of it all: the certificate as the holder sees it, the login */
    const char *attempt;            /* id of the login, and what was sent for it */
    json_t *proof;
};

struct walk_step {
    const char *id;
    enum walk_actor actor;
    const char *zh, *en;
    struct result (*run)(struct walk *walk);
};

extern const struct walk_step walk_steps[];
extern const size_t walk_step_count;

/* PLACE, STAFF (zero at first) and ARENA outlive the walk. */
RESULT walk_begin(struct walk *walk, const struct place *place, struct staff *staff, bool english,
                  struct arena *arena);
/* Pulls the USBKey out. */
void walk_end(struct walk *walk);
void staff_done(struct staff *staff);

/* ---- for the files of steps ---- */

/* Asks CLIENT; the answer is in walk->answer. */
RESULT walk_ask(struct walk *walk, struct client *client, const char *method, const char *path, json_t *body);
/* The last answer's FIELD, kept; "" when it is not there. */
const char *walk_got(struct walk *walk, const char *field);
/* "/api/v1/console/applications/NUMBER/TAIL" and the like. */
const char *walk_path(struct walk *walk, const char *base, const char *tail);
/* What the step has to show. */
void walk_tell(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* demo_apply.c: administrator, holder up to the payment. demo_produce.c: reviewer, producer. demo_login.c: the rest. */
#define WALK_STEP(name) struct result walk_##name(struct walk *walk)
WALK_STEP(administrator_login);
WALK_STEP(organization);
WALK_STEP(account);
WALK_STEP(sms_code);
WALK_STEP(sms_login);
WALK_STEP(application);
WALK_STEP(agreement);
WALK_STEP(details);
WALK_STEP(medium);
WALK_STEP(form);
WALK_STEP(scans);
WALK_STEP(submission);
WALK_STEP(payment);
WALK_STEP(pay);
WALK_STEP(reviewer_login);
WALK_STEP(review);
WALK_STEP(approval);
WALK_STEP(producer_login);
WALK_STEP(plug);
WALK_STEP(open_card);
WALK_STEP(key_pair);
WALK_STEP(issue);
WALK_STEP(write);
WALK_STEP(finish);
WALK_STEP(shipment);
WALK_STEP(notices);
WALK_STEP(default_pin);
WALK_STEP(in_transit);
WALK_STEP(receipt);
WALK_STEP(change_pin);
WALK_STEP(login);
WALK_STEP(replay);
WALK_STEP(other_page);
WALK_STEP(other_origin);
