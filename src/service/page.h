/* Pages of lists that are ordered by time, newest first, or by id: the cursor says where the next one begins. */
#pragma once

#include "base/diag.h"
#include "store/rows.h"
#include "store/store.h"

/* What a statement with :at_s, :id and :limit_count is asked for the page behind AFTER (NULL: the first), of LIMIT
 * rows and one more by which is known whether there is another. ERROR_FIELD_FORMAT naming "after". */
RESULT page_by_time(const char *after, size_t limit, struct diag *diag, struct key_row *ret_key);
/* ERROR_FIELD_FORMAT naming "after". */
RESULT page_wrong(struct diag *diag);
/* The same for a list of certificates, by a time and the serial number; the first page begins at BEGIN_S. */
RESULT page_by_serial(const char *after, int64_t begin_s, struct arena *arena, struct diag *diag, int64_t *ret_at_s,
                      const char **ret_serial);
/* The same for :after and :limit_count. */
RESULT page_by_id(const char *after, size_t limit, struct arena *arena, struct diag *diag, struct key_row *ret_key);


/* A list that is ordered by time. */
struct page_list {
    enum statement statement; /* takes what page_by_time made */
    const struct shape *row;
    size_t at_s, id; /* offsets in the row of what orders it */
    size_t limit;    /* rows of a page */
};
#define PAGE_LIST(statement, row, at_s, limit) \
    { (statement), &row##_shape, offsetof(struct row, at_s), offsetof(struct row, id), (limit) }

/* The page that PARAMS asks for. RET_NEXT is the cursor of the one behind it; NULL: this is the last. */
RESULT page_read(struct store *store, const struct page_list *list, struct record params, struct arena *arena,
                 void **ret_rows, size_t *ret_count, const char **ret_next);
