/* What the tests from application to certificate stand on: an office with a holder, a reviewer and a producer whose keys
 * sign, the calendar, and the real hufu-files. */
#pragma once

#include "office.h"

#include <pthread.h>
#include <sys/types.h>

#include "../pki/world.h"
#include "service/application.h"
#include "service/attachment.h"
#include "service/evidence.h"
#include "service/form.h"
#include "service/payment.h"
#include "service/journal_apply.h"
#include "service/review.h"

struct counter_operator {
    const char *name, *roles, *serial;
    struct sm2_private key;
};

struct counter {
    struct office *office;
    struct world *pki;
    struct calendar *calendar;
    pid_t files;
    pthread_t signer; /* one that is always just going away */
    int signer_socket;
    int64_t journal; /* records so far */
    struct account_row account; /* the holder's */
    struct counter_operator reviewer, producer, other; /* other: reviewer too */
};

/* cmocka's; the initial state as office_set_up's. */
int counter_set_up(void **state);
int counter_tear_down(void **state);

struct act counter_holder(struct counter *c);
struct act counter_as(struct counter *c, const struct counter_operator *operator);
struct bytes counter_sign(struct counter *c, const struct counter_operator *operator, const char *statement);

/* ---- the path, step by step; each ends the test when it is refused ---- */
struct application_row counter_begin(struct counter *c);
/* One of KIND, agreed to and confirmed; and the form printed, all scans uploaded. */
struct application_row counter_fill(struct counter *c, enum kind kind);
void counter_papers(struct counter *c, const char *number);
void counter_agree(struct counter *c, const char *number);
void counter_details(struct counter *c, const char *number);
void counter_medium(struct counter *c, const char *number);
void counter_print(struct counter *c, const char *number);
struct attachment_row counter_upload(struct counter *c, const char *number, const char *name);
struct application_row counter_submit(struct counter *c, const char *number);
struct payment_row counter_order(struct counter *c, const char *number);
void counter_pay(struct counter *c, const struct payment_row *order);
struct application_row counter_decide(struct counter *c, const char *number, bool approve);
/* Starts hufu-files, unless it runs; those below do it by themselves. */
void counter_files(struct counter *c);
/* All of it up to STATE. */
struct application_row counter_in(struct counter *c, enum state state);

/* What the gateway tells when ORDER is paid as it should be. */
struct relay_payment counter_told(const struct payment_row *order);
struct application_row counter_get(struct counter *c, const char *number);
struct payment_row counter_payment(struct counter *c, const char *order);

/* ---- the journal, as the signer would tell it ---- */

/* Records as SIGNER_JOURNAL answers them, from FROM on. */
struct told {
    uint8_t buffer[ENTRIES_MAX];
    struct writer w;
    struct signer_entries entries;
};
struct told *counter_tell(int64_t from);
void counter_add(struct told *t, enum journal_record type, const struct shape *shape, const void *record);
/* Applies and frees them. */
struct result counter_apply(struct counter *c, struct told *t);
/* The first record. */
void counter_journal_begin(struct counter *c);
/* A pair for what was approved last for NUMBER; NOT_AFTER_S 0: a year from now. */
struct journal_issued counter_issued(struct counter *c, const char *number, int64_t not_after_s);
struct application_row counter_issue(struct counter *c, const char *number, int64_t not_after_s);
/* Its USBKey has come: as the signer records it. */
struct application_row counter_receive(struct counter *c, const char *number);
/* What the last approval of NUMBER revokes is revoked, as the signer does it when it is asked. */
void counter_revoke(struct counter *c, const char *number);
const char *counter_approval(struct counter *c, const char *number);

/* A notice of TEMPLATE by CHANNEL, an audit entry of ACTION; the test ends when there is none. */
struct notice_row counter_notice(struct counter *c, const char *template, const char *channel);
/* Sends what is in the outbox; the test ends when no message has PART in its text. */
void counter_sent(struct counter *c, const char *part);
struct audit_row counter_audit(struct counter *c, const char *action);

/* ---- around the rules; SQLite only ---- */
void counter_sql(const struct counter *c, const char *sql);
/* SM3 over every row of every table. */
void counter_fingerprint(const struct counter *c, uint8_t ret_hash[32]);

/* Details that pass. */
struct application_details counter_good_details(void);
struct application_medium counter_good_medium(void);
