#include "service/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/seal.h"

static bool is_old(const struct service *service, const char *name, int64_t now_s)
{
    struct stat st;
    return fstatat(service->upload_folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           now_s - (int64_t)st.st_mtim.tv_sec > SWEEP_AGE_S;
}

static struct result sweep_one(struct service *service, const char *name, struct arena *arena, size_t *removed)
{
    struct key_row key = { .key = name };
    struct count_row known;
    TRY(store_one(service->store, STATEMENT_UPLOAD_KNOWN, RECORD(key_row_shape, &key), arena, &count_row_shape,
                  &known));
    if (known.count) return OK;
    TRY(seal_file_remove(service, name));
    (*removed)++;
    return OK;
}

struct result sweep_uploads(struct service *service, size_t *ret_removed)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1024 * 1024);
    /* The time of the files, whatever the service's clock says. */
    int64_t now_s = clock_system(&(struct clock){ clock_system, 0 });
    size_t removed = 0;
    int fd = openat(service->upload_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0) close(fd);
    ENSURE(folder, ERROR_IO);
    struct result r = OK;
    for (const struct dirent *e; !failed(r) && removed < SWEEP_ROUND && (e = readdir(folder));) {
        struct id id;
        if (failed(id_parse(e->d_name, &id)) || !is_old(service, e->d_name, now_s)) continue;
        r = sweep_one(service, e->d_name, arena, &removed);
        arena_reset(arena);
    }
    closedir(folder);
    TRY(r);
    *ret_removed = removed;
    return OK;
}
