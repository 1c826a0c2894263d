#include "service/template.h"

#include <assert.h>

#include "base/secret.h"

enum { FILLED_MAX = 16384 };

const struct template *template_find(const char *name)
{
    for (size_t i = 0; i < notice_templates_count; i++)
        if (text_equal(notice_templates[i].name, name)) return &notice_templates[i];
    return NULL;
}

static const char *find_value(const struct notice_value *values, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(bytes_text(values[i].name), name)) return values[i].value ? values[i].value : "";
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* A name or reason is what somebody typed: it must not add lines, nor a link to anywhere. "://" and the point of
 * "host.name" are written wide, which reads the same and links nowhere. */
static void write_harmless(struct writer *w, const char *value)
{
    for (const char *p = value; *p; p++) {
        bool point = p > value && is_word(p[-1]) && is_letter(p[1]);
        if ((uint8_t)*p < 0x20 || *p == 0x7f)
            write_text(w, " ");
        else if (*p == ':' && p[1] == '/')
            write_text(w, "：");
        else if (*p == '.' && point)
            write_text(w, "．");
        else
            write_bytes(w, bytes_of(p, 1));
    }
}

const char *template_fill(struct arena *arena, const char *text, const struct notice_value *trusted,
                          size_t trusted_count, const struct notice_value *others, size_t other_count)
{
    char room[FILLED_MAX];
    struct writer w = writer_of(room, sizeof room);
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "{");
        write_bytes(&w, bytes_of(p, plain));
        p += plain;
        if (!*p) break;
        struct bytes name = bytes_of(p + 1, strcspn(p + 1, "}"));
        const char *value = find_value(trusted, trusted_count, name);
        if (value) {
            write_text(&w, value);
        } else {
            value = find_value(others, other_count, name);
            assert(value); /* a template that wants what its caller does not give */
            write_harmless(&w, value);
        }
        p += name.len + 2;
    }
    const char *filled = w.full ? NULL : arena_text(arena, bytes_of(room, w.len));
    secret_wipe(room, w.len); /* a code may be in it */
    return filled;
}

/* Whether NAME stands in TEXT before AT. */
static bool stands_before(const char *text, const char *at, struct bytes name)
{
    for (const char *p = text; (p = strchr(p, '{')) && p < at; p++)
        if (bytes_equal(bytes_of(p + 1, strcspn(p + 1, "}")), name)) return true;
    return false;
}

const char *template_params(struct arena *arena, const char *text, const struct notice_value *values, size_t count)
{
    char room[FILLED_MAX / 2];
    struct writer w = writer_of(room, sizeof room);
    for (const char *p = text; (p = strchr(p, '{')); p++) {
        struct bytes name = bytes_of(p + 1, strcspn(p + 1, "}"));
        const char *value = find_value(values, count, name);
        if (!value || stands_before(text, p, name)) continue; /* the brand and the address are part of the template */
        write_bytes(&w, name);
        write_u8(&w, '=');
        write_harmless(&w, value);
        write_u8(&w, '\n');
    }
    const char *params = w.full ? NULL : arena_text(arena, bytes_of(room, w.len));
    secret_wipe(room, w.len); /* a code may be in it */
    return params;
}
