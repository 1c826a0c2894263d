/* Applications (受理单) from the first page to their submission: what the applicant does. */
#pragma once

#include "service/desk.h"
#include "service/identity.h"

enum { APPLICATION_PAGE = 50 };

/* What edits have in common: which application, as which version (GUARDED, else whichever there is). */
struct application_edit {
    const char *number;
    bool guarded;
    int64_t version;
};

/* Begins one, prefilled from the directory (R-APPLY-1, R-FORM-2). ERROR_APPLICATION_OPEN where the person has one;
 * what standing_check refuses with; ERROR_NOT_PERMITTED for a session that may not enter the service (R-SMS-2). A
 * revocation cancels what else is open (R-FORM-7). */
RESULT application_begin(const struct act *act, enum kind kind, struct application_row *ret_row);
/* In a closure, by the system: one that nobody applies for (kind_rule.unasked), of HOLDER's current certificate and in
 * review at once. Errors as of application_begin. */
RESULT application_begin_for(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                             struct application_row *ret_row);
RESULT application_get(const struct act *act, const char *number, struct application_row *ret_row);
/* Of the holder who asks, the newest first; AFTER is the cursor of the page before or NULL. RET_NEXT: NULL on the
 * last. */
RESULT application_list(const struct act *act, const char *after, struct application_row **ret_rows,
                        size_t *ret_count, const char **ret_next);

/* The same by another STATEMENT, which takes :id, :key and :limit_count as that one does. */
RESULT application_list_by(const struct act *act, enum statement statement, const char *after,
                           struct application_row **ret_rows, size_t *ret_count, const char **ret_next);

/* R-FORM-1: VERSION must be the agreement in force; kept with the time and from where. */
RESULT application_agree(const struct act *act, const struct application_edit *edit, const char *version,
                         struct application_row *ret_row);

/* Absent sections stay as they are; of a section that is named all fields come, but for document_number and mobile. */
struct application_details {
    const char *organization_name, *credit_code, *organization_address;
    const char *holder_name, *document_type, *document_number, *mobile, *email;
    const char *invoice_title, *tax_number, *invoice_email;
};
/* R-FORM-2. While items are sent back, only these may change (R-FORM-5): ERROR_APPLICATION_ITEM. */
RESULT application_fill(const struct act *act, const struct application_edit *edit,
                        const struct application_details *details, struct application_row *ret_row);

struct application_medium {
    const char *medium; /* "usbkey" with the address, or "shield" without */
    const char *recipient, *recipient_mobile, *province, *address, *postcode;
};
/* R-APPLY-2, R-FEE-1. RECIPIENT_MOBILE NULL: as it is, since it is shown masked. ERROR_APPLICATION_ADDRESS, naming the
 * field. */
RESULT application_choose(const struct act *act, const struct application_edit *edit,
                          const struct application_medium *medium, struct application_row *ret_row);

/* Submits: in review when nothing is due, else awaiting payment. */
RESULT application_submit(const struct act *act, const struct application_edit *edit, struct application_row *ret_row);
/* R-FORM-5, R-FEE-6: before a decision; what was paid goes back in full. */
RESULT application_withdraw(const struct act *act, const struct application_edit *edit,
                            struct application_row *ret_row);

/* What only some services ask for: the reason of a revocation (RFC 5280), and to whom a certificate passes
 * (R-CHANGE-1): the person with that mobile, ERROR_SUCCESSOR_UNFIT. KEEP_ENCRYPTION: the organization asks for the
 * former holder's encryption key too (R-CHANGE-4). */
struct application_particulars {
    const char *reason, *successor_mobile; /* NULL: as it is */
    bool keep_encryption;
};
RESULT application_particularize(const struct act *act, const struct application_edit *edit,
                                 const struct application_particulars *with, struct application_row *ret_row);
/* The successor agrees, logged in by SMS (R-CHANGE-3). */
RESULT application_confirm(const struct act *act, const char *number, struct application_row *ret_row);
/* The damaged USBKey is on its way (R-DAMAGED-1). */
RESULT application_key_sent(const struct act *act, const char *number, const char *waybill,
                            struct application_row *ret_row);

/* What KIND costs this person now (R-LOST-3: replacements are counted per person, over all time). */
RESULT application_fee(struct tx *tx, const struct act *act, enum kind kind, const struct application_row *row,
                       int64_t *ret_fen);

/* Whether ITEM may be changed now: any before something was sent back, then only what was (R-FORM-5). The scan of the
 * form may be, when a correction has made a new revision of it. */
bool application_item_open(const struct application_row *row, const char *item);

/* The number of the identity document in clear, the caller's to wipe; whoever shows it writes the look into the audit
 * trail. */
RESULT application_document(const struct service *service, const struct application_row *row,
                            char ret_number[DOCUMENT_NUMBER_MAX + 1]);
