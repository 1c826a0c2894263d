#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

void random_fill(void *into, size_t len)
{
    for (uint8_t *p = into; len > 0;) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) abort();
        p += n;
        len -= (size_t)n;
    }
}

struct id random_id_rising(void)
{
    struct timespec now;
    struct id id = random_id();
    clock_gettime(CLOCK_REALTIME, &now);
    struct writer w = writer_of(id.b, 8);
    write_u64(&w, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
    return id;
}

struct id random_id(void)
{
    struct id id;
    random_fill(id.b, sizeof id.b);
    return id;
}
