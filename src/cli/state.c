#include "cli/state.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static void path_of(const struct installation *i, const char *name, char into[INSTALLATION_PATH_MAX + 32])
{
    snprintf(into, INSTALLATION_PATH_MAX + 32, "%s/run/%s", i->folder, name);
}

static json_t *describe(const struct installation *i, const struct supervised_table *table)
{
    char paysim[128] = "", status[128] = "";
    if (i->serve.status_listen) snprintf(status, sizeof status, "http://%s", i->serve.status_listen);
    if (i->demo.on && i->demo.paysim) snprintf(paysim, sizeof paysim, "http://%s", i->demo.paysim);
    json_t *processes = json_object();
    for (size_t k = 0; k < table->count; k++)
        if (table->rows[k].pid)
            json_object_set_new(processes, table->rows[k].name, json_integer(table->rows[k].pid));
    return json_pack("{s:i, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "pid", (int)getpid(), "ready", true,
                     "portal", i->portal, "console", i->console, "platform", i->platform, "agent", i->agent,
                     "paysim", paysim, "status", status, "processes", processes);
}

void state_write(const struct installation *i, const struct supervised_table *table)
{
    char folder[INSTALLATION_PATH_MAX + 32], draft[INSTALLATION_PATH_MAX + 32],
        path[INSTALLATION_PATH_MAX + 32];
    path_of(i, "", folder);
    path_of(i, "state.json.new", draft);
    path_of(i, "state.json", path);
    mkdir(folder, 0700);
    json_t *state = describe(i, table);
    bool good = state && json_dump_file(state, draft, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0 &&
                rename(draft, path) == 0;
    json_decref(state);
    if (!good) log_event(LOG_LEVEL_WARNING, "state", "%s cannot be written", path);
}

void state_remove(const struct installation *i)
{
    char path[INSTALLATION_PATH_MAX + 32];
    path_of(i, "state.json", path);
    unlink(path);
}
