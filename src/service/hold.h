/* A certificate on hold (R-REVOKE-3, R-OPS-9): at once and at the holder's word, or that of who runs the holder's
 * organization, since who fears for a key may have nothing left to sign with; released by a reviewer's HUFU-RELEASE-v1
 * alone, which the signer checks. The pair goes together. */
#pragma once

#include "service/desk.h"

/* The own certificate SERIAL, which is valid or in transit: ERROR_CERTIFICATE_STATE else. On hold already, it
 * stays so. What is answered is in the database: no login with it succeeds from then on. ERROR_NOT_PERMITTED for a
 * session that may not revoke (R-SMS-2); ERROR_HOLD_LIMIT on the day of its last hold. */
RESULT hold_place(const struct act *act, const char *serial, struct certificate_row *ret_row);

/* The same of a signing certificate of one of the people whose organization ACT runs, in its name: ERROR_NOT_FOUND for
 * another's, ERROR_ORGANIZATION_ADMINISTRATOR. Holder and who asked are told. RET_ROW as organization_certificate. */
RESULT hold_place_for(const struct act *act, const char *serial, struct certificate_row *ret_row);

/* The statement that releases the pair of SERIAL; ERROR_NOT_HELD. */
RESULT hold_release_draft(const struct act *act, const char *serial, const char **ret_statement);
RESULT hold_release(const struct act *act, const char *serial, const char *statement, struct bytes signature,
                    struct certificate_row *ret_row);
