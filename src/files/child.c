#include "files/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/sm3.h"
#include "files/form.h"
#include "files/inspect.h"
#include "process/sandbox.h"

enum { SOCKET = 3, FILE_FD = 4, FIRST_FREE = 5, REQUEST_ARENA = 256 * 1024 };

static void free_p(uint8_t **p)
{
    free(*p);
}

static struct result read_whole(int fd, uint8_t *into, size_t room, size_t *ret_len)
{
    struct stat st;
    ENSURE(fstat(fd, &st) == 0, ERROR_IO);
    size_t len = 0;
    while (len < room) {
        ssize_t n = S_ISREG(st.st_mode) ? pread(fd, into + len, room - len, (off_t)len)
                                        : read(fd, into + len, room - len);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n >= 0, ERROR_IO);
        if (n == 0) break;
        len += (size_t)n;
    }
    *ret_len = len;
    return OK;
}

struct result child_inspect(int fd, const struct files_inspect *ask, struct diag *diag,
                            struct files_inspected *ret_inspected)
{
    ENSURE(ask->size > 0, ERROR_FILE_EMPTY);
    ENSURE(ask->size <= FILES_UPLOAD_MAX, ERROR_FILE_LARGE);
    size_t room = (size_t)ask->size + 1, len; /* one more, to see that nothing follows */
    uint8_t *file CLEANUP(free_p) = malloc(room);
    if (!file) abort();
    TRY(read_whole(fd, file, room, &len));
    if (len != (size_t)ask->size)
        return diag_log(diag, ERROR_FILE_INCOMPLETE, "%zu bytes instead of %lld", len, (long long)ask->size);
    struct bytes whole = bytes_of(file, len);
    return ask->ofd ? inspect_invoice(whole, diag, ret_inspected) : inspect_file(whole, diag, ret_inspected);
}

struct result child_print(int fd, const struct files_print *ask, struct fonts *fonts, struct diag *diag,
                          uint8_t *hash, struct files_printed *ret_printed)
{
    struct form_pdf pdf;
    TRY(form_print(fonts, ask, diag, &pdf));
    uint8_t *data CLEANUP(free_p) = pdf.data;
    for (size_t done = 0; done < pdf.size;) {
        ssize_t n = write(fd, data + done, pdf.size - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    sm3_hash(bytes_of(data, pdf.size), hash);
    *ret_printed = (struct files_printed){ (int64_t)pdf.size, pdf.pages, bytes_of(hash, SM3_SIZE) };
    return OK;
}

/* ---- the process ---- */

static void limit(int what, rlim_t value)
{
    struct rlimit l = { value, value };
    if (setrlimit(what, &l) != 0) abort();
}

/* Leaves only the two descriptors, at fixed numbers, and no way to have another. */
static void keep(int socket, int fd)
{
    /* Out of the way first: either may stand where the other has to go. */
    int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, FIRST_FREE), high_fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (dup2(high_socket, SOCKET) < 0 || dup2(high_fd, FILE_FD) < 0) abort();
    if (close_range(FIRST_FREE, ~0U, 0) != 0) abort();
}

static void seal(uint16_t type)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CHILD_CPU_S);
    limit(RLIMIT_NOFILE, FIRST_FREE);
    limit(RLIMIT_FSIZE, type == FILES_PRINT ? FORM_PDF_MAX : 0);
#ifndef __SANITIZE_ADDRESS__ /* its shadow alone is larger */
    limit(RLIMIT_AS, CHILD_MEMORY_MAX);
#endif
}

static struct result inspect(const struct ipc_message *asked, struct arena *arena, struct diag *diag)
{
    struct reader r = reader_of(asked->body);
    struct files_inspect ask;
    struct files_inspected found;
    TRY(shape_read(&files_inspect_shape, &r, arena, &ask));
    TRY(reader_end(&r));
    TRY(child_inspect(FILE_FD, &ask, diag, &found));
    return ipc_answer(SOCKET, asked, &files_inspected_shape, &found);
}

static struct result print(const struct ipc_message *asked, struct arena *arena, struct fonts *fonts,
                           struct diag *diag)
{
    struct reader r = reader_of(asked->body);
    struct files_print ask;
    struct files_printed printed;
    uint8_t hash[SM3_SIZE];
    TRY(shape_read(&files_print_shape, &r, arena, &ask));
    TRY(reader_end(&r));
    TRY(child_print(FILE_FD, &ask, fonts, diag, hash, &printed));
    return ipc_answer(SOCKET, asked, &files_printed_shape, &printed);
}

_Noreturn void child_run(const struct ipc_message *asked, int socket, struct fonts *fonts)
{
    struct diag diag = { 0 };
    keep(socket, asked->fd);
    if (failed(sandbox_narrow(0, &diag))) _exit(EXIT_FAILURE);
    seal(asked->type);
    struct arena *arena = arena_new(REQUEST_ARENA);
    struct result r =
        asked->type == FILES_PRINT ? print(asked, arena, fonts, &diag) : inspect(asked, arena, &diag);
    if (failed(r)) r = ipc_answer_failure(SOCKET, asked, r.code, &diag);
    _exit(failed(r) ? EXIT_FAILURE : EXIT_SUCCESS);
}
