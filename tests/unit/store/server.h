/* A PostgreSQL server of the tests' own: made in a temporary folder, on a Unix socket, run as somebody without
 * privileges, gone with its folder at the end, or with the test if that dies. What fails in here ends the test. */
#pragma once

#include <stddef.h>

struct server;

struct server *server_start(void);
void server_stop(struct server *server);
/* As a loss of power would; then server_again. */
void server_crash(struct server *server);
void server_again(struct server *server);
/* An empty database; its URL. */
void server_fresh(struct server *server, char *into, size_t room);
/* The folder of its socket, .s.PGSQL.5432. */
const char *server_folder(const struct server *server);
