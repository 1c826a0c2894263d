#include "relay/alipay_bill.h"

#include "relay/alipay_answer.h"
#include "relay/zip.h"

enum { LEAST_COLUMNS = 6 };

struct columns {
    int transaction, order, kind, time, amount, refund;
};

static bool find_columns(const struct bill_line *head, struct columns *ret_columns)
{
    struct columns c = { bill_column(head, ALIPAY_BILL_TRANSACTION), bill_column(head, ALIPAY_BILL_ORDER),
                         bill_column(head, ALIPAY_BILL_KIND),        bill_column(head, ALIPAY_BILL_TIME),
                         bill_column(head, ALIPAY_BILL_AMOUNT),      bill_column(head, ALIPAY_BILL_REFUND) };
    *ret_columns = c;
    return c.transaction >= 0 && c.order >= 0 && c.kind >= 0 && c.time >= 0 && c.amount >= 0 && c.refund >= 0;
}

/* What went back stands there with a minus. */
static int64_t fen_of(const char *text)
{
    return alipay_fen(text && text[0] == '-' ? text + 1 : text);
}

static struct result take(struct bill *bill, const struct bill_line *line, const struct columns *c, struct arena *arena)
{
    ENSURE((size_t)c->kind < line->count, ERROR_RELAY_ANSWER);
    struct bytes kind = line->cells[c->kind];
    bool back = bytes_equal(kind, bytes_text(ALIPAY_BILL_BACK));
    if (!back && !bytes_equal(kind, bytes_text(ALIPAY_BILL_PAYMENT))) return OK;
    struct relay_bill_row row = { .kind = back ? "refund" : "payment",
                                  .order = bill_text(line, c->order, arena),
                                  .refund = back ? bill_text(line, c->refund, arena) : NULL,
                                  .transaction = bill_text(line, c->transaction, arena),
                                  .amount_fen = fen_of(bill_text(line, c->amount, arena)),
                                  .at_s = alipay_time_of(bill_text(line, c->time, arena)) };
    ENSURE(row.order && row.transaction && row.amount_fen >= 0 && row.at_s > 0, ERROR_RELAY_ANSWER);
    return bill_add(bill, &row);
}

/* FOUND: whether it is the file of the rows, known by its head; the other has only sums. */
static struct result read_text(struct bytes text, struct arena *arena, struct bill *bill, bool *found)
{
    struct bytes rest = text;
    struct bill_line line;
    struct columns columns = { 0 };
    bool head = false;
    while (bill_line(&rest, &line)) {
        bool remark = line.cells[0].len && line.cells[0].ptr[0] == '#';
        if (head && remark) {
            *found = true; /* the rows end with a remark: they are whole */
            return OK;
        }
        if (head && line.count >= LEAST_COLUMNS) TRY(take(bill, &line, &columns, arena));
        if (!head && !remark) head = find_columns(&line, &columns);
    }
    ENSURE(!head, ERROR_RELAY_ANSWER);
    return OK;
}

struct result alipay_bill_read(struct bytes archive, struct arena *arena, struct bill *bill)
{
    bool found = false;
    for (size_t i = 0; !found; i++) {
        struct bytes name, text;
        struct result r = zip_file(archive, i, BILL_MAX, arena, &name, &text);
        ENSURE(!failed(r), ERROR_RELAY_ANSWER);
        TRY(read_text(text, arena, bill, &found));
    }
    return OK;
}
