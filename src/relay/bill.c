#include "relay/bill.h"

struct result bill_begin(struct bill *bill, int64_t from, struct arena *arena)
{
    void *room = arena_take(arena, BILL_PAGE_MAX);
    ENSURE(room, ERROR_OUT_OF_ROOM);
    *bill = (struct bill){ .rows = writer_of(room, BILL_PAGE_MAX), .from = from };
    return OK;
}

struct result bill_add(struct bill *bill, const struct relay_bill_row *row)
{
    int64_t index = bill->count++;
    if (index < bill->from || bill->next) return OK;
    struct writer before = bill->rows;
    shape_write(&relay_bill_row_shape, row, &bill->rows);
    if (!bill->rows.full) return OK;
    bill->rows = before;
    ENSURE(before.len > 0, ERROR_RELAY_ANSWER); /* one that fits nowhere */
    bill->next = index;
    return OK;
}

struct result bill_end(const struct bill *bill, struct relay_bill *ret_bill)
{
    struct relay_bill answer = { .count = bill->count, .next = bill->next };
    TRY(writer_end(&bill->rows, &answer.rows));
    *ret_bill = answer;
    return OK;
}

/* ---- lines ---- */

static bool is_around(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '"' || c == '`' || c == '\r';
}

static struct bytes trimmed(struct bytes cell)
{
    while (cell.len && is_around(cell.ptr[0])) cell.ptr++, cell.len--;
    while (cell.len && is_around(cell.ptr[cell.len - 1])) cell.len--;
    return cell;
}

bool bill_line(struct bytes *rest, struct bill_line *ret_line)
{
    if (!rest->len) return false;
    const uint8_t *feed = memchr(rest->ptr, '\n', rest->len);
    struct bytes line = bytes_of(rest->ptr, feed ? (size_t)(feed - rest->ptr) : rest->len);
    size_t taken = line.len + (feed ? 1 : 0);
    *rest = bytes_of(rest->ptr + taken, rest->len - taken);
    ret_line->count = 0;
    for (size_t at = 0; at <= line.len && ret_line->count < BILL_COLUMNS_MAX;) {
        const uint8_t *comma = at < line.len ? memchr(line.ptr + at, ',', line.len - at) : NULL;
        size_t end = comma ? (size_t)(comma - line.ptr) : line.len;
        ret_line->cells[ret_line->count++] = trimmed(bytes_of(line.ptr + at, end - at));
        at = end + 1;
    }
    return true;
}

int bill_column(const struct bill_line *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++)
        if (bytes_equal(head->cells[i], bytes_text(name))) return (int)i;
    return -1;
}

const char *bill_text(const struct bill_line *line, int column, struct arena *arena)
{
    if (column < 0 || (size_t)column >= line->count) return "";
    struct bytes cell = line->cells[column];
    return text_plain(cell) ? arena_text(arena, cell) : NULL;
}
