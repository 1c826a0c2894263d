/* hufu.conf as `hufu init` writes it. */
#pragma once

#include "cli/init_folder.h"

struct init_ports {
    int64_t web, paysim, agent, status;
};

/* That of a demonstration. Takes what the payment simulator made in the folder's paysim. HSM: the section [hsm]; may be
 * empty. */
RESULT init_config_demo(const struct init_folder *folder, const struct init_ports *ports, struct bytes hsm,
                        struct diag *diag);
