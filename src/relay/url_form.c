#include "relay/url_form.h"

struct result url_form_add(struct url_form *form, const char *name, const char *value)
{
    if (!value || !value[0]) return OK;
    ENSURE(form->count < URL_FORM_PAIRS_MAX, ERROR_OUT_OF_ROOM);
    form->pairs[form->count++] = (struct url_pair){ name, value };
    return OK;
}

const char *url_form_get(const struct url_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (text_equal(form->pairs[i].name, name)) return form->pairs[i].value;
    return NULL;
}

/* ---- reading ---- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct result decode(struct bytes from, struct arena *arena, const char **ret_text)
{
    uint8_t *into = arena_take(arena, from.len + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    struct writer w = writer_of(into, from.len);
    for (size_t i = 0; i < from.len; i++) {
        uint8_t c = from.ptr[i];
        if (c == '%') {
            bool whole = from.len - i > 2;
            int high = whole ? hex_digit(from.ptr[i + 1]) : -1, low = whole ? hex_digit(from.ptr[i + 2]) : -1;
            ENSURE(high >= 0 && low >= 0, ERROR_MALFORMED);
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        write_u8(&w, c);
    }
    struct bytes text;
    TRY(writer_end(&w, &text));
    ENSURE(text_plain(text), ERROR_MALFORMED);
    const char *copy = arena_text(arena, text);
    ENSURE(copy, ERROR_OUT_OF_ROOM);
    *ret_text = copy;
    return OK;
}

static size_t until(struct bytes text, uint8_t mark)
{
    const uint8_t *at = text.len ? memchr(text.ptr, mark, text.len) : NULL;
    return at ? (size_t)(at - text.ptr) : text.len;
}

struct result url_form_parse(struct bytes text, struct arena *arena, struct url_form *ret_form)
{
    struct url_form *form = ARENA_NEW(arena, struct url_form);
    ENSURE(form, ERROR_OUT_OF_ROOM);
    ENSURE(text.len > 0 && text.len <= URL_FORM_MAX, ERROR_MALFORMED);
    form->count = 0;
    for (size_t at = 0; at < text.len;) {
        struct bytes rest = bytes_of(text.ptr + at, text.len - at), pair = bytes_of(rest.ptr, until(rest, '&'));
        size_t name_len = until(pair, '=');
        ENSURE(name_len > 0 && name_len < pair.len && form->count < URL_FORM_PAIRS_MAX, ERROR_MALFORMED);
        struct url_pair *p = &form->pairs[form->count];
        TRY(decode(bytes_of(pair.ptr, name_len), arena, &p->name));
        TRY(decode(bytes_of(pair.ptr + name_len + 1, pair.len - name_len - 1), arena, &p->value));
        ENSURE(!url_form_get(form, p->name), ERROR_MALFORMED);
        form->count++;
        at += pair.len + 1;
    }
    *ret_form = *form;
    return OK;
}

/* ---- writing ---- */

static void encode(struct writer *w, const char *text)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~";
    for (; *text; text++) {
        if (strchr(plain, *text)) write_u8(w, (uint8_t)*text);
        else write_format(w, "%%%02X", (uint8_t)*text);
    }
}

const char *url_form_encode(const struct url_form *form, struct arena *arena)
{
    uint8_t *into = arena_take(arena, URL_FORM_MAX);
    if (!into) return NULL;
    struct writer w = writer_of(into, URL_FORM_MAX);
    for (size_t i = 0; i < form->count; i++) {
        if (i) write_u8(&w, '&');
        encode(&w, form->pairs[i].name);
        write_u8(&w, '=');
        encode(&w, form->pairs[i].value);
    }
    struct bytes text;
    return failed(writer_end(&w, &text)) ? NULL : arena_text(arena, text);
}
