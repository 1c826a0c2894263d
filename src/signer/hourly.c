#include "signer/hourly.h"

static void turn(struct hourly *hourly, int64_t time_s)
{
    if (hourly->hour == time_s / 3600) return;
    hourly->hour = time_s / 3600;
    hourly->count = 0;
}

bool hourly_allow(struct hourly *hourly, int64_t time_s)
{
    turn(hourly, time_s);
    if (hourly->count < hourly->hour_max) return true;
    hourly->left_out++;
    return false;
}

void hourly_count(struct hourly *hourly, int64_t time_s)
{
    turn(hourly, time_s);
    hourly->count++;
}
