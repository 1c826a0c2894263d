#include "service/mask.h"

static const char *cover(struct arena *arena, const char *text, size_t first, size_t last)
{
    size_t len = strlen(text);
    char *into = arena_text(arena, bytes_text(text));
    if (!into) return NULL;
    if (len <= first + last) first = last = 0;
    memset(into + first, '*', len - first - last);
    return into;
}

const char *mask_mobile(struct arena *arena, const char *mobile)
{
    return cover(arena, mobile, 3, 4);
}

const char *mask_email(struct arena *arena, const char *email)
{
    const char *at = strrchr(email, '@');
    if (!at || at == email) return cover(arena, email, 0, 0);
    return arena_format(arena, "%c***%s", email[0], at);
}

const char *mask_document(struct arena *arena, const char *number)
{
    return cover(arena, number, 1, strlen(number) >= 15 ? 2 : 1);
}
