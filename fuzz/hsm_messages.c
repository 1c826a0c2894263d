/* What hufu-signer and hufu-hsm say to each other, each in turn with a peer that says anything: the module's process,
 * with a token that always answers ('0'), and the signer that asks it for a key, a look and a signature ('1' to '3').
 * Behind the first byte stands what the peer sends: for each message 1 byte (0: under the id of the question), 2 bytes
 * type, 2 error, 2 length, the body. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/sm2.h"
#include "hsm/serve.h"
#include "signer/hsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 16, CALL_SECONDS = 5 };

/* ---- a token ---- */

struct result token_look(struct token *token, struct diag *diag, struct hsm_seen *ret_seen)
{
    *ret_seen = (struct hsm_seen){ "token", "0001" };
    return OK;
}

struct result token_key(struct token *token, const char *label, struct diag *diag, int64_t *ret_algorithm,
                        uint8_t *ret_point)
{
    assert(strlen(label) <= HSM_LABEL_MAX);
    if (label[0] == '!') return diag_log(diag, ERROR_HSM_KEY, "no key %s", label);
    *ret_algorithm = HSM_SM2;
    memset(ret_point, 1, HSM_POINT_SIZE);
    return OK;
}

struct result token_sign(struct token *token, const struct hsm_sign *ask, struct diag *diag,
                         uint8_t ret_signature[HSM_SIGNATURE_SIZE])
{
    assert(strlen(ask->label) <= HSM_LABEL_MAX && ask->point.len == HSM_POINT_SIZE &&
           ask->digest.len == HSM_DIGEST_SIZE);
    memset(ret_signature, 2, HSM_SIGNATURE_SIZE);
    return OK;
}

/* ---- the peer ---- */

struct peer {
    int socket;
    struct reader says;
};

/* Waits until the other side has said something, then says all it has to say, hears what is answered, and is gone. */
static void *speak(void *closure)
{
    static __thread uint8_t buffer[IPC_MESSAGE_MAX];
    struct peer *peer = closure;
    struct ipc_message first, answer;
    if (!failed(ipc_read(peer->socket, buffer, &first)))
        for (int i = 0; i < MESSAGES_MAX && peer->says.left; i++) {
            uint8_t which = read_u8(&peer->says);
            struct ipc_message m = { .id = which ? which : first.id, .fd = -1 };
            m.type = read_u16(&peer->says);
            m.error = (enum error)read_u16(&peer->says);
            m.body = read_bytes(&peer->says, read_u16(&peer->says));
            if (peer->says.bad || failed(ipc_write(peer->socket, &m))) break;
        }
    shutdown(peer->socket, SHUT_WR);
    while (!failed(ipc_read(peer->socket, buffer, &answer)))
        if (answer.fd >= 0) close(answer.fd);
    close(peer->socket);
    return NULL;
}

/* ---- both sides ---- */

static void be_the_module(int socket)
{
    int signals[2];
    if (pipe(signals) != 0) abort();
    (void)serve(NULL, socket, signals[0], CALL_SECONDS).code;
    close(signals[0]);
    close(signals[1]);
    close(socket);
}

/* A key that anybody has, so that there is something to sign with. */
static struct public_key some_key(struct drbg *drbg)
{
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 7 };
    struct sm2_private key;
    drbg_init(drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    if (failed(sm2_private_generate(&key, drbg))) abort();
    return public_key_sm2(&key.public);
}

static void be_the_signer(int socket, uint8_t what)
{
    const struct hsm_options options = { .socket = socket, .wait_seconds = CALL_SECONDS };
    struct hsm *hsm = hsm_new(&options);
    struct diag diag = { 0 };
    struct signing_key key;
    struct drbg drbg;
    if (what == '1') {
        /* Whatever it says, to the signer it is the module that failed. */
        struct result r = hsm_find(hsm, HSM_ISSUING, "key", &diag, &key);
        assert(!failed(r) || hsm_failed(r));
    } else if (what == '2') {
        hsm_look(hsm);
    } else {
        uint8_t signature[KEY_SIGNATURE_SIZE];
        const struct public_key public = some_key(&drbg);
        key = hsm_key(hsm, HSM_ISSUING, "key", &public);
        struct result r = key.sign(&key, bytes_text("message"), &drbg, signature);
        assert(!failed(r) || hsm_failed(r));
    }
    hsm_free(hsm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    pthread_t thread;
    if (size == 0 || data[0] < '0' || data[0] > '3') return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) abort();
    struct peer peer = { pair[1], reader_of(bytes_of(data + 1, size - 1)) };
    if (pthread_create(&thread, NULL, speak, &peer) != 0) abort();
    if (data[0] == '0') be_the_module(pair[0]);
    else be_the_signer(pair[0], data[0]);
    pthread_join(thread, NULL);
    return 0;
}
