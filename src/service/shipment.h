/* The USBKey on its way to its holder (R-SHIP-1, R-APPLY-4). */
#pragma once

#include "service/desk.h"

/* Records the waybill; the holder is told by SMS and e-mail. ORDER: by which the courier gave it; NULL: by hand. */
RESULT shipment_add(const struct act *act, const char *number, const char *carrier, const char *waybill,
                    const char *order, struct shipment_row *ret_shipment);
/* Where the USBKey goes, for the label on it, with the recipient's mobile in full: only while it is ready to be sent,
 * ERROR_APPLICATION_STATE otherwise. Each look is in the audit trail, and is not given without it. */
RESULT shipment_label(const struct act *act, const char *number, struct application_row *ret_row);
/* ERROR_SHIPMENT_NONE. RET_PARCEL's waybill is NULL for one of earlier builds. */
RESULT shipment_get(const struct act *act, const char *number, struct shipment_row *ret_shipment,
                    struct parcel_row *ret_parcel);
