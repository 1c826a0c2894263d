#include "token/card/card.h"

/* T=1, historical bytes "HUFU": by them the driver tells which readers to look at. */
static const uint8_t atr[] = { 0x3B, 0x84, 0x01, 'H', 'U', 'F', 'U', 0x8B };
const struct bytes card_atr = { atr, sizeof atr };
