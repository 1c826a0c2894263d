/* A signed list of websites, as packages and administrators hand it out (docs/PROTOCOL.agent): who may change the
 * file does not thereby decide who uses the USBKeys.
 *
 *   HUFU-ORIGINS-v1
 *   origin: https://portal.example
 *   production: https://console.example
 *   signature: r and s in hex, over every byte before this line (SM2 with SM3, the default identity)
 * One or more lines of the first two kinds; every line ends with LF. */
#pragma once

#include "crypto/sm2.h"
#include "token/agent/origins.h"

enum { ORIGIN_LIST_MAX = 32 * 1024 };

/* Adds the origins of LIST to ORIGINS when KEY signed it: ERROR_CONFIG otherwise, with the reason in DIAG's log, and
 * ORIGINS unchanged but for what was read before a line that is none. */
RESULT origin_list_read(struct bytes list, const struct sm2_public *key, struct diag *diag, struct origins *origins);
/* Appends the signature to LIST, the lines before it. ERROR_CONFIG when they are not such lines. */
RESULT origin_list_sign(struct bytes list, const struct sm2_private *key, struct drbg *drbg, struct diag *diag,
                        struct writer *w);
