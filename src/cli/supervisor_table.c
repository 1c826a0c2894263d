#include "cli/supervisor_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "process/key.h"

enum { ARENA_MAX = 512 * 1024, TEXT_PATH_MAX = INSTALLATION_PATH_MAX };

static struct result add(struct supervised_table *table, const char *name, const char *program, unsigned uses,
                         enum supervised_stage stage, struct diag *diag, struct supervised **ret_row)
{
    if (table->count == SUPERVISED_MAX)
        return diag_log(diag, ERROR_CONFIG, "more than %d processes", SUPERVISED_MAX);
    struct supervised *row = &table->rows[table->count];
    *row = (struct supervised){ .uses = uses, .stage = stage, .key = -1, .listen = -1, .link = -1, .hsm = -1,
                                .peer = -1 };
    snprintf(row->name, sizeof row->name, "%s", name);
    if (!place_program(program, row->program)) return diag_log(diag, ERROR_PROGRAM_MISSING, "%s", program);
    table->count++;
    *ret_row = row;
    return OK;
}

/* ---- those that make up an installation ---- */

static struct result add_core(struct supervised_table *table, const struct supervisor_options *o,
                              struct diag *diag)
{
    const struct serve_config *c = &o->installation->serve;
    const struct {
        const char *name, *program, *user;
        unsigned uses;
        enum supervised_stage stage;
    } core[] = {
        { "signer", "hufu-signer", c->signer_user,
          USES_CONFIG | USES_SOCKET | USES_KEY | USES_STATUS | USES_HSM | USES_INSECURE, STAGE_PEER },
        { "files", "hufu-files", c->files_user, USES_SOCKET | USES_INSECURE, STAGE_PEER },
        { "relay", "hufu-relay", c->relay_user, USES_CONFIG | USES_SOCKET | USES_INSECURE, STAGE_PEER },
        { "web", "hufu-web", c->web_user, USES_CONFIG | USES_CONTROL | USES_LISTEN | USES_KEY | USES_INSECURE,
          STAGE_WEB },
    };
    for (size_t i = 0; i < COUNT(core); i++) {
        struct supervised *row;
        TRY(add(table, core[i].name, core[i].program, core[i].uses, core[i].stage, diag, &row));
        row->user = core[i].user;
        if (!(row->uses & USES_KEY)) continue;
        uint8_t key[PROCESS_KEY_SIZE];
        process_key_derive(bytes_of(o->secret->bytes, o->secret->len), row->name, key);
        struct result r = process_key_hand_on(key, &row->key);
        secret_wipe(key, sizeof key);
        TRY(r);
    }
    return OK;
}

/* The process that tells how certificates stand, where it is asked for. */
static struct result add_status(struct supervised_table *table, const struct supervisor_options *o, struct diag *diag)
{
    struct supervised *row;
    int pair[2];
    if (o->status_listen < 0) return OK;
    TRY(add(table, "status", "hufu-status", USES_CONFIG | USES_LISTEN | USES_SIGNER | USES_INSECURE, STAGE_PEER, diag,
            &row));
    row->user = o->installation->serve.status_user;
    row->listen = fcntl(o->status_listen, F_DUPFD_CLOEXEC, 0);
    ENSURE(row->listen >= 0, ERROR_IO);
    ENSURE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, ERROR_IO);
    row->link = pair[0];
    table_find(table, "signer")->link = pair[1];
    return OK;
}

/* The process that loads the HSM's library, where there is one. */
static struct result add_hsm(struct supervised_table *table, const struct supervisor_options *o, struct diag *diag)
{
    struct supervised *row;
    int pair[2];
    if (!o->installation->hsm_module) return OK;
    TRY(add(table, "hsm", "hufu-hsm", USES_CONFIG | USES_SIGNER | USES_PIN | USES_INSECURE, STAGE_OTHER, diag, &row));
    row->user = o->installation->serve.hsm_user;
    row->pin_file = o->installation->hsm_pin_file;
    ENSURE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, ERROR_IO);
    row->link = pair[0];
    table_find(table, "signer")->hsm = pair[1];
    return OK;
}

/* ---- what a demonstration adds ---- */

static struct result add_paysim(struct supervised_table *table, const struct installation *i,
                                struct diag *diag)
{
    struct supervised *row;
    TRY(add(table, "paysim", "hufu-paysim", USES_INSECURE, STAGE_OTHER, diag, &row));
    const char *const extra[] = {
        "--listen",     i->demo.paysim,
        "--folder",     arena_format(table->arena, "%s/paysim", i->folder),
        "--notify-url", arena_format(table->arena, "%s/api/v1/payments", i->portal),
    };
    memcpy(row->extra, extra, sizeof extra);
    ENSURE(extra[5], ERROR_OUT_OF_ROOM);
    return OK;
}

/* "name" of "name.image"; false for anything else. */
static bool image_name(const char *file, char into[SUPERVISED_NAME_MAX - 5])
{
    size_t len = strlen(file), end = strlen(".image");
    if (len <= end || len - end >= SUPERVISED_NAME_MAX - 5 || file[0] == '.' ||
        !text_equal(file + len - end, ".image"))
        return false;
    memcpy(into, file, len - end);
    into[len - end] = '\0';
    return true;
}

static struct result add_card(struct supervised_table *table, const char *folder, const char *name,
                              struct diag *diag)
{
    char whole[SUPERVISED_NAME_MAX];
    snprintf(whole, sizeof whole, "card-%s", name);
    struct supervised *row;
    TRY(add(table, whole, "hufu-card", 0, STAGE_OTHER, diag, &row));
    const char *const extra[] = { "--image", arena_format(table->arena, "%s/%s.image", folder, name),
                                  "--socket", arena_format(table->arena, "%s/%s.sock", folder, name) };
    memcpy(row->extra, extra, sizeof extra);
    ENSURE(extra[1] && extra[3], ERROR_OUT_OF_ROOM);
    return OK;
}

/* All that fit: those of operators, whose names say so, before those that demonstrations made. */
static struct result add_cards(struct supervised_table *table, const char *folder, struct diag *diag)
{
    struct dirent **images;
    int count = scandir(folder, &images, NULL, alphasort);
    struct result r = OK;
    for (int operators = 1; operators >= 0; operators--)
        for (int i = 0; i < count && table->count < SUPERVISED_MAX - 1 && !failed(r); i++) {
            char name[SUPERVISED_NAME_MAX - 5];
            int theirs = text_starts(images[i]->d_name, OPERATOR_PREFIX);
            if (theirs == operators && image_name(images[i]->d_name, name))
                r = add_card(table, folder, name, diag);
        }
    for (int i = 0; i < count; i++) free(images[i]);
    if (count >= 0) free(images);
    return r;
}

static struct result add_demo(struct supervised_table *table, const struct installation *i, struct diag *diag)
{
    struct supervised *row;
    if (!i->demo.on) return OK;
    if (i->demo.paysim) TRY(add_paysim(table, i, diag));
    TRY(add_cards(table, i->demo.cards, diag));
    if (!i->demo.agent) return OK;
    TRY(add(table, "agent", "hufu-agent", USES_CONFIG | USES_INSECURE, STAGE_OTHER, diag, &row));
    row->variable =
        arena_format(table->arena, "HUFU_USBKEYS=%s", i->demo.cards); /* where the driver finds them */
    ENSURE(row->variable, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result table_fill(struct supervised_table *table, const struct supervisor_options *options,
                         struct diag *diag)
{
    table->count = 0;
    table->arena = arena_new(ARENA_MAX);
    TRY(add_core(table, options, diag));
    TRY(add_status(table, options, diag));
    TRY(add_hsm(table, options, diag));
    TRY(add_demo(table, options->installation, diag));
    size_t len =
        options->fault ? strcspn(options->fault, "@:") : 0; /* of the process's name (base/fault.h) */
    for (size_t i = 0; len && i < table->count; i++) {
        struct supervised *row = &table->rows[i];
        if (strlen(row->name) == len && strncmp(row->name, options->fault, len) == 0)
            row->fault = arena_format(table->arena, "HUFU_FAULT=%s", options->fault);
    }
    return OK;
}

void table_done(struct supervised_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct supervised *row = &table->rows[i];
        const int fds[] = { row->key, row->peer, row->listen, row->link, row->hsm };
        for (size_t k = 0; k < COUNT(fds); k++)
            if (fds[k] >= 0) close(fds[k]);
    }
    arena_free(table->arena);
    table->arena = NULL;
    table->count = 0;
}

struct supervised *table_find(struct supervised_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (text_equal(table->rows[i].name, name)) return &table->rows[i];
    return NULL;
}

struct supervised *table_find_pid(struct supervised_table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].pid == pid) return &table->rows[i];
    return NULL;
}
