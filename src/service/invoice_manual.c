#include "service/invoice_manual.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "service/audit.h"
#include "service/invoice_document.h"
#include "service/scan.h"

/* ---- export ---- */

struct exporting {
    const struct act *act;
    const char *batch;
    size_t count;
};

static struct result export(struct tx *tx, void *context)
{
    struct exporting *e = context;
    struct key_row key = { .limit_count = INVOICE_EXPORT_MAX };
    void *found;
    TRY(tx_list(tx, STATEMENT_INVOICE_LIST_MANUAL, RECORD(key_row_shape, &key), e->act->arena, &invoice_row_shape,
                INVOICE_EXPORT_MAX, &found, &e->count));
    ENSURE(e->count > 0, ERROR_INVOICE_NONE_DUE);
    struct invoice_row *rows = found;
    for (size_t i = 0; i < e->count; i++) {
        rows[i].batch = e->batch;
        TRY(invoice_change(tx, e->act, &rows[i], INVOICE_EXPORT, e->batch));
    }
    return OK;
}

struct result invoice_export_new(const struct act *act, const char **ret_batch, int64_t *ret_count)
{
    struct id id = random_id();
    struct exporting e = { .act = act, .batch = text_id(act->arena, &id) };
    ENSURE(e.batch, ERROR_OUT_OF_ROOM);
    TRY(store_write(act->service->store, export, &e));
    *ret_batch = e.batch;
    *ret_count = (int64_t)e.count;
    return OK;
}

/* The official number of what a red one takes back. */
static struct result about_of(const struct act *act, const struct invoice_row *row, const char **ret_about)
{
    struct key_row key = { .key = row->about };
    struct invoice_row about;
    *ret_about = NULL;
    if (row->amount_fen >= 0) return OK;
    TRY(store_one(act->service->store, STATEMENT_INVOICE_GET, RECORD(key_row_shape, &key), act->arena,
                  &invoice_row_shape, &about));
    *ret_about = about.invoice_number;
    return OK;
}

static struct result put(int fd, const char *text)
{
    size_t len = strlen(text);
    ENSURE(write(fd, text, len) == (ssize_t)len, ERROR_IO);
    return OK;
}

static struct result write_all(const struct act *act, const struct invoice_row *rows, size_t count, bool xml, int fd)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(256 * 1024);
    struct act each = *act;
    each.arena = arena;
    TRY(put(fd, xml ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EInvoices>\n" : invoice_csv_head()));
    for (size_t i = 0; i < count; i++, arena_reset(arena)) {
        const char *about, *text;
        TRY(about_of(&each, &rows[i], &about));
        TRY(xml ? invoice_xml(&each, &rows[i], about, &text) : invoice_csv(&each, &rows[i], about, &text));
        TRY(put(fd, text));
    }
    return xml ? put(fd, "</EInvoices>\n") : OK;
}

struct result invoice_export_open(const struct act *act, const char *batch, const char *format, int *ret_fd)
{
    struct key_row key = { .key = batch, .limit_count = INVOICE_EXPORT_MAX };
    void *rows;
    size_t count;
    TRY(store_list(act->service->store, STATEMENT_INVOICE_LIST_BATCH, RECORD(key_row_shape, &key), act->arena,
                   &invoice_row_shape, INVOICE_EXPORT_MAX, &rows, &count));
    ENSURE(count > 0, ERROR_NOT_FOUND);
    TRY(audit_write_alone(act, "invoice.look", batch, format));
    int fd = memfd_create("invoices", MFD_CLOEXEC);
    ENSURE(fd >= 0, ERROR_IO);
    struct result r = write_all(act, rows, count, text_equal(format, "xml"), fd);
    if (failed(r)) close(fd);
    else *ret_fd = fd;
    return r;
}

/* ---- import ---- */

struct importing {
    const struct act *act;
    const char *number, *invoice_number;
    int64_t issued_s;
    struct invoice_file_row file;
    struct invoice_row row;
};

static struct result find_exported(struct tx *tx, void *context)
{
    struct importing *i = context;
    TRY(invoice_get(tx, i->act, i->number, &i->row));
    bool waits = text_equal(i->row.state, invoice_state_name(INVOICE_REQUESTED)) && text_equal(i->row.way, "manual");
    ENSURE(waits, ERROR_INVOICE_STATE);
    return OK;
}

static struct result keep(struct tx *tx, void *context)
{
    struct importing *i = context;
    TRY(find_exported(tx, i));
    TRY(invoice_keep_file(tx, &i->file));
    return audit_write(tx, i->act, "invoice.import", i->row.application,
                       arena_format(i->act->arena, "%s：%s", i->number, i->file.kind));
}

struct result invoice_import(const struct act *act, const char *number, const char *kind, int fd, int64_t size,
                             struct invoice_row *ret_row)
{
    struct importing i = { .act = act, .number = number };
    struct files_inspected found;
    struct sealed_file sealed;
    TRY(store_read(act->service->store, find_exported, &i));
    if (size > RELAY_FILE_MAX)
        return diag_detail(act->diag, ERROR_FILE_LARGE, "发票文件不超过 %d MB", RELAY_FILE_MAX / 1000000);
    TRY(scan_take_invoice(act, "invoice", fd, size, &found, &sealed));
    if (!text_equal(found.type, kind)) {
        IGNORE(seal_file_remove(act->service, sealed.name)); /* else the sweep finds it */
        return FAIL(ERROR_INVOICE_FILE_TYPE);
    }
    i.file = (struct invoice_file_row){ .invoice = number, .kind = kind, .size = size, .name = sealed.name,
                                        .key_sealed = sealed.key_sealed, .taken_s = act->now_s };
    TRY(store_write(act->service->store, keep, &i));
    *ret_row = i.row;
    return OK;
}

static struct result issue(struct tx *tx, void *context)
{
    struct importing *i = context;
    struct invoice_file_row file;
    static const char *const kinds[] = { "pdf", "ofd" };
    TRY(find_exported(tx, i));
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct key_row key = { .key = i->number, .other = kinds[k] };
        struct result r = tx_one(tx, STATEMENT_INVOICE_FILE_GET, RECORD(key_row_shape, &key), i->act->arena,
                                 &invoice_file_row_shape, &file);
        ENSURE(r.code != ERROR_NOT_FOUND, ERROR_INVOICE_FILES);
        TRY(r);
    }
    i->row.invoice_number = i->invoice_number;
    i->row.issued_s = i->issued_s;
    struct result r = invoice_issued(tx, i->act, &i->row);
    return r.code == ERROR_STORE_EXISTS ? FAIL(ERROR_INVOICE_NUMBER_TAKEN) : r;
}

struct result invoice_issue_by_hand(const struct act *act, const char *number, const char *invoice_number,
                                    int64_t issued_s, struct invoice_row *ret_row)
{
    struct importing i = { .act = act, .number = number, .invoice_number = invoice_number, .issued_s = issued_s };
    if (issued_s > act->now_s)
        return diag_field(act->diag, ERROR_FIELD_RANGE, "issued_s", "开票时间不能晚于现在");
    TRY(store_write(act->service->store, issue, &i));
    invoice_publish(act, &i.row);
    if (act->service->wake) act->service->wake(act->service->web, "notices-email");
    *ret_row = i.row;
    return OK;
}
