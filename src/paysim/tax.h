/* The simulated platform for electronic invoices (docs/PROTOCOL.invoice): no invoice of it is one. */
#pragma once

#include "paysim/sim.h"

/* PUT and GET /v1/invoices/… */
void tax_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);
/* POST /sim/tax?mode=…: how it behaves from now on. */
void tax_set_mode(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);

/* The files of an invoice, in ARENA: made of INVOICE alone, always the same bytes. ptr NULL when there is no room. */
struct bytes tax_pdf(struct arena *arena, const json_t *invoice);
struct bytes tax_ofd(struct arena *arena, const json_t *invoice);
