#include "token/skf/skf_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Windows: in the folder for all users' programs. */
static bool file_name(char ret_path[SKF_SETTING_MAX])
{
#ifdef _WIN32
    const char *folder = getenv("ProgramData");
    return folder && snprintf(ret_path, SKF_SETTING_MAX, "%s\\Hufu\\skf.conf", folder) < SKF_SETTING_MAX;
#else
    return snprintf(ret_path, SKF_SETTING_MAX, "/etc/hufu/skf.conf") < SKF_SETTING_MAX;
#endif
}

/* The value behind "NAME = " on LINE; NULL for another line. Cut at its end. */
static char *value_of(char *line, const char *name)
{
    size_t len = strlen(name);
    line += strspn(line, " \t");
    if (strncmp(line, name, len) != 0) return NULL;
    line += len;
    line += strspn(line, " \t");
    if (*line++ != '=') return NULL;
    line += strspn(line, " \t");
    size_t end = strcspn(line, "\r\n");
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) end--;
    line[end] = '\0';
    return line;
}

static bool from_file(const char *name, char ret_value[SKF_SETTING_MAX])
{
    char line[SKF_SETTING_MAX], path[SKF_SETTING_MAX];
    bool found = false;
    FILE *file = file_name(path) ? fopen(path, "r") : NULL;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *value = value_of(line, name);
        if (!value || !*value) continue;
        snprintf(ret_value, SKF_SETTING_MAX, "%s", value);
        found = true;
    }
    if (file) fclose(file);
    return found;
}

static bool setting(const char *environment, const char *name, char ret_value[SKF_SETTING_MAX])
{
    const char *given = getenv(environment);
    if (!given || !*given) return from_file(name, ret_value);
    return snprintf(ret_value, SKF_SETTING_MAX, "%s", given) < SKF_SETTING_MAX;
}

bool skf_setting_folder(char ret_folder[SKF_SETTING_MAX])
{
    return setting("HUFU_USBKEYS", "usbkeys", ret_folder);
}

bool skf_setting_makers(char ret_path[SKF_SETTING_MAX])
{
    return setting("HUFU_SKF_MAKERS", "makers", ret_path);
}

bool skf_setting_atrs(char ret_atrs[SKF_SETTING_MAX])
{
    return from_file("atrs", ret_atrs);
}

/* WORD as a whole word of TEXT. */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len) {
        bool begins = at == text || at[-1] == ' ', ends = at[len] == '\0' || at[len] == ' ';
        if (begins && ends) return true;
    }
    return false;
}

bool skf_setting_transport(const char *name)
{
    char value[SKF_SETTING_MAX];
    if (setting("HUFU_SKF_TRANSPORTS", "transports", value)) return has_word(value, name);
    return strcmp(name, skf_setting_folder(value) ? "socket" : "pcsc") == 0;
}
