#include "service/former.h"

#include "service/evidence.h"

/* ---- finding ---- */

static struct result fill(struct tx *tx, const struct act *act, struct former *f)
{
    struct decision_row approval;
    struct key_row key = { 0 };
    TRY(kind_find(f->row.service, &f->kind));
    struct result r = evidence_latest(tx, act, f->row.number, "approve", &approval);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    f->made = failed(r);
    key.key = f->made ? f->row.serial : f->row.about;
    return tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), act->arena, &certificate_row_shape,
                  &f->replaces);
}

static struct result load(struct tx *tx, const struct act *act, const char *number, struct former *f)
{
    struct key_row key = { .key = number };
    TRY(tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &key), act->arena, &application_row_shape,
               &f->row));
    return fill(tx, act, f);
}

static struct result find(struct tx *tx, const struct act *act, enum statement statement, const struct id *holder,
                          struct former *f, bool *ret_found)
{
    struct key_row key = { .id = *holder };
    enum kind kind;
    enum state state;
    *ret_found = false;
    struct result r = tx_one(tx, statement, RECORD(key_row_shape, &key), act->arena, &application_row_shape, &f->row);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r;
    TRY(kind_find(f->row.service, &kind));
    TRY(state_find(f->row.state, &state));
    const struct id *whose = kind_rule(kind)->successor ? &f->row.successor : &f->row.holder;
    *ret_found = workflow_possible(kind, state, EVENT_REPLACE) && id_equal(whose, holder);
    return *ret_found ? fill(tx, act, f) : OK;
}

struct result former_find(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                          struct former *ret_former, bool *ret_found)
{
    *ret_found = false;
    if (!kind_rule(kind)->replaces) return OK;
    TRY(find(tx, act, STATEMENT_APPLICATION_OPEN_OF, holder, ret_former, ret_found));
    return *ret_found ? OK : find(tx, act, STATEMENT_APPLICATION_PASSING_TO, holder, ret_former, ret_found);
}

struct result former_load(struct tx *tx, const struct act *act, const struct application_row *row,
                          struct former *ret_former)
{
    struct former f = { 0 };
    TRY(load(tx, act, row->former, &f));
    *ret_former = f;
    return OK;
}

struct result former_approval(struct tx *tx, const struct act *act, const struct application_row *row,
                              struct decision_row *ret_approval)
{
    struct decision_row approval = { 0 };
    if (row->former) {
        struct result r = evidence_latest(tx, act, row->former, "approve", &approval);
        if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    }
    *ret_approval = approval;
    return OK;
}

struct result former_replaced_by(const struct act *act, const char *number, const char **ret_number)
{
    struct key_row key = { .key = number };
    struct application_row row;
    struct result r = store_one(act->service->store, STATEMENT_APPLICATION_REPLACED_BY, RECORD(key_row_shape, &key),
                                act->arena, &application_row_shape, &row);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    *ret_number = failed(r) ? NULL : row.number;
    return OK;
}

/* ---- standing ---- */

struct result former_standing(const struct act *act, const struct former *former)
{
    /* A change of holder has revoked by its approval what it is about. */
    bool passed = kind_rule(former->kind)->successor && !former->made;
    if (passed || !text_equal(former->replaces.state, "revoked")) return OK;
    return diag_detail(act->diag, ERROR_APPLICATION_CERTIFICATE_NONE, "%s", "证书已吊销");
}

/* ---- steps ---- */

static struct result step_of(struct tx *tx, const struct act *act, const char *number, enum event event,
                             const char *detail)
{
    struct act system = *act;
    system.kind = ACTOR_SYSTEM;
    struct desk_step step = { .act = &system, .number = number, .event = event, .detail = detail };
    return desk_take_in(tx, &step);
}

/* An unlock that stands beside it is for the USBKey that is gone. */
static struct result cancel_unlock(struct tx *tx, const struct act *act, const struct id *holder)
{
    struct key_row key = { .id = *holder };
    struct application_row beside;
    struct result r = tx_one(tx, STATEMENT_APPLICATION_BESIDE, RECORD(key_row_shape, &key), act->arena,
                             &application_row_shape, &beside);
    if (failed(r)) return r.code == ERROR_NOT_FOUND ? OK : r;
    return step_of(tx, act, beside.number, EVENT_CANCEL, "USBKey 已遗失或损坏");
}

struct result former_take(struct tx *tx, const struct act *act, const struct former *former, const struct id *holder)
{
    TRY(former_standing(act, former));
    TRY(step_of(tx, act, former->row.number, EVENT_REPLACE, "USBKey 遗失或损坏，由补办或更换接替"));
    return cancel_unlock(tx, act, holder);
}

struct result former_let_go(struct tx *tx, const struct act *act, const struct application_row *replacement,
                            enum state to)
{
    bool over = to == STATE_CANCELLED || replacement->serial;
    return step_of(tx, act, replacement->former, over ? EVENT_CANCEL : EVENT_RESUME, replacement->number);
}
