/* Section [agent] of the configuration. */
#pragma once

#include "base/config.h"

struct agent_config {
    int64_t port;
    const char *origins, *production_origins; /* blanks between them */
    const char *origin_list, *origin_list_key; /* a signed list and the key it must be signed with */
    const char *libraries;                    /* ';' between them; NULL: ours, beside the agent */
    const char *folder;                       /* NULL: the person's */
    const char *usbkeys;                      /* folder of virtual USBKeys, for our library; NULL: none */
};

extern const struct config_option agent_config_options[];
extern const size_t agent_config_options_count;
