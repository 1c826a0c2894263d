#include "service/part.h"

#include "service/pattern.h"

struct result part_add_account(struct tx *tx, const struct id *account)
{
    struct key_row key = { .id = *account };
    TRY(tx_run(tx, STATEMENT_ACCOUNT_PART_INSERT, RECORD(key_row_shape, &key), NULL));
    return tx_run(tx, STATEMENT_EMAIL_PART_INSERT, RECORD(key_row_shape, &key), NULL);
}

struct result part_add_organization(struct tx *tx, const struct id *organization)
{
    struct key_row key = { .id = *organization };
    return tx_run(tx, STATEMENT_ORGANIZATION_PART_INSERT, RECORD(key_row_shape, &key), NULL);
}

struct result part_drop_organization(struct tx *tx, const struct id *organization)
{
    struct key_row key = { .id = *organization };
    return tx_run(tx, STATEMENT_ORGANIZATION_PART_DELETE, RECORD(key_row_shape, &key), NULL);
}

struct result part_change_holder(struct tx *tx, const struct act *act, const struct application_row *row,
                                 const char *name)
{
    struct key_row key = { .key = row->number };
    struct name_row named = { row->number, row->holder, pattern_small(act->arena, name) };
    ENSURE(named.name, ERROR_OUT_OF_ROOM);
    TRY(tx_run(tx, STATEMENT_APPLICATION_PART_DELETE, RECORD(key_row_shape, &key), NULL));
    return tx_run(tx, STATEMENT_APPLICATION_PART_INSERT, RECORD(name_row_shape, &named), NULL);
}

/* U+10FFFF is no character of any text. */
const char *part_end(struct arena *arena, const char *text)
{
    return arena_format(arena, "%s\xF4\x8F\xBF\xBF", text);
}
