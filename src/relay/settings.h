/* What hufu-relay is told: the section [relay] of hufu.conf (base/config.h); the options stand in settings.c.
 * Addresses are https:// or smtps://, or plain to a loopback address with --insecure-dev. */
#pragma once

#include "base/config.h"
#include "relay/gateways.h"

extern const struct config_option relay_options[];
extern const size_t relay_options_count;

/* Reads PATH and opens every gateway that it names. ERROR_CONFIG as config_read, ERROR_RELAY_CONFIG with the key in
 * DIAG's log text for what only a gateway can tell. */
RESULT settings_check(const char *path, struct diag *diag); /* reads it only */
RESULT settings_open(const char *path, bool insecure_dev, struct diag *diag, struct gateways **ret_gateways);
