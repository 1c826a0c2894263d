/* Many walks at once: how many a second, and where the time goes. */
#pragma once

#include "cli/demo_walk.h"

enum { LOAD_COUNT_MAX = 100 * 1000, LOAD_CLIENTS_MAX = 256 };

struct load {
    const struct place *place;
    int count, clients;
    bool english, json;
};

/* Walks COUNT times with CLIENTS threads and prints the table, or one JSON object. Fails as the first walk that failed
 * did; its words are in DIAG. */
RESULT demo_load(const struct load *load, struct diag *diag);
