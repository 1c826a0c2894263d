#include "service/pattern.h"

#include <string.h>

/* In LIKE, with '!' before what means something there. Each character may become two; '%' and the NUL. */
enum { PATTERN_MAX = 2 * 4 * PATTERN_TEXT_MAX + 3 };

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* TEXT in small letters; without its BLANKS unless they are wanted: numbers are copied from where they
 * stand in groups. */
static void escape(const char *text, bool blanks, char into[PATTERN_MAX])
{
    for (; *text; text++) {
        if (*text == ' ' && !blanks) continue;
        if (strchr("!%_", *text)) *into++ = '!';
        *into++ = small(*text);
    }
    *into = '\0';
}

const char *pattern_part(struct arena *arena, const char *text)
{
    char escaped[PATTERN_MAX];
    escape(text, true, escaped);
    return arena_format(arena, "%%%s%%", escaped);
}

const char *pattern_begin(struct arena *arena, const char *text)
{
    char escaped[PATTERN_MAX];
    bool digit = false;
    for (const char *p = text; *p; p++) {
        bool is_digit = *p >= '0' && *p <= '9';
        if (!is_digit && *p != ' ' && *p != '-' && (small(*p) < 'a' || small(*p) > 'z')) return NULL;
        digit = digit || is_digit;
    }
    escape(text, false, escaped);
    if (!digit || strlen(escaped) < PATTERN_CODE_MIN) return NULL;
    return arena_format(arena, "%s%%", escaped);
}
