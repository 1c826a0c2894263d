#include "cli/place.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"

static json_t *read_json(const char *folder, const char *name)
{
    char path[PLACE_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return NULL;
    return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

struct result place_open(const char *folder, struct diag *diag, struct place *ret_place)
{
    struct place place = { .folder = folder, .state = read_json(folder, "run/state.json") };
    if (!json_is_true(json_object_get(place.state, "ready"))) {
        json_decref(place.state);
        return diag_detail(diag, ERROR_DEMO_FOLDER, "%s/run/state.json", folder);
    }
    place.people = read_json(folder, "usbkeys/people.json");
    *ret_place = place;
    return OK;
}

void place_done(struct place *place)
{
    json_decref(place->state);
    json_decref(place->people);
    *place = (struct place){ 0 };
}

const char *place_address(const struct place *place, const char *name)
{
    return client_text(place->state, name);
}

/* ROLE as a whole word of a list joined by commas. */
static bool has_role(const char *roles, const char *role)
{
    size_t len = strlen(role);
    for (const char *at = roles; (at = strstr(at, role)); at += len)
        if ((at == roles || at[-1] == ',') && (at[len] == '\0' || at[len] == ',')) return true;
    return false;
}

const json_t *place_person(const struct place *place, const char *role)
{
    const json_t *person;
    size_t i;
    json_array_foreach(place->people, i, person)
        if (has_role(client_text(person, "roles"), role)) return person;
    return NULL;
}

bool place_program(const char *program, char into[PLACE_PATH_MAX])
{
    static const char *const folders[] = { ".",        "../libexec/hufu", "../web",        "../signer",
                                           "../files", "../relay",        "../paysim",     "../status",     "../hsm",
                                           "../token",
                                           "../token/card", "../token/key", "../token/agent" };
    char own[PLACE_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n <= 0) return false;
    own[n] = '\0';
    const char *here = dirname(own);
    for (size_t i = 0; i < COUNT(folders); i++) {
        int len = snprintf(into, PLACE_PATH_MAX, "%s/%s/%s", here, folders[i], program);
        if (len < PLACE_PATH_MAX && access(into, X_OK) == 0) return true;
    }
    return false;
}
