#include "cli/audit_trail.h"

#include <stdlib.h>

#include "base/text.h"
#include "cli/database.h"
#include "store/audit_trail.h"

enum { PAGE_ARENA_MAX = 16 * 1024 * 1024, PAGE = STORE_LIST_MAX };

struct reading {
    struct arena *arena, *page;
    struct inspected log;
    uint64_t size;
    uint64_t placeless; /* entries that stand in no tree */
    struct tree_hash root;
    struct audit_witness witness;
};

/* ---- from the database, in one snapshot ---- */

static void add(struct tree_hash **leaves, uint64_t *count, const struct tree_hash *leaf)
{
    if ((*count & (*count - 1)) == 0) { /* room doubles when it is full */
        *leaves = reallocarray(*leaves, *count ? *count * 2 : 1, sizeof **leaves);
        if (!*leaves) abort();
    }
    (*leaves)[(*count)++] = *leaf;
}

static struct result read_entries(struct tx *tx, struct reading *r)
{
    struct audit_row last = { .position = INT64_MIN };
    for (size_t count = PAGE; count == PAGE;) {
        void *rows;
        arena_reset(r->page);
        TRY(tx_list(tx, STATEMENT_AUDIT_TRAIL, RECORD(audit_row_shape, &last), r->page, &audit_row_shape, PAGE, &rows,
                    &count));
        const struct audit_row *list = rows;
        for (size_t i = 0; i < count; i++) {
            struct tree_hash leaf = { { 0 } }; /* of an entry that cannot have been written */
            IGNORE(audit_trail_leaf(&list[i], &leaf));
            if (list[i].position <= 0) r->placeless++;
            else add(&r->log.found, &r->log.found_count, &leaf);
        }
        if (count) last = (struct audit_row){ .id = list[count - 1].id, .position = list[count - 1].position };
    }
    return OK;
}

static struct result read_leaves(struct tx *tx, struct reading *r)
{
    struct audit_leaf_row last = { .position = 0 };
    for (size_t count = PAGE; count == PAGE;) {
        void *rows;
        arena_reset(r->page);
        TRY(tx_list(tx, STATEMENT_AUDIT_LEAF_LIST, RECORD(audit_leaf_row_shape, &last), r->page, &audit_leaf_row_shape,
                    PAGE, &rows, &count));
        const struct audit_leaf_row *list = rows;
        for (size_t i = 0; i < count; i++) {
            struct tree_hash leaf = { { 0 } };
            if (list[i].leaf.len == sizeof leaf.b) memcpy(leaf.b, list[i].leaf.ptr, sizeof leaf.b);
            add(&r->log.known, &r->log.known_count, &leaf);
        }
        if (count) last.position = list[count - 1].position;
    }
    return OK;
}

static struct result read_all(struct tx *tx, void *context)
{
    struct reading *r = context;
    struct journal_position_row position;
    inspect_done(&r->log);
    r->placeless = 0;
    TRY(audit_trail_head(tx, r->arena, &r->size, &r->root));
    TRY(read_entries(tx, r));
    TRY(read_leaves(tx, r));
    struct result known = tx_one(tx, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, r->arena, &journal_position_row_shape,
                                 &position);
    if (known.code == ERROR_NOT_FOUND) return OK;
    TRY(known);
    r->witness.applied = (uint64_t)position.size;
    if (position.root.len == sizeof r->witness.root.b && position.root_size > 0) {
        r->witness.size = (uint64_t)position.root_size;
        memcpy(r->witness.root.b, position.root.ptr, position.root.len);
    }
    return OK;
}

static struct result read_database(const struct installation *installation, struct reading *r, struct diag *diag)
{
    struct store *store;
    TRY(database_open(installation, r->arena, diag, &store));
    struct result read = store_read(store, read_all, r);
    if (failed(read)) store_failure(store, diag);
    store_close(store);
    return read;
}

/* ---- what is said of it ---- */

static struct result parse_known(const char *text, struct arena *arena, struct diag *diag, struct head *ret_head)
{
    const char *colon = strchr(text, ':');
    struct head head = { .size = 0 };
    struct bytes root;
    const char *size = colon ? arena_text(arena, bytes_of(text, (size_t)(colon - text))) : NULL;
    bool good = size && !failed(text_number(size, INT64_MAX, &head.size)) &&
                !failed(text_from_hex(arena, colon + 1, &root)) && root.len == sizeof head.root.b;
    if (!good) return diag_log(diag, ERROR_CONFIG, "--trail is not SIZE:ROOT");
    memcpy(head.root.b, root.ptr, root.len);
    *ret_head = head;
    return OK;
}

static struct result check(const struct reading *r, const char *known, struct diag *diag)
{
    const struct head own = { .size = r->size, .root = r->root };
    struct head earlier;
    if (r->placeless > 0)
        return diag_log(diag, ERROR_JOURNAL_INSERTED, "%llu entries have no place in it",
                        (unsigned long long)r->placeless);
    TRY(inspect_log(&r->log, &own, diag));
    if (!known) return OK;
    TRY(parse_known(known, r->arena, diag, &earlier));
    return inspect_head(&r->log, &earlier, diag);
}

struct result audit_trail_verify(const struct installation *installation, const char *known, struct audit_heads *heads,
                                 struct arena *arena, struct diag *diag, struct audit_told *ret_told,
                                 struct audit_witness *ret_witness)
{
    struct arena *page CLEANUP(arena_free_p) = arena_new(PAGE_ARENA_MAX);
    struct reading r = { .arena = arena, .page = page };
    struct diag words = { 0 };
    struct result done = read_database(installation, &r, diag);
    if (!failed(done)) {
        done = check(&r, known, &words);
        if (failed(done)) done = diag_log(diag, done.code, "audit trail: %s", words.log);
        audit_heads_hold(heads, r.log.found, r.log.found_count);
    }
    inspect_done(&r.log);
    TRY(done);
    struct audit_told told = { .size = r.size, .root = text_hex(arena, BYTES(r.root.b)),
                               .heads = heads->count + (known != NULL), .lost = heads->lost };
    const uint64_t vouched = heads->count ? heads->all[heads->count - 1].size : 0;
    told.beyond = r.size > vouched ? r.size - vouched : 0;
    ENSURE(told.root, ERROR_OUT_OF_ROOM);
    *ret_told = told;
    *ret_witness = r.witness;
    return OK;
}
