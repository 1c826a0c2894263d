/* ECDSA on P-256 with SHA-256 (FIPS 186-5, SEC 2), verification alone: what CAs sign whose keys lie in a hardware
 * module without SM2. Nothing here is secret, so it takes its time from what it is given; whoever signs does so
 * elsewhere. No allocation, no I/O, no globals: it is small enough to stand in the process that holds the CA's keys
 * and on people's computers, where no large library is linked.
 *
 * Wire forms as those of SM2: a point is X ‖ Y, 64 bytes; a signature is r ‖ s, 64 bytes. */
#pragma once

#include "base/bytes.h"
#include "base/result.h"

enum { P256_POINT_SIZE = 64, P256_SIGNATURE_SIZE = 64 };

/* ERROR_KEY_INVALID unless POINT is on the curve and its coordinates are below p. */
RESULT p256_check(const uint8_t point[P256_POINT_SIZE]);
/* ERROR_SIGNATURE_INVALID unless SIGNATURE holds for MESSAGE; r and s outside 1 … n-1 included.
 * POINT has passed p256_check. */
RESULT p256_verify(const uint8_t point[P256_POINT_SIZE], struct bytes message,
                   const uint8_t signature[P256_SIGNATURE_SIZE]);
