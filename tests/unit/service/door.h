/* The tests of who may come in; each runs on the engine of SERVER, NULL: SQLite. Returns the number of failures. */
#pragma once

struct server;

int run_identity_tests(void);
int run_seal_tests(struct server *server);
int run_directory_tests(struct server *server);
int run_sms_tests(struct server *server);
int run_session_tests(struct server *server);
int run_key_login_tests(struct server *server);
int run_notice_tests(struct server *server);
int run_organization_tests(struct server *server);
