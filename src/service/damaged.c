#include "service/damaged.h"

#include "service/application.h"
#include "service/evidence.h"

static struct result take_back(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct operator_row operator;
    TRY(evidence_role(tx, step->act, "reviewer", &operator));
    row->key_received_s = step->act->now_s;
    return OK;
}

struct result damaged_take_back(const struct act *act, const char *number, struct application_row *ret_row)
{
    struct desk_step step = { .act = act, .number = number, .event = EVENT_TAKE_BACK, .prepare = take_back };
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}

/* From here on it is a replacement, counted and paid for as one; the form that was signed stays. */
static struct result turn(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    row->service = kind_rule(KIND_LOST)->name;
    row->return_words = step->detail;
    return application_fee(tx, step->act, KIND_LOST, row, &row->fee_fen);
}

static struct result inspect(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct operator_row operator;
    TRY(evidence_role(tx, step->act, "reviewer", &operator));
    row->inspected_s = step->act->now_s;
    return step->event == EVENT_FAULT ? turn(tx, step, row) : OK;
}

struct result damaged_inspect(const struct act *act, const char *number, bool fault, const char *words,
                              struct application_row *ret_row)
{
    struct desk_step step = { .act = act, .number = number, .event = fault ? EVENT_FAULT : EVENT_INSPECT,
                              .detail = words, .prepare = inspect };
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}
