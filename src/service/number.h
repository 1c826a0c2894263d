/* Application numbers (受理单号): YYYYMMDD by Asia/Shanghai, 8 random digits, and a check digit (ISO 7064 MOD 11,10,
 * which notices every single wrong digit and nearly every swap of neighbours), so that a number read out on the phone
 * or typed from paper is known to be right before anything is looked up. */
#pragma once

#include "base/clock.h"

enum { NUMBER_LEN = 17 };

/* With the day of NOW_S. The digits are drawn anew each time; whether the number is free the database says. */
void number_make(int64_t now_s, char ret_number[NUMBER_LEN + 1]);
/* Whether TEXT is a number with the right check digit; its date must exist. */
bool number_right(const char *text);
