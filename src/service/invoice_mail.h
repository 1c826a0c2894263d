/* Invoices and receipts as e-mail (R-INV-1): notices of the outbox that carry files. What became of one is told to the
 * invoice in the closure that tells it to the outbox. */
#pragma once

#include "service/service.h"

enum { INVOICE_ATTACHED_MAX = 3 };

/* Queues TEMPLATE to the invoice's address with the files KINDS ("pdf,ofd"). */
RESULT invoice_mail_queue(struct tx *tx, const struct act *act, const struct invoice_row *row, const char *template,
                          const char *kinds);

/* The files that ATTACHED ("invoice:kind,kind") names, one behind the other in RET_FD, which is the caller's;
 * RET_LIST: "name|type|size" a line, as struct relay_notice has it. */
RESULT invoice_mail_open(const struct act *act, const char *attached, const char **ret_list, int *ret_fd);

/* The outbox is done with a try: NOTICE's state and last_error say how. */
RESULT invoice_mail_settled(struct tx *tx, const struct act *act, const struct notice_row *notice);
