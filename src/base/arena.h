/* Memory of one request: taken piece by piece, given back at once, with a hard ceiling.
 * A full arena is an ordinary error for input (ERROR_OUT_OF_ROOM); a process without memory aborts and
 * is started again. Secrets never go here (secret.h). Not thread-safe: one arena, one request. */
#pragma once

#include "base/bytes.h"

struct arena;

/* CEILING: the most bytes it hands out in all. */
struct arena *arena_new(size_t ceiling);
void arena_free(struct arena *arena);
static inline void arena_free_p(struct arena **arena)
{
    arena_free(*arena);
}
/* Overwrites what was handed out first: where texts with a secret in them passed through. */
void arena_free_wiped(struct arena *arena);
static inline void arena_free_wiped_p(struct arena **arena)
{
    arena_free_wiped(*arena);
}
/* Gives everything back but keeps the arena. */
void arena_reset(struct arena *arena);

/* SIZE zeroed bytes, aligned for any type; NULL when the ceiling is reached. */
void *arena_take(struct arena *arena, size_t size) __attribute__((malloc, warn_unused_result));
/* COUNT zeroed elements; NULL also when count × size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copies; NULL (bytes: ptr NULL) when the ceiling is reached. */
struct bytes arena_bytes(struct arena *arena, struct bytes b);
char *arena_text(struct arena *arena, struct bytes b); /* with a NUL */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type) ((type *)arena_take((arena), sizeof(type)))
