#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS "/usr/lib/postgresql/15/bin"

enum { PATH_ROOM = 200, WAIT_MS = 20, WAITS_MAX = 1500 };

struct server {
    char folder[PATH_ROOM], data[PATH_ROOM + 8], log[PATH_ROOM + 8];
    uid_t uid;
    gid_t gid;
    pid_t pid;
    int databases;
};

static void ends(const char *what)
{
    fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* PostgreSQL refuses to run as root. */
static void become_nobody_much(const struct server *server)
{
    if (getuid() == 0 && (setgid(server->gid) || setuid(server->uid))) ends("setuid");
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static pid_t spawn(const struct server *server, const char *const arguments[])
{
    pid_t pid = fork();
    if (pid < 0) ends("fork");
    if (pid) return pid;
    become_nobody_much(server);
    int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir(server->folder)) ends(server->log);
    execv(arguments[0], (char *const *)arguments);
    ends(arguments[0]);
    return 0;
}

static void wait_for(pid_t pid, const char *what)
{
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status)) ends(what);
}

static PGconn *connect_to(const struct server *server, const char *database)
{
    const char *const names[] = { "host", "dbname", "user", NULL };
    const char *const values[] = { server->folder, database, "hufu", NULL };
    return PQconnectdbParams(names, values, 0);
}

static void run_server(struct server *server)
{
    /* Durable only against a crash of its own: the test has no power to lose. */
    const char *const arguments[] = { PROGRAMS "/postgres", "-D", server->data, "-k", server->folder, "-c",
                                      "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                                      "deadlock_timeout=200ms", "-c", "synchronous_commit=off", NULL };
    server->pid = spawn(server, arguments);
    for (int i = 0; i < WAITS_MAX; i++) {
        PGconn *c = connect_to(server, "postgres");
        ConnStatusType status = PQstatus(c);
        PQfinish(c);
        if (status == CONNECTION_OK) return;
        nanosleep(&(struct timespec){ 0, WAIT_MS * 1000000L }, NULL);
    }
    ends("does not start; see its log");
}

struct server *server_start(void)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) abort();
    const char *tmp = getenv("TMPDIR");
    snprintf(server->folder, sizeof server->folder, "%s/hufu-pg-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(server->folder)) ends(server->folder);
    snprintf(server->data, sizeof server->data, "%s/data", server->folder);
    snprintf(server->log, sizeof server->log, "%s/log", server->folder);
    if (getuid() == 0) {
        const struct passwd *who = getpwnam("postgres");
        if (!who) who = getpwnam("nobody");
        if (!who) ends("neither postgres nor nobody is a user");
        server->uid = who->pw_uid;
        server->gid = who->pw_gid;
        if (chown(server->folder, server->uid, server->gid)) ends("chown");
    }
    /* Its own order of letters is not that of bytes: what the store orders must not depend on it. */
    const char *const initdb[] = { PROGRAMS "/initdb", "-D", server->data, "-A", "trust", "-U", "hufu", "--no-sync",
                                   "-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en", NULL };
    wait_for(spawn(server, initdb), "initdb; see its log");
    run_server(server);
    return server;
}

static void end_server(struct server *server, int signal)
{
    if (kill(server->pid, signal) || waitpid(server->pid, NULL, 0) != server->pid) ends("kill");
    server->pid = 0;
}

void server_stop(struct server *server)
{
    end_server(server, SIGQUIT);
    const char *const remove[] = { "/bin/rm", "-rf", "--", server->data, server->log, NULL };
    pid_t pid = fork();
    if (pid == 0) {
        execv(remove[0], (char *const *)remove);
        _exit(1);
    }
    wait_for(pid, "rm");
    if (rmdir(server->folder)) ends(server->folder);
    free(server);
}

void server_crash(struct server *server)
{
    end_server(server, SIGQUIT);
}

void server_again(struct server *server)
{
    run_server(server);
}

void server_fresh(struct server *server, char *into, size_t room)
{
    char sql[64];
    snprintf(sql, sizeof sql, "CREATE DATABASE t%d", ++server->databases);
    PGconn *c = connect_to(server, "postgres");
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s", PQerrorMessage(c));
        exit(1);
    }
    PQclear(r);
    PQfinish(c);
    snprintf(into, room, "postgresql:///t%d?host=%s&user=hufu", server->databases, server->folder);
}

const char *server_folder(const struct server *server)
{
    return server->folder;
}
