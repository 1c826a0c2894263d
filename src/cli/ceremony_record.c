#include "cli/ceremony_record.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static const char first_line[] = "HUFU-CEREMONY-v1\n", record_name[] = "record", output_key[] = "output: ";

enum { HASH_TEXT_LEN = 2 * SM3_SIZE, STEP_MAX = 512 };

static const char *hash_text(struct bytes content, struct arena *arena)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(content, hash);
    const char *text = text_hex(arena, BYTES(hash));
    return text ? text : "";
}

static void now(char into[CIVIL_TEXT_MAX])
{
    const struct clock clock = { .now = clock_system };
    civil_iso(clock_now(&clock), into);
}

/* ---- writing ---- */

struct result ceremony_record_begin(const struct ceremony *c, struct arena *arena, struct ceremony_record *ret_record)
{
    char time[CIVIL_TEXT_MAX];
    struct ceremony_record r = { .arena = arena };
    r.text = writer_of(arena_take(arena, CEREMONY_RECORD_MAX), CEREMONY_RECORD_MAX);
    ENSURE(r.text.ptr, ERROR_OUT_OF_ROOM);
    now(time);
    write_text(&r.text, first_line);
    write_format(&r.text, "title: %s\nkind: %s\npeople: %s\nprogram: hufu %s\nbegun: %s\nscript: %s\n", c->title,
                 c->kind_name, c->people, HUFU_VERSION, time, hash_text(c->script, arena));
    for (size_t i = 0; i < c->input_count; i++)
        write_format(&r.text, "input: %s %s\n", hash_text(c->inputs[i].content, arena), c->inputs[i].name);
    *ret_record = r;
    return ceremony_record_output(ret_record, "script", c->script);
}

void ceremony_record_step(struct ceremony_record *record, const char *words, ...)
{
    char time[CIVIL_TEXT_MAX], said[STEP_MAX];
    va_list arguments;
    now(time);
    va_start(arguments, words);
    vsnprintf(said, sizeof said, words, arguments);
    va_end(arguments);
    write_format(&record->text, "step: %s %s\n", time, said);
}

struct result ceremony_record_output(struct ceremony_record *record, const char *name, struct bytes content)
{
    struct bytes kept = arena_bytes(record->arena, content);
    const char *kept_name = arena_text(record->arena, bytes_text(name));
    ENSURE(kept.ptr && kept_name && record->count < CEREMONY_OUTPUTS_MAX, ERROR_OUT_OF_ROOM);
    record->outputs[record->count++] = (struct ceremony_output){ kept_name, kept };
    write_format(&record->text, "%s%s %s\n", output_key, hash_text(kept, record->arena), kept_name);
    return OK;
}

struct result ceremony_record_write(struct ceremony_record *record, const struct init_folder *folder, struct diag *diag,
                                    const char **ret_hash)
{
    char time[CIVIL_TEXT_MAX];
    struct bytes text;
    now(time);
    write_format(&record->text, "ended: %s\n", time);
    TRY(writer_end(&record->text, &text));
    for (size_t i = 0; i < record->count; i++)
        TRY(init_folder_write(folder, record->outputs[i].name, record->outputs[i].content, diag));
    TRY(init_folder_write(folder, record_name, text, diag));
    *ret_hash = hash_text(text, record->arena);
    return OK;
}

/* ---- verifying ---- */

/* False when it cannot be read or is larger than any output. */
static bool read_whole(const char *folder, const char *name, struct arena *arena, struct bytes *ret_content)
{
    const char *path = arena_format(arena, "%s/%s", folder, name);
    uint8_t *into = arena_take(arena, CEREMONY_FILE_MAX + 1);
    int fd = path && into ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, into, CEREMONY_FILE_MAX + 1);
    if (fd >= 0) close(fd);
    if (n < 0 || n > CEREMONY_FILE_MAX) return false;
    *ret_content = bytes_of(into, (size_t)n);
    return true;
}

static struct result verify_output(const char *folder, const char *line, struct arena *arena, struct diag *diag,
                                   struct ceremony_verified *v)
{
    const char *name = line + HASH_TEXT_LEN + 1;
    struct bytes content;
    bool good = strlen(line) > HASH_TEXT_LEN + 1 && line[HASH_TEXT_LEN] == ' ' && !strchr(name, '/');
    if (!good) return diag_log(diag, ERROR_CEREMONY_RECORD, "the record is not well-formed");
    const char *path = arena_format(arena, "%s/%s", folder, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    if (access(path, F_OK) != 0) {
        v->away++;
        return OK;
    }
    if (!read_whole(folder, name, arena, &content) || strncmp(hash_text(content, arena), line, HASH_TEXT_LEN) != 0)
        return diag_log(diag, ERROR_CEREMONY_RECORD, "%s", name);
    v->there++;
    return OK;
}

struct result ceremony_record_verify(const char *folder, struct arena *arena, struct diag *diag,
                                     struct ceremony_verified *ret_verified)
{
    struct ceremony_verified v = { 0 };
    struct bytes whole;
    if (!read_whole(folder, record_name, arena, &whole))
        return diag_log(diag, ERROR_IO, "%s/record cannot be read", folder);
    char *text = arena_text(arena, whole);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    if (!text_starts(text, first_line) || !text_lines(whole) || whole.ptr[whole.len - 1] != '\n')
        return diag_log(diag, ERROR_CEREMONY_RECORD, "the record is not well-formed");
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (text_starts(line, output_key)) TRY(verify_output(folder, line + strlen(output_key), arena, diag, &v));
    }
    v.hash = hash_text(whole, arena);
    *ret_verified = v;
    return OK;
}
