#include "cli/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 1024, SOCKET_MODE = 0660 };

/* ---- who has a port ---- */

/* The inode of the socket that listens on PORT; 0: none. */
static unsigned long find_inode(const char *table, unsigned port)
{
    FILE *f = fopen(table, "re");
    if (!f) return 0;
    char line[512];
    unsigned long found = 0;
    while (!found && fgets(line, sizeof line, f)) {
        unsigned local, state;
        unsigned long inode;
        /* sl local_address:port rem_address:port st tx:rx tr:when retrnsmt uid timeout inode; 0A: listening */
        int n = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", &local, &state, &inode);
        if (n == 3 && local == port && state == 0x0A) found = inode;
    }
    fclose(f);
    return found;
}

static bool has_inode(const char *pid, unsigned long inode)
{
    char folder[300], wanted[64];
    snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    DIR *fds = opendir(folder);
    if (!fds) return false;
    bool found = false;
    for (const struct dirent *e; !found && (e = readdir(fds));) {
        char target[64];
        ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        found = text_equal(target, wanted);
    }
    closedir(fds);
    return found;
}

static void read_name(const char *pid, char into[32])
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *f = fopen(path, "re");
    if (!f || !fgets(into, 32, f)) snprintf(into, 32, "?");
    into[strcspn(into, "\n")] = '\0';
    if (f) fclose(f);
}

bool listen_holder(unsigned port, char *into, unsigned long room)
{
    unsigned long inode = find_inode("/proc/net/tcp", port);
    if (!inode) inode = find_inode("/proc/net/tcp6", port);
    DIR *processes = inode ? opendir("/proc") : NULL;
    if (!processes) return false;
    bool found = false;
    for (const struct dirent *e; !found && (e = readdir(processes));) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9' || !has_inode(e->d_name, inode)) continue;
        char name[32];
        read_name(e->d_name, name);
        snprintf(into, room, "%s (process %s)", name, e->d_name);
        found = true;
    }
    closedir(processes);
    return found;
}

/* ---- opening ---- */

static struct result open_unix(const char *path, const char *group, struct diag *diag, int *ret_socket)
{
    const struct group *whose = group ? getgrnam(group) : NULL;
    if (group && !whose) return diag_log(diag, ERROR_USER_UNKNOWN, "group %s", group);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) return diag_log(diag, ERROR_CONFIG, "listen: %s is too long", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ENSURE(s >= 0, ERROR_IO);
    /* What an earlier start left; a serving one was excluded by the folder's lock. */
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) unlink(path);
    bool good = bind(s, (struct sockaddr *)&address, sizeof address) == 0 &&
                (!whose || chown(path, (uid_t)-1, whose->gr_gid) == 0) &&
                chmod(path, SOCKET_MODE) == 0 && listen(s, BACKLOG) == 0;
    if (!good) close(s);
    if (!good) return diag_log(diag, ERROR_IO, "%s cannot be listened on: %s", path, strerror(errno));
    *ret_socket = s;
    return OK;
}

/* "127.0.0.1:8080" or "[::1]:8080". */
static bool parse_address(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_len,
                          unsigned *ret_port)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    uint64_t port;
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (len == 0 || len >= sizeof host || failed(text_number(colon + 1, 65535, &port)) || port == 0) return false;
    bool six = text[0] == '[' && text[len - 1] == ']' && len > 2;
    if (six) len -= 2;
    memcpy(host, text + six, len);
    host[len] = '\0';
    *ret_port = (unsigned)port;
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    *ret_len = six ? sizeof v6 : sizeof v4;
    if (six) {
        if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) return false;
        memcpy(ret_address, &v6, sizeof v6);
        return true;
    }
    if (inet_pton(AF_INET, host, &v4.sin_addr) != 1) return false;
    memcpy(ret_address, &v4, sizeof v4);
    return true;
}

struct result listen_open(const char *address, const char *group, struct diag *diag, int *ret_socket)
{
    struct sockaddr_storage where = { 0 };
    socklen_t len = 0;
    unsigned port = 0;
    if (text_starts(address, "unix:")) return open_unix(address + strlen("unix:"), group, diag, ret_socket);
    if (!parse_address(address, &where, &len, &port))
        return diag_log(diag, ERROR_CONFIG, "listen: %s is neither ADDRESS:PORT nor unix:PATH", address);
    int s = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    ENSURE(s >= 0, ERROR_IO);
    bool good = setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(s, (struct sockaddr *)&where, len) == 0 && listen(s, BACKLOG) == 0;
    if (good) {
        *ret_socket = s;
        return OK;
    }
    int error = errno;
    char holder[80] = "?";
    close(s);
    if (error != EADDRINUSE) return diag_log(diag, ERROR_IO, "%s cannot be listened on: %s", address, strerror(error));
    bool told = listen_holder(port, holder, sizeof holder);
    return diag_log(diag, ERROR_PORT_TAKEN, told ? "%s, by %s" : "%s", address, holder);
}
