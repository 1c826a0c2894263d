/* Pages of lists that are ordered by time, newest first, or by id: the cursor says where the next one begins. */
#pragma once

#include "base/diag.h"
#include "store/rows.h"

/* What a statement with :at_s, :id and :limit_count is asked for the page behind AFTER (NULL: the first), of LIMIT
 * rows and one more by which is known whether there is another. ERROR_FIELD_FORMAT naming "after". */
RESULT page_by_time(const char *after, size_t limit, struct diag *diag, struct key_row *ret_key);
/* The same for :after and :limit_count. */
RESULT page_by_id(const char *after, size_t limit, struct arena *arena, struct diag *diag, struct key_row *ret_key);

/* What stands behind the last row of a page (by id: its text_id); NULL when the arena is full. */
const char *page_time_cursor(struct arena *arena, int64_t at_s, const struct id *id);
