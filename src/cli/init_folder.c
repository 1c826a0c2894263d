#include "cli/init_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/installation.h"

enum { REMOVE_FDS = 16 };

static struct result wrong(struct diag *diag, const char *path)
{
    return diag_log(diag, ERROR_FOLDER_FAILED, "%s: %s", path, strerror(errno));
}

/* ---- removing ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static bool remove_all(const char *path)
{
    return nftw(path, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0;
}

/* ---- beginning ---- */

/* FOLDER's absolute name, though it need not be there yet: that of its parent and its last part. */
static struct result absolute(const char *folder, struct arena *arena, struct diag *diag, const char **ret_path)
{
    char parent[PATH_MAX], whole[PATH_MAX];
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/') len--;
    if (len == 0 || len >= sizeof parent) return diag_log(diag, ERROR_FOLDER_FAILED, "%s", folder);
    memcpy(parent, folder, len);
    parent[len] = '\0';
    if (!realpath(parent, whole)) {
        char *slash = strrchr(parent, '/');
        const char *last = slash ? folder + (slash - parent) + 1 : folder;
        int last_len = (int)(len - (size_t)(last - folder));
        if (slash) *slash = '\0';
        if (!realpath(slash ? slash == parent ? "/" : parent : ".", whole)) return wrong(diag, folder);
        *ret_path = arena_format(arena, "%s/%.*s", whole, last_len, last);
    } else {
        *ret_path = arena_text(arena, bytes_text(whole));
    }
    ENSURE(*ret_path, ERROR_OUT_OF_ROOM);
    return OK;
}

static bool absent_or_empty(const char *path)
{
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT;
    int count = 0;
    while (readdir(d)) count++;
    closedir(d);
    return count <= 2; /* "." and ".." */
}

/* The draft of this init, locked as long as it runs. */
static struct result make_draft(struct init_folder *f, struct diag *diag)
{
    for (int tries = 0; tries < 2; tries++) {
        if (mkdir(f->draft, 0700) == 0) {
            f->lock = open(f->draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (f->lock >= 0 && flock(f->lock, LOCK_EX | LOCK_NB) == 0) return OK;
            return wrong(diag, f->draft);
        }
        if (errno != EEXIST) return wrong(diag, f->draft);
        int left = open(f->draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        bool runs = left >= 0 && flock(left, LOCK_EX | LOCK_NB) != 0;
        if (left >= 0) close(left);
        if (runs) return diag_log(diag, ERROR_RUNS_ALREADY, "%s", f->draft);
        if (!remove_all(f->draft)) return wrong(diag, f->draft);
    }
    return diag_log(diag, ERROR_FOLDER_FAILED, "%s", f->draft);
}

static struct result open_log(struct init_folder *f, struct diag *diag)
{
    const char *path = init_folder_path(f, "run/init.log");
    f->log = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600) : -1;
    return f->log >= 0 ? OK : wrong(diag, f->draft);
}

void init_folder_tell_log(const struct init_folder *f)
{
    char said[4096];
    off_t end = lseek(f->log, 0, SEEK_END), room = (off_t)sizeof said;
    ssize_t n = pread(f->log, said, sizeof said, end > room ? end - room : 0);
    if (n > 0) fprintf(stderr, "%.*s", (int)n, said);
}

static struct result begin(const char *folder, bool with_log, struct arena *arena, struct diag *diag,
                           struct init_folder *ret_folder)
{
    struct init_folder f = { .lock = -1, .log = -1, .arena = arena };
    TRY(absolute(folder, arena, diag, &f.place));
    if (!absent_or_empty(f.place)) return diag_log(diag, ERROR_FOLDER_EXISTS, "%s", f.place);
    f.draft = arena_format(arena, "%s.init", f.place);
    ENSURE(f.draft, ERROR_OUT_OF_ROOM);
    struct result r = make_draft(&f, diag);
    if (with_log && !failed(r)) r = init_folder_make(&f, "run", diag);
    if (with_log && !failed(r)) r = open_log(&f, diag);
    if (failed(r))
        init_folder_done(&f);
    else
        *ret_folder = f;
    return r;
}

struct result init_folder_begin(const char *folder, struct arena *arena, struct diag *diag,
                                struct init_folder *ret_folder)
{
    return begin(folder, true, arena, diag, ret_folder);
}

struct result init_folder_begin_bare(const char *folder, struct arena *arena, struct diag *diag,
                                     struct init_folder *ret_folder)
{
    return begin(folder, false, arena, diag, ret_folder);
}

/* ---- end ---- */

struct result init_folder_publish(struct init_folder *f, struct diag *diag)
{
    if (syncfs(f->lock) != 0) return wrong(diag, f->draft);
    if (rename(f->draft, f->place) != 0)
        return errno == ENOTEMPTY || errno == EEXIST ? diag_log(diag, ERROR_FOLDER_EXISTS, "%s", f->place)
                                                     : wrong(diag, f->place);
    const char *parent = arena_format(f->arena, "%s/..", f->place);
    int fd = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool kept = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    if (f->log >= 0) close(f->log);
    close(f->lock);
    f->lock = -1;
    return kept ? OK : wrong(diag, f->place);
}

void init_folder_done(struct init_folder *f)
{
    if (f->lock < 0) return;
    remove_all(f->draft);
    if (f->log >= 0) close(f->log);
    close(f->lock);
    f->lock = -1;
}

/* ---- users ---- */

struct result init_folder_give(const struct init_folder *f, const char *name, const char *user, struct diag *diag)
{
    const struct passwd *who = getpwnam(user);
    const char *path = init_folder_path(f, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    if (!who) return diag_log(diag, ERROR_USER_UNKNOWN, "%s", user);
    char *roots[] = { (char *)(uintptr_t)path, NULL };
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree) return wrong(diag, path);
    bool good = true;
    for (const FTSENT *e; (e = fts_read(tree));)
        good = good && (e->fts_info == FTS_DP || lchown(e->fts_path, who->pw_uid, who->pw_gid) == 0);
    fts_close(tree);
    return good ? OK : wrong(diag, path);
}

struct result init_folder_open(const struct init_folder *f, struct diag *diag)
{
    static const struct {
        const char *name;
        mode_t mode;
    } open_ones[] = { { ".", 0711 }, { "run", 0711 }, { "hufu.conf", 0644 }, { "ca", 0755 }, { "publish", 0755 },
                      { "ca/root.cer", 0644 },
                      { "ca/issuing.cer", 0644 }, { "ca/operators.cer", 0644 } };
    for (size_t i = 0; i < COUNT(open_ones); i++) {
        const char *path = init_folder_path(f, open_ones[i].name);
        ENSURE(path, ERROR_OUT_OF_ROOM);
        if (chmod(path, open_ones[i].mode) != 0) return wrong(diag, path);
    }
    return OK;
}

struct result init_folder_give_all(const struct init_folder *f, struct diag *diag)
{
    struct installation i;
    TRY(installation_open(f->draft, diag, &i));
    struct result r = OK;
    if (i.serve.web_user) r = init_folder_give(f, "web", i.serve.web_user, diag);
    if (!failed(r) && i.serve.signer_user) r = init_folder_give(f, "signer", i.serve.signer_user, diag);
    if (!failed(r) && i.serve.signer_user) r = init_folder_give(f, "publish", i.serve.signer_user, diag);
    bool users = i.serve.web_user || i.serve.signer_user || i.serve.files_user || i.serve.relay_user ||
                 i.serve.status_user;
    if (!failed(r) && users) r = init_folder_open(f, diag);
    installation_done(&i);
    return r;
}

/* ---- what is in it ---- */

const char *init_folder_path(const struct init_folder *f, const char *name)
{
    return arena_format(f->arena, "%s/%s", f->draft, name);
}

struct result init_folder_make(const struct init_folder *f, const char *name, struct diag *diag)
{
    const char *path = init_folder_path(f, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    return mkdir(path, 0700) == 0 ? OK : wrong(diag, path);
}

struct result init_folder_write(const struct init_folder *f, const char *name, struct bytes content,
                                struct diag *diag)
{
    const char *path = init_folder_path(f, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return wrong(diag, path);
    bool good = write(fd, content.ptr, content.len) == (ssize_t)content.len;
    close(fd);
    return good ? OK : wrong(diag, path);
}
