#include "paysim/bill.h"

#include <openssl/evp.h>
#include <zlib.h>

#include "relay/alipay_answer.h"
#include "relay/alipay_bill.h"

enum { TEXT_MAX = 512 * 1024 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- what was booked in a day ---- */

struct booking {
    const json_t *order, *refund; /* refund NULL: the payment */
    int64_t amount_fen, at_s;
};

struct booked {
    const char *gateway, *day;
    struct arena *arena;
    struct writer *w;
    void (*write)(struct booked *b, const struct booking *booking);
    int64_t count;
};

static void put(struct booked *b, const struct booking *booking)
{
    const char *when = alipay_time(b->arena, booking->at_s);
    if (!when || !text_starts(when, b->day)) return;
    b->count++;
    b->write(b, booking);
}

static void each_order(const json_t *order, void *closure)
{
    struct booked *b = closure;
    json_t *refund;
    size_t i;
    if (!text_equal(sim_gateway(order), b->gateway) || !number_of(order, "paid_s")) return;
    if (json_is_true(json_object_get(order, "hidden"))) return;
    put(b, &(struct booking){ order, NULL, number_of(order, "total") + number_of(order, "more"),
                              number_of(order, "paid_s") });
    json_array_foreach(json_object_get(order, "refunds"), i, refund)
    {
        if (text_equal(text_of(refund, "status"), "SUCCESS"))
            put(b, &(struct booking){ order, refund, number_of(refund, "amount"), number_of(refund, "at_s") });
    }
}

/* ---- WeChat Pay ---- */

static void write_wechat(struct booked *b, const struct booking *k)
{
    const json_t *o = k->order;
    const char *yuan = alipay_yuan(b->arena, number_of(o, "total") + number_of(o, "more"));
    const char *back = k->refund ? alipay_yuan(b->arena, k->amount_fen) : "0.00";
    write_format(b->w,
                 "`%s,`wx0000000000000001,`1900000001,`0,`,`%s,`%s,`oSimulatedPayer,`NATIVE,`%s,`OTHERS,`CNY,`%s,`0.00,"
                 "`%s,`%s,`%s,`0.00,`%s,`%s,`%s,`,`0.00000,`0.60%%,`%s,`%s,`\r\n",
                 alipay_time(b->arena, k->at_s), text_of(o, "transaction_id"), text_of(o, "out_trade_no"),
                 k->refund ? "REFUND" : "SUCCESS", k->refund ? "0.00" : yuan,
                 k->refund ? text_of(k->refund, "refund_id") : "0",
                 k->refund ? text_of(k->refund, "out_refund_no") : "0", back, k->refund ? "ORIGINAL" : "",
                 k->refund ? "SUCCESS" : "", text_of(o, "description"), k->refund ? "0.00" : yuan, back);
}

const char *bill_wechat(struct sim *sim, struct arena *arena, const char *day)
{
    char *room = arena_take(arena, TEXT_MAX);
    if (!room) return NULL;
    struct writer w = writer_of(room, TEXT_MAX);
    struct booked b = { "wechat", day, arena, &w, write_wechat, 0 };
    write_text(&w, "\xEF\xBB\xBF交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
                   "交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
                   "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n");
    orders_each(sim->orders, each_order, &b);
    write_format(&w, "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`%lld\r\n",
                 (long long)b.count);
    write_u8(&w, 0);
    struct bytes text;
    return failed(writer_end(&w, &text)) ? NULL : room;
}

json_t *bill_named(struct sim *sim, struct arena *arena, const char *day)
{
    const char *text = bill_wechat(sim, arena, day), *hash;
    uint8_t sha1[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!text || EVP_Digest(text, strlen(text), sha1, &len, EVP_sha1(), NULL) != 1) return NULL;
    if (atomic_load(&sim->mode) == SIM_BILL_ALTERED) sha1[0] ^= 1;
    hash = text_hex(arena, bytes_of(sha1, len));
    return json_pack("{s:s, s:s, s:o}", "hash_type", "SHA1", "hash_value", hash ? hash : "", "download_url",
                     json_sprintf("%s/v3/billdownload/file?token=%s", sim->url, day));
}

/* ---- Alipay ---- */

static void write_alipay(struct booked *b, const struct booking *k)
{
    const json_t *o = k->order;
    const char *yuan = alipay_yuan(b->arena, k->amount_fen), *when = alipay_time(b->arena, k->at_s);
    write_format(b->w, "%s\t,%s\t,%s,fee,%s,%s,,,,,sim***@example.com,%s%s,%s%s,0.00,%s,0.00,\r\n",
                 text_of(o, "transaction_id"), text_of(o, "out_trade_no"),
                 k->refund ? ALIPAY_BILL_BACK : ALIPAY_BILL_PAYMENT,
                 when, when, k->refund ? "-" : "", yuan, k->refund ? "-" : "", yuan,
                 k->refund ? text_of(k->refund, "out_refund_no") : "");
}

static void little(struct writer *w, uint32_t v, int size)
{
    for (int i = 0; i < size; i++) write_u8(w, (uint8_t)(v >> (8 * i)));
}

/* Packed by deflate; ptr NULL when that failed. */
static struct bytes packed(struct arena *arena, struct bytes text)
{
    uLong room = compressBound(text.len) + 64;
    uint8_t *into = arena_take(arena, room);
    z_stream z = { .next_in = (Bytef *)(uintptr_t)text.ptr, .avail_in = (uInt)text.len, .next_out = into,
                   .avail_out = (uInt)room };
    if (!into || deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return (struct bytes){ 0 };
    bool good = deflate(&z, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&z);
    return good ? bytes_of(into, z.total_out) : (struct bytes){ 0 };
}

/* An archive of two files, as Alipay's: the rows, and a summary that is not looked at. */
static struct bytes archive(struct arena *arena, struct bytes rows)
{
    const struct {
        const char *name;
        struct bytes text;
    } files[] = { { "summary.csv", bytes_text("#\r\n") }, { "details.csv", rows } };
    struct bytes whole, data[COUNT(files)];
    uint32_t at[COUNT(files)], crc[COUNT(files)];
    uint8_t *room = arena_take(arena, TEXT_MAX);
    if (!room) return (struct bytes){ 0 };
    struct writer w = writer_of(room, TEXT_MAX);
    for (size_t i = 0; i < COUNT(files); i++) {
        data[i] = packed(arena, files[i].text);
        at[i] = (uint32_t)w.len;
        crc[i] = (uint32_t)crc32(0, files[i].text.ptr, (uInt)files[i].text.len);
        little(&w, 0x04034b50, 4), little(&w, 20, 2), little(&w, 0, 2), little(&w, 8, 2), little(&w, 0, 4);
        little(&w, crc[i], 4), little(&w, (uint32_t)data[i].len, 4), little(&w, (uint32_t)files[i].text.len, 4);
        little(&w, (uint32_t)strlen(files[i].name), 2), little(&w, 0, 2);
        write_text(&w, files[i].name);
        write_bytes(&w, data[i]);
    }
    uint32_t directory = (uint32_t)w.len;
    for (size_t i = 0; i < COUNT(files); i++) {
        little(&w, 0x02014b50, 4), little(&w, 20, 2), little(&w, 20, 2), little(&w, 0, 2), little(&w, 8, 2);
        little(&w, 0, 4), little(&w, crc[i], 4), little(&w, (uint32_t)data[i].len, 4);
        little(&w, (uint32_t)files[i].text.len, 4), little(&w, (uint32_t)strlen(files[i].name), 2), little(&w, 0, 2);
        little(&w, 0, 2), little(&w, 0, 2), little(&w, 0, 2), little(&w, 0, 4), little(&w, at[i], 4);
        write_text(&w, files[i].name);
    }
    uint32_t size = (uint32_t)w.len - directory;
    little(&w, 0x06054b50, 4), little(&w, 0, 4), little(&w, COUNT(files), 2), little(&w, COUNT(files), 2);
    little(&w, size, 4), little(&w, directory, 4), little(&w, 0, 2);
    return failed(writer_end(&w, &whole)) ? (struct bytes){ 0 } : whole;
}

struct bytes bill_alipay(struct sim *sim, struct arena *arena, const char *day)
{
    char *room = arena_take(arena, TEXT_MAX);
    if (!room) return (struct bytes){ 0 };
    struct writer w = writer_of(room, TEXT_MAX);
    struct booked b = { "alipay", day, arena, &w, write_alipay, 0 };
    write_text(&w, "#bill\r\n#----\r\n" ALIPAY_BILL_TRANSACTION "," ALIPAY_BILL_ORDER "," ALIPAY_BILL_KIND
                   ",name,begun," ALIPAY_BILL_TIME ",a,b,c,d,payer," ALIPAY_BILL_AMOUNT ",received,e,"
                   ALIPAY_BILL_REFUND ",fee,remark\r\n");
    orders_each(sim->orders, each_order, &b);
    write_text(&w, "#----\r\n");
    struct bytes text;
    return failed(writer_end(&w, &text)) ? (struct bytes){ 0 } : archive(arena, text);
}

/* ---- what spoils them ---- */

static bool spoil(json_t *order, void *closure)
{
    const struct sim_request *q = closure;
    const char *mode = q->query_mode, *number = strrchr(q->path, '/') + 1;
    bool known = json_object_size(order) > 0;
    if (!known && text_starts(mode, "stray-")) {
        json_t *made = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:[]}", "out_trade_no", number,
                                 "gateway", mode + strlen("stray-"), "transaction_id", "4200000000",
                                 "description", "stray", "notify_url", "", "total", (json_int_t)12300,
                                 "currency", "CNY", "state", "SUCCESS", "paid_s", (json_int_t)sim_now(), "refunds");
        json_object_update_new(order, made);
    } else if (known && text_equal(mode, "hidden")) {
        json_object_set_new(order, "hidden", json_true());
    } else if (known && text_equal(mode, "shown")) {
        json_object_del(order, "hidden");
        json_object_del(order, "more");
    } else if (known && text_equal(mode, "more")) {
        json_object_set_new(order, "more", json_integer(1));
    } else if (known && text_equal(mode, "by-hand")) {
        json_array_append_new(json_object_get(order, "refunds"),
                              json_pack("{s:o, s:s, s:s, s:s, s:I, s:I}", "out_refund_no",
                                        json_sprintf("HAND%.24s", number),
                                        "refund_id", "501", "notify_url", "", "status", "SUCCESS", "amount",
                                        (json_int_t)number_of(order, "total"), "at_s", (json_int_t)sim_now()));
        json_object_set_new(order, "state", json_string("REFUND"));
    } else {
        return false;
    }
    return true;
}

void bill_spoil(struct sim *sim, const struct sim_request *request, const char *number, struct sim_answer *ret_answer)
{
    bool asked = request->query_mode && !failed(orders_update(sim->orders, number, spoil, (void *)(uintptr_t)request));
    *ret_answer = (struct sim_answer){ .status = asked ? 200 : 404, .type = "application/json", .body = "{}" };
}
