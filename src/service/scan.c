#include "service/scan.h"

enum { INSPECT_MS = 40000 };

struct result scan_take(const struct act *act, const char *what, int fd, int64_t size,
                        struct files_inspected *ret_found, struct sealed_file *ret_file)
{
    struct files_inspect ask = { .size = size };
    struct ipc_call call = { .type = FILES_INSPECT, .ask = &files_inspect_shape, .answer = &files_inspected_shape,
                             .fd = fd, .timeout_ms = INSPECT_MS };
    TRY(peers_ask(act->service->peers, PEER_FILES, &call, &ask, act->arena, act->diag, ret_found, NULL));
    return seal_file(act->service, what, fd, act->arena, ret_file);
}
