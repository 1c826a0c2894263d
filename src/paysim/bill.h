/* The bills of the simulated platforms: each of a day, made when it is asked for, of what was paid and given
 * back in it; and what spoils them, so that they differ from the merchant's books. */
#pragma once

#include "paysim/sim.h"

/* DAY is "2026-11-29". NULL when the arena is full. */
const char *bill_wechat(struct sim *sim, struct arena *arena, const char *day);
/* A ZIP archive; ptr NULL when the arena is full. */
struct bytes bill_alipay(struct sim *sim, struct arena *arena, const char *day);

/* What WeChat answers to the question for a bill: where it lies and its SHA-1. NULL likewise. */
json_t *bill_named(struct sim *sim, struct arena *arena, const char *day);

/* POST /sim/bill/{number}?mode=…: "hidden" from the bill, "shown" as it is again, "more" by one fen in it,
 * given back "by-hand" at the platform, or, of a number that nobody knows, "stray-wechat" and "stray-alipay":
 * paid, though nobody asked for it. */
void bill_spoil(struct sim *sim, const struct sim_request *request, const char *number, struct sim_answer *ret_answer);
