/* The tariff as finance changes it (R-FEE-1): a price is entered for a day to come and holds from then on; until that
 * day it can be withdrawn. What held is never altered: what somebody paid stays explained. */
#pragma once

#include "service/tariff.h"

enum {
    PRICE_LIST_MAX = 500,       /* shown: the newest */
    PRICE_AHEAD_DAYS = 3 * 366, /* a price is entered at most so far ahead */
    PRICE_FEN_MAX = 100000 * FEN_PER_YUAN
};

enum price_time { PRICE_PAST, PRICE_NOW, PRICE_COMING };
struct price {
    struct tariff_row row;
    enum price_time time;
    bool charged;           /* the rules ask for it; else it is free whatever the tariff says */
};

/* By the day from which they hold, the last first. */
RESULT price_list(const struct act *act, struct price **ret_list, size_t *ret_count);

struct price_wish {
    const char *service, *item;
    const char *from;       /* day of Asia/Shanghai */
    int64_t amount_fen;
    int64_t before_fen;     /* what was seen to hold until then */
};
/* ERROR_FIELD_FORMAT, ERROR_FIELD_RANGE, ERROR_TARIFF_DATE and ERROR_TARIFF_ITEM naming the field; ERROR_TARIFF_EXISTS;
 * ERROR_TARIFF_SAME; ERROR_SETTING_VERSION when another price holds until then than was seen. */
RESULT price_enter(const struct act *act, const struct price_wish *wish, struct price *ret_price);
/* One that does not hold yet, FROM_S: ERROR_NOT_FOUND, ERROR_TARIFF_PAST. */
RESULT price_withdraw(const struct act *act, const char *service, const char *item, int64_t from_s);
