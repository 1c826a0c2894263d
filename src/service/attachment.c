#include "service/attachment.h"

#include "base/fault.h"
#include "base/random.h"
#include "service/application.h"
#include "service/audit.h"
#include "service/form.h"
#include "service/scan.h"
#include "service/upload.h"

static struct result list(struct tx *tx, const struct act *act, const char *number, struct attachment_row **ret_rows,
                          size_t *ret_count)
{
    struct key_row params = { .key = number, .limit_count = KIND_SCANS_MAX };
    void *rows;
    TRY(tx_list(tx, STATEMENT_ATTACHMENT_LIST, RECORD(key_row_shape, &params), act->arena, &attachment_row_shape,
                KIND_SCANS_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct result attachment_missing(struct tx *tx, const struct act *act, const struct application_row *row,
                                 enum kind kind, const char **ret_name)
{
    struct attachment_row *rows;
    size_t count;
    TRY(list(tx, act, row->number, &rows, &count));
    const struct kind_scan *scan;
    for (size_t i = 0; (scan = kind_scan_at(kind, row->deputy_name, i)); i++) {
        size_t at = 0;
        while (at < count && !text_equal(rows[at].kind, scan->name)) at++;
        /* One that was sent back is not among the current ones any more. */
        if (at < count && (!scan->form || rows[at].revision == row->form_revision)) continue;
        *ret_name = scan->name;
        return OK;
    }
    *ret_name = NULL;
    return OK;
}

/* ---- taking one ---- */

struct adding {
    const struct act *act;
    const struct attachment_new *new;
    struct attachment_row row;
};

/* What can be refused before anybody looks at the file. */
static struct result check(struct tx *tx, const struct act *act, const char *name, enum kind kind,
                           const struct application_row *row)
{
    const struct kind_scan *scan = kind_scan(kind, name);
    struct key_row params = { .key = row->number };
    struct count_row count;
    bool printed;
    if (!scan) return diag_field(act->diag, ERROR_APPLICATION_FIELD, "kind", "这项业务不需要这种附件");
    if (scan->deputy && !row->deputy_name)
        return diag_field(act->diag, ERROR_APPLICATION_FIELD, "kind", "没有委托经办人，不需要委托书");
    if (scan->form) {
        TRY(form_printed(tx, act, row, &printed));
        if (!printed)
            return diag_field(act->diag, ERROR_APPLICATION_INCOMPLETE, "form",
                              "填写的内容改动后须重新打印受理表，签字盖章后再上传");
    } else if (!application_item_open(row, name)) {
        return diag_field(act->diag, ERROR_APPLICATION_ITEM, name, "这份附件没有被要求更换");
    }
    TRY(tx_one(tx, STATEMENT_ATTACHMENT_COUNT, RECORD(key_row_shape, &params), act->arena, &count_row_shape, &count));
    ENSURE(count.count < ATTACHMENTS_MAX, ERROR_ATTACHMENT_MANY);
    return OK;
}

struct result attachment_wanted(struct tx *tx, const struct act *act, const char *number, const char *name)
{
    struct application_row row;
    enum kind kind;
    TRY(desk_load_for(tx, act, number, EVENT_UPLOAD, &row));
    TRY(kind_find(row.service, &kind));
    return check(tx, act, name, kind, &row);
}

static struct result look(struct tx *tx, void *context)
{
    const struct adding *a = context;
    return attachment_wanted(tx, a->act, a->new->number, a->new->name);
}

static struct result prepare(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct adding *a = step->own;
    TRY(check(tx, a->act, a->new->name, step->kind, row));
    if (a->new->upload) TRY(upload_forget(tx, a->new->upload));
    a->row.revision = kind_scan(step->kind, a->new->name)->form ? row->form_revision : 0;
    TRY(tx_run(tx, STATEMENT_ATTACHMENT_SUPERSEDE, RECORD(attachment_row_shape, &a->row), NULL));
    return tx_run(tx, STATEMENT_ATTACHMENT_INSERT, RECORD(attachment_row_shape, &a->row), NULL);
}

struct result attachment_add(const struct act *act, const struct attachment_new *new, struct attachment_row *ret_row)
{
    struct adding a = { .act = act, .new = new };
    struct files_inspected found;
    struct sealed_file file;
    TRY(store_read(act->service->store, look, &a));
    TRY(scan_take(act, "attachment", new->fd, new->size, &found, &file));
    FAULT("web:attachment-sealed");
    a.row = (struct attachment_row){ .id = random_id(), .application = new->number, .kind = new->name,
                                     .type = found.type, .size = new->size, .pages = found.pages, .name = file.name,
                                     .key_sealed = file.key_sealed, .current = 1, .uploaded_s = act->now_s };
    const char *detail = arena_format(act->arena, "%s %s %lld", new->name, found.type, (long long)new->size);
    struct desk_step step = { .act = act, .number = new->number, .event = EVENT_UPLOAD, .detail = detail,
                              .prepare = prepare, .own = &a };
    struct result r = detail ? desk_take(&step) : FAIL(ERROR_OUT_OF_ROOM);
    if (failed(r)) {
        IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
        return r;
    }
    a.row.name = NULL; /* it points into this function, and is nobody's business */
    *ret_row = a.row;
    return OK;
}

/* ---- looking ---- */

struct listing {
    const struct act *act;
    const char *number;
    const struct id *id;
    struct attachment_row *rows, row;
    size_t count;
};

static struct result read_list(struct tx *tx, void *context)
{
    struct listing *l = context;
    struct application_row row;
    TRY(desk_look(tx, l->act, l->number, &row));
    return list(tx, l->act, l->number, &l->rows, &l->count);
}

struct result attachment_list(const struct act *act, const char *number, struct attachment_row **ret_rows,
                              size_t *ret_count)
{
    struct listing l = { .act = act, .number = number };
    TRY(store_read(act->service->store, read_list, &l));
    *ret_rows = l.rows;
    *ret_count = l.count;
    return OK;
}

static struct result read_one(struct tx *tx, void *context)
{
    struct listing *l = context;
    struct application_row row;
    struct key_row params = { .id = *l->id };
    TRY(desk_load(tx, l->act, l->number, &row));
    TRY(tx_one(tx, STATEMENT_ATTACHMENT_GET, RECORD(key_row_shape, &params), l->act->arena, &attachment_row_shape,
               &l->row));
    ENSURE(text_equal(l->row.application, l->number), ERROR_NOT_FOUND);
    return OK;
}

struct result attachment_open(const struct act *act, const char *number, const struct id *id,
                              struct attachment_row *ret_row, int *ret_fd)
{
    struct listing l = { .act = act, .number = number, .id = id };
    char id_words[ID_TEXT_LEN + 1];
    TRY(store_read(act->service->store, read_one, &l));
    id_text(id, id_words);
    const char *detail = arena_format(act->arena, "%s %s", l.row.kind, id_words);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    TRY(audit_write_alone(act, "attachment.look", number, detail));
    TRY(seal_file_open(act->service, "attachment", l.row.name, l.row.key_sealed, ret_fd));
    *ret_row = l.row;
    return OK;
}
