/* Random bytes of the kernel. The process aborts when the kernel has none: there is no second source. */
#pragma once

#include "base/text.h"

void random_fill(void *into, size_t len);
struct id random_id(void);
/* Begins with the time, so that rows made one after the other in the same second are in that order; half of it is
 * random. Not for what must not be guessed. */
struct id random_id_rising(void);
