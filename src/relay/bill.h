/* What a gateway has booked in a day, as rows; each gateway's own file is read in wechat_bill.c and alipay_bill.c. */
#pragma once

#include "relay/work.h"

enum { BILL_MAX = 8 * 1024 * 1024 /* bytes of a file as it is read */, BILL_COLUMNS_MAX = 40,
       BILL_PAGE_MAX = 160 * 1024 /* bytes of rows in one answer */ };

/* Rows are counted; those from FROM on that fit are written. */
struct bill {
    struct writer rows;
    int64_t from, count, next; /* next: the first that did not fit; 0: all did */
};

/* ERROR_OUT_OF_ROOM. */
RESULT bill_begin(struct bill *bill, int64_t from, struct arena *arena);
RESULT bill_add(struct bill *bill, const struct relay_bill_row *row);
RESULT bill_end(const struct bill *bill, struct relay_bill *ret_bill);

/* ---- a text of lines and commas, in any encoding in which these are ASCII ---- */
struct bill_line {
    struct bytes cells[BILL_COLUMNS_MAX];
    size_t count;
};
/* The next line of REST, without what stands around its cells: blanks, tabs, quotes and the backtick before
 * each of WeChat's. False at the end. Cells beyond BILL_COLUMNS_MAX are left out. */
bool bill_line(struct bytes *rest, struct bill_line *ret_line);
/* Which cell of HEAD is NAME; -1: none. */
int bill_column(const struct bill_line *head, const char *name);
/* Cell COLUMN as plain text in ARENA; "" when it is not there. NULL for what is no plain text or a full arena. */
const char *bill_text(const struct bill_line *line, int column, struct arena *arena);
