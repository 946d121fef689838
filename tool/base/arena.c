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

/* Under AddressSanitizer each allocation is a block of its own, of the exact size, so that it sees every overrun. */
#ifdef __SANITIZE_ADDRESS__
enum { ALIGN = 16, BLOCK_SIZE = 0, ROUND = 1 };
#else
enum { ALIGN = 16, BLOCK_SIZE = 64 * 1024, ROUND = ALIGN };
#endif

struct arena_block {
    struct arena_block *next;
    size_t size, used; /* bytes of data */
    size_t number;     /* in the order they were made, from 1 */
    _Alignas(ALIGN) unsigned char data[];
};

void arena_init(struct arena *arena, size_t limit) { *arena = (struct arena){.limit = limit}; }

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

_Noreturn static void exhausted(struct arena *arena)
{
    if (arena->on_exhaustion == NULL) {
        abort();
    }
    longjmp(*arena->on_exhaustion, 1);
}

/* A new block with room for `size` bytes. Large ones go behind the first, which stays in use. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
    const bool is_large = size > BLOCK_SIZE / 4; /* else at most a quarter of a block stays unused */
    const size_t total = sizeof(struct arena_block) + (is_large ? size : BLOCK_SIZE);
    if (total > arena->limit - arena->used) {
        exhausted(arena);
    }
    struct arena_block *b = calloc(1, total);
    if (b == NULL) {
        exhausted(arena);
    }
    arena->used += total;
    b->size = total - sizeof *b;
    b->number = ++arena->made;
    struct arena_block **after = is_large && arena->blocks != NULL ? &arena->blocks->next : &arena->blocks;
    b->next = *after;
    *after = b;
    return b;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->limit) {
        exhausted(arena);
    }
    const size_t rounded = (size + ROUND - 1) / ROUND * ROUND;
    struct arena_block *b = arena->blocks;
    if (b == NULL || b->size - b->used < rounded) {
        b = add_block(arena, rounded);
    }
    void *p = b->data + b->used;
    b->used += rounded;
    return p;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->made, arena->blocks != NULL ? arena->blocks->used : 0};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    for (struct arena_block **at = &arena->blocks; *at != NULL;) {
        struct arena_block *b = *at;
        if (b->number > mark.made) {
            *at = b->next;
            arena->used -= sizeof *b + b->size;
            free(b);
        } else {
            at = &b->next;
        }
    }
    if (arena->blocks != NULL) { /* the first block is the one that it was */
        memset(arena->blocks->data + mark.used, 0, arena->blocks->used - mark.used);
        arena->blocks->used = mark.used;
    }
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        exhausted(arena);
    }
    return arena_alloc(arena, count * size);
}

void *arena_grow(struct arena *arena, void *array, int32_t count, int32_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = 2 * count + 16;
    void *grown = arena_array(arena, (size_t)*capacity, size);
    if (count > 0) {
        memcpy(grown, array, (size_t)count * size);
    }
    return grown;
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
