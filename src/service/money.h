/* Money as people and forms write it. Integer fen everywhere else. */
#pragma once

#include "base/arena.h"

/* "399.00", "-399.00". NULL when the arena is full. */
const char *money_yuan(struct arena *arena, int64_t fen);
/* As invoices have it (票据法: 中文大写): "叁佰玖拾玖元整", "壹仟零伍元零叁分"; below zero with "（负数）" before it. Up to
 * 9,999,999,999.99; NULL beyond it or when the arena is full. */
const char *money_words(struct arena *arena, int64_t fen);

/* What of GROSS_FEN is tax at RATE percent within the price, rounded to the fen, half up. */
int64_t money_tax(int64_t gross_fen, int64_t rate);
