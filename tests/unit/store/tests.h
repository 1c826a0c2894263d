/* The groups of tests; each returns how many failed. */
#pragma once

struct server;

int run_store_tests(struct server *server);
