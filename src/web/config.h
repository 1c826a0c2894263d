/* [web] of the configuration. */
#pragma once

#include "base/config.h"
#include "service/service.h"

struct web_config {
    const char *folder;    /* data.key, uploads, hufu.db */
    const char *database;  /* URL; NULL: sqlite in the folder */
    const char *pages;     /* PAGES/portal/dist … : what was built of ui/ */
    const char *downloads; /* packages for people's computers, and their index.json */
    int64_t readers, workers;
    int64_t clock_offset_s;
    bool proxied;
    struct service_settings settings;
};

extern const struct config_option web_options[];
extern const size_t web_options_count;

/* Reads [web] of the file at PATH; texts live in ARENA. */
RESULT web_config_read(const char *path, struct arena *arena, struct diag *diag, struct web_config *ret_config);
