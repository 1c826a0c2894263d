/* What hufu-hsm is told: the section [hsm] of hufu.conf. The options stand in settings.c. */
#pragma once

#include "base/config.h"

struct hsm_settings {
    const char *module;              /* the maker's PKCS#11 library */
    const char *token;               /* label of the token with the keys */
    int64_t slot;                    /* the token must be in this slot; -1: in any */
    const char *pin_file;            /* opened by whoever starts hufu-hsm, and handed on as --pin FD */
    const char *issuing_key, *ocsp_key, *root_key; /* labels, for hufu-signer */
    int64_t call_seconds;            /* so long the library may take for one request */
    const char *variables;           /* of the library's environment: NAME=VALUE, joined by spaces; NULL: none */
    const char *reads, *writes;      /* folders, joined by spaces; NULL: none */
    bool network;
    bool sandbox;
};

extern const struct config_option hsm_options[];
extern const size_t hsm_options_count;
