/* Which websites the person has paired with this agent. A token is 32 random bytes in base64url; what is stored is its
 * hash with the origin it belongs to, in a file of the person (0600), so that a copy of the file opens nothing. */
#pragma once

#include <pthread.h>

#include "base/diag.h"
#include "base/text.h"
#include "token/agent/http.h"
#include "token/agent/system.h"

enum {
    PAIRING_TOKEN_LEN = 43,       /* characters */
    PAIRINGS_MAX = 256,
    PAIRINGS_PER_ORIGIN_MAX = 32  /* browsers and profiles; the oldest makes room */
};

struct pairing {
    char origin[HTTP_ORIGIN_MAX + 1];
    uint8_t hash[32];
    int64_t made_s;
};

struct pairings {
    pthread_mutex_t lock;
    char path[SYSTEM_PATH_MAX];
    size_t count;
    struct pairing of[PAIRINGS_MAX];
};

/* Reads PATH, which need not be there. ERROR_AGENT_PAIRING_STORE when it is there and is no such file. */
RESULT pairings_init(struct pairings *pairings, const char *path, struct diag *diag);
/* A new token for ORIGIN, saved before it is given out. ERROR_AGENT_PAIRING_STORE. The caller wipes it. */
RESULT pairings_add(struct pairings *pairings, struct bytes origin, int64_t now_s,
                    char ret_token[PAIRING_TOKEN_LEN + 1]);
/* Whether TOKEN belongs to ORIGIN; its time does not depend on how much of it is right. */
bool pairings_holds(struct pairings *pairings, struct bytes origin, struct bytes token);
