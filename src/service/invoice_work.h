/* The job that has invoices made (R-APPLY-6): an invoice is marked as requested before the tax platform hears of it,
 * and asked for under the same number until its files are here. Where no platform is configured, its buyer gets a
 * receipt (收据) and people make the invoice (invoice_manual.h). */
#pragma once

#include "service/service.h"

enum { INVOICE_BATCH = 16, INVOICE_LEASE_S = 60, INVOICE_ASK_S = 5, INVOICE_ASK_LONGEST_S = 3600 };

/* One round; how many it looked at in RET_COUNT. */
RESULT invoice_work(struct service *service, size_t *ret_count);
