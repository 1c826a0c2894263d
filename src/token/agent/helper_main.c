/* hufu-agent-helper: loads one SKF library for hufu-agent and answers its questions (helper_api.h). Started by the
 * agent only. Single-threaded; it ends with the agent, or when a question takes too long. */
#include <stdio.h>

#include "base/secret.h"
#include "token/agent/helper.h"
#include "token/agent/system.h"

static const struct {
    enum helper_op op;
    struct result (*run)(struct helper_call *);
} operations[] = {
    { HELPER_STATE, helper_state },
    { HELPER_CHANGE_PIN, helper_change_pin },
    { HELPER_SIGN, helper_sign },
    { HELPER_INSPECT, helper_inspect },
    { HELPER_OPEN, helper_open },
    { HELPER_PROVE, helper_prove },
    { HELPER_WRITE, helper_write_production },
    { HELPER_WRITE_RECOVERED, helper_write_recovered },
    { HELPER_CLOSE, helper_close },
    { HELPER_UNLOCK_CHALLENGE, helper_unlock_challenge },
    { HELPER_UNLOCK_ANSWER, helper_unlock_answer },
    { HELPER_DOWNLOAD_OPEN, helper_download_open },
    { HELPER_DOWNLOAD_SIGN, helper_download_sign },
    { HELPER_DOWNLOAD_WRITE, helper_download_write },
};

static struct result run(struct helper_call *call, uint8_t op)
{
    if (op == HELPER_LIST) return helper_list(call);
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (operations[i].op != op) continue;
        struct result r = helper_connect(call);
        if (!failed(r)) r = operations[i].run(call);
        helper_disconnect(call);
        return r;
    }
    return FAIL(ERROR_MALFORMED);
}

/* One message each way; their buffers hold PINs and lie in locked memory. */
struct room {
    uint8_t question[HELPER_MESSAGE_MAX], answer[HELPER_MESSAGE_MAX];
};

static bool serve_one(intptr_t channel, struct skf_library *library, struct result loaded, struct room *room)
{
    uint8_t head[4];
    if (!helper_read(channel, head, sizeof head)) return false;
    struct reader r = reader_of(BYTES(head));
    uint32_t len = read_u32(&r);
    if (len == 0 || len > sizeof room->question || !helper_read(channel, room->question, len)) return false;
    helper_deadline(HELPER_TIME_MAX_S);
    enum { HEAD = 4 + 4 + 4 + 1 };
    struct helper_call call = { .library = library,
                                .in = reader_of(bytes_of(room->question, len)),
                                .out = writer_of(room->answer + HEAD, sizeof room->answer - HEAD),
                                .tries = HELPER_NO_TRIES };
    uint8_t op = read_u8(&call.in);
    struct result done = failed(loaded) ? loaded : run(&call, op);
    if (!failed(done) && call.out.full) done = FAIL(ERROR_TOO_LARGE);
    size_t body = failed(done) ? 0 : call.out.len;
    struct writer w = writer_of(room->answer, HEAD);
    write_u32(&w, (uint32_t)(HEAD - 4 + body));
    write_u32(&w, (uint32_t)done.code);
    write_u32(&w, failed(done) ? call.sar : 0);
    write_u8(&w, call.tries);
    bool sent = helper_write(channel, bytes_of(room->answer, HEAD + body));
    secret_wipe(room, sizeof *room);
    helper_deadline(0);
    return sent;
}

int main(int argc, char **argv)
{
    bool loud = argc == 3 && strcmp(argv[2], "--loud") == 0;
    if (argc != 2 && !loud) {
        fputs("usage: hufu-agent-helper LIBRARY [--loud]\nStarted by hufu-agent.\n", stderr);
        return 2;
    }
    if (failed(system_init())) return 1;
    intptr_t channel = helper_channel(!loud);
    struct room *room = system_take(sizeof *room, NULL);
    if (channel < 0 || !room) return 1;
    struct skf_library library;
    struct result loaded = skf_library_load(argv[1], &library);
    while (serve_one(channel, &library, loaded, room)) {}
    return 0;
}
