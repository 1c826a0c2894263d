/* Electronic invoices (R-APPLY-6, R-INV-1, R-INV-2). One is due when the certificate is issued; a job
 * (invoice_work.h) has it made by the tax platform through hufu-relay, or people export and import it
 * (invoice_manual.h); it goes to its buyer by the outbox with PDF and OFD (invoice_mail.h). Each change of state is
 * one closure that goes through the table of invoice_state.h. NUMBER, made of the application's, is what the platform
 * knows the request by: asked again it is the same invoice, so that a crash loses none and makes none twice. */
#pragma once

#include "service/desk.h"
#include "service/invoice_state.h"

enum { INVOICE_PAGE = 50, INVOICE_LIST_MAX = 64 /* of one application */ };

/* To whom it is made out. */
struct invoice_buyer {
    const char *title, *tax_number, *email;
};

/* ---- inside closures of others ---- */

/* The certificate of ROW is issued: what was paid for it is due to be invoiced, once. */
RESULT invoice_begin(struct tx *tx, const struct act *act, const struct application_row *row);
/* What was paid for APPLICATION goes back: so do its invoices. */
RESULT invoice_take_back(struct tx *tx, const struct act *act, const char *application);

/* ---- for holders ---- */

/* All of APPLICATION, the oldest first. */
RESULT invoice_list_of(const struct act *act, const char *application, struct invoice_row **ret_rows,
                       size_t *ret_count);
/* Another title: of one that was not asked for yet at once, of one that is issued as a wish that finance decides.
 * RET_ROW: the invoice that it is about. ERROR_INVOICE_STATE; ERROR_NOT_FOUND while there is none. */
RESULT invoice_correct(const struct act *act, const char *application, const struct invoice_buyer *buyer,
                       struct invoice_row *ret_row);

/* ---- for finance ---- */

/* The newest first, INVOICE_PAGE a page; STATE one of the table, "trouble", or NULL for all. AFTER as the page before
 * said. */
RESULT invoice_list(const struct act *act, const char *state, const char *after, struct invoice_row **ret_rows,
                    size_t *ret_count, const char **ret_next);
/* To be requested anew: what was refused; what waits for people, if there is a platform now. */
RESULT invoice_retry(const struct act *act, const char *number, struct invoice_row *ret_row);
/* A red-letter invoice takes NUMBER back, because of REASON; one made out to BUYER follows unless BUYER is NULL.
 * ERROR_INVOICE_UNDER_WAY. */
RESULT invoice_red_letter(const struct act *act, const char *number, const char *reason,
                          const struct invoice_buyer *buyer, struct invoice_row *ret_row);
/* The wish to have it corrected is not granted, because of WORDS. ERROR_INVOICE_WISH_NONE. */
RESULT invoice_refuse_wish(const struct act *act, const char *number, const char *words, struct invoice_row *ret_row);
/* Sends it again; to EMAIL from now on unless that is NULL. */
RESULT invoice_deliver(const struct act *act, const char *number, const char *email, struct invoice_row *ret_row);

/* A file of it, KIND "pdf", "ofd" or "receipt"; APPLICATION NULL for operators. RET_FD is the caller's. */
RESULT invoice_open(const struct act *act, const char *application, const char *number, const char *kind,
                    struct invoice_row *ret_row, int *ret_fd);
/* Which files there are: a bit for each. */
enum invoice_files { INVOICE_PDF = 1, INVOICE_OFD = 2, INVOICE_RECEIPT = 4 };
RESULT invoice_files(const struct act *act, const char *number, unsigned *ret_files);

/* ---- what the others of invoice_*.h stand on ---- */

RESULT invoice_get(struct tx *tx, const struct act *act, const char *number, struct invoice_row *ret_row);
/* ROW, read in this closure and changed by the caller, takes EVENT: state, row and audit entry. DETAIL may be NULL. */
RESULT invoice_change(struct tx *tx, const struct act *act, struct invoice_row *row, enum invoice_event event,
                      const char *detail);
/* It has its number and files: what follows from that, the e-mail among it. */
RESULT invoice_issued(struct tx *tx, const struct act *act, struct invoice_row *row);
/* FILE takes the place of one of the same kind. */
RESULT invoice_keep_file(struct tx *tx, const struct invoice_file_row *file);
void invoice_publish(const struct act *act, const struct invoice_row *row);
