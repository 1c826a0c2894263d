/* Journal and trail of an installation verified together, each with what the other knows of it. */
#pragma once

#include "cli/audit_trail.h"

struct audit_asked {
    const char *root;  /* file of the root certificate; NULL: the installation's */
    const char *heads; /* file with heads of the journal that were published earlier, or NULL */
    const char *trail; /* "SIZE:ROOT" as it was printed earlier, or NULL */
};

struct audit_whole {
    struct audit_told journal, trail;
};

/* ERROR_JOURNAL_CHANGED and its neighbours, and those of store.h, with words in DIAG. */
RESULT audit_whole_verify(const struct installation *installation, const struct audit_asked *asked,
                          struct arena *arena, struct diag *diag, struct audit_whole *ret_told);
