/* SPDX-License-Identifier: MIT
 *
 * What every stage of the tool stands on: memory, errors, files.
 */
#ifndef BASE_H
#define BASE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clang calls it as gcc does, then. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/*** Errors: the first one wins and carries its place; only command/ prints it ***/

struct diag_list;

struct diag {
    bool failed;
    char text[800];           /* one line: place, what is wrong, what to do */
    struct diag_list *missed; /* takes what diag_miss says; NULL: that is an error as any other */
};

/* Records an error unless there is one already. Returns false, to be passed on. */
__attribute__((format(printf, 2, 3))) bool diag_fail(struct diag *diag, const char *format, ...);

/* Goes on with the error that there is. */
void diag_add(struct diag *diag, const char *text);

/* Records something that mote lacks. True where there is a list of such things: work goes on, to find them all. */
__attribute__((format(printf, 2, 3))) bool diag_miss(struct diag *diag, const char *format, ...);

/* A line on stderr, printable as errors are. */
__attribute__((format(printf, 1, 2))) void diag_print(const char *format, ...);

/* The word of the list that a user may have meant by `word`; NULL if none is near. `list` ends with NULL. */
const char *word_nearest(const char *word, const char *const list[]);

/*** Memory: everything lives in one arena and is freed with it ***/

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t made;            /* blocks so far */
    size_t used, limit;     /* bytes of all blocks; limit is what a model of this size may reasonably need */
    jmp_buf *on_exhaustion; /* where to go when the limit or the machine's memory is reached; NULL: abort */
};

void arena_init(struct arena *arena, size_t limit);
void arena_free(struct arena *arena);

/* `size` zeroed bytes, aligned to 16, valid until arena_free. Never returns NULL: exhaustion
 * jumps to arena->on_exhaustion with the value 1. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` zeroed elements of `size` bytes; an overflow of the product counts as exhaustion. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Room for one element more: `array`, or if all of its `capacity` elements are taken, a copy of it with more, which are
 * zeroed, and how many it then holds in *capacity. */
void *arena_grow(struct arena *arena, void *array, int32_t count, int32_t *capacity, size_t size);

/* What is allocated between a mark and its release is freed by the release. */
struct arena_mark {
    size_t made, used;
};

struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

void *arena_copy(struct arena *arena, const void *from, size_t size);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format, ...);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (size_t)(count), sizeof(type)))
#define ARENA_GROW(arena, array, count, capacity) \
    ((array) = arena_grow((arena), (array), (count), &(capacity), sizeof *(array)))

/* All that mote lacks for a model, a line each. */
struct diag_list {
    struct arena *arena;
    const char **lines;
    int32_t count, capacity;
};

void diag_list_add(struct diag_list *list, const char *line);

/*** Text that grows ***/

struct text {
    struct arena *arena;
    char *data; /* ends with a 0; NULL: empty */
    size_t size, capacity;
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);

/* Names come from files: makes one printable line of `text`, with '?' for each control character. */
void text_clean(char *text);

/*** Files ***/

enum { FILE_SIZE_MAX = 1 << 30 };

struct file {
    const uint8_t *data; /* aligned to 16 */
    size_t size;         /* bytes */
};

/* Reads a file. Fails on what is no regular file, is empty, larger than FILE_SIZE_MAX, or cannot be read. */
bool file_open(struct file *file, const char *path, struct diag *diag);
void file_close(struct file *file);

/* Bytes of a regular file; 0: there is none, or no name. */
size_t file_size(const char *path);

/* Whether both names lead to one file that is there. A name may be NULL. */
bool file_is_same(const char *a, const char *b);

/* A file on its way out: written under a temporary name and renamed at the end, so that it is there whole or not
 * at all; an interrupt that ends the program leaves no temporary behind. What is no regular file, such as a pipe, is
 * written to directly. Starts zeroed; one thread writes at a time. Errors name the path. */
struct file_writer {
    void *stream;
    char *path, *temporary; /* temporary NULL: written to directly */
};

bool file_write_open(struct file_writer *writer, const char *path, struct diag *diag);
bool file_write_append(struct file_writer *writer, const void *data, size_t size, struct diag *diag);

/* Whether there is room for all that was appended; then a commit can hardly fail. */
bool file_write_flush(struct file_writer *writer, struct diag *diag);
bool file_write_commit(struct file_writer *writer, struct diag *diag);

/* Leaves no trace of what was not committed. Does nothing after a commit, or if nothing was opened. */
void file_write_abort(struct file_writer *writer);

/* All of it in one go. */
bool file_write(const char *path, const void *data, size_t size, struct diag *diag);

#endif
