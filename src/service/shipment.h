/* The USBKey on its way to its holder (R-SHIP-1, R-APPLY-4). */
#pragma once

#include "service/desk.h"

/* Records the waybill; the holder is told by SMS and e-mail. */
RESULT shipment_add(const struct act *act, const char *number, const char *carrier, const char *waybill,
                    struct shipment_row *ret_shipment);
/* ERROR_SHIPMENT_NONE. */
RESULT shipment_get(const struct act *act, const char *number, struct shipment_row *ret_shipment);
