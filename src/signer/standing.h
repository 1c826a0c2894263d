/* How a holder's certificate stands, and the one table of what changes that.
 *
 *                  hold           release     receive   revoke
 *   valid          held           -           -         revoked
 *   transit        held-transit   -           valid     revoked
 *   held           -              valid       -         revoked
 *   held-transit   -              transit     held      revoked
 *   revoked        -              -           -         -
 *
 * In transit is one whose USBKey is on its way to its holder under the default PIN, which is public (R-SHIP-3): begun
 * by the producer's HUFU-PRODUCE-v2, ended by the holder's receipt. A hold in the meantime outlives the receipt, and
 * its release leaves what is in transit in transit. Only a valid one is good; the others are told as revoked, for
 * certificateHold but for those of "revoked". */
#pragma once

#include <stdbool.h>

/* As in snapshots. */
enum standing {
    STANDING_VALID,
    STANDING_HELD,
    STANDING_REVOKED,
    STANDING_TRANSIT,
    STANDING_HELD_TRANSIT,
    STANDING_COUNT
};

enum standing_change { STANDING_HOLD, STANDING_RELEASE, STANDING_RECEIVE, STANDING_REVOKE, STANDING_CHANGES };

/* Whether CHANGE is there for a certificate that stands as FROM says; how it stands then in RET_TO (may be NULL). */
bool standing_after(enum standing from, enum standing_change change, enum standing *ret_to);
/* Neither good nor gone: told as certificateHold. */
bool standing_on_hold(enum standing standing);
