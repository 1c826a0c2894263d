#include "service/number.h"

#include <stdio.h>

#include "base/random.h"

/* ISO 7064 §9.2, MOD 11,10 over LEN digits. */
static char check_digit(const char *digits, size_t len)
{
    int product = 10;
    for (size_t i = 0; i < len; i++) {
        int sum = (product + (digits[i] - '0')) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (char)('0' + (11 - product) % 10);
}

/* 0 … 99 999 999, each as likely as the others: what lies beyond the last whole range is drawn again. */
static uint32_t eight_digits(void)
{
    enum { RANGE = 100000000 };
    uint32_t r;
    do {
        random_fill(&r, sizeof r);
    } while (r >= UINT32_MAX / RANGE * RANGE);
    return r % RANGE;
}

void number_make(int64_t now_s, char ret_number[NUMBER_LEN + 1])
{
    struct civil c = civil_shanghai(now_s);
    snprintf(ret_number, NUMBER_LEN + 1, "%04u%02u%02u%08u", (unsigned)c.year % 10000, (unsigned)c.month % 100,
             (unsigned)c.day % 100, (unsigned)eight_digits());
    ret_number[NUMBER_LEN - 1] = check_digit(ret_number, NUMBER_LEN - 1);
    ret_number[NUMBER_LEN] = '\0';
}

static int digits(const char *text, size_t len)
{
    int n = 0;
    for (size_t i = 0; i < len; i++) n = n * 10 + (text[i] - '0');
    return n;
}

bool number_right(const char *text)
{
    if (strlen(text) != NUMBER_LEN || strspn(text, "0123456789") != NUMBER_LEN) return false;
    int year = digits(text, 4), month = digits(text + 4, 2), day = digits(text + 6, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month)) return false;
    return text[NUMBER_LEN - 1] == check_digit(text, NUMBER_LEN - 1);
}
