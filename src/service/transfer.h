/* Payment by bank transfer (R-FEE-2): the holder is shown an account, the amount and a reference; finance enters what
 * the bank has booked. Nothing is believed but that: the amount due marks it as paid, another one goes back; and what
 * the bank booked once counts once. An order for which it was long is still paid when the money comes, by the same
 * rules as one of a gateway. What is to go back is transferred by people, who enter that too (refund.h). */
#pragma once

#include "service/payment.h"

#define TRANSFER_METHOD "transfer"

bool transfer_offered(const struct service *service);
/* Makes PAYMENT, which is being opened, one by transfer: its reference and its time. */
RESULT transfer_begin(const struct act *act, struct payment_row *payment);

struct transfer_receipt {
    const char *order, *booking; /* booking: the bank's number of it */
    int64_t amount_fen, received_s;
    bool back; /* another amount than was due is to go back */
};
/* ERROR_PAYMENT_NONE, _METHOD, _SETTLED, _BOOKED; _AMOUNT for another amount unless it is to go back. The same receipt
 * again changes nothing. */
RESULT transfer_receive(const struct act *act, const struct transfer_receipt *receipt, struct payment_row *ret_payment);
