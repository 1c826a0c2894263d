#include "relay/smtp_files.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/smtp.h"

static struct result read_line(struct arena *arena, struct bytes line, struct smtp_file *ret_file)
{
    static const char *const types[] = { "application/pdf", "application/ofd" };
    char *text = arena_text(arena, line);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    char *type = strchr(text, '|'), *size = type ? strchr(type + 1, '|') : NULL;
    uint64_t bytes;
    ENSURE(size && text_plain(line), ERROR_MALFORMED);
    *type++ = '\0';
    *size++ = '\0';
    TRY(text_number(size, RELAY_FILE_MAX, &bytes));
    *ret_file = (struct smtp_file){ .name = text, .size = (int64_t)bytes };
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_equal(type, types[i])) ret_file->type = types[i];
    ENSURE(ret_file->type && text[0] && !strpbrk(text, "\"\\/"), ERROR_MALFORMED);
    return OK;
}

struct result smtp_files_read(struct arena *arena, const char *list, int fd,
                              struct smtp_file ret_files[RELAY_FILES_MAX], size_t *ret_count)
{
    struct stat st = { 0 };
    int64_t at = 0;
    size_t count = 0;
    ENSURE((list != NULL) == (fd >= 0), ERROR_MALFORMED);
    ENSURE(fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)), ERROR_MALFORMED);
    for (const char *p = list ? list : ""; *p;) {
        size_t len = strcspn(p, "\n");
        ENSURE(count < RELAY_FILES_MAX, ERROR_MALFORMED);
        TRY(read_line(arena, bytes_of(p, len), &ret_files[count]));
        ret_files[count].fd = fd;
        ret_files[count].from = at;
        at += ret_files[count++].size;
        p += len + (p[len] == '\n');
    }
    ENSURE(at == st.st_size && at <= RELAY_FILE_MAX, ERROR_MALFORMED);
    *ret_count = count;
    return OK;
}

static size_t give(char *into, size_t size, size_t count, void *closure)
{
    struct smtp_file *file = closure;
    int64_t left = file->size - file->read, room = (int64_t)(size * count);
    ssize_t n = pread(file->fd, into, (size_t)(left < room ? left : room), (off_t)(file->from + file->read));
    if (n < 0 || (n == 0 && left > 0)) return CURL_READFUNC_ABORT;
    file->read += n;
    return (size_t)n;
}

static int move(void *closure, curl_off_t offset, int origin)
{
    struct smtp_file *file = closure;
    if (origin != SEEK_SET || offset < 0 || offset > file->size) return CURL_SEEKFUNC_CANTSEEK;
    file->read = offset;
    return CURL_SEEKFUNC_OK;
}

bool smtp_files_add(struct arena *arena, curl_mime *mime, struct smtp_file *file)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    const char *name = smtp_encode_header(arena, file->name);
    return part && name && curl_mime_data_cb(part, file->size, give, move, NULL, file) == CURLE_OK &&
           curl_mime_type(part, file->type) == CURLE_OK && curl_mime_encoder(part, "base64") == CURLE_OK &&
           curl_mime_filename(part, name) == CURLE_OK;
}
