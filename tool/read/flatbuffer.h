/* SPDX-License-Identifier: MIT
 *
 * Safe access to an untrusted flatbuffer: every offset, vector, table and string is checked
 * against the end of the file before it is used. A read that fails sets `diag` once and yields
 * zero or emptiness, so a caller may read on and look at `diag` when it is done.
 *
 * Format: https://flatbuffers.dev/internals/ - little-endian; a table starts with the signed distance back
 * to its vtable (16-bit vtable bytes, table bytes, then an offset for each field, 0 for an absent one).
 */
#ifndef READ_FLATBUFFER_H
#define READ_FLATBUFFER_H

#include "../base/base.h"

struct fb {
    const uint8_t *data;
    size_t size;
    struct diag *diag; /* gets the first thing that is wrong */
};

struct fb_table {
    struct fb *fb;
    size_t at; /* 0: no table; every field of it is absent */
    size_t vtable;
    uint16_t vtable_size, size;
};

struct fb_vector {
    struct fb *fb;
    size_t at; /* of element 0 */
    uint32_t count;
};

struct fb_table fb_root(struct fb *fb);

/* Scalars by field number in the schema; `absent` is the schema's default. */
int64_t fb_int(const struct fb_table *t, int field, int bytes, int64_t absent);
float fb_float(const struct fb_table *t, int field, float absent);

struct fb_table fb_sub(const struct fb_table *t, int field);

/* A vector whose elements have `bytes` bytes each; empty if absent. */
struct fb_vector fb_vector(const struct fb_table *t, int field, int bytes);
int64_t fb_vector_int(const struct fb_vector *v, uint32_t i, int bytes);
float fb_vector_float(const struct fb_vector *v, uint32_t i);
struct fb_table fb_vector_table(const struct fb_vector *v, uint32_t i);

/* A copy with a closing 0, in `arena`; "" if absent. */
const char *fb_string(const struct fb_table *t, int field, struct arena *arena);
const char *fb_vector_string(const struct fb_vector *v, uint32_t i, struct arena *arena);

#endif
