#include "relay/sink.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink {
    int fd;
    pthread_mutex_t lock;
};

struct result sink_open(const char *path, struct sink **ret_sink)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, ERROR_RELAY_SINK);
    if (fchmod(fd, 0600) != 0) {
        close(fd);
        return FAIL(ERROR_RELAY_SINK);
    }
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink) abort();
    sink->fd = fd;
    pthread_mutex_init(&sink->lock, NULL);
    *ret_sink = sink;
    return OK;
}

void sink_free(struct sink *sink)
{
    if (!sink) return;
    close(sink->fd);
    pthread_mutex_destroy(&sink->lock);
    free(sink);
}

static struct result write_line(struct sink *sink, const char *line, size_t len)
{
    struct stat before;
    ENSURE(fstat(sink->fd, &before) == 0, ERROR_RELAY_SINK);
    if (write(sink->fd, line, len) == (ssize_t)len) return OK;
    /* A full disk: no half line stays behind for readers to stumble over. */
    IGNORE(ftruncate(sink->fd, before.st_size) == 0 ? OK : FAIL(ERROR_RELAY_SINK));
    return FAIL(ERROR_RELAY_SINK);
}

struct result sink_append(struct sink *sink, struct work *work, const char *channel,
                          const struct relay_notice *notice)
{
    char when[CIVIL_TEXT_MAX], id[ID_TEXT_LEN + 1];
    civil_iso(clock_now(work->clock), when);
    id_text(&notice->id, id);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s*, s:s, s:s*}", "time", when, "channel", channel, "to",
                               notice->to, "subject", notice->subject, "text", notice->text, "name", notice->name,
                               "id", id, "files", notice->files);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(object);
    char *line = text ? arena_format(work->arena, "%s\n", text) : NULL;
    free(text);
    ENSURE(line, ERROR_OUT_OF_ROOM);
    pthread_mutex_lock(&sink->lock);
    struct result r = write_line(sink, line, strlen(line));
    pthread_mutex_unlock(&sink->lock);
    return r;
}
