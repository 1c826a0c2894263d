#include "cli/demo_sink.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/client.h"

enum { CODE_DIGITS = 6, PAUSE_MS = 5, PAUSE_MS_LONG = 50 };

void demo_sink_mark(const char *folder, const char *channel, struct demo_sink *ret_sink)
{
    struct stat st;
    snprintf(ret_sink->path, sizeof ret_sink->path, "%s/sink/%s.jsonl", folder, channel);
    ret_sink->from = stat(ret_sink->path, &st) == 0 ? (long)st.st_size : 0;
}

bool demo_wait(long *waited_ms)
{
    long pause_ms = *waited_ms < 200 ? PAUSE_MS : PAUSE_MS_LONG;
    struct timespec pause = { 0, pause_ms * 1000000L };
    if (*waited_ms >= DEMO_WAIT_MS) return false;
    nanosleep(&pause, NULL);
    *waited_ms += pause_ms;
    return true;
}

/* The text of LINE when it is what is waited for; NULL otherwise. */
static const char *match(const char *line, size_t len, const char *to, const char *part, struct arena *arena)
{
    json_t *message = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = client_text(message, "text"), *found = NULL;
    if (strcmp(client_text(message, "to"), to) == 0 && (!part || strstr(text, part)))
        found = arena_text(arena, bytes_text(text));
    json_decref(message);
    return found;
}

/* Reads whole lines on from *FROM. */
static const char *look(const struct demo_sink *sink, long *from, const char *to, const char *part,
                        struct arena *arena)
{
    FILE *f = fopen(sink->path, "re");
    char *line = NULL;
    const char *found = NULL;
    size_t room = 0;
    if (!f) return NULL;
    if (fseek(f, *from, SEEK_SET) == 0)
        for (ssize_t n; !found && (n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n'; *from += n)
            found = match(line, (size_t)n, to, part, arena);
    free(line);
    fclose(f);
    return found;
}

struct result demo_sink_wait(const struct demo_sink *sink, const char *to, const char *part, struct arena *arena,
                             struct diag *diag, const char **ret_text)
{
    const char *text = NULL;
    long waited_ms = 0, from = sink->from;
    while (!(text = look(sink, &from, to, part, arena)))
        if (!demo_wait(&waited_ms)) return diag_detail(diag, ERROR_DEMO_SILENCE, "%s", sink->path);
    *ret_text = text;
    return OK;
}

const char *demo_sink_code(const char *text, struct arena *arena)
{
    for (const char *p = text; *p;) {
        size_t n = 0;
        while (isdigit((unsigned char)p[n])) n++;
        if (n == CODE_DIGITS) return arena_text(arena, bytes_of(p, n));
        p += n ? n : 1;
    }
    return NULL;
}
