#include "service/scan.h"

enum { INSPECT_MS = 40000 };

static struct result look_and_seal(const struct act *act, const char *what, int fd, const struct files_inspect *ask,
                                   struct files_inspected *ret_found, struct sealed_file *ret_file)
{
    struct ipc_call call = { .type = FILES_INSPECT, .ask = &files_inspect_shape, .answer = &files_inspected_shape,
                             .fd = fd, .timeout_ms = INSPECT_MS };
    TRY(peers_ask(act->service->peers, PEER_FILES, &call, ask, act->arena, act->diag, ret_found, NULL));
    return seal_file(act->service, what, fd, act->arena, ret_file);
}

struct result scan_take(const struct act *act, const char *what, int fd, int64_t size,
                        struct files_inspected *ret_found, struct sealed_file *ret_file)
{
    return look_and_seal(act, what, fd, &(struct files_inspect){ .size = size }, ret_found, ret_file);
}

struct result scan_take_invoice(const struct act *act, const char *what, int fd, int64_t size,
                                struct files_inspected *ret_found, struct sealed_file *ret_file)
{
    return look_and_seal(act, what, fd, &(struct files_inspect){ .size = size, .ofd = 1 }, ret_found, ret_file);
}
