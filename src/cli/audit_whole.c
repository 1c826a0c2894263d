#include "cli/audit_whole.h"

static struct result verify(const struct installation *i, const struct audit_asked *asked, struct audit_heads *heads,
                            struct arena *arena, struct diag *diag, struct audit_whole *ret_told)
{
    struct audit_witness witness;
    TRY(audit_trail_verify(i, asked->trail, heads, arena, diag, &ret_told->trail, &witness));
    TRY(audit_journal_verify(i, asked->root, asked->heads, &witness, arena, diag, &ret_told->journal));
    return audit_heads_tell(heads, diag);
}

/* In this order each is behind what it is held against, while both are written on: heads of the trail, the trail, and
 * then the journal, of which the database knows. */
struct result audit_whole_verify(const struct installation *installation, const struct audit_asked *asked,
                                 struct arena *arena, struct diag *diag, struct audit_whole *ret_told)
{
    struct audit_heads heads;
    struct audit_whole told;
    TRY(audit_heads_read(installation, diag, &heads));
    struct result r = verify(installation, asked, &heads, arena, diag, &told);
    audit_heads_done(&heads);
    TRY(r);
    *ret_told = told;
    return OK;
}
