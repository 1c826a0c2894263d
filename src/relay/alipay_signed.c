#include "relay/alipay_signed.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct url_pair *)a)->name, ((const struct url_pair *)b)->name);
}

struct bytes alipay_signed(const struct url_form *form, bool without_type, struct arena *arena)
{
    struct url_form sorted = *form;
    uint8_t *into = arena_take(arena, URL_FORM_MAX);
    if (!into) return (struct bytes){ 0 };
    qsort(sorted.pairs, sorted.count, sizeof sorted.pairs[0], by_name);
    struct writer w = writer_of(into, URL_FORM_MAX);
    for (size_t i = 0; i < sorted.count; i++) {
        const char *name = sorted.pairs[i].name;
        if (text_equal(name, "sign") || (without_type && text_equal(name, "sign_type"))) continue;
        if (w.len) write_u8(&w, '&');
        write_text(&w, name);
        write_u8(&w, '=');
        write_text(&w, sorted.pairs[i].value);
    }
    struct bytes text;
    return failed(writer_end(&w, &text)) ? (struct bytes){ 0 } : text;
}
