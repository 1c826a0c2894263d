/* Where the database of what is restored goes: a file in the folder, or an empty database of PostgreSQL's. In the
 * archive it is the image of an embedded one in either case (docs/PROTOCOL.backup). */
#pragma once

#include "cli/init_folder.h"
#include "cli/installation.h"

/* Of --database: "embedded", or "postgresql://…" without a password, which would be seen among the arguments; NULL is
 * what [web] of the archive says. ERROR_CONFIG. */
RESULT restore_database_check(const char *asked, struct diag *diag);
/* Writes ASKED into hufu.conf of the draft. */
RESULT restore_database_name(const struct init_folder *folder, const char *asked, struct diag *diag);
/* The image in the draft, as URL, for whoever proves it. */
const char *restore_database_image(const struct init_folder *folder);
/* An embedded database, proven, to its place in the folder. ERROR_NOT_SUPPORTED for one outside, which could be
 * another installation's. */
RESULT restore_database_place(const struct init_folder *folder, const struct installation *i, struct diag *diag);
/* One elsewhere: all rows of the image, in one transaction, and the image is gone. Last of all: it cannot be undone.
 * ERROR_STORE_NOT_EMPTY. */
RESULT restore_database_fill(const struct init_folder *folder, const struct installation *i, struct diag *diag);
