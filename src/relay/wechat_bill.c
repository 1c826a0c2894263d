/* WeChat Pay's trade bill of a day: an answer that is signed names the file and its SHA-1; the file itself is
 * not signed. */
#include "relay/wechat_bill.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "relay/alipay_answer.h"

/* Their column names. */
struct columns {
    int time, order, transaction, state, amount, refund, refund_amount;
};

static struct result find_columns(const struct bill_line *head, struct columns *ret_columns)
{
    struct columns c = { .time = bill_column(head, "交易时间"), .order = bill_column(head, "商户订单号"),
                         .transaction = bill_column(head, "微信订单号"), .state = bill_column(head, "交易状态"),
                         .amount = bill_column(head, "订单金额"), .refund = bill_column(head, "商户退款单号"),
                         .refund_amount = bill_column(head, "申请退款金额") };
    ENSURE(c.time >= 0 && c.order >= 0 && c.transaction >= 0 && c.state >= 0 && c.amount >= 0, ERROR_RELAY_ANSWER);
    ENSURE(c.refund >= 0 && c.refund_amount >= 0, ERROR_RELAY_ANSWER);
    *ret_columns = c;
    return OK;
}

static struct result take(struct bill *bill, const struct bill_line *line, const struct columns *c, struct arena *arena)
{
    const char *state = bill_text(line, c->state, arena), *amount = bill_text(line, c->amount, arena);
    bool back = text_equal(state, "REFUND");
    if (!back && !text_equal(state, "SUCCESS")) return OK; /* REVOKED: never paid */
    const char *refund = bill_text(line, c->refund, arena), *refunded = bill_text(line, c->refund_amount, arena);
    struct relay_bill_row row = { .kind = back ? "refund" : "payment",
                                  .order = bill_text(line, c->order, arena),
                                  .refund = back ? refund : NULL,
                                  .transaction = bill_text(line, c->transaction, arena),
                                  .amount_fen = alipay_fen(back ? refunded : amount),
                                  .at_s = alipay_time_of(bill_text(line, c->time, arena)) };
    ENSURE(row.order && row.transaction && row.amount_fen >= 0 && row.at_s > 0, ERROR_RELAY_ANSWER);
    return bill_add(bill, &row);
}

struct result wechat_bill_read(struct bytes text, struct arena *arena, struct bill *bill)
{
    static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
    struct bytes rest = text;
    struct bill_line line;
    struct columns columns;
    if (rest.len >= sizeof mark && bytes_equal(bytes_of(rest.ptr, sizeof mark), BYTES(mark)))
        rest = bytes_of(rest.ptr + sizeof mark, rest.len - sizeof mark);
    ENSURE(bill_line(&rest, &line), ERROR_RELAY_ANSWER);
    TRY(find_columns(&line, &columns));
    while (bill_line(&rest, &line)) {
        if (line.count && bytes_equal(line.cells[0], bytes_text("总交易单数"))) return OK; /* the sums follow */
        if (line.count > 1) TRY(take(bill, &line, &columns, arena));
    }
    return FAIL(ERROR_RELAY_ANSWER); /* cut off before the sums */
}

bool wechat_bill_matches(struct bytes text, const char *sha1, struct arena *arena)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(text.ptr, text.len, hash, &len, EVP_sha1(), NULL) != 1) return false;
    return text_equal(text_hex(arena, bytes_of(hash, len)), sha1);
}
