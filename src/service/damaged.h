/* The damaged USBKey on its way back (R-DAMAGED-1): it comes, it is inspected; where its holder is at fault, the
 * application becomes a replacement (证书补办) under its own fee, and the holder is told. */
#pragma once

#include "service/desk.h"

/* It has come: the promised time begins to run. */
RESULT damaged_take_back(const struct act *act, const char *number, struct application_row *ret_row);
/* What the inspection has found; WORDS say it for the audit trail and, with FAULT, for the holder. */
RESULT damaged_inspect(const struct act *act, const char *number, bool fault, const char *words,
                       struct application_row *ret_row);
