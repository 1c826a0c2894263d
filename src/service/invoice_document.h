/* What the tax platform is asked for, in its fields (docs/PROTOCOL.invoice): the XML of an electronic invoice (数电票),
 * and the table that people import where there is no interface. */
#pragma once

#include "service/service.h"

enum { INVOICE_DOCUMENT_MAX = 16 * 1000, INVOICE_EXPORT_MAX = 500 /* invoices in one */ };

/* ABOUT: the official number of the invoice that a red one takes back; NULL for a blue one. ERROR_TOO_LARGE. */
RESULT invoice_xml(const struct act *act, const struct invoice_row *row, const char *about, const char **ret_xml);

/* The heading of the table, and a line of it: UTF-8 with its mark and CRLF, as spreadsheets open it. A text that a
 * spreadsheet would take for a formula has an apostrophe before it. */
const char *invoice_csv_head(void);
RESULT invoice_csv(const struct act *act, const struct invoice_row *row, const char *about, const char **ret_line);
