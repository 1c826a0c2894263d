/* What Alipay answers and tells, read into plain structs whose texts live in WORK's arena. */
#pragma once

#include "relay/json.h"
#include "relay/url_form.h"

/* The value of the member NAME of the object TEXT, byte for byte as it stands there, since that is what is signed;
 * ptr NULL when there is none. */
struct bytes alipay_member(struct bytes text, const char *name);

/* What an answer that was not made stands for; its words go to WORK's diag. */
struct result alipay_refusal(struct work *work, const json_t *answer);

/* "399.00" in fen; -1 for anything else. */
int64_t alipay_fen(const char *yuan);
/* As Alipay writes it: "399.00", "2026-11-24 16:58:18" by Asia/Shanghai. NULL when ARENA is full. */
const char *alipay_yuan(struct arena *arena, int64_t fen);
const char *alipay_time(struct arena *arena, int64_t time_s);
/* 0 for what is no such time. */
int64_t alipay_time_of(const char *text);

/* The answer to a query of the order ORDER. ERROR_RELAY_ANSWER. */
RESULT alipay_answer_trade(struct work *work, const json_t *answer, const char *order,
                           struct relay_payment *ret_payment);
/* How the refund ASK stands. ERROR_RELAY_ANSWER. */
RESULT alipay_answer_refund(struct work *work, const json_t *answer, const struct relay_refund *ask,
                            struct relay_payment *ret_payment);
/* What a verified callback tells. ERROR_RELAY_CALLBACK_FORMAT, _EVENT. */
RESULT alipay_told(const struct url_form *form, struct relay_payment *ret_payment);
