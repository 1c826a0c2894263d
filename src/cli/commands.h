/* Each command stands in the file of its name. */
#pragma once

#include "cli/command.h"
#include "cli/demo.h"

extern const struct cli_command command_init, command_serve, command_status, command_doctor, command_user,
    command_ca, command_ceremony, command_audit, command_backup, command_restore, command_version, command_completion;
