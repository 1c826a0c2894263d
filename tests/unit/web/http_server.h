/* What the test server's main and its operations share. */
#pragma once

#include <pthread.h>

#include "web/router.h"

/* The table that the server is linked with. */
extern const struct api_operation api_operations[];
extern const size_t api_operation_count;

enum { KEPT_MAX = 64 };

struct kept {
    uint8_t key[32];
    struct call_kept kept;
    char answer[1024];
};

struct app {
    struct sse *sse;
    unsigned slow_ms;
    unsigned made; /* things made: shows that a repeat makes none */
    unsigned kept_count;
    struct kept kept[KEPT_MAX];
    pthread_mutex_t lock;
};
