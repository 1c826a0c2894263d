/* Frames between a virtual card's process and those that use it, over a Unix socket (docs/PROTOCOL.card): 4 bytes
 * length of what follows (big-endian), 1 byte type, payload. One answer to each request, in order. */
#pragma once

#include "token/card/card.h"

enum { CARD_FRAME_HEAD = 5, CARD_FRAME_PAYLOAD_MAX = CARD_COMMAND_MAX, CARD_FRAME_VERSION = 1 };

enum card_frame {
    CARD_FRAME_HELLO = 1,   /* version 2 → version 2, ATR */
    CARD_FRAME_COMMAND = 2, /* command APDU → answer APDU */
    CARD_FRAME_LOCK = 3,    /* milliseconds 4 (FFFFFFFF: for ever) → 1 byte: 1 locked, 0 not in this time */
    CARD_FRAME_UNLOCK = 4,  /* nothing → 1 byte: 1 it was locked by this side, 0 it was not */
    CARD_FRAME_RESET = 5,   /* nothing → ATR: power off and on */
    CARD_FRAME_ANSWER = 0x80 /* + type of the request */
};
