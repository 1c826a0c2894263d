#include "process/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h, under names of our own: the header may or may not have them. */
enum landlock_call { CALL_CREATE_RULESET = 444, CALL_ADD_RULE = 445, CALL_RESTRICT_SELF = 446 };
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

enum fs_right {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_DIR = 1 << 4,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_REFER = 1 << 13,
    FS_TRUNCATE = 1 << 14,
    /* Of these some are never given: MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, IOCTL_DEV. */
    FS_ALL_1 = (1 << 13) - 1,
    FS_ALL_2 = (1 << 14) - 1,
    FS_ALL_3 = (1 << 15) - 1,
    FS_ALL_5 = (1 << 16) - 1,
    FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE
};
enum net_right { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };
enum scope { SCOPE_ABSTRACT_UNIX = 1 << 0, SCOPE_SIGNAL = 1 << 1 };

struct ruleset_attr {
    uint64_t handled_fs, handled_net, scoped;
};

struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* Every right that version ABI knows, so that what is not given is denied. */
static struct ruleset_attr rights_of(long abi, const struct sandbox *sandbox, size_t *ret_size)
{
    struct ruleset_attr a = { .handled_fs = abi >= 5   ? FS_ALL_5
                                            : abi >= 3 ? FS_ALL_3
                                            : abi == 2 ? FS_ALL_2
                                                       : FS_ALL_1 };
    if (abi >= 4) a.handled_net = NET_BIND_TCP | (sandbox->calls & SANDBOX_CONNECT ? 0 : NET_CONNECT_TCP);
    if (abi >= 6) a.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    /* An older kernel refuses a longer struct, though what it does not know is zero. */
    *ret_size = abi >= 6 ? sizeof a : abi >= 4 ? offsetof(struct ruleset_attr, scoped) : sizeof a.handled_fs;
    return a;
}

static struct result add_folder(int ruleset, const struct sandbox_folder *folder, uint64_t handled,
                                struct diag *diag)
{
    struct path_beneath_attr beneath = { 0, open(folder->path, O_PATH | O_CLOEXEC) };
    if (beneath.parent < 0) return diag_log(diag, ERROR_SANDBOX, "%s is not there", folder->path);
    if (folder->rights & SANDBOX_READ) beneath.allowed |= FS_READ_FILE | FS_READ_DIR;
    if (folder->rights & SANDBOX_WRITE)
        beneath.allowed |= FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
                           FS_REFER;
    if (folder->rights & SANDBOX_EXECUTE) beneath.allowed |= FS_EXECUTE | FS_READ_FILE;
    struct stat st;
    bool good = fstat(beneath.parent, &st) == 0;
    if (good && !S_ISDIR(st.st_mode)) beneath.allowed &= FS_OF_FILES;
    beneath.allowed &= handled;
    good = good && syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &beneath, 0) == 0;
    close(beneath.parent);
    return good ? OK : diag_log(diag, ERROR_SANDBOX, "Landlock does not take %s", folder->path);
}

static struct result restrict_by(int ruleset, const struct sandbox *sandbox, uint64_t handled, struct diag *diag)
{
    for (size_t i = 0; i < sandbox->folder_count; i++) TRY(add_folder(ruleset, &sandbox->folders[i], handled, diag));
    if (syscall(CALL_RESTRICT_SELF, ruleset, 0) != 0)
        return diag_log(diag, ERROR_SANDBOX, "Landlock does not close the process: error %d", errno);
    return OK;
}

struct result landlock_close(const struct sandbox *sandbox, struct diag *diag)
{
    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 1)
        return diag_log(diag, ERROR_SANDBOX, errno == EOPNOTSUPP ? "Landlock is switched off at boot (lsm=)"
                                                                 : "the kernel has no Landlock");
    size_t size;
    struct ruleset_attr attr = rights_of(abi, sandbox, &size);
    int ruleset = (int)syscall(CALL_CREATE_RULESET, &attr, size, 0);
    if (ruleset < 0) return diag_log(diag, ERROR_SANDBOX, "Landlock takes no rules: error %d", errno);
    struct result r = restrict_by(ruleset, sandbox, attr.handled_fs, diag);
    close(ruleset);
    return r;
}
