/* Where the installation's secret comes from (installation.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/installation.h"

/* All of FD, without the line end that editors leave; FD stays the caller's. */
static struct result read_fd(int fd, const char *what, size_t min, struct diag *diag, struct secret *ret_secret)
{
    struct secret s = { .len = 0 };
    ssize_t n = 1;
    while (n != 0 && s.len < sizeof s.bytes) {
        n = read(fd, s.bytes + s.len, sizeof s.bytes - s.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        s.len += (size_t)n;
    }
    while (s.len && (s.bytes[s.len - 1] == '\n' || s.bytes[s.len - 1] == '\r')) s.len--;
    struct result r = n < 0                ? diag_log(diag, ERROR_SECRET, "%s cannot be read", what)
                      : s.len < min ? diag_log(diag, ERROR_SECRET, "%s has less than %zu bytes", what, min)
                      : s.len == sizeof s.bytes
                          ? diag_log(diag, ERROR_SECRET, "%s has more than 1023 bytes", what)
                          : OK;
    if (!failed(r)) *ret_secret = s;
    secret_wipe(&s, sizeof s);
    return r;
}

/* A file that others can read is no secret. */
static struct result read_file(const char *path, struct diag *diag, struct secret *ret_secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return diag_log(diag, ERROR_SECRET, "%s cannot be opened", path);
    struct stat st;
    bool own = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0;
    struct result r = own ? read_fd(fd, path, SECRET_MIN, diag, ret_secret)
                          : diag_log(diag, ERROR_SECRET, "%s can be read by others: chmod 600", path);
    close(fd);
    return r;
}

static struct result read_prompt(const char *words, size_t min, struct diag *diag, struct secret *ret_secret)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    if (terminal < 0 || tcgetattr(terminal, &before) != 0) {
        if (terminal >= 0) close(terminal);
        return diag_log(diag, ERROR_SECRET,
                        "it is not given, and there is no terminal to ask");
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &silent);
    dprintf(terminal, "%s", words);
    struct secret s = { .len = 0 };
    ssize_t n = read(terminal, s.bytes, sizeof s.bytes); /* one line: the terminal hands it out whole */
    tcsetattr(terminal, TCSAFLUSH, &before);
    dprintf(terminal, "\n");
    close(terminal);
    s.len = n > 0 ? (size_t)n : 0;
    while (s.len && (s.bytes[s.len - 1] == '\n' || s.bytes[s.len - 1] == '\r')) s.len--;
    bool good = s.len >= min && s.len < sizeof s.bytes;
    if (good) *ret_secret = s;
    secret_wipe(&s, sizeof s);
    return good ? OK : diag_log(diag, ERROR_SECRET, "it has at least %zu characters", min);
}

struct result secret_read(const struct installation *i, int secret_fd, bool insecure_dev, struct diag *diag,
                          struct secret *ret_secret)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    char path[INSTALLATION_PATH_MAX];
    if (secret_fd >= 0) {
        struct result r = read_fd(secret_fd, "--secret-fd", SECRET_MIN, diag, ret_secret);
        close(secret_fd);
        return r;
    }
    int n = snprintf(path, sizeof path, "%s/secret", credentials ? credentials : "");
    if (credentials && n < (int)sizeof path && access(path, F_OK) == 0)
        return read_file(path, diag, ret_secret);
    if (!i->serve.secret_file)
        return read_prompt(cli_words("启动密钥：", "Secret of this installation: "), SECRET_MIN, diag,
                           ret_secret);
    if (!insecure_dev)
        return diag_log(diag, ERROR_SECRET,
                        "secret_file serves demonstrations only: it asks for --insecure-dev");
    return read_file(i->serve.secret_file, diag, ret_secret);
}

struct result lines_read(int fd, struct diag *diag, struct secret *ret_secret)
{
    struct result r = read_fd(fd, "--passphrase-fd", 1, diag, ret_secret);
    close(fd);
    return r;
}

struct result passphrase_read(int fd, const char *words, struct diag *diag, struct secret *ret_secret)
{
    if (fd < 0) return read_prompt(words, SECRET_MIN, diag, ret_secret);
    struct result r = read_fd(fd, "--passphrase-fd", SECRET_MIN, diag, ret_secret);
    close(fd);
    return r;
}

static struct result read_twice(const char *words, size_t min, struct diag *diag, struct secret *ret_secret)
{
    struct secret again = { .len = 0 };
    TRY(read_prompt(words, min, diag, ret_secret));
    struct result r = read_prompt(cli_words("再输入一次：", "Once more: "), min, diag, &again);
    bool same = !failed(r) && again.len == ret_secret->len && secret_equal(again.bytes, ret_secret->bytes, again.len);
    secret_wipe(&again, sizeof again);
    TRY(r);
    return same ? OK : diag_log(diag, ERROR_SECRET, "both are not the same");
}

struct result passphrase_new(int fd, const char *words, struct diag *diag, struct secret *ret_secret)
{
    return fd >= 0 ? passphrase_read(fd, words, diag, ret_secret) : read_twice(words, SECRET_MIN, diag, ret_secret);
}

struct result pin_ask(const char *words, bool twice, struct diag *diag, struct secret *ret_secret)
{
    return twice ? read_twice(words, PIN_MIN, diag, ret_secret) : read_prompt(words, PIN_MIN, diag, ret_secret);
}
