/* What people type as patterns of LIKE with ESCAPE '!', in small letters: what means something there stands for itself.
 * NULL when the arena is full. TEXT has at most PATTERN_TEXT_MAX characters. */
#pragma once

#include "base/arena.h"

enum { PATTERN_TEXT_MAX = 50, PATTERN_CODE_MIN = 4 };

/* TEXT as a part of something. */
const char *pattern_part(struct arena *arena, const char *text);
/* TEXT in small letters, and no pattern; only those of ASCII are made small, as in the database. */
const char *pattern_small(struct arena *arena, const char *text);
/* How a number or serial begins, no pattern either: in small letters, without the blanks that stand between groups.
 * NULL also where TEXT is none: letters and digits, a digit among them, PATTERN_CODE_MIN at least. */
const char *pattern_begin(struct arena *arena, const char *text);
