/* The running site: the rules over an open database, the peers they ask, the engine before them, the jobs behind. */
#pragma once

#include "web/app.h"
#include "web/config.h"

struct site_options {
    const struct web_config *config;
    int control, listen;
    const uint8_t *process_key; /* 32 bytes */
    bool insecure_dev;
};

struct site;

/* Opens what must be open, closes the process off, starts everything. DIAG's log text says what failed. */
RESULT site_start(const struct site_options *options, struct diag *diag, struct site **ret_site);
/* Takes no more requests, lets what runs end, closes the database. */
void site_stop(struct site *site);
