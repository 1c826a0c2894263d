#include "service/audit.h"

#include "base/clock.h"
#include "base/random.h"
#include "service/day.h"
#include "service/page.h"
#include "service/pattern.h"
#include "store/audit_trail.h"

/* The longest beginning of TEXT that is at most MAX bytes and ends at a character. */
static const char *shorten(struct arena *arena, const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len <= max) return text;
    for (len = max; len > 0 && ((uint8_t)text[len] & 0xC0) == 0x80;) len--;
    return arena_text(arena, bytes_of(text, len));
}

struct result audit_write(struct tx *tx, const struct act *act, const char *action, const char *subject,
                          const char *detail)
{
    enum { ACTOR_MAX = 300, DETAIL_MAX = 3000 };
    char id[ID_TEXT_LEN + 1];
    id_text(&act->account, id);
    struct audit_row row = { .id = random_id_rising(), .at_s = act->now_s, .action = action, .subject = subject,
                             .client = act->client, .request = act->request };
    row.actor_id = act->serial ? act->serial : id_empty(&act->account) ? NULL : id;
    row.actor = shorten(act->arena, act->name, ACTOR_MAX);
    row.detail = shorten(act->arena, detail && detail[0] ? detail : "-", DETAIL_MAX);
    ENSURE(row.actor && row.detail, ERROR_OUT_OF_ROOM);
    return audit_trail_append(tx, &row, act->arena);
}

struct lone_entry {
    const struct act *act;
    const char *action, *subject, *detail;
};

static struct result write_alone(struct tx *tx, void *context)
{
    const struct lone_entry *e = context;
    return audit_write(tx, e->act, e->action, e->subject, e->detail);
}

struct result audit_write_alone(const struct act *act, const char *action, const char *subject, const char *detail)
{
    struct lone_entry entry = { act, action, subject, detail };
    return store_write(act->service->store, write_alone, &entry);
}

static struct result ask(const struct act *act, const struct audit_wish *wish, struct audit_query_row *ret_query)
{
    struct key_row place;
    TRY(page_by_time(wish->after, AUDIT_PAGE, act->diag, &place));
    struct audit_query_row query = { .id = place.id, .at_s = place.at_s, .limit_count = place.limit_count,
                                     .action = wish->action ? wish->action : "%",
                                     .text = wish->text ? pattern_part(act->arena, wish->text) : "%" };
    ENSURE(query.text, ERROR_OUT_OF_ROOM);
    if (wish->from) TRY(day_begin(wish->from, "from", act->diag, &query.from_s));
    if (wish->until && !wish->after) {
        TRY(day_begin(wish->until, "until", act->diag, &query.at_s));
        query.at_s += DAY_S;
        query.id = (struct id){ 0 }; /* none of the next day's first second */
    }
    *ret_query = query;
    return OK;
}

static const struct page_list entries = PAGE_LIST(STATEMENT_AUDIT_LIST, audit_row, at_s, AUDIT_PAGE);

struct result audit_list(const struct act *act, const struct audit_wish *wish, struct audit_row **ret_rows,
                         size_t *ret_count, const char **ret_next)
{
    struct audit_query_row query;
    void *rows;
    TRY(ask(act, wish, &query));
    TRY(page_read(act->service->store, &entries, RECORD(audit_query_row_shape, &query), act->arena, &rows, ret_count,
                  ret_next));
    *ret_rows = rows;
    return OK;
}
