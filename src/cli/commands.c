#include "cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &command_init, &command_serve, &command_demo, &command_status, &command_doctor, &command_user, &command_ca,
    &command_ceremony, &command_audit, &command_backup, &command_restore, &command_completion, &command_version, NULL,
};
