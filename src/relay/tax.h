/* The platform for electronic invoices, by the interface of docs/PROTOCOL.invoice: one request in the fields of the
 * 数电票, signed with a shared key, and the files that come of it. The same number again is the same invoice. Nothing
 * that comes back is believed before its signature, which covers the request's own nonce. One instance serves all
 * threads. */
#pragma once

#include "relay/work.h"

enum { TAX_KEY_MIN = 32, TAX_KEY_MAX = 128, TAX_WINDOW_S = 300 };

struct tax;

/* Copies what it needs; KEY is of TAX_KEY_MIN to TAX_KEY_MAX bytes. CA_FILE may be NULL. */
struct tax *tax_new(const char *url, const char *account, struct bytes key, const char *ca_file);
void tax_free(struct tax *tax);
/* 1 to 64 letters and digits. */
bool tax_account_is_good(const char *account);

/* Each may fail as http_send does, with ERROR_RELAY_ANSWER or _ANSWER_SIGNATURE, ERROR_RELAY_RATE when the platform
 * says later, or ERROR_RELAY_REFUSED. */
RESULT tax_invoice(struct tax *tax, struct work *work, const struct relay_invoice *ask,
                   struct relay_invoiced *ret_invoiced);
/* Writes the file to WORK's descriptor, from its start. */
RESULT tax_file(struct tax *tax, struct work *work, const struct relay_invoice_file *ask, struct relay_file *ret_file);

/* ---- both sides of the interface ---- */

/* What is signed: METHOD, PATH, TIMESTAMP, NONCE and the hash of BODY, a line each; of an answer "answer", the status
 * in place of the path. In hex; NULL when ARENA is full. */
const char *tax_signature(struct arena *arena, struct bytes key, const char *method, const char *path,
                          const char *timestamp, const char *nonce, struct bytes body);
