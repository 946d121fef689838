/* SPDX-License-Identifier: MIT
 *
 * What the emitter knows about the kernels: the text of their files, the fields of their parameters and where they are
 * read. The tables are made from mote/kernel at build time by scripts/kernels.py and scripts/reads.py.
 */
#ifndef EMIT_KERNELS_H
#define EMIT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

struct emit_field {
    const char *name;
    const char *type; /* "int32_t", "void", "mote_loop" for a struct */
    bool is_pointer;
    size_t offset, size; /* bytes */
    size_t dim[2];       /* of an array; 0: none */
};

struct emit_struct {
    const char *name;   /* "mote_conv2d" */
    const char *header; /* "conv.h" */
    size_t size;
    const struct emit_field *fields; /* ends with a NULL name */
};

/* Where a source reads a field of parameters. */
struct emit_read {
    const struct emit_field *field;
    const char
        *call; /* what may stand there instead, "mote_conv2d_groups(p)"; NULL: nothing may, and where is not told */
    int line, begin, end; /* from 0; columns of "p->groups" */
};

struct emit_source {
    const char *name;              /* "conv2d_s8.c" */
    const char *const *lines;      /* each with its line break; ends with NULL */
    const struct emit_read *reads; /* in their order; ends with a NULL field */
};

/* Both end with a NULL name. */
extern const struct emit_source emit_sources[];
extern const struct emit_struct emit_structs[];

const struct emit_source *emit_find_source(const char *name);
const struct emit_struct *emit_find_struct(const char *name);

#endif
