/* Parts of names (R-OPS-5): kept with the names, in the closure that writes these (schema 0030), so that a part of one
 * is looked for among beginnings, and not in every name there is. */
#pragma once

#include "service/service.h"

/* Of an ending of a name that are kept; also in the SQL. A longer part is looked for by PART_CHARACTERS of it. */
enum { PART_CHARACTERS = 6 };

/* After the row is written; of a new account its e-mail address too. */
RESULT part_add_account(struct tx *tx, const struct id *account);
RESULT part_add_organization(struct tx *tx, const struct id *organization);
/* Before it is called otherwise. */
RESULT part_drop_organization(struct tx *tx, const struct id *organization);
/* Before the holder of an application is called NAME in it. */
RESULT part_change_holder(struct tx *tx, const struct act *act, const struct application_row *row, const char *name);

/* Where what begins with TEXT ends: behind all of it. NULL when the arena is full. */
const char *part_end(struct arena *arena, const char *text);
