/* `hufu demo`: one certificate from the account to the login, against what runs in a folder; or many, measured. */
#pragma once

#include "cli/command.h"

/* Ends with 0 only if the login worked and what must be refused was refused. */
extern const struct cli_command command_demo;
