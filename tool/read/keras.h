/* SPDX-License-Identifier: MIT
 *
 * The parts of the Keras reader: the file (keras_file.c), the model (keras.c), the graph being built (keras_build.c), and
 * what each kind of layer becomes (keras_*.c, keras_layers.def).
 */
#ifndef READ_KERAS_H
#define READ_KERAS_H

#include "read.h"

#ifdef HAVE_KERAS

#include <cJSON.h>

/* The weights of a model: a .h5 file, whole, or what is in a .keras file. */
struct keras_file {
    int64_t hdf;     /* handle; -1: none */
    bool is_v3;      /* weights by place, layers/dense/vars/0; else by a list of names in each layer's group */
    int32_t version; /* of Keras that wrote it: 2, 3 */
    cJSON *config;
};

struct keras {
    struct arena *arena;
    struct diag *diag;
    const struct read_request *request;
    struct keras_file *file;
    struct graph *g;
    int32_t node_capacity;
    int32_t depth; /* models and layers around the one at hand */
    struct keras_mask *masks;
    int32_t mask_count, mask_capacity;
};

/* Which steps of a tensor [batch, steps, ...] count: a tensor bool [batch, steps]. */
struct keras_mask {
    int32_t of, mask;
};

/* An input that a call gives by a name. */
struct keras_named {
    const char *name;
    int32_t tensor;
};

/* A layer, and where its weights are. */
struct keras_layer {
    struct keras *k;
    const char *class_name, *name;
    const cJSON *config;
    const char *group;  /* "layers/dense", or that of the layer of the whole model, "model_weights/dense" */
    const char *inside; /* by name: only weights of this layer of an inner model; NULL: all */
    const char *part;   /* by place: "" or "cell/" */
    int32_t first;      /* by name: how many to skip */
    bool is_operation;  /* class_name is that of an operation, as keras_operation_name says */
    bool flips;         /* a sequence goes the other way than the config says */
    /* of the call at hand */
    const cJSON *call;               /* as the config has it; NULL: of a Sequential model */
    const cJSON *arguments;          /* those that have names; NULL: none */
    const struct keras_named *named; /* tensors among them */
    int32_t named_count;
    int32_t *more, more_count; /* its outputs after the first */
};

/* What a layer makes of tensors: the tensor of its output; NO_TENSOR with an error. */
typedef int32_t keras_converter(struct keras_layer *l, const int32_t in[], int32_t in_count);

#define KERAS(class, converter, operator, mask) keras_converter keras_##converter;
#include "keras_layers.def"
#undef KERAS

/* keras.c: any layer; a model as a layer. */
int32_t keras_convert(struct keras_layer *l, const int32_t in[], int32_t in_count);

/* Whether calls have their first input by this name. */
bool keras_is_input_name(const char *name);

/* The tensor that the call gives by this name; NO_TENSOR: none. */
int32_t keras_named(const struct keras_layer *l, const char *name);

/* Fails if the call says something besides its inputs that is not in `known`, a list that ends with NULL. */
bool keras_check_call(struct keras_layer *l, const char *const known[]);

/* One more output of the call. */
void keras_add_output(struct keras_layer *l, int32_t tensor);

/* A layer in the config of another, `key`; part and first say which of its weights are that one's. */
bool keras_inner_layer(struct keras_layer *l, const char *key, const char *part, int32_t first,
                       struct keras_layer *inner);

enum { KERAS_DEPTH = 16, KERAS_ARGUMENTS = 256 };

/* A model, the whole one or one that is a layer. */
struct keras_model {
    struct keras *k;
    const cJSON *config;
    const char
        *group; /* by place: of the model, "" or "layers/functional/"; by name: of the layer that it is, or NULL */
    bool is_inner;
};

/* Where a layer in the list `key` of another has its weights: "cell/cells/lstm_cell_1/". */
const char *keras_place_in_list(const struct keras_layer *l, const char *key, const cJSON *list, const cJSON *item);

/* The layer that an entry of "layers" describes. */
struct keras_layer keras_make_layer(const struct keras_model *m, const cJSON *layers, const cJSON *layer);

/* A new input of the graph, with the shape that the config of the layer says. */
int32_t keras_add_input(struct keras_layer *l, bool is_only);
void keras_add_end(struct arena *arena, int32_t **ends, int32_t *count, int32_t tensor);

/* keras_functional.c: all outputs of the model go to out[KERAS_ARGUMENTS]; returns how many. Without `in` it gets
 * inputs of its own. */
int32_t keras_convert_functional(const struct keras_model *m, const int32_t in[], int32_t in_count, int32_t out[]);

/*** keras_file.c ***/

bool keras_open(struct keras_file *file, const struct file *bytes, struct arena *arena, struct diag *diag);
void keras_close(struct keras_file *file);

/* Weight `index` of a layer as float, which must have this shape; NULL with an error. */
const float *keras_weight(struct keras_layer *l, int32_t index, int32_t rank, const int32_t dim[]);

/* Errors: "layer "name" (Dense): ...". Returns NO_TENSOR. */
__attribute__((format(printf, 2, 3))) int32_t keras_fail(struct keras_layer *l, const char *format, ...);

/*** Entries of the config ***/

/* NULL: there is none; "" likewise. */
const cJSON *keras_get(const cJSON *object, const char *key);
const char *keras_get_text(const cJSON *object, const char *key);

int32_t keras_int(struct keras_layer *l, const char *key, int32_t absent);
double keras_real(struct keras_layer *l, const char *key, double absent);
bool keras_flag(struct keras_layer *l, const char *key, bool absent);

/* "" if there is none */
const char *keras_text(struct keras_layer *l, const char *key);

/* One number for all, or a list of `count`; false with an error. */
bool keras_ints(struct keras_layer *l, const char *key, int32_t count, int32_t values[]);

/*** keras_build.c: the graph grows; shapes are inferred at once ***/

const struct tensor *keras_tensor(const struct keras_layer *l, int32_t tensor);
int32_t keras_add_floats(struct keras_layer *l, int32_t rank, const int32_t dim[], const float *data);
int32_t keras_add_number(struct keras_layer *l, double value);
int32_t keras_add_bools(struct keras_layer *l, int32_t rank, const int32_t dim[], const uint8_t *data);
int32_t keras_add_ints(struct keras_layer *l, int32_t count, const int32_t values[]); /* [count]; 0: a scalar */

/* A node with one output of type float32; returns that. NO_TENSOR if an input is. */
int32_t keras_add(struct keras_layer *l, enum op op, int32_t in_count, const int32_t in[], const struct attr *attr);
int32_t keras_add_typed(struct keras_layer *l, enum op op, enum type type, int32_t in_count, const int32_t in[],
                        const struct attr *attr);

/* With several outputs: returns the first, the others follow it. */
int32_t keras_add_many(struct keras_layer *l, enum op op, enum type type, int32_t in_count, const int32_t in[],
                       int32_t out_count, const struct attr *attr);

#define KERAS_ADD(l, op, attr, ...) \
    keras_add(l, op, (int32_t)(sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), \
              (const int32_t[]){__VA_ARGS__}, attr)

/* x with another shape of as many values. */
int32_t keras_reshaped(struct keras_layer *l, int32_t x, int32_t rank, const int32_t dim[]);

/* x * factor, x + term, with one value, or one for each of the last axis. */
int32_t keras_scaled(struct keras_layer *l, int32_t x, double factor);
int32_t keras_shifted(struct keras_layer *l, int32_t x, double term);
int32_t keras_by_channel(struct keras_layer *l, enum op op, int32_t x, const float *values);

/*** keras_ops.c ***/

/* Whether a layer of the config is a bare operation, x + y or ops.mean(x), and what it is called. */
bool keras_is_operation(const cJSON *layer);
const char *keras_operation_name(const cJSON *layer);
bool keras_has_operation(const char *name);
int32_t keras_convert_operation(struct keras_layer *l, const int32_t in[], int32_t in_count);

/*** keras_mask.c ***/

/* The mask of a tensor; NO_TENSOR: none. Setting NO_TENSOR, or for NO_TENSOR, does nothing. */
int32_t keras_mask(const struct keras_layer *l, int32_t tensor);
void keras_set_mask(struct keras_layer *l, int32_t tensor, int32_t mask);

/* What counts in both; either may be NO_TENSOR: all of it. */
int32_t keras_both_masks(struct keras_layer *l, int32_t a, int32_t b);

/* `now` where the mask is true, else `ended`; NO_TENSOR: 0. */
int32_t keras_where(struct keras_layer *l, int32_t mask, int32_t now, int32_t ended);

/* A mask with one axis more; NO_TENSOR if it is. */
int32_t keras_expanded(struct keras_layer *l, int32_t mask, int32_t axis);

/* The mean over the steps of [batch, steps, features] that count. */
int32_t keras_masked_mean(struct keras_layer *l, int32_t x, int32_t mask, bool keeps);

/*** keras_conv.c ***/

/* x [..., depth] by a matrix [depth, units]; NULL: NO_TENSOR. */
int32_t keras_by_rows(struct keras_layer *l, int32_t x, const float *matrix, int32_t depth, int32_t units);

/*** keras_activation.c ***/

/* The activation that the config names under `key`; one by its name. */
int32_t keras_activated(struct keras_layer *l, const char *key, int32_t x);
int32_t keras_activated_as(struct keras_layer *l, const char *name, int32_t x);

#endif

#endif
