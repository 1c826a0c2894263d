/* Invoices that people make where no tax platform is configured (R-INV-1): the requests are exported as CSV or XML, and
 * what was issued is imported, PDF and OFD and the official number. */
#pragma once

#include "ipc/relay_api.h"
#include "service/invoice.h"

/* Takes what waits, INVOICE_EXPORT_MAX at most, under a number of its own, by which it can be had again. How many in
 * RET_COUNT. ERROR_INVOICE_NONE_DUE. */
RESULT invoice_export_new(const struct act *act, const char **ret_batch, int64_t *ret_count);
/* The file of an export, FORMAT "csv" or "xml", in a memfd that is the caller's. ERROR_NOT_FOUND. */
RESULT invoice_export_open(const struct act *act, const char *batch, const char *format, int *ret_fd);

/* A file of NUMBER, which was exported: SIZE bytes of FD. The last of each kind counts. ERROR_INVOICE_FILE_TYPE and the
 * errors of files. */
RESULT invoice_import(const struct act *act, const char *number, const char *kind, int fd, int64_t size,
                      struct invoice_row *ret_row);
/* Both files are here: the invoice has its number and is sent. ERROR_INVOICE_FILES, _NUMBER_TAKEN, _STATE. */
RESULT invoice_issue_by_hand(const struct act *act, const char *number, const char *invoice_number, int64_t issued_s,
                             struct invoice_row *ret_row);
