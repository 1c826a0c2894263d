#include "cli/database.h"

#include <unistd.h>

#include "base/text.h"

struct result database_open(const struct installation *installation, struct arena *arena, struct diag *diag,
                            struct store **ret_store)
{
    static const char embedded[] = "sqlite:";
    struct store_options options = { .readers = 1 };
    TRY(installation_database(installation, arena, diag, &options.url));
    const char *file = text_starts(options.url, embedded) ? options.url + strlen(embedded) : NULL;
    if (file && access(file, R_OK) != 0) /* or an empty one would be made */
        return diag_log(diag, ERROR_IO, "there is no database yet at %s", file);
    return store_open(&options, diag, ret_store);
}
