/* The maker of virtual USBKeys: its root key and certificate, the transport key, and the cards it makes. For
 * demonstrations and tests; a real maker has these in its works. The folder holds
 *   maker.key      private key, 32 bytes, readable for its owner only
 *   maker.cer      root certificate (profile card-maker-ca), DER
 *   transport.key  16 bytes, of which each card's device key is made */
#pragma once

#include "base/diag.h"

/* Makes folder (which may be there) and files: ERROR_CARD_EXISTS when one of them is there, ERROR_IO. */
RESULT maker_new(const char *folder, struct diag *diag);
/* Makes the image of a blank card with its own key and the maker's certificate for it. SERIAL: 1 to 32 letters, digits
 * or hyphens, else ERROR_CARD_SERIAL. ERROR_CARD_MAKER for the folder, ERROR_CARD_EXISTS, ERROR_IO. */
RESULT maker_card(const char *folder, const char *serial, const char *image, struct diag *diag);
