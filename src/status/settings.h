/* What hufu-status is told: the section [status] of hufu.conf. */
#pragma once

#include "base/config.h"

struct status_settings {
    const char *folder;
    int64_t workers, clock_offset_s;
    bool proxied;
};

extern const struct config_option status_options[];
extern const size_t status_options_count;
