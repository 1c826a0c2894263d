#include "service/checked_change.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/evidence.h"
#include "service/page.h"
#include "service/scan.h"

static const struct id *subject_of(const struct checked_change *kind, const struct change_row *row)
{
    return (const void *)((const char *)row + kind->subject);
}

/* An entry of the audit trail about what ROW changes. */
static struct result note(struct tx *tx, const struct act *act, const struct checked_change *kind,
                          const struct change_row *row, const char *what, const char *detail)
{
    const char *action = arena_format(act->arena, "%s%s", kind->action, what);
    const char *id = text_id(act->arena, subject_of(kind, row));
    ENSURE(action && id, ERROR_OUT_OF_ROOM);
    return tx ? audit_write(tx, act, action, id, detail) : audit_write_alone(act, action, id, detail);
}

/* ---- asking ---- */

static const char *asker_of(const struct act *act)
{
    return act->kind == ACTOR_HOLDER ? text_id(act->arena, &act->account) : act->serial;
}

struct result checked_change_ask(const struct checked_change_ask *ask)
{
    const struct act *act = ask->act;
    struct change_row *row = ask->row;
    struct files_inspected found;
    struct sealed_file file;
    const char *asker = asker_of(act);
    ENSURE(asker, ERROR_NOT_PERMITTED);
    TRY(store_read(act->service->store, ask->look, ask->context));
    TRY(scan_take(act, ask->kind->use, ask->fd, ask->size, &found, &file));
    *row = (struct change_row){ .id = random_id_rising(), .state = "waiting", .type = found.type, .size = ask->size,
                                .file = file.name, .key_sealed = file.key_sealed, .asked_by = act->name,
                                .asked_by_id = asker, .asked_s = act->now_s };
    struct result r = store_write(act->service->store, ask->insert, ask->context);
    row->file = NULL; /* it points into this function */
    if (failed(r)) IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
    return r;
}

struct result checked_change_insert(struct tx *tx, const struct checked_change_ask *ask, const char *detail)
{
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    TRY(tx_run(tx, ask->kind->insert, (struct record){ ask->kind->row, ask->row }, NULL));
    return note(tx, ask->act, ask->kind, ask->row, "ask", detail);
}

/* ---- looking ---- */

struct result checked_change_list(const struct act *act, const struct checked_change *kind, bool waiting,
                                  const char *after, void **ret_rows, size_t *ret_count, const char **ret_next)
{
    const struct page_list list = { waiting ? kind->list_waiting : kind->list_decided, kind->row,
                                    offsetof(struct change_row, asked_s), offsetof(struct change_row, id),
                                    CHECKED_CHANGE_PAGE };
    struct key_row key;
    TRY(page_by_time(after, CHECKED_CHANGE_PAGE, act->diag, &key));
    return page_read(act->service->store, &list, RECORD(key_row_shape, &key), act->arena, ret_rows, ret_count,
                     ret_next);
}

struct result checked_change_evidence(const struct act *act, const struct checked_change *kind, const struct id *id,
                                      struct change_row *row, int *ret_fd)
{
    struct key_row key = { .id = *id };
    TRY(store_one(act->service->store, kind->get, RECORD(key_row_shape, &key), act->arena, kind->row, row));
    TRY(note(NULL, act, kind, row, "look", row->type));
    return seal_file_open(act->service, kind->use, row->file, row->key_sealed, ret_fd);
}

/* ---- deciding ---- */

struct deciding {
    const struct act *act;
    const struct checked_change *kind;
    struct id id;
    bool approve;
    const char *words;
    struct change_row *row;
};

static struct result decide(struct tx *tx, void *context)
{
    struct deciding *d = context;
    const struct act *act = d->act;
    const struct checked_change *kind = d->kind;
    struct change_row *row = d->row;
    struct key_row key = { .id = d->id };
    TRY(tx_one(tx, kind->get, RECORD(key_row_shape, &key), act->arena, kind->row, row));
    ENSURE(text_equal(row->state, "waiting"), kind->decided);
    ENSURE(!evidence_same_person(act, row->asked_by, row->asked_by_id), kind->own);
    row->state = d->approve ? "approved" : "rejected";
    row->decided_by = act->name;
    row->decided_s = act->now_s;
    row->words = d->words;
    struct result r = tx_change(tx, kind->decide, (struct record){ kind->row, row });
    ENSURE(r.code != ERROR_STORE_CONFLICT, kind->decided);
    TRY(r);
    TRY(kind->settle(tx, act, row));
    return note(tx, act, kind, row, d->approve ? "approve" : "reject", d->words);
}

struct result checked_change_decide(const struct act *act, const struct checked_change *kind, const struct id *id,
                                    bool approve, const char *words, struct change_row *row)
{
    struct deciding d = { act, kind, *id, approve, words, row };
    ENSURE(act->serial, ERROR_NOT_PERMITTED);
    return store_write(act->service->store, decide, &d);
}

static struct result withdraw(struct tx *tx, void *context)
{
    struct deciding *d = context;
    const struct act *act = d->act;
    struct change_row *row = d->row;
    struct key_row key = { .id = d->id };
    TRY(tx_one(tx, d->kind->get, RECORD(key_row_shape, &key), act->arena, d->kind->row, row));
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(subject_of(d->kind, row), &act->account), ERROR_NOT_FOUND);
    struct result r = tx_change(tx, d->kind->withdraw, (struct record){ d->kind->row, row });
    ENSURE(r.code != ERROR_STORE_CONFLICT, d->kind->decided);
    TRY(r);
    row->state = "withdrawn";
    TRY(d->kind->settle(tx, act, row));
    return note(tx, act, d->kind, row, "withdraw", row->asked_by);
}

struct result checked_change_withdraw(const struct act *act, const struct checked_change *kind, const struct id *id,
                                      struct change_row *row)
{
    struct deciding d = { .act = act, .kind = kind, .id = *id, .row = row };
    TRY(store_write(act->service->store, withdraw, &d));
    IGNORE(seal_file_remove(act->service, row->file)); /* else the sweep finds it */
    return OK;
}
