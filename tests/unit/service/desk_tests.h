/* The tests from application to certificate; each runs on the engine of SERVER, NULL: SQLite. Returns the number of
 * failures. */
#pragma once

struct server;

int run_application_tests(struct server *server);
int run_payment_tests(struct server *server);
int run_review_tests(struct server *server);
int run_production_tests(struct server *server);
int run_services_tests(struct server *server);
int run_state_tests(void);
