/* The parent: takes requests, gives each to a child, and answers for a child that cannot. */
#pragma once

#include "files/text.h"

enum { POOL_CHILDREN_MAX = 4, POOL_CHILD_MS = 20 * 1000 };

/* Serves SOCKET until the peer closes it, which is OK. FONTS are warm (form.h). More requests than
 * POOL_CHILDREN_MAX wait in the socket. A child that has not answered after CHILD_MS is ended. */
RESULT pool_serve(int socket, struct fonts *fonts, int child_ms);
