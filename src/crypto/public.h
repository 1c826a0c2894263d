/* Where a secret computation gives something away by intention. The check of constant time (tests/unit/crypto)
 * runs the code under valgrind with secrets marked as undefined, so that every jump and index that depends on
 * one is reported; what is named here may be looked at from then on. Else it is nothing. Internal to crypto. */
#pragma once

#ifdef HUFU_SECRETS_MARKED
#include <valgrind/memcheck.h>
#define CRYPTO_PUBLIC(ptr, len) VALGRIND_MAKE_MEM_DEFINED(ptr, len)
#else
#define CRYPTO_PUBLIC(ptr, len) ((void)0)
#endif
