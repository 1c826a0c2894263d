/* The rules: what accounts, applications, payments, reviews and certificates may do, whoever asks and by whichever
 * way. Stands on the store and on the messages to signer, files and relay; knows no HTTP and no JSON. Every function
 * takes a struct act: who asks, when, and where words go. A rule that refuses returns its error with DIAG filled in.
 *
 * A change and everything that follows from it (its audit entry, its notices, the next state) are one closure of the
 * store: all or nothing. Messages to other processes are sent outside closures; what they answer is applied so that
 * a crash between answer and store loses nothing (the journal is read again, payments are queried, notices resent). */
#pragma once

#include "base/clock.h"
#include "ipc/peers.h"
#include "store/rows.h"
#include "store/store.h"

/* Set by [web] of the configuration; texts live as long as the process. */
struct service_settings {
    const char *brand;            /* 国资CA */
    const char *portal_address;   /* the one official address; notices link to it only (R-HELP-2) */
    const char *portal_origin, *console_origin, *platform_origin;
    const char *relying_party;    /* name that stands in HUFU-LOGIN-v1 */
    const char *calendar_folder;  /* holidays, a file a year: data/calendar/2026.txt */
    const char *service_line, *service_email, *accounts_line, *complaints_line; /* whom to ask (R-HELP-1) */
    const char *return_address;   /* where damaged USBKeys go; NULL: none */
    bool wechat, alipay, courier; /* whether hufu-relay has the gateway */
    const char *transfer_name, *transfer_account, *transfer_bank; /* where money is transferred to; NULL: it is not */
    const char *seller_name, *seller_tax_number; /* who makes invoices; NULL: name of the brand, none */
    const char *invoice_item, *invoice_code; /* what they are for, and its tax classification code */
    int64_t invoice_rate;         /* percent of tax within the price */
    const char *agent;            /* where the agent listens; NULL: its usual port */
    int64_t parcel_seconds;       /* between two looks for a parcel (R-SHIP-1) */
    int64_t sms_per_hour;         /* codes that one client address may ask for or try wrongly (R-SMS-1) */
    bool demonstration;
};

struct authorities;
struct calendar;
struct journal;

struct service {
    struct store *store;
    struct peers *peers;
    const struct clock *clock;
    const struct calendar *calendar; /* working time (service/calendar.h) */
    struct service_settings settings;
    int upload_folder;            /* descriptor: encrypted files, named at random */
    uint8_t data_key[32];         /* seals identity numbers and the keys of files (service/seal.h); wiped at the end */
    /* Tells the open pages of TOPIC that something changed; may be NULL. Called after the commit. */
    void (*publish)(void *context, const char *topic, const char *event);
    /* Ends the pages and streams of an account or session; may be NULL. */
    void (*end)(void *context, const struct id *account_or_session);
    /* Runs the job NAME now rather than when it is due; may be NULL. Called after the commit. */
    void (*wake)(void *context, const char *name);
    void *web;                    /* context of all three */
    struct journal *journal;      /* one reader at a time (service/journal.h) */
    struct authorities *authorities; /* the CAs' certificates, as the signer told them (service/authority.h) */
};

enum actor_kind { ACTOR_SYSTEM, ACTOR_HOLDER, ACTOR_OPERATOR };

/* One request to the rules. */
struct act {
    struct service *service;
    struct arena *arena;
    struct diag *diag;
    int64_t now_s;
    enum actor_kind kind;
    struct id account;      /* of a holder */
    const char *name;       /* for the audit trail; never NULL */
    const char *serial;     /* of the certificate that logged in; NULL: none */
    const char *roles;      /* of an operator, joined by commas; NULL: none */
    const char *means;      /* how the session was entered: "sms", "usbkey", "usbkey-expired" (service/session.h) */
    const char *client;     /* address it came from; "-" for the system itself */
    const char *request;    /* its id in text; "-" */
};

/* An act of the system itself: of jobs, and of what comes from other processes. DIAG may be NULL. */
struct act service_act(struct service *service, struct arena *arena, struct diag *diag);
