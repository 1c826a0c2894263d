#include "service/deputy.h"

#include "service/audit.h"
#include "service/number.h"
#include "service/organization.h"
#include "service/session.h"

static const struct id nobody;

struct naming {
    const struct act *act; /* who names */
    struct act desk;       /* the same for the desk, which knows holders only */
    const struct application_edit *edit;
    const char *mobile;
    struct id former;
    struct application_row row;
};

static struct naming naming_of(const struct act *act, const struct application_edit *edit, const char *mobile)
{
    struct naming n = { .act = act, .desk = *act, .edit = edit, .mobile = mobile };
    n.desk.kind = ACTOR_SYSTEM;
    return n;
}

static struct result account_of(struct tx *tx, const struct act *act, const struct id *id,
                                struct account_row *ret_account)
{
    struct key_row key = { .id = *id };
    return tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, ret_account);
}

/* The holder, and whoever runs the holder's organization. */
static struct result may_name(struct tx *tx, const struct act *act, const struct application_row *row,
                              struct account_row *ret_holder)
{
    struct id organization;
    TRY(account_of(tx, act, &row->holder, ret_holder));
    if (id_equal(&row->holder, &act->account)) return OK;
    struct result r = organization_run_by(tx, act, &act->account, &organization);
    if (!failed(r) && id_equal(&organization, &ret_holder->organization)) return OK; /* who acts too, perhaps */
    ENSURE(!desk_deputy(act, row), ERROR_DEPUTY);
    if (r.code != ERROR_ORGANIZATION_ADMINISTRATOR) TRY(r);
    return FAIL(ERROR_NOT_FOUND);
}

static struct result look(struct tx *tx, void *context)
{
    struct naming *n = context;
    struct account_row holder;
    TRY(desk_look(tx, &n->desk, n->edit->number, &n->row));
    return may_name(tx, n->act, &n->row, &holder);
}

/* A letter names one person: that of another counts no more. */
static struct result drop_letter(struct tx *tx, const struct application_row *row)
{
    struct attachment_row letter = { .application = row->number, .kind = "letter" };
    return tx_run(tx, STATEMENT_ATTACHMENT_SUPERSEDE, RECORD(attachment_row_shape, &letter), NULL);
}

/* ---- naming ---- */

static struct result unfit(const struct act *act, const char *why)
{
    return diag_field(act->diag, ERROR_DEPUTY_UNFIT, "mobile", "%s", why);
}

static struct result find_person(struct tx *tx, const struct naming *n, const struct account_row *holder,
                                 struct account_row *ret_person)
{
    struct key_row key = { .key = n->mobile };
    struct result r = tx_one(tx, STATEMENT_ACCOUNT_BY_MOBILE, RECORD(key_row_shape, &key), n->act->arena,
                             &account_row_shape, ret_person);
    /* One answer for all who are not of the organization: numbers are not to be tried out here. */
    bool colleague = !failed(r) && id_equal(&ret_person->organization, &holder->organization);
    if (r.code == ERROR_NOT_FOUND || (!failed(r) && !colleague)) return unfit(n->act, "本单位没有使用这个手机号的账户");
    TRY(r);
    if (id_equal(&ret_person->id, &holder->id)) return unfit(n->act, "经办人不能是使用人本人");
    if (!text_equal(ret_person->state, "open")) return unfit(n->act, "经办人的账户没有开通");
    return OK;
}

static struct result name(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct naming *n = step->own;
    struct account_row holder, person;
    TRY(may_name(tx, n->act, row, &holder));
    TRY(find_person(tx, n, &holder, &person));
    bool same = text_equal(row->deputy_mobile, person.mobile) && text_equal(row->deputy_name, person.name);
    if (!same) TRY(drop_letter(tx, row));
    n->former = id_equal(&row->deputy, &person.id) ? nobody : row->deputy;
    row->deputy = person.id;
    row->deputy_name = person.name;
    row->deputy_mobile = person.mobile;
    step->detail = arena_format(step->act->arena, "委托经办人 %s", person.name);
    ENSURE(step->detail, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result tell_named(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct naming *n = step->own;
    if (!id_empty(&n->former)) TRY(desk_tell_person(tx, step->act, row, "deputy-ended", &n->former));
    TRY(desk_tell_person(tx, step->act, row, "deputy-named", &row->deputy));
    if (id_equal(&row->holder, &n->act->account)) return OK;
    return desk_tell(tx, step->act, row, "deputy-named-holder");
}

struct result deputy_name(const struct act *act, const struct application_edit *edit, const char *mobile,
                          struct application_row *ret_row)
{
    struct naming n = naming_of(act, edit, mobile);
    ENSURE(number_right(edit->number), ERROR_APPLICATION_NUMBER);
    TRY(store_read(act->service->store, look, &n));
    struct desk_step step = { .act = &n.desk, .number = edit->number, .guarded = edit->guarded,
                              .version = edit->version, .event = EVENT_FILL, .prepare = name, .follow = tell_named,
                              .own = &n };
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}

/* ---- ending ---- */

static struct result clear(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    row->deputy = nobody;
    row->deputy_name = row->deputy_mobile = NULL;
    return drop_letter(tx, row);
}

/* What was submitted is not touched but for who may act. */
static struct result shut_out(struct tx *tx, struct naming *n)
{
    struct application_row *row = &n->row;
    ENSURE(!n->edit->guarded || n->edit->version == row->version, ERROR_APPLICATION_VERSION);
    row->deputy = nobody;
    TRY(tx_change(tx, STATEMENT_APPLICATION_UPDATE, RECORD(application_row_shape, row)));
    row->version++;
    const char *detail = arena_format(n->act->arena, "不再委托经办人 %s", row->deputy_name);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    return audit_write(tx, n->act, "application.deputy-end", row->number, detail);
}

static struct result end(struct tx *tx, void *context)
{
    struct naming *n = context;
    TRY(look(tx, n));
    struct application_row before = n->row;
    bool open_draft = text_equal(before.state, state_name(STATE_DRAFT)) ||
                      text_equal(before.state, state_name(STATE_SENT_BACK));
    ENSURE(!id_empty(&before.deputy) || (open_draft && before.deputy_name), ERROR_DEPUTY_NONE);
    if (open_draft) {
        const char *detail = arena_format(n->act->arena, "不再委托经办人 %s", before.deputy_name);
        struct desk_step step = { .act = &n->desk, .number = before.number, .guarded = n->edit->guarded,
                                  .version = n->edit->version, .event = EVENT_FILL, .detail = detail,
                                  .prepare = clear };
        ENSURE(detail, ERROR_OUT_OF_ROOM);
        TRY(desk_take_in(tx, &step));
        n->row = step.row;
    } else {
        TRY(shut_out(tx, n));
    }
    return id_empty(&before.deputy) ? OK
                                    : desk_tell_person(tx, n->act, &before, "deputy-ended", &before.deputy);
}

struct result deputy_end(const struct act *act, const struct application_edit *edit, struct application_row *ret_row)
{
    struct naming n = naming_of(act, edit, NULL);
    ENSURE(number_right(edit->number), ERROR_APPLICATION_NUMBER);
    TRY(store_write(act->service->store, end, &n));
    desk_publish(act, edit->number, EVENT_FILL);
    *ret_row = n.row;
    return OK;
}

/* ---- looking ---- */

struct result deputy_list(const struct act *act, const char *after, struct application_row **ret_rows,
                          size_t *ret_count, const char **ret_next)
{
    TRY(session_check_whole(act));
    return application_list_by(act, STATEMENT_APPLICATION_LIST_OF_DEPUTY, after, ret_rows, ret_count, ret_next);
}
