#include "token/skf/skf_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "/etc/hufu/skf.conf";

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
    char line[SKF_SETTING_MAX];
    bool found = false;
    FILE *file = fopen(file_name, "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *value = value_of(line, name);
        if (!value || !*value) continue;
        snprintf(ret_value, SKF_SETTING_MAX, "%s", value);
        found = true;
    }
    if (file) fclose(file);
    return found;
}

bool skf_setting_folder(char ret_folder[SKF_SETTING_MAX])
{
    const char *given = getenv("HUFU_USBKEYS");
    if (!given || !*given) return from_file("usbkeys", ret_folder);
    return snprintf(ret_folder, SKF_SETTING_MAX, "%s", given) < SKF_SETTING_MAX;
}
