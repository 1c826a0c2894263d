/* The file of WeChat Pay's trade bill (bill_type ALL): UTF-8, a head of names, a row for each payment and each
 * refund, sums at the end. */
#pragma once

#include "relay/bill.h"

/* ERROR_RELAY_ANSWER for what is no such file or ends before its sums. */
RESULT wechat_bill_read(struct bytes text, struct arena *arena, struct bill *bill);
/* Whether SHA1, in lower-case hex, is the hash of TEXT. */
bool wechat_bill_matches(struct bytes text, const char *sha1, struct arena *arena);
