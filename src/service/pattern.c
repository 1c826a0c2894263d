#include "service/pattern.h"

#include <string.h>

/* With '!' before what means something in LIKE: each character may become two; '%' and the NUL. */
enum { PATTERN_MAX = 2 * 4 * PATTERN_TEXT_MAX + 3 };

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

const char *pattern_small(struct arena *arena, const char *text)
{
    char *copy = arena_text(arena, bytes_text(text));
    for (char *p = copy; p && *p; p++) *p = small(*p);
    return copy;
}

const char *pattern_part(struct arena *arena, const char *text)
{
    char escaped[PATTERN_MAX], *into = escaped;
    for (; *text; text++) {
        if (strchr("!%_", *text)) *into++ = '!';
        *into++ = small(*text);
    }
    *into = '\0';
    return arena_format(arena, "%%%s%%", escaped);
}

const char *pattern_begin(struct arena *arena, const char *text)
{
    char *begin = arena_take(arena, strlen(text) + 1), *into = begin;
    bool digit = false;
    if (!begin) return NULL;
    for (; *text; text++) {
        char c = small(*text);
        bool is_digit = c >= '0' && c <= '9';
        if (c == ' ') continue;
        if (!is_digit && c != '-' && (c < 'a' || c > 'z')) return NULL;
        digit = digit || is_digit;
        *into++ = c;
    }
    *into = '\0';
    return digit && into - begin >= PATTERN_CODE_MIN ? begin : NULL;
}
