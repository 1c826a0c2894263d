#include "service/tariff.h"

const char tariff_class[] = "enterprise";

const char *tariff_item(const struct tariff_case *which)
{
    if (which->ca_fault) return NULL;
    /* The first replacement is free, each later one is not; a phone is the holder's own. */
    if (which->kind == KIND_LOST && (which->replacements == 0 || which->shield)) return NULL;
    return kind_rule(which->kind)->fee_item;
}

struct result tariff_fee(struct tx *tx, const struct tariff_case *which, int64_t at_s, struct arena *arena,
                         int64_t *ret_fen)
{
    const char *item = tariff_item(which);
    struct tariff_row row = { .amount_fen = 0 };
    struct tariff_row params = { .class = tariff_class, .service = kind_rule(which->kind)->name, .item = item,
                                 .from_s = at_s };
    if (item) TRY(tx_one(tx, STATEMENT_TARIFF_GET, RECORD(tariff_row_shape, &params), arena, &tariff_row_shape, &row));
    *ret_fen = row.amount_fen;
    return OK;
}

struct result tariff_list(struct tx *tx, int64_t at_s, struct arena *arena, struct tariff_row **ret_rows,
                          size_t *ret_count)
{
    struct key_row params = { .at_s = at_s, .limit_count = TARIFF_ROWS_MAX };
    void *found;
    TRY(tx_list(tx, STATEMENT_TARIFF_LIST, RECORD(key_row_shape, &params), arena, &tariff_row_shape, TARIFF_ROWS_MAX,
                &found, ret_count));
    *ret_rows = found;
    return OK;
}
