/* `hufu demo`: one certificate from the account to the login, against what runs in a folder; or many, measured. */
#pragma once

/* ARGV[0] is "demo". Ends with 0 only if the login worked and what must be refused was refused. */
int demo_main(int argc, char **argv);
