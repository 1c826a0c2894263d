/* The pages: what was built of ui/, a folder for each host (PAGES/portal/dist …). Names with a hash in them
 * ("assets/index-4f2a1c9b.js") are kept by browsers for ever; the pages themselves are asked for each time. A path that
 * is no file is a route of the application in the page, and answered with index.html. The regulatory platform also
 * gives out packages (R-KEY-5): /downloads/index.json and the files that it names, where there are any. */
#pragma once

#include "web/router.h"

struct pages;

struct pages_options {
    const char *folder;           /* PAGES */
    const char *downloads;        /* what script/package made */
    const struct call_host *hosts;
    size_t host_count;
    const char *agent;            /* where pages reach the agent; NULL: http://127.0.0.1:18181 */
    const char *brand;            /* outlives the pages */
};

/* Opens the folders that there are; hosts without pages answer that there are none. */
RESULT pages_new(const struct pages_options *options, struct diag *diag, struct pages **ret_pages);
void pages_free(struct pages *pages);

/* Requests for /api/… go to API, all others are the pages'. API outlives it. */
struct http_handler pages_handler(struct pages *pages, const struct http_handler *api);
