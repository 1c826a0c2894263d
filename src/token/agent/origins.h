/* Which websites may use the agent (R-KEY-7): an origin is "https://host[:port]" exactly as browsers write it. The
 * list comes from the configuration or from a signed file (origin_list.h); some origins bear the mark that lets them
 * produce USBKeys. */
#pragma once

#include "base/diag.h"
#include "base/text.h"
#include "token/agent/http.h"

enum { ORIGINS_MAX = 64 };

struct origins {
    size_t count;
    bool any_localhost; /* --insecure-dev: http://localhost and all below it too, with the mark unless listed without */
    struct {
        char text[HTTP_ORIGIN_MAX + 1];
        bool production;
    } of[ORIGINS_MAX];
};

/* Whether TEXT is an origin as browsers write it: https (or http for localhost, names below it and loopback addresses),
 * lower case, no default port, no path, at most HTTP_ORIGIN_MAX bytes. */
bool origins_well_formed(struct bytes text);
/* Adds the origins in WORDS, which blanks part. ERROR_CONFIG names the one that is none in DIAG's log, and for more
 * than ORIGINS_MAX. One that is there already gains the mark. */
RESULT origins_add(struct origins *origins, const char *words, bool production, struct diag *diag);
/* Whether ORIGIN may use the agent at all, and whether it may produce. */
bool origins_listed(const struct origins *origins, struct bytes origin);
bool origins_may_produce(const struct origins *origins, struct bytes origin);
/* Whether HOST is one of the agent's own addresses at PORT, exactly: a name that an attacker's DNS points to
 * 127.0.0.1 is not. */
bool origins_own_host(struct bytes host, uint16_t port);
