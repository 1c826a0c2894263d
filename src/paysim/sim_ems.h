/* The simulated platform of EMS (relay/ems.h): no parcel of it travels. */
#pragma once

#include "paysim/sim.h"

#define EMS_PATH "/amp-prod-api/f/amp/api/open"

/* POST EMS_PATH */
void sim_ems_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);
/* POST /sim/ems?mode=…: how it behaves then; POST /sim/ems/WAYBILL?mode=NAME: the parcel's next event: collected,
 * moving, delivering, failed, delivered or returned. */
void sim_ems_set(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);
