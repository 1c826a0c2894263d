#include "cli/restore_database.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/backup_content.h"
#include "store/store.h"

static const char embedded[] = "sqlite:", elsewhere[] = "postgresql://";

/* "user:password@host" or a parameter "password=…". */
static bool has_password(const char *url)
{
    const char *rest = url + strlen(elsewhere);
    const char *at = strchr(rest, '@'), *colon = strchr(rest, ':');
    size_t authority = strcspn(rest, "/?");
    bool in_user = at && colon && colon < at && at < rest + authority;
    return in_user || strstr(rest, "password=");
}

struct result restore_database_check(const char *asked, struct diag *diag)
{
    if (!asked || text_equal(asked, "embedded")) return OK;
    if (!text_starts(asked, elsewhere) || !text_plain(bytes_text(asked)) || strpbrk(asked, "\r\n"))
        return diag_log(diag, ERROR_CONFIG, "--database is neither embedded nor postgresql://…");
    if (has_password(asked))
        return diag_log(diag, ERROR_CONFIG, "--database: others can see a password among the arguments; name a file "
                                            "with it by ?passfile=PATH, or take a URL without");
    return OK;
}

struct result restore_database_name(const struct init_folder *folder, const char *asked, struct diag *diag)
{
    struct bytes text;
    const char *path = init_folder_path(folder, "hufu.conf");
    ENSURE(path, ERROR_OUT_OF_ROOM);
    TRY(config_with(path, "web", "database", text_equal(asked, "embedded") ? NULL : asked, folder->arena, diag, &text));
    if (unlink(path) != 0) return diag_log(diag, ERROR_FOLDER_FAILED, "%s", path);
    return init_folder_write(folder, "hufu.conf", text, diag);
}

const char *restore_database_image(const struct init_folder *folder)
{
    return arena_format(folder->arena, "%s%s/" BACKUP_DATABASE, embedded, folder->draft);
}

/* URL: of the place; FILE: that of the image. */
static struct result find(const struct init_folder *folder, const struct installation *i, struct diag *diag,
                          const char **ret_url, const char **ret_file)
{
    const char *image = restore_database_image(folder);
    ENSURE(image, ERROR_OUT_OF_ROOM);
    TRY(installation_database(i, folder->arena, diag, ret_url));
    *ret_file = image + strlen(embedded);
    return OK;
}

struct result restore_database_place(const struct init_folder *folder, const struct installation *i, struct diag *diag)
{
    const char *url, *image;
    TRY(find(folder, i, diag, &url, &image));
    if (!text_starts(url, embedded)) return OK;
    const char *file = url + strlen(embedded);
    if (!text_starts(file, folder->draft))
        return diag_log(diag, ERROR_NOT_SUPPORTED, "[web] database lies outside the folder");
    return rename(image, file) == 0 ? OK : diag_log(diag, ERROR_FOLDER_FAILED, "%s", file);
}

struct result restore_database_fill(const struct init_folder *folder, const struct installation *i, struct diag *diag)
{
    const char *url, *image;
    int64_t rows;
    TRY(find(folder, i, diag, &url, &image));
    if (text_starts(url, embedded)) return OK;
    TRY(store_copy(restore_database_image(folder), url, diag, &rows));
    return unlink(image) == 0 ? OK : diag_log(diag, ERROR_FOLDER_FAILED, "%s", image);
}
