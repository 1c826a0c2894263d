/* What hufu-signer is told: the section [signer] of hufu.conf. The options stand in settings.c. */
#pragma once

#include "base/config.h"

struct signer_settings {
    const char *folder;                     /* keys/, journal/ and centre/ below it */
    const char *crl_url, *ocsp_url, *ca_url; /* stand in certificates of holders */
    const char *root_crl_url;               /* stands in those of the CAs below the root */
    const char *policy;                     /* object identifier of the certificate policy */
    const char *credit_oid;
    bool credit_utf8;
    const char *four_eyes;                  /* services that take two approvals, joined by "," */
    const char *publish;                    /* folder of what is published */
    bool producer_apart;
    int64_t approval_days, produce_hours, operator_years, refusals_hour, spare_keys;
    int64_t crl_days, ocsp_hours, nonces_second, holds_hour;
    /* Labels of keys in the HSM, of the section [hsm]; NULL: software keys. The root's is for SIGNER_BEGIN. */
    const char *hsm_issuing_key, *hsm_ocsp_key, *hsm_root_key;
    int64_t hsm_seconds;
    int64_t clock_offset_s; /* only with --insecure-dev */
    int hsm_socket;         /* to hufu-hsm, not of the file; -1: none */
};

extern const struct config_option signer_options[];
extern const size_t signer_options_count;

/* Reads PATH. ERROR_CONFIG with the key in DIAG's log text. */
RESULT settings_read(const char *path, struct arena *arena, struct diag *diag, struct signer_settings *ret_settings);
