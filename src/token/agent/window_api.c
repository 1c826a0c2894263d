#include "token/agent/window_api.h"

#include "base/text.h"

void window_question_write(const struct window_question *q, struct writer *w)
{
    write_u8(w, (uint8_t)q->kind);
    write_u8(w, q->tries);
    write_u8(w, q->preset);
    write_u8(w, (uint8_t)q->count);
    const char *const texts[] = { q->title, q->origin, q->serial, q->holder, q->problem };
    for (size_t i = 0; i < COUNT(texts); i++) write_block(w, bytes_text(texts[i]));
    for (size_t i = 0; i < q->count; i++) {
        write_block(w, bytes_text(q->lines[i].label));
        write_block(w, bytes_text(q->lines[i].value));
    }
}

/* The next text, moved down over its length, which leaves room for a NUL. */
static bool read_text(struct reader *r, const char **ret)
{
    struct bytes b = read_block(r, WINDOW_QUESTION_MAX);
    if (r->bad || !text_plain(b)) return false;
    char *into = (char *)(uintptr_t)b.ptr - 4;
    memmove(into, b.ptr, b.len);
    into[b.len] = 0;
    *ret = into;
    return true;
}

struct result window_question_read(uint8_t *buffer, size_t len, struct window_question *ret_question)
{
    struct reader r = reader_of(bytes_of(buffer, len));
    struct window_question q = { .kind = (enum window_kind)read_u8(&r) };
    q.tries = read_u8(&r);
    q.preset = read_u8(&r) != 0;
    q.count = read_u8(&r);
    ENSURE(!r.bad && q.kind < WINDOW_KINDS && q.count <= WINDOW_LINES_MAX, ERROR_MALFORMED);
    const char **const texts[] = { &q.title, &q.origin, &q.serial, &q.holder, &q.problem };
    for (size_t i = 0; i < COUNT(texts); i++) ENSURE(read_text(&r, texts[i]), ERROR_MALFORMED);
    for (size_t i = 0; i < q.count; i++)
        ENSURE(read_text(&r, &q.lines[i].label) && read_text(&r, &q.lines[i].value), ERROR_MALFORMED);
    TRY(reader_end(&r));
    *ret_question = q;
    return OK;
}
