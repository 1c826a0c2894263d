#include "service/invoice_mail.h"

#include <sys/mman.h>
#include <unistd.h>

#include "service/invoice.h"
#include "service/money.h"
#include "service/notice.h"
#include "service/seal.h"

enum { COPY_SIZE = 64 * 1024 };

struct result invoice_mail_queue(struct tx *tx, const struct act *act, const struct invoice_row *row,
                                 const char *template, const char *kinds)
{
    const char *amount = money_yuan(act->arena, row->amount_fen);
    const char *attached = arena_format(act->arena, "%s:%s", row->number, kinds);
    ENSURE(amount && attached, ERROR_OUT_OF_ROOM);
    const struct notice_value values[] = { { "title", row->title },
                                           { "number", row->application },
                                           { "invoice", row->invoice_number ? row->invoice_number : "-" },
                                           { "amount", amount } };
    struct notice notice = { .template = template, .email = row->email, .attached = attached, NOTICE_VALUES(values) };
    return notice_queue(tx, act, &notice);
}

/* ---- files ---- */

static struct result append(int from, int to, int64_t *ret_size)
{
    uint8_t room[COPY_SIZE];
    *ret_size = 0;
    for (ssize_t n; (n = read(from, room, sizeof room)) != 0; *ret_size += n) {
        ENSURE(n > 0, ERROR_IO);
        ENSURE(write(to, room, (size_t)n) == n, ERROR_IO);
    }
    return OK;
}

static const char *name_of(struct arena *arena, const struct invoice_row *row, const char *kind)
{
    if (text_equal(kind, "receipt")) return arena_format(arena, "收据-%s.pdf", row->application);
    return arena_format(arena, "电子发票-%s.%s", row->invoice_number, kind);
}

static struct result add(const struct act *act, const char *number, const char *kind, int into, const char **list)
{
    struct invoice_row row;
    int64_t size;
    int fd;
    TRY(invoice_open(act, NULL, number, kind, &row, &fd));
    struct result r = append(fd, into, &size);
    close(fd);
    TRY(r);
    const char *type = text_equal(kind, "ofd") ? "application/ofd" : "application/pdf";
    const char *name = name_of(act->arena, &row, kind);
    ENSURE(name, ERROR_OUT_OF_ROOM);
    *list = arena_format(act->arena, "%s%s|%s|%lld\n", *list, name, type, (long long)size);
    ENSURE(*list, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result add_all(const struct act *act, const char *attached, int into, const char **ret_list)
{
    const char *colon = strchr(attached, ':');
    ENSURE(colon, ERROR_STORE_DAMAGED);
    const char *number = arena_text(act->arena, bytes_of(attached, (size_t)(colon - attached)));
    ENSURE(number, ERROR_OUT_OF_ROOM);
    const char *list = "";
    for (const char *p = colon + 1; *p;) {
        size_t len = strcspn(p, ",");
        const char *kind = arena_text(act->arena, bytes_of(p, len));
        ENSURE(kind, ERROR_OUT_OF_ROOM);
        TRY(add(act, number, kind, into, &list));
        p += len + (p[len] == ',');
    }
    *ret_list = list;
    return OK;
}

struct result invoice_mail_open(const struct act *act, const char *attached, const char **ret_list, int *ret_fd)
{
    int into = memfd_create("attached", MFD_CLOEXEC);
    ENSURE(into >= 0, ERROR_IO);
    struct result r = add_all(act, attached, into, ret_list);
    if (failed(r)) {
        close(into);
        return r;
    }
    *ret_fd = into;
    return OK;
}

/* ---- what became of it ---- */

struct result invoice_mail_settled(struct tx *tx, const struct act *act, const struct notice_row *notice)
{
    struct invoice_row row;
    const char *colon = strchr(notice->attached, ':');
    ENSURE(colon, ERROR_STORE_DAMAGED);
    const char *number = arena_text(act->arena, bytes_of(notice->attached, (size_t)(colon - notice->attached)));
    ENSURE(number, ERROR_OUT_OF_ROOM);
    TRY(invoice_get(tx, act, number, &row));
    bool sent = text_equal(notice->state, "sent"), receipt = text_equal(colon + 1, "receipt");
    if (!sent) {
        row.trouble = arena_format(act->arena, "邮件未发出：%s", notice->last_error ? notice->last_error : "-");
        if (row.trouble && strlen(row.trouble) > 600) row.trouble = "邮件未发出";
        return tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, &row));
    }
    row.trouble = NULL;
    if (!receipt) row.sent_s = act->now_s;
    enum invoice_state state, next;
    TRY(invoice_state_find(row.state, &state));
    /* Taken back meanwhile, or no more than a receipt: nothing but the trouble is over. */
    if (receipt || failed(invoice_step(state, INVOICE_SEND, &next)))
        return tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, &row));
    return invoice_change(tx, act, &row, INVOICE_SEND, NULL);
}
