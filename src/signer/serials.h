/* Lists of serial numbers, joined by ",", as they stand in statements and requests. */
#pragma once

#include "pki/statement.h"
#include "signer/call.h"

enum { SERIALS_MAX = 16 };

/* Calls EACH for every serial of LIST ("-": none); ends with its first failure. ERROR_STATEMENT for more than
 * SERIALS_MAX, an empty or a repeated one; FIELD of the request is named then. */
RESULT serials_each(struct call *call, const char *field, const char *list,
                    struct result (*each)(void *context, const char *serial), void *context);
/* The holder, standing and record of SERIAL. ERROR_SERIAL_UNKNOWN; ERROR_SERIAL_OTHER when it is not HOLDER's. */
RESULT serials_check(struct call *call, const char *field, const char *serial, const char *holder,
                     struct index_value *ret_value);
/* The approval on which the certificate of RECORD was issued: whose it is, as a reviewer signed it. */
RESULT serials_approval(struct call *call, uint64_t record, struct approve_statement *ret_approval);
