#include "web/brand.h"

#include "base/text.h"

static void write_escaped(struct writer *w, const char *text)
{
    for (; *text; text++) {
        const char *name = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '"' ? "&quot;" : NULL;
        if (name) write_text(w, name);
        else write_bytes(w, bytes_of(text, 1));
    }
}

struct bytes brand_page(struct arena *arena, struct bytes html, const char *brand)
{
    const struct bytes built = bytes_text(BRAND_BUILT);
    enum { ESCAPED = sizeof "&quot;" - 1 };
    size_t len = built.len, room = html.len / len * (strlen(brand) * ESCAPED + len) + html.len;
    uint8_t *into = arena_take(arena, room);
    if (!into) return bytes_of(NULL, 0);
    struct writer w = writer_of(into, room);
    for (size_t at = 0; at < html.len;) {
        bool here = html.len - at >= len && bytes_equal(bytes_of(html.ptr + at, len), built);
        if (here) write_escaped(&w, brand);
        else write_bytes(&w, bytes_of(html.ptr + at, 1));
        at += here ? len : 1;
    }
    struct bytes written;
    return failed(writer_end(&w, &written)) ? bytes_of(NULL, 0) : written;
}
