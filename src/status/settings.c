#include "status/settings.h"

#define AT(field) offsetof(struct status_settings, field)
const struct config_option status_options[] = {
    { "folder", CONFIG_PATH, AT(folder), "publish", false, 0, 0, "folder of what the signer publishes" },
    { "workers", CONFIG_NUMBER, AT(workers), "8", false, 1, 256, "requests that are handled at a time" },
    { "proxied", CONFIG_FLAG, AT(proxied), "no", false, 0, 0,
      "the listening socket is nginx's: its X-Real-IP is believed" },
    { "clock_offset_s", CONFIG_NUMBER, AT(clock_offset_s), "0", false, -4000000000, 4000000000,
      "demonstration only: seconds by which the clock stands elsewhere" },
};
const size_t status_options_count = COUNT(status_options);
