#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

enum { BLOCK = 16 * 1024, ALIGN = 16 };

struct block {
    struct block *next;
    size_t used, room;
    _Alignas(ALIGN) uint8_t data[];
};

struct arena {
    struct block *head;
    size_t taken, ceiling;
};

struct arena *arena_new(size_t ceiling)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) abort();
    arena->ceiling = ceiling;
    return arena;
}

void arena_reset(struct arena *arena)
{
    for (struct block *b = arena->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena->head = NULL;
    arena->taken = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena) return;
    arena_reset(arena);
    free(arena);
}

void arena_free_wiped(struct arena *arena)
{
    for (struct block *b = arena ? arena->head : NULL; b; b = b->next) secret_wipe(b->data, b->used);
    arena_free(arena);
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > arena->ceiling) return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > arena->ceiling - arena->taken) return NULL;
    struct block *b = arena->head;
    if (!b || b->room - b->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        b = calloc(1, sizeof *b + room);
        if (!b) abort();
        b->room = room;
        b->next = arena->head;
        arena->head = b;
    }
    void *p = b->data + b->used;
    b->used += size;
    arena->taken += size;
    return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    return arena_take(arena, total);
}

struct bytes arena_bytes(struct arena *arena, struct bytes b)
{
    uint8_t *p = arena_take(arena, b.len);
    if (!p) return (struct bytes){ 0 };
    if (b.len) memcpy(p, b.ptr, b.len);
    return bytes_of(p, b.len);
}

char *arena_text(struct arena *arena, struct bytes b)
{
    char *p = b.len < SIZE_MAX ? arena_take(arena, b.len + 1) : NULL;
    if (p && b.len) memcpy(p, b.ptr, b.len);
    return p;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    char *p = n >= 0 ? arena_take(arena, (size_t)n + 1) : NULL;
    if (p) vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    va_end(ap);
    return p;
}
