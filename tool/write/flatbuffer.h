/* SPDX-License-Identifier: MIT
 *
 * Building a flatbuffer from the top down: a table has its place before what its fields lead to, whose offsets are
 * filled in later. Everything runs twice: once to learn the size, without memory, then to write into exactly that.
 *
 * Format: https://flatbuffers.dev/internals/ - a table is preceded by its vtable somewhere; equal vtables are shared.
 */
#ifndef WRITE_FLATBUFFER_H
#define WRITE_FLATBUFFER_H

#include "../base/base.h"

enum { FLAT_FIELDS = 16, FLAT_VTABLES = 256, NOWHERE = 0 };

struct flat_vtable {
    size_t at;
    uint16_t words[2 + FLAT_FIELDS]; /* bytes of it, bytes of the table, then where each field is */
};

struct flat {
    uint8_t *data; /* zeros; NULL: only measures */
    size_t size;
    struct flat_vtable *vtables; /* [FLAT_VTABLES] */
    int vtable_count;
};

/* The fields of a table before it is written. Starts zeroed. */
struct flat_table {
    struct {
        int64_t value;
        uint8_t bytes; /* 1 or 4; 0: absent */
    } field[FLAT_FIELDS];
    size_t at[FLAT_FIELDS]; /* once written: where the field's value is, to link from */
};

/* Starts a file: root offset and identifier. */
void flat_begin(struct flat *f, const char identifier[4]);
enum { FLAT_ROOT = 0 }; /* where the offset to the root table is */

/* A scalar of 1 or 4 bytes, left out if it has the schema's default; and an offset, to be linked later. */
void flat_set(struct flat_table *t, int field, int bytes, int64_t value, int64_t absent);
void flat_set_float(struct flat_table *t, int field, float value, float absent);
void flat_set_link(struct flat_table *t, int field);

/* Writes the table, and into the offset at `from` that it is here. */
void flat_add_table(struct flat *f, size_t from, struct flat_table *t);

/* A vector of zeros, linked from `from`; returns where its first element is. */
size_t flat_add_vector(struct flat *f, size_t from, size_t count, size_t bytes, size_t align);

/* The same with its elements. */
void flat_add_bytes(struct flat *f, size_t from, const void *data, size_t size, size_t align);
void flat_add_ints(struct flat *f, size_t from, const int32_t *values, int32_t count);
void flat_add_text(struct flat *f, size_t from, const char *text);

/* A number in a place that there is. */
void flat_put(struct flat *f, size_t at, int64_t value, int bytes);

#endif
