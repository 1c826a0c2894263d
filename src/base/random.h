/* Random bytes of the kernel. The process aborts when the kernel has none: there is no second source. */
#pragma once

#include "base/text.h"

void random_fill(void *into, size_t len);
struct id random_id(void);
