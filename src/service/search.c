#include "service/search.h"

#include <string.h>

#include "base/text.h"
#include "service/certify.h"
#include "service/part.h"
#include "service/pattern.h"

/* A part that stands in so many names is in so many rows that a page of them is found soon without indexes. */
enum { WEIGHT_MAX = 5000 };

/* Without blanks at its ends. */
static const char *trim(struct arena *arena, const char *text)
{
    while (*text == ' ') text++;
    size_t len = strlen(text);
    while (len && text[len - 1] == ' ') len--;
    return arena_text(arena, bytes_of(text, len));
}

/* The first byte of the character that is COUNT characters behind TEXT, or its end. */
static const char *skip(const char *text, size_t count)
{
    for (; *text && count; count--)
        do text++;
        while (((uint8_t)*text & 0xC0) == 0x80);
    return text;
}

/* PART_CHARACTERS of WANTED at AT, or all of it where it is shorter, as what stands in the tables of parts. */
static struct result set_part(const struct act *act, const char *at, struct search_row *params)
{
    params->part = arena_text(act->arena, bytes_of(at, (size_t)(skip(at, PART_CHARACTERS) - at)));
    ENSURE(params->part, ERROR_OUT_OF_ROOM);
    params->part_end = part_end(act->arena, params->part);
    ENSURE(params->part_end, ERROR_OUT_OF_ROOM);
    return OK;
}

/* What is to be asked, and in how many names and e-mail addresses its part stands, as far as WEIGHT_MAX. */
struct wish {
    struct search_row params;
    int64_t names, emails;
};

static struct result weigh(const struct act *act, enum statement statement, const struct search_row *asked,
                           int64_t *ret_count)
{
    struct count_row weight;
    TRY(store_one(act->service->store, statement, RECORD(search_row_shape, asked), act->arena, &count_row_shape,
                  &weight));
    *ret_count = weight.count;
    return OK;
}

/* The part of WANTED that stands in the fewest: one of those that follow each other in it, or its last. */
static struct result choose_part(const struct act *act, const char *wanted, struct wish *wish)
{
    size_t length = text_length(wanted), last = length > PART_CHARACTERS ? length - PART_CHARACTERS : 0;
    for (size_t i = 0;; i = i + PART_CHARACTERS < last ? i + PART_CHARACTERS : last) {
        struct search_row asked = { .limit_count = WEIGHT_MAX };
        int64_t names, emails;
        TRY(set_part(act, skip(wanted, i), &asked));
        TRY(weigh(act, STATEMENT_SEARCH_WEIGHT, &asked, &names));
        TRY(weigh(act, STATEMENT_SEARCH_WEIGHT_EMAIL, &asked, &emails));
        if (i == 0 || names + emails < wish->names + wish->emails) {
            wish->params.part = asked.part;
            wish->params.part_end = asked.part_end;
            wish->names = names;
            wish->emails = emails;
        }
        if (i == last) return OK;
    }
}

static struct result ask(const struct act *act, const char *text, struct wish *ret_wish)
{
    const char *trimmed = trim(act->arena, text), *wanted = trimmed ? pattern_small(act->arena, trimmed) : NULL;
    ENSURE(wanted, ERROR_OUT_OF_ROOM);
    if (text_length(wanted) < SEARCH_TEXT_MIN)
        return diag_field(act->diag, ERROR_FIELD_FORMAT, "text", "请至少输入 %d 个字", SEARCH_TEXT_MIN);
    struct search_row params = { .key = pattern_part(act->arena, wanted), .begin = pattern_begin(act->arena, wanted),
                                 .at_s = act->now_s, .limit_count = SEARCH_EACH };
    struct wish wish = { .params = params };
    ENSURE(wish.params.key, ERROR_OUT_OF_ROOM);
    if (wish.params.begin) wish.params.begin_end = part_end(act->arena, wish.params.begin);
    ENSURE(!wish.params.begin || wish.params.begin_end, ERROR_OUT_OF_ROOM);
    TRY(choose_part(act, wanted, &wish));
    *ret_wish = wish;
    return OK;
}

struct result search(const struct act *act, const char *text, struct hit_row **ret_rows, size_t *ret_count)
{
    static const struct {
        enum statement few, many;
        bool emails;
    } kinds[] = { { STATEMENT_SEARCH_APPLICATION, STATEMENT_SEARCH_APPLICATION_MANY, false },
                  { STATEMENT_SEARCH_ACCOUNT, STATEMENT_SEARCH_ACCOUNT_MANY, true },
                  { STATEMENT_SEARCH_CERTIFICATE, STATEMENT_SEARCH_CERTIFICATE_MANY, false },
                  { STATEMENT_SEARCH_USBKEY, STATEMENT_SEARCH_USBKEY, false },
                  { STATEMENT_SEARCH_ORGANIZATION, STATEMENT_SEARCH_ORGANIZATION_MANY, false } };
    struct hit_row *found = arena_array(act->arena, COUNT(kinds) * SEARCH_EACH, sizeof *found);
    struct wish wish;
    size_t total = 0;
    ENSURE(found, ERROR_OUT_OF_ROOM);
    TRY(ask(act, text, &wish));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool many = wish.names >= WEIGHT_MAX || (kinds[i].emails && wish.emails >= WEIGHT_MAX);
        void *rows;
        size_t count;
        TRY(store_list(act->service->store, many ? kinds[i].many : kinds[i].few,
                       RECORD(search_row_shape, &wish.params), act->arena, &hit_row_shape, SEARCH_EACH, &rows, &count));
        if (count) memcpy(found + total, rows, count * sizeof *found);
        total += count;
    }
    *ret_rows = found;
    *ret_count = total;
    return OK;
}

struct result search_halted(const struct act *act, const char *which, const char *text, const char *after,
                            struct hit_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    const enum statement statement = text_equal(which, "suspended") ? STATEMENT_SEARCH_SUSPENDED
                                     : text_equal(which, "transit") ? STATEMENT_SEARCH_TRANSIT
                                                                     : STATEMENT_SEARCH_HELD;
    const char *wanted = text ? trim(act->arena, text) : NULL;
    struct key_row params = { .key = wanted && *wanted ? pattern_part(act->arena, wanted) : "%",
                              .other = after ? after : "", .limit_count = SEARCH_PAGE + 1 };
    void *rows;
    size_t count;
    ENSURE(params.key, ERROR_OUT_OF_ROOM);
    TRY(store_list(act->service->store, statement, RECORD(key_row_shape, &params), act->arena, &hit_row_shape,
                   SEARCH_PAGE + 1, &rows, &count));
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
