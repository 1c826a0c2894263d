/* A parcel with the courier (R-SHIP-1), beside entering a waybill by hand: ordered under a number of our own,
 * so that asking again is the same parcel, and looked for by its waybill until it is delivered or comes back,
 * for PARCEL_LOOKED_FOR_S at most, and less and less often where the courier does not answer. Nothing else
 * waits for it. */
#pragma once

#include "service/desk.h"

/* An event of more than a day ahead is not believed: it would hide those that come after. */
enum {
    PARCEL_BATCH = 8,
    PARCEL_PAUSE_MAX_S = 6 * 3600,
    PARCEL_AHEAD_MAX_S = 86400,
    PARCEL_LOOKED_FOR_S = 60 * 86400
};

/* Has the courier fetch it, and records the waybill as shipment_add does. ERROR_RELAY_COURIER_NONE,
 * ERROR_PARCEL_ADDRESS, ERROR_RELAY_REFUSED with the courier's words, and what else hufu-relay fails with: it
 * can be entered by hand then. */
RESULT parcel_order(const struct act *act, const char *number, struct shipment_row *ret_shipment);
/* ERROR_NOT_FOUND where there is none. Its state is "asked" while there is no waybill. */
RESULT parcel_get(struct tx *tx, const struct act *act, const char *number, struct parcel_row *ret_parcel);
/* In the closure that records a waybill: it is looked for from now on. ORDER: by which EMS gave it; NULL: by
 * hand. */
RESULT parcel_begin(struct tx *tx, const struct act *act, const struct shipment_row *shipment,
                    const char *order);

/* Which of two states of a parcel stands: the later one; at the same time the one that is further on. */
bool parcel_later(const char *state, int64_t at_s, const char *other, int64_t other_s);

/* The job: looks for those that are due. How many in RET_COUNT. */
RESULT parcel_work(struct service *service, size_t *ret_count);
