#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/config_file.h"
#include "base/text.h"

enum { TEXT_MAX_DEFAULT = 1024 };

/* One file being read. */
struct config_file {
    const char *path;
    const char *folder; /* absolute; what relative paths start from */
    struct arena *arena;
    struct diag *diag;
    int line;
};

/* What stands for one option, and where; checked before anything is filled in. */
struct value {
    const char *text; /* NULL: absent */
    int line;         /* 0: the default */
    int64_t number;   /* of numbers and flags */
};

static struct result wrong(const struct config_file *f, int line, const char *key, const char *why)
{
    if (line == 0) return diag_log(f->diag, ERROR_CONFIG, "%s: %s: %s", f->path, key, why);
    return diag_log(f->diag, ERROR_CONFIG, "%s:%d: %s: %s", f->path, line, key, why);
}

/* ---- the file ---- */

/* Room for one byte more than a file may have tells a larger one apart. */
static struct result read_whole(struct config_file *f, struct bytes *ret_content)
{
    uint8_t *into = arena_take(f->arena, CONFIG_FILE_MAX + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    size_t n;
    if (!config_file_read(f->path, into, CONFIG_FILE_MAX + 1, &n))
        return wrong(f, 0, "the file", "cannot be opened or read");
    if (n > CONFIG_FILE_MAX) return wrong(f, 0, "the file", "is larger than 64 KiB");
    *ret_content = bytes_of(into, n);
    return OK;
}

static struct result find_folder(struct config_file *f)
{
    char whole[CONFIG_FILE_PATH_MAX];
    if (!config_file_folder(f->path, whole)) return wrong(f, 0, "the file", "cannot be read");
    f->folder = arena_text(f->arena, bytes_text(whole));
    ENSURE(f->folder, ERROR_OUT_OF_ROOM);
    return OK;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes b)
{
    while (b.len && blank(b.ptr[b.len - 1])) b.len--;
    while (b.len && blank(b.ptr[0])) b = bytes_of(b.ptr + 1, b.len - 1);
    return b;
}

/* ---- lines ---- */

/* Words of sections and keys: lower case letters, digits, '_' and '-'. */
static bool is_name(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        uint8_t c = b.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
    }
    return b.len > 0 && b.len <= 64;
}

struct line {
    bool section;            /* "[key]" */
    struct bytes key, value; /* key.ptr NULL: nothing stands here */
    struct bytes whole;      /* with its line feed */
};

static struct result split_line(const struct config_file *f, struct bytes text, struct line *ret_line)
{
    text = trim(text);
    struct line line = { 0 };
    if (text.len && text.ptr[0] == '[') {
        line.section = true;
        line.key = text.ptr[text.len - 1] == ']' ? trim(bytes_of(text.ptr + 1, text.len - 2)) : text;
        if (!is_name(line.key)) return wrong(f, f->line, "the section", "is not written as [name]");
    } else if (text.len && text.ptr[0] != '#') {
        const uint8_t *equals = memchr(text.ptr, '=', text.len);
        if (!equals) return wrong(f, f->line, "the line", "is not \"key = value\"");
        line.key = trim(bytes_of(text.ptr, (size_t)(equals - text.ptr)));
        line.value = trim(bytes_of(equals + 1, text.len - (size_t)(equals - text.ptr) - 1));
        if (!is_name(line.key)) return wrong(f, f->line, "the key", "has other characters than a-z 0-9 _ -");
        if (!text_plain(line.value)) return wrong(f, f->line, "the value", "is not plain UTF-8 text");
    }
    *ret_line = line;
    return OK;
}

/* Hands each line that says something to TAKE. */
static struct result each_line(struct config_file *f, struct bytes content,
                               struct result (*take)(struct config_file *, const struct line *, void *),
                               void *context)
{
    for (const uint8_t *p = content.ptr, *end = p + content.len; p < end;) {
        const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
        if (!feed) feed = end;
        struct line line = { 0 };
        f->line++;
        TRY(split_line(f, bytes_of(p, (size_t)(feed - p)), &line));
        line.whole = bytes_of(p, (size_t)(feed - p) + (feed < end));
        if (line.key.ptr) TRY(take(f, &line, context));
        p = feed + 1;
    }
    return OK;
}

/* ---- one section ---- */

struct section {
    const char *name;
    const struct config_option *options;
    size_t count;
    struct value *values;
    bool inside, seen; /* inside: the lines read now belong to it */
};

static struct result take_line(struct config_file *f, const struct line *line, void *context)
{
    struct section *s = context;
    const char *key = arena_text(f->arena, line->key);
    ENSURE(key, ERROR_OUT_OF_ROOM);
    if (line->section) {
        s->inside = text_equal(key, s->name);
        if (s->inside && s->seen) return wrong(f, f->line, key, "this section stands twice");
        s->seen = s->seen || s->inside;
        return OK;
    }
    if (!s->inside) return OK;
    for (size_t i = 0; i < s->count; i++) {
        if (!text_equal(key, s->options[i].name)) continue;
        if (s->values[i].text) return wrong(f, f->line, key, "stands twice");
        s->values[i] = (struct value){ arena_text(f->arena, line->value), f->line, 0 };
        ENSURE(s->values[i].text, ERROR_OUT_OF_ROOM);
        return OK;
    }
    return wrong(f, f->line, key, "is not a known key of this section");
}

/* ---- values ---- */

static struct result check_text(const struct config_file *f, const struct config_option *o, struct value *v)
{
    size_t min = o->max ? (size_t)o->min : 1, max = o->max ? (size_t)o->max : TEXT_MAX_DEFAULT,
           len = strlen(v->text);
    if (len == 0 && min > 0) return wrong(f, v->line, o->name, "has no value");
    char why[80];
    snprintf(why, sizeof why, "has %zu bytes, not %zu to %zu", len, min, max);
    if (len < min || len > max) return wrong(f, v->line, o->name, why);
    if (o->kind != CONFIG_PATH || config_file_absolute(v->text)) return OK;
    v->text = arena_format(f->arena, "%s/%s", f->folder, v->text);
    ENSURE(v->text, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result check_number(const struct config_file *f, const struct config_option *o, struct value *v)
{
    char why[80];
    snprintf(why, sizeof why, "is not a number from %lld to %lld", (long long)o->min, (long long)o->max);
    bool minus = v->text[0] == '-';
    uint64_t n;
    if (failed(text_number(v->text + minus, INT64_MAX, &n))) return wrong(f, v->line, o->name, why);
    v->number = minus ? -(int64_t)n : (int64_t)n;
    if (v->number < o->min || v->number > o->max) return wrong(f, v->line, o->name, why);
    return OK;
}

static struct result check_value(const struct config_file *f, const struct config_option *o, struct value *v)
{
    if (!v->text) v->text = o->preset;
    if (!v->text) return o->required ? wrong(f, 0, o->name, "is missing") : OK;
    if (o->kind == CONFIG_NUMBER) return check_number(f, o, v);
    if (o->kind != CONFIG_FLAG) return check_text(f, o, v);
    v->number = text_equal(v->text, "yes");
    if (!v->number && !text_equal(v->text, "no")) return wrong(f, v->line, o->name, "is neither yes nor no");
    return OK;
}

static void fill(const struct config_option *o, const struct value *v, void *config)
{
    char *field = (char *)config + o->offset;
    if (o->kind == CONFIG_NUMBER) {
        memcpy(field, &v->number, sizeof v->number);
    } else if (o->kind == CONFIG_FLAG) {
        bool flag = v->number != 0;
        memcpy(field, &flag, sizeof flag);
    } else {
        memcpy(field, &v->text, sizeof v->text);
    }
}

struct result config_read(const char *path, const char *section, const struct config_option *options,
                          size_t count, struct arena *arena, struct diag *diag, void *ret_config)
{
    struct config_file f = { path, NULL, arena, diag, 0 };
    struct section s = { section, options, count, arena_array(arena, count, sizeof(struct value)),
                         false,   false };
    struct bytes content = { 0 };
    ENSURE(s.values, ERROR_OUT_OF_ROOM);
    TRY(read_whole(&f, &content));
    TRY(find_folder(&f));
    TRY(each_line(&f, content, take_line, &s));
    for (size_t i = 0; i < count; i++) TRY(check_value(&f, &options[i], &s.values[i]));
    for (size_t i = 0; i < count; i++) fill(&options[i], &s.values[i], ret_config);
    return OK;
}

/* ---- names of sections ---- */

static struct result take_section(struct config_file *f, const struct line *line, void *context)
{
    if (!line->section) return OK;
    for (const char *const *known = context; *known; known++)
        if (bytes_equal(line->key, bytes_text(*known))) return OK;
    const char *name = arena_text(f->arena, line->key);
    ENSURE(name, ERROR_OUT_OF_ROOM);
    return wrong(f, f->line, name, "is not a section that any process reads");
}

struct result config_check_sections(const char *path, const char *const *known, struct arena *arena,
                                    struct diag *diag)
{
    struct config_file f = { path, NULL, arena, diag, 0 };
    struct bytes content = { 0 };
    TRY(read_whole(&f, &content));
    return each_line(&f, content, take_section, (void *)(uintptr_t)known);
}

/* ---- one key ---- */

struct peek {
    const char *section, *key, *text;
    bool inside;
};

static struct result take_peek(struct config_file *f, const struct line *line, void *context)
{
    struct peek *p = context;
    if (line->section) {
        p->inside = bytes_equal(line->key, bytes_text(p->section));
    } else if (p->inside && bytes_equal(line->key, bytes_text(p->key))) {
        p->text = arena_text(f->arena, line->value);
        ENSURE(p->text, ERROR_OUT_OF_ROOM);
    }
    return OK;
}

struct result config_peek(const char *path, const char *section, const char *key, struct arena *arena,
                          struct diag *diag, const char **ret_text)
{
    struct config_file f = { path, NULL, arena, diag, 0 };
    struct peek peek = { section, key, NULL, false };
    struct bytes content = { 0 };
    TRY(read_whole(&f, &content));
    TRY(each_line(&f, content, take_peek, &peek));
    *ret_text = peek.text;
    return OK;
}

/* ---- a key set ---- */

struct with {
    const char *section, *key;
    struct bytes header, old; /* lines: of the section; of the key, empty when it is not there */
    bool inside;
};

static struct result take_with(struct config_file *f, const struct line *line, void *context)
{
    struct with *w = context;
    if (line->section) {
        w->inside = bytes_equal(line->key, bytes_text(w->section));
        if (w->inside) w->header = line->whole;
    } else if (w->inside && bytes_equal(line->key, bytes_text(w->key))) {
        w->old = line->whole;
    }
    return OK;
}

struct result config_with(const char *path, const char *section, const char *key, const char *value,
                          struct arena *arena, struct diag *diag, struct bytes *ret_text)
{
    struct config_file f = { path, NULL, arena, diag, 0 };
    struct with with = { section, key, .inside = false };
    struct bytes content = { 0 };
    uint8_t *room = arena_take(arena, CONFIG_FILE_MAX);
    ENSURE(room, ERROR_OUT_OF_ROOM);
    TRY(read_whole(&f, &content));
    TRY(each_line(&f, content, take_with, &with));
    if (!with.header.ptr) return wrong(&f, 0, section, "this section is not there");
    const uint8_t *end = content.ptr + content.len, *at = with.header.ptr + with.header.len;
    struct writer w = writer_of(room, CONFIG_FILE_MAX);
    write_bytes(&w, bytes_of(content.ptr, (size_t)(at - content.ptr)));
    if (at == end && at[-1] != '\n') write_text(&w, "\n");
    if (value) write_format(&w, "%s = %s\n", key, value);
    const uint8_t *cut = with.old.ptr ? with.old.ptr : end;
    write_bytes(&w, bytes_of(at, (size_t)(cut - at)));
    write_bytes(&w, bytes_of(cut + with.old.len, (size_t)(end - cut) - with.old.len));
    return writer_end(&w, ret_text);
}
