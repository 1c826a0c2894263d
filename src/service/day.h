/* Days of Asia/Shanghai as people write them: "2026-11-30". */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/diag.h"

/* When the day TEXT begins. ERROR_FIELD_FORMAT naming FIELD. */
RESULT day_begin(const char *text, const char *field, struct diag *diag, int64_t *ret_time_s);
/* The day of TIME_S; NULL when the arena is full. */
const char *day_text(struct arena *arena, int64_t time_s);
