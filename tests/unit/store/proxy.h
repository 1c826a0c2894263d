/* Stands between libpq and the server and cuts a connection at a moment of the test's choice. */
#pragma once

#include <stdbool.h>

struct proxy;

enum proxy_cut {
    PROXY_CUT_BEFORE, /* the server does not get to see it */
    PROXY_CUT_AFTER,  /* the server has answered, the client does not get to see that */
};

/* Listens in FOLDER and passes on to the server in SERVER_FOLDER. */
struct proxy *proxy_start(const char *folder, const char *server_folder);
void proxy_stop(struct proxy *proxy);
/* Cuts the connection that next sends WORD, once. */
void proxy_cut(struct proxy *proxy, const char *word, enum proxy_cut how);
/* Whether it has. */
bool proxy_has_cut(struct proxy *proxy);
