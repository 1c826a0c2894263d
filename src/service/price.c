#include "service/price.h"

#include "service/day.h"
#include "service/money.h"
#include "service/setting_change.h"

static bool is_charged(const char *service, const char *item)
{
    enum kind kind;
    return !failed(kind_find(service, &kind)) && kind_rule(kind)->fee_item &&
           text_equal(kind_rule(kind)->fee_item, item);
}

static bool same_price(const struct tariff_row *a, const struct tariff_row *b)
{
    return text_equal(a->class, b->class) && text_equal(a->service, b->service) && text_equal(a->item, b->item);
}

struct result price_list(const struct act *act, struct price **ret_list, size_t *ret_count)
{
    struct key_row key = { .limit_count = PRICE_LIST_MAX };
    void *found;
    size_t count;
    TRY(store_list(act->service->store, STATEMENT_TARIFF_LIST_ALL, RECORD(key_row_shape, &key), act->arena,
                   &tariff_row_shape, PRICE_LIST_MAX, &found, &count));
    const struct tariff_row *rows = found;
    struct price *list = arena_array(act->arena, count, sizeof *list);
    ENSURE(list || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) {
        enum price_time time = rows[i].from_s > act->now_s ? PRICE_COMING : PRICE_NOW;
        /* The last first: what began before one that holds is over. */
        for (size_t k = 0; time == PRICE_NOW && k < i; k++)
            if (list[k].time == PRICE_NOW && same_price(&rows[k], &rows[i])) time = PRICE_PAST;
        list[i] = (struct price){ rows[i], time, is_charged(rows[i].service, rows[i].item) };
    }
    *ret_list = list;
    *ret_count = count;
    return OK;
}

/* ---- entering ---- */

struct entering {
    const struct act *act;
    const struct price_wish *wish;
    struct tariff_row row;
};

static const char *said(struct arena *arena, int64_t fen, const char *day)
{
    const char *yuan = money_yuan(arena, fen);
    return yuan && day ? arena_format(arena, "%s 元，自 %s 起", yuan, day) : NULL;
}

static struct result write_change(struct tx *tx, const struct act *act, const char *action,
                                  const struct tariff_row *before, const struct tariff_row *after)
{
    const struct tariff_row *row = after ? after : before;
    struct arena *a = act->arena;
    struct setting_change c = { .kind = setting_tariff, .action = action,
                                .name = arena_format(a, "%s/%s", row->service, row->item) };
    if (before) {
        c.before = said(a, before->amount_fen, day_text(a, before->from_s));
        ENSURE(c.before, ERROR_OUT_OF_ROOM);
    }
    if (after) {
        c.after = said(a, after->amount_fen, day_text(a, after->from_s));
        ENSURE(c.after, ERROR_OUT_OF_ROOM);
    }
    c.detail = after ? arena_format(a, "%s；之前 %s", c.after, c.before) : arena_format(a, "撤回 %s", c.before);
    ENSURE(c.name && c.detail, ERROR_OUT_OF_ROOM);
    return setting_change_write(tx, act, &c);
}

static struct result enter(struct tx *tx, void *context)
{
    struct entering *e = context;
    struct arena *arena = e->act->arena;
    struct tariff_row *row = &e->row, before, params = *row;
    params.from_s = row->from_s - 1;
    TRY(tx_one(tx, STATEMENT_TARIFF_GET, RECORD(tariff_row_shape, &params), arena, &tariff_row_shape, &before));
    ENSURE(before.amount_fen == e->wish->before_fen, ERROR_SETTING_VERSION);
    ENSURE(before.amount_fen != row->amount_fen, ERROR_TARIFF_SAME);
    row->unit = before.unit;
    struct result r = tx_run(tx, STATEMENT_TARIFF_INSERT, RECORD(tariff_row_shape, row), NULL);
    ENSURE(r.code != ERROR_STORE_EXISTS, ERROR_TARIFF_EXISTS);
    TRY(r);
    return write_change(tx, e->act, "tariff.enter", &before, row);
}

struct result price_enter(const struct act *act, const struct price_wish *wish, struct price *ret_price)
{
    struct entering e = { .act = act, .wish = wish,
                          .row = { .class = tariff_class, .service = wish->service, .item = wish->item,
                                   .amount_fen = wish->amount_fen, .entered_by = act->name,
                                   .entered_s = act->now_s } };
    if (!is_charged(wish->service, wish->item))
        return diag_field(act->diag, ERROR_TARIFF_ITEM, "item", "只有证书服务费和补办的 USBKey 收费");
    if (wish->amount_fen > PRICE_FEN_MAX)
        return diag_field(act->diag, ERROR_FIELD_RANGE, "amount_fen", "价格最多 %d 元", PRICE_FEN_MAX / FEN_PER_YUAN);
    TRY(day_begin(wish->from, "from", act->diag, &e.row.from_s));
    if (e.row.from_s <= act->now_s) return diag_field(act->diag, ERROR_TARIFF_DATE, "from", "请填写明天或更晚的日期");
    if (e.row.from_s > act->now_s + (int64_t)PRICE_AHEAD_DAYS * DAY_S)
        return diag_field(act->diag, ERROR_FIELD_RANGE, "from", "最多提前三年");
    TRY(store_write(act->service->store, enter, &e));
    *ret_price = (struct price){ e.row, PRICE_COMING, true };
    return OK;
}

/* ---- withdrawing ---- */

static struct result withdraw(struct tx *tx, void *context)
{
    struct entering *e = context;
    struct tariff_row row, *which = &e->row;
    TRY(tx_one(tx, STATEMENT_TARIFF_GET_FROM, RECORD(tariff_row_shape, which), e->act->arena, &tariff_row_shape, &row));
    struct result r = tx_change(tx, STATEMENT_TARIFF_DELETE, RECORD(tariff_row_shape, which));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_TARIFF_PAST);
    TRY(r);
    return write_change(tx, e->act, "tariff.withdraw", &row, NULL);
}

struct result price_withdraw(const struct act *act, const char *service, const char *item, int64_t from_s)
{
    /* entered_s is the time by which it is told from one that holds already. */
    struct entering e = { .act = act, .row = { .class = tariff_class, .service = service, .item = item,
                                               .from_s = from_s, .entered_s = act->now_s } };
    return store_write(act->service->store, withdraw, &e);
}
