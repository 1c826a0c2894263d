#include "process/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "crypto/sm3.h"

_Static_assert((int)PROCESS_KEY_SIZE == (int)SM3_SIZE, "a key is one HMAC");

void process_key_derive(struct bytes secret, const char *process, uint8_t ret_key[PROCESS_KEY_SIZE])
{
    struct sm3_hmac hmac;
    sm3_hmac_init(&hmac, secret);
    sm3_hmac_update(&hmac, bytes_text("hufu-process-key"));
    sm3_hmac_update(&hmac, bytes_text(process));
    sm3_hmac_final(&hmac, ret_key);
}

struct result process_key_hand_on(const uint8_t key[PROCESS_KEY_SIZE], int *ret_fd)
{
    int fd = memfd_create("hufu-key", MFD_ALLOW_SEALING);
    ENSURE(fd >= 0, ERROR_IO);
    bool good = write(fd, key, PROCESS_KEY_SIZE) == PROCESS_KEY_SIZE &&
                fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    if (!good) close(fd);
    ENSURE(good, ERROR_IO);
    *ret_fd = fd;
    return OK;
}

struct result process_key_take(int fd, uint8_t ret_key[PROCESS_KEY_SIZE])
{
    uint8_t read_key[PROCESS_KEY_SIZE + 1]; /* one more, to see that nothing follows */
    ssize_t n;
    do n = pread(fd, read_key, sizeof read_key, 0);
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n == PROCESS_KEY_SIZE) memcpy(ret_key, read_key, PROCESS_KEY_SIZE);
    secret_wipe(read_key, sizeof read_key);
    ENSURE(n == PROCESS_KEY_SIZE, ERROR_MALFORMED);
    return OK;
}
