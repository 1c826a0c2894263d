#include "service/search.h"

#include <string.h>

#include "base/text.h"
#include "service/certify.h"
#include "service/pattern.h"

/* Without blanks at its ends. */
static const char *trim(struct arena *arena, const char *text)
{
    while (*text == ' ') text++;
    size_t len = strlen(text);
    while (len && text[len - 1] == ' ') len--;
    return arena_text(arena, bytes_of(text, len));
}

struct result search(const struct act *act, const char *text, struct hit_row **ret_rows, size_t *ret_count)
{
    static const enum statement statements[] = { STATEMENT_SEARCH_APPLICATION, STATEMENT_SEARCH_ACCOUNT,
                                                 STATEMENT_SEARCH_CERTIFICATE, STATEMENT_SEARCH_USBKEY,
                                                 STATEMENT_SEARCH_ORGANIZATION };
    struct hit_row *found = arena_array(act->arena, COUNT(statements) * SEARCH_EACH, sizeof *found);
    const char *wanted = trim(act->arena, text);
    ENSURE(wanted && found, ERROR_OUT_OF_ROOM);
    if (text_length(wanted) < SEARCH_TEXT_MIN)
        return diag_field(act->diag, ERROR_FIELD_FORMAT, "text", "请至少输入 %d 个字", SEARCH_TEXT_MIN);
    struct key_row params = { .key = pattern_part(act->arena, wanted), .other = pattern_begin(act->arena, wanted),
                              .at_s = act->now_s, .limit_count = SEARCH_EACH };
    ENSURE(params.key, ERROR_OUT_OF_ROOM);
    *ret_count = 0;
    for (size_t i = 0; i < COUNT(statements); i++) {
        void *rows;
        size_t count;
        TRY(store_list(act->service->store, statements[i], RECORD(key_row_shape, &params), act->arena, &hit_row_shape,
                       SEARCH_EACH, &rows, &count));
        if (count) memcpy(found + *ret_count, rows, count * sizeof *found);
        *ret_count += count;
    }
    *ret_rows = found;
    return OK;
}

struct result search_halted(const struct act *act, bool suspended, const char *text, const char *after,
                            struct hit_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    const char *wanted = text ? trim(act->arena, text) : NULL;
    struct key_row params = { .key = wanted && *wanted ? pattern_part(act->arena, wanted) : "%",
                              .other = after ? after : "", .limit_count = SEARCH_PAGE + 1 };
    void *rows;
    size_t count;
    ENSURE(params.key, ERROR_OUT_OF_ROOM);
    TRY(store_list(act->service->store, suspended ? STATEMENT_SEARCH_SUSPENDED : STATEMENT_SEARCH_HELD,
                   RECORD(key_row_shape, &params), act->arena, &hit_row_shape, SEARCH_PAGE + 1, &rows, &count));
    *ret_next = NULL;
    if (count > SEARCH_PAGE) {
        count = SEARCH_PAGE;
        *ret_next = ((const struct hit_row *)rows)[count - 1].key;
    }
    *ret_rows = rows;
    *ret_count = count;
    return OK;
}

struct result search_card(const struct act *act, const char *card, struct certificate_row **ret_rows, size_t *ret_count)
{
    struct key_row params = { .key = card, .limit_count = SEARCH_LIFE_MAX };
    void *rows;
    TRY(store_list(act->service->store, STATEMENT_CERTIFICATE_LIST_CARD, RECORD(key_row_shape, &params), act->arena,
                   &certificate_row_shape, SEARCH_LIFE_MAX, &rows, ret_count));
    ENSURE(*ret_count, ERROR_NOT_FOUND);
    *ret_rows = rows;
    return OK;
}

struct result search_certificate(const struct act *act, const char *serial, struct audit_row **ret_rows,
                                 size_t *ret_count)
{
    struct key_row params = { .key = serial, .limit_count = SEARCH_LIFE_MAX };
    struct certificate_row row;
    void *rows;
    TRY(certify_get(act, serial, &row));
    TRY(store_list(act->service->store, STATEMENT_AUDIT_LIST_OF, RECORD(key_row_shape, &params), act->arena,
                   &audit_row_shape, SEARCH_LIFE_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}
