/* SHA-1 of one short message: GM/T 0017 of 2012 makes the key of its PIN commands with it. For nothing else. */
#pragma once

#include "base/bytes.h"

enum { CARD_SHA1_SIZE = 20, CARD_SHA1_MESSAGE_MAX = 55 };

/* MESSAGE has at most CARD_SHA1_MESSAGE_MAX bytes (asserted). */
void card_sha1(struct bytes message, uint8_t ret_hash[CARD_SHA1_SIZE]);
