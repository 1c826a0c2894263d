/* What everything that happens to an application has in common: it is read, who asks is checked, the workflow's row is
 * found and carried out (state, promised time, refunds, notice, audit entry) in one closure, and open pages are told
 * after the commit. application.c, payment.c, review.c, production.c and shipment.c say what is particular to each. */
#pragma once

#include "service/service.h"
#include "service/workflow.h"

struct desk_step;
typedef struct result desk_fn(struct tx *tx, struct desk_step *step, struct application_row *row);

/* One step of one application. Zero what is not needed. */
struct desk_step {
    const struct act *act;
    const char *number;      /* of the application */
    bool guarded;            /* VERSION must be the application's: ERROR_APPLICATION_VERSION otherwise */
    int64_t version;
    enum event event;
    const char *detail;      /* for the audit trail; NULL: the states alone */
    /* Changes ROW before the facts are looked at; may be NULL. Runs inside the closure, perhaps more than once. */
    desk_fn *prepare;
    /* Follows when the step was taken; may be NULL. */
    desk_fn *follow;
    void *own;               /* of both */

    /* ---- set by desk ---- */
    enum kind kind;
    enum state from, to;
    struct application_row row; /* as it stands after the step */
};

/* Takes STEP in a closure of its own and tells the open pages. ERROR_NOT_FOUND also for an application of another
 * holder; what workflow_step refuses with; what prepare and follow fail with. */
RESULT desk_take(struct desk_step *step);
/* The same inside a closure; the caller publishes after the commit (desk_publish). */
RESULT desk_take_in(struct tx *tx, struct desk_step *step);
void desk_publish(const struct act *act, const char *number, enum event event);

/* The application NUMBER as ACT may see it: a holder the own ones and those by which a certificate is to pass to the
 * person, operators and the system all. */
RESULT desk_load(struct tx *tx, const struct act *act, const char *number, struct application_row *ret_row);
/* The same for what a deputy may see and do too (R-FORM-6); to the others such a person is ERROR_DEPUTY. */
RESULT desk_look(struct tx *tx, const struct act *act, const char *number, struct application_row *ret_row);
/* Whether ACT is by the one who acts for the holder of ROW. */
bool desk_deputy(const struct act *act, const struct application_row *row);
/* As desk_look, if ACT may take EVENT with it now: ERROR_NOT_PERMITTED, ERROR_APPLICATION_STATE. */
RESULT desk_load_for(struct tx *tx, const struct act *act, const char *number, enum event event,
                     struct application_row *ret_row);
RESULT desk_facts(struct tx *tx, const struct act *act, const struct application_row *row, enum kind kind,
                  struct workflow_facts *ret_facts);
/* Whether ROW takes the approvals of two reviewers: its service does, or an encryption key passes to another person. */
bool desk_four_eyes(const struct application_row *row, enum kind kind);
/* Queues the notice TEMPLATE about the application to its holder, or to WHOM. */
RESULT desk_tell(struct tx *tx, const struct act *act, const struct application_row *row, const char *template);
RESULT desk_tell_person(struct tx *tx, const struct act *act, const struct application_row *row,
                        const char *template, const struct id *whom);
/* What has been paid for the application and was not given back. */
RESULT desk_paid(struct tx *tx, const struct act *act, const char *number, int64_t *ret_fen);
