/* What must not be seen: compared in constant time, wiped when done. Works without libc beyond memory
 * functions, since card and phone use it too. There is no printing function, and there will be none. */
#pragma once

#include "base/bytes.h"

/* Whether both hold the same, in time that depends on the length only. */
bool secret_equal(const void *a, const void *b, size_t len);
/* Overwrites; the compiler does not drop it. */
void secret_wipe(void *ptr, size_t len);
