/* Unlocking a USBKey (R-UNLOCK-2): an approved application is good for one answer to one challenge of the key that the
 * certificate is on. The administrator's key never leaves the signer. */
#pragma once

#include "service/desk.h"

/* Of a change of holder: the new holder takes the former one's USBKey over without its PIN (R-CHANGE-2); nothing is
 * unlocked, and the download goes on with it.
 *
 * CARD: its serial number; CHALLENGE: 16 bytes. The application is done with it; the same challenge again brings the
 * same answer, for one that was lost on its way. ERROR_UNLOCK_CARD for another USBKey than the approved one,
 * ERROR_APPLICATION_STATE, and what the signer refuses with. */
RESULT unlock_answer(const struct act *act, const char *number, const char *card, struct bytes challenge,
                     struct bytes *ret_answer);
