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
    const char *type;     /* in C */
    const char *name;     /* equal constants share one */
};

/* Parameters that have been written. */
struct written {
    const char *type, *name;
    struct text body; /* between the braces */
};

/* What a layer has in common with others of its plan: alike.c. */
struct alike {
    int32_t first; /* step whose function does for all; itself: its own */
    int32_t index; /* among them, from 0 */
    int32_t count; /* of them all, where it is the first */
};

/* A field of the parameters, and what it holds in this model. */
struct field {
    const struct emit_field *field;
    int32_t low, high;    /* of its values */
    const uint8_t *value; /* the one of the layer seen last */
    bool is_same;         /* in all layers; of pointers, if they lead nowhere */
    bool is_read;         /* a kernel names it */
    bool is_unclear;      /* and not all places where are known */
    bool is_known;        /* a function stands for it */
    bool is_left_out;     /* from the emitted struct */
};

enum {
    FLASH_MAX_OBJECT = 32767, /* bytes of one array for an AVR */
    FLASH_MAX = 61440, /* bytes of constants for an AVR: 64 KiB can be reached, vectors and others lie there, too */
};

/* A plan that a step of another runs, and what its names begin with. */
struct emit_part {
    const struct plan *plan;
    const char *prefix; /* "called_0_" */
};

struct emitter {
    const struct plan *plan; /* at hand */
    const char *prefix;      /* its own; "": the model's */
    const struct plan *top;  /* the model's */
    struct emit_part *parts; /* all plans, those that are run before those that run them */
    int32_t part_count;
    const struct emit_options *options;
    struct text text;
    char *lower, *upper; /* the prefix */
    const char *flash;   /* qualifier of constants, with a space behind it; mostly nothing */
    struct object *objects;
    int32_t object_count, object_capacity;
    struct written *written;
    int32_t written_count, written_capacity;
    const char **params;  /* [step of the plan at hand]: name of its parameters; NULL: it has none */
    struct alike *alike;  /* [step of the plan at hand] */
    struct field *fields; /* of the parameters; none: structs are as in the kernels' own headers */
    int32_t field_count, field_capacity;
    size_t flash_size;   /* bytes of constants and parameters */
    size_t param_size;   /* of these, parameters */
    int32_t layer_count; /* functions of layers */
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

/* A value of a C type, "int32_t" or "float", as C. */
const char *emit_scalar_text(const struct emitter *e, const char *type, const uint8_t *at, size_t size);

/* The parameters of a step and all that they point to. */
bool emit_params(struct emitter *e, int32_t step);

/*** compact.c: small parameters ***/

/* Finds what the fields of the parameters hold and which are read. */
void emit_find_fields(struct emitter *e);

bool emit_is_left_out(const struct emitter *e, const struct emit_field *f);

/* The lines of a source with its structs as small as may be; ends with NULL. */
const char *const *emit_compact_lines(struct emitter *e, const struct emit_source *source);

/*** layers.c: a function for each layer ***/

/* An address: "base" or "base + offset". */
const char *emit_at(const struct emitter *e, const char *base, uint32_t offset);

/* A comment that says which layer follows. */
void emit_layer_title(struct emitter *e, int32_t step);

/* Functions that find the rows of a window, as far as any layer needs them. */
void emit_row_finders(struct emitter *e);

/* Where rows lie and which lines windows begin with, and constant inputs. */
bool emit_row_tables(struct emitter *e);

void emit_layer(struct emitter *e, int32_t step);

/* An expression for the first byte of a buffer that is not split. */
const char *emit_base(struct emitter *e, int32_t buffer);

/*** alike.c: one function for many layers ***/

/* Finds the layers of the plan at hand that are alike, once their parameters are written. */
void emit_find_alike(struct emitter *e);

/* Whether the layer shares its function, which takes the places of rows from a table `at`. */
bool emit_has_places(const struct emitter *e, int32_t step);

/* The table of places, and how the function begins, for the first of such layers. */
void emit_places(struct emitter *e, int32_t step);

/* A statement that fires row `row` of a layer. */
void emit_layer_call(struct emitter *e, int32_t step, const char *arena, const char *row);

/* Calls of the segments from `first` on as a loop, if a sequence of layers repeats there; returns how many segments. */
int32_t emit_repeated(struct emitter *e, int32_t first);

/*** c.c ***/

/* The struct of a kernel's parameters. */
const struct emit_struct *emit_find_params(struct arena *arena, int kernel);

/* [kernel]: whether the model calls it. */
bool *emit_used_kernels(const struct emitter *e);

/*** calls.c: control flow ***/

/* Collects the plan and all that it runs. */
void emit_find_parts(struct emitter *e, const struct plan *plan);

/* Whether a step is control flow, which is code and no kernel. */
bool emit_is_call(const struct plan_step *step);

/* What stands in the place of the call of its kernel. */
void emit_call(struct emitter *e, const struct plan_step *step);

/*** schedule.c: init, input, invoke or feed_row, output ***/

void emit_functions(struct emitter *e);

/* The one function of a plan that is run by another. */
void emit_called(struct emitter *e);

#endif
