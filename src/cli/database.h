/* The database of an installation, for commands that look at it. */
#pragma once

#include "cli/installation.h"
#include "store/store.h"

/* To be closed by store_close. ERROR_IO when there is none yet; those of store_open. */
RESULT database_open(const struct installation *installation, struct arena *arena, struct diag *diag,
                     struct store **ret_store);
