/* PINs for cards without protected channels: the commands of 2012 (reference: gmt0017 §4), in which a transcript of one
 * VerifyPIN lets anybody try all PINs at leisure. Used only where the card has nothing better. */
#pragma once

#include "token/skf/skf_internal.h"

/* The status word is in RET_SW; the result is only about the way there. */
ULONG skf_legacy_verify(struct skf_device *device, uint16_t application, uint8_t type, struct bytes pin,
                        uint16_t *ret_sw);
/* ChangePIN (INS 16) and UnblockPIN (INS 1A): PROVER is the old PIN, or the administrator's. */
ULONG skf_legacy_replace(struct skf_device *device, uint8_t ins, uint16_t application, uint8_t type,
                         struct bytes prover, struct bytes fresh, uint16_t *ret_sw);
