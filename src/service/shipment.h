/* The USBKey on its way to its holder (R-SHIP-1, R-APPLY-4). */
#pragma once

#include "service/desk.h"

/* Records the waybill; the holder is told by SMS and e-mail. */
RESULT shipment_add(const struct act *act, const char *number, const char *carrier, const char *waybill,
                    struct shipment_row *ret_shipment);
/* Where the USBKey goes, for the label on it, with the recipient's mobile in full: only while it is ready to be sent,
 * ERROR_APPLICATION_STATE otherwise. Each look is in the audit trail, and is not given without it. */
RESULT shipment_label(const struct act *act, const char *number, struct application_row *ret_row);
/* ERROR_SHIPMENT_NONE. */
RESULT shipment_get(const struct act *act, const char *number, struct shipment_row *ret_shipment);
