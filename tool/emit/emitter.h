/* SPDX-License-Identifier: MIT
 *
 * The emitter's own parts: constants, layers, schedule, files.
 */
#ifndef EMIT_EMITTER_H
#define EMIT_EMITTER_H

#include "emit.h"
#include "kernels.h"
#include "text.h"

/* A constant array that has been written. */
struct object {
    const uint8_t *data;
    size_t size, element; /* bytes */
    const char *name;
};

struct emitter {
    const struct plan *plan;
    const struct emit_options *options;
    struct text text;
    char *lower, *upper; /* the prefix */
    struct object *objects;
    int32_t object_count, object_capacity;
    struct diag *diag;
};

/*** constants.c: weights, tables and parameters as constant arrays and structs ***/

/* Writes what a pointer leads to as a constant of its own, unless that was done before. `type` is the C type that it
 * points to, or "void". */
bool emit_target(struct emitter *e, const char *type, const void *target, const char *name);

/* The constant that holds this address; NULL if none was written. */
const struct object *emit_find_object(const struct emitter *e, const void *data);

/* The tensor whose data this is; NULL if it is a table of the planner. */
const struct tensor *emit_find_tensor(const struct plan *plan, const void *data);

/* The parameters of a step and all that they point to. */
bool emit_params(struct emitter *e, int32_t step);

/*** layers.c: a function for each layer ***/

/* A comment that says which layer follows. */
void emit_layer_title(struct emitter *e, int32_t step);

/* Functions that find the rows of a window, as far as any layer needs them. */
void emit_row_finders(struct emitter *e);

/* Where rows lie and which lines windows begin with, and constant inputs. */
bool emit_row_tables(struct emitter *e);

void emit_layer(struct emitter *e, int32_t step);

/*** schedule.c: init, input, invoke or feed_row, output ***/

void emit_functions(struct emitter *e);

#endif
