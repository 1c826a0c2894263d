#include "base/random.h"

#include <stdlib.h>
#include <windows.h>
#include <bcrypt.h>

void random_fill(void *into, size_t len)
{
    while (len > 0) {
        ULONG n = len < 65536 ? (ULONG)len : 65536;
        if (BCryptGenRandom(NULL, into, n, BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0) abort();
        into = (uint8_t *)into + n;
        len -= n;
    }
}

struct id random_id(void)
{
    struct id id;
    random_fill(id.b, sizeof id.b);
    return id;
}
