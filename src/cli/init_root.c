#include "cli/init_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "crypto/sm3.h"

enum { REQUESTS = 3 };

static const char *const names[REQUESTS] = { "issuing-ca", "operators-ca", "tree-head" };

struct waiting {
    const struct init_folder *folder;
    const char *place; /* PLACE.requests */
    struct diag *diag;
};

static struct result read_certificate(const struct waiting *w, const char *path, struct bytes *ret_der)
{
    uint8_t *into = arena_take(w->folder->arena, CERTIFICATE_MAX);
    ENSURE(into && path, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, CERTIFICATE_MAX);
    if (fd >= 0) close(fd);
    if (n <= 0) return diag_log(w->diag, ERROR_FOLDER_FAILED, "%s cannot be read", path);
    *ret_der = bytes_of(into, (size_t)n);
    return OK;
}

static struct result write_request(const struct waiting *w, const char *name, struct bytes der)
{
    uint8_t hash[SM3_SIZE];
    const char *path = arena_format(w->folder->arena, "%s/%s.csr", w->place, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, der.ptr, der.len) == (ssize_t)der.len && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    if (!good) return diag_log(w->diag, ERROR_FOLDER_FAILED, "%s", path);
    sm3_hash(der, hash);
    printf("%s  SM3 %s\n", path, text_hex(w->folder->arena, BYTES(hash)));
    return OK;
}

static struct result write_requests(const struct waiting *w, const struct signer_prepared *prepared)
{
    const struct bytes requests[REQUESTS] = { prepared->issuing_request, prepared->operators_request,
                                              prepared->head_request };
    if (mkdir(w->place, 0755) != 0)
        return diag_log(w->diag, errno == EEXIST ? ERROR_FOLDER_EXISTS : ERROR_FOLDER_FAILED, "%s", w->place);
    for (size_t i = 0; i < REQUESTS; i++) TRY(write_request(w, names[i], requests[i]));
    return OK;
}

static struct result read_given(const struct waiting *w, struct signer_begin *begin)
{
    struct bytes *given[REQUESTS] = { &begin->issuing_certificate, &begin->operators_certificate,
                                      &begin->head_certificate };
    for (size_t i = 0; i < REQUESTS; i++)
        TRY(read_certificate(w, arena_format(w->folder->arena, "%s/%s.cer", w->place, names[i]), given[i]));
    return OK;
}

static bool ask_person(const struct waiting *w)
{
    char line[8];
    printf(cli_words("请由根签发这三份请求（hufu ceremony），把证书放进 %s，然后按回车：",
                     "Have the root certify these three (hufu ceremony), put the certificates into %s, then press "
                     "Enter: "),
           w->place);
    fflush(stdout);
    return fgets(line, sizeof line, stdin) != NULL;
}

/* What is missing or does not do is said, and asked for again: the keys are there, and a second ceremony is dear. */
static struct result wait_for(struct waiting *w, struct init_signer *signer, struct signer_begin *begin,
                              struct signer_state *ret_state)
{
    struct diag *told = w->diag;
    struct result r = FAIL(ERROR_BEGIN_FIELD);
    while (ask_person(w)) {
        struct diag diag = { 0 };
        w->diag = &diag;
        r = read_given(w, begin);
        if (!failed(r))
            r = init_signer_ask(signer, SIGNER_BEGIN, &signer_begin_shape, begin, &signer_state_shape,
                                w->folder->arena, &diag, ret_state);
        if (!failed(r)) return OK;
        *told = diag;
        if (r.code != ERROR_BEGIN_FIELD && r.code != ERROR_FOLDER_FAILED) return r;
        cli_fail(r, &diag);
    }
    return diag_log(told, r.code, "standard input ended");
}

struct result init_root_begin(const struct init_folder *folder, struct init_signer *signer,
                              const struct init_plan *plan, const struct signer_begin *begin, struct diag *diag,
                              struct signer_state *ret_state)
{
    struct waiting w = { .folder = folder, .diag = diag };
    w.place = arena_format(folder->arena, "%s.requests", folder->place);
    struct signer_begin ask = *begin;
    struct signer_prepared prepared;
    ENSURE(w.place, ERROR_OUT_OF_ROOM);
    TRY(read_certificate(&w, plan->root_certificate, &ask.root_certificate));
    TRY(init_signer_ask(signer, SIGNER_PREPARE, &signer_begin_shape, begin, &signer_prepared_shape, folder->arena, diag,
                        &prepared));
    TRY(write_requests(&w, &prepared));
    return wait_for(&w, signer, &ask, ret_state);
}
