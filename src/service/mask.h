/* Personal data as pages show it: enough to recognize one's own, too little to use another's. NULL when the arena
 * is full. */
#pragma once

#include "base/text.h"

const char *mask_mobile(struct arena *arena, const char *mobile);     /* 138****1234 */
const char *mask_email(struct arena *arena, const char *email);       /* z***@example.com */
const char *mask_document(struct arena *arena, const char *number);   /* the first and the last, stars between */
