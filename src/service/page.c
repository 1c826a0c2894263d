#include "service/page.h"

enum { SERIAL_BYTES = 16 };

struct result page_wrong(struct diag *diag)
{
    return diag_field(diag, ERROR_FIELD_FORMAT, "after", "翻页位置不对，请从第一页重新开始");
}

/* What stands behind the time that a cursor begins with; NULL: it is none. */
static const char *read_time(const char *after, int64_t *ret_at_s)
{
    char digits[20] = { 0 };
    size_t len = strcspn(after, "_");
    uint64_t at;
    if (len >= sizeof digits || after[len] != '_') return NULL;
    memcpy(digits, after, len);
    if (failed(text_number(digits, INT64_MAX, &at))) return NULL;
    *ret_at_s = (int64_t)at;
    return after + len + 1;
}

struct result page_by_time(const char *after, size_t limit, struct diag *diag, struct key_row *ret_key)
{
    struct key_row key = { .at_s = INT64_MAX, .limit_count = (int64_t)limit + 1 };
    memset(key.id.b, 0xff, sizeof key.id.b);
    if (after) {
        const char *rest = read_time(after, &key.at_s);
        if (!rest || failed(id_parse(rest, &key.id))) return page_wrong(diag);
    }
    *ret_key = key;
    return OK;
}

struct result page_by_serial(const char *after, int64_t begin_s, struct arena *arena, struct diag *diag,
                             int64_t *ret_at_s, const char **ret_serial)
{
    int64_t at_s = begin_s;
    const char *rest = after ? read_time(after, &at_s) : "";
    if (!rest || (after && strlen(rest) != 2 * SERIAL_BYTES)) return page_wrong(diag);
    *ret_serial = arena_text(arena, bytes_text(rest));
    ENSURE(*ret_serial, ERROR_OUT_OF_ROOM);
    *ret_at_s = at_s;
    return OK;
}

struct result page_by_id(const char *after, size_t limit, struct arena *arena, struct diag *diag,
                         struct key_row *ret_key)
{
    struct key_row key = { .limit_count = (int64_t)limit + 1, .after = bytes_of("", 0) };
    struct id id;
    if (after) {
        if (failed(id_parse(after, &id))) return page_wrong(diag);
        key.after = arena_bytes(arena, BYTES(id.b));
        ENSURE(key.after.ptr, ERROR_OUT_OF_ROOM);
    }
    *ret_key = key;
    return OK;
}

/* What stands behind ROW. */
static const char *time_cursor(const struct page_list *list, const char *row, struct arena *arena)
{
    const int64_t *at_s = (const void *)(row + list->at_s);
    char id[ID_TEXT_LEN + 1];
    id_text((const void *)(row + list->id), id);
    return arena_format(arena, "%lld_%s", (long long)*at_s, id);
}

struct result page_read(struct store *store, const struct page_list *list, struct record params, struct arena *arena,
                        void **ret_rows, size_t *ret_count, const char **ret_next)
{
    void *rows;
    size_t count;
    const char *next = NULL;
    TRY(store_list(store, list->statement, params, arena, list->row, list->limit + 1, &rows, &count));
    if (count > list->limit) {
        count = list->limit;
        next = time_cursor(list, (const char *)rows + (count - 1) * list->row->size, arena);
        ENSURE(next, ERROR_OUT_OF_ROOM);
    }
    *ret_rows = rows;
    *ret_count = count;
    *ret_next = next;
    return OK;
}
