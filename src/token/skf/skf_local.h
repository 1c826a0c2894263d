/* Cards in the driver's own process: for tests. */
#pragma once

#include "token/card/card.h"

enum { SKF_LOCAL_MAX = 4 };

/* Plugs CARD in under NAME (both live until it is pulled) or, with CARD NULL, pulls it: from then on its links answer
 * that the device was removed. False when there is no room. */
bool skf_local_plug(const char *name, struct card *card);
