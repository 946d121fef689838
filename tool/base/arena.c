/* SPDX-License-Identifier: MIT
 *
 * A bump allocator over a list of blocks. A limit on the sum makes a hostile model that
 * asks for too much end in one jump instead of a swapping machine.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

enum { ALIGN = 16, BLOCK_SIZE = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size, used; /* bytes of data */
    _Alignas(ALIGN) unsigned char data[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *b = arena->blocks; b != NULL;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    arena->blocks = NULL;
    arena->used = 0;
}

static void *exhausted(struct arena *arena)
{
    if (arena->on_exhaustion == NULL) {
        abort();
    }
    longjmp(*arena->on_exhaustion, 1);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->limit || arena->used > arena->limit - size) {
        return exhausted(arena);
    }
    const size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *b = arena->blocks;
    if (b == NULL || b->size - b->used < rounded) {
        const size_t block_size = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
        b = calloc(1, sizeof *b + block_size);
        if (b == NULL) {
            return exhausted(arena);
        }
        b->size = block_size;
        b->next = arena->blocks;
        arena->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += rounded;
    arena->used += rounded;
    return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return exhausted(arena);
    }
    return arena_alloc(arena, count * size);
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
    void *to = arena_alloc(arena, size);
    if (size > 0) {
        memcpy(to, from, size);
    }
    return to;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, args);
    va_end(args);
    return text;
}
