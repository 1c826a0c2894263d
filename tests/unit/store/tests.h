/* The groups of tests; each returns how many failed. */
#pragma once

struct server;

int run_store_tests(struct server *server);
/* WRITER: the path of the program store-writer. */
int run_fault_tests(struct server *server, const char *writer);
int run_copy_tests(struct server *server);
