/* SPDX-License-Identifier: MIT
 *
 * Recurrent layers. Kernels of Keras are [in, gates * units], the gates of LSTM in the order input, forget, cell,
 * output, those of GRU z, r, n.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { MOST_UNITS = 1 << 16 };

/* What the three kinds share: the weights, transposed, all gates in one. */
struct cell {
    int32_t units, depth;
    const float *kernel, *state_kernel; /* [gates * units, depth], [gates * units, units] */
    const float *bias;                  /* NULL: none */
};

static const float *transposed(struct keras_layer *l, const float *from, int32_t rows, int32_t columns)
{
    if (from == NULL) {
        return NULL;
    }
    float *to = ARENA_ARRAY(l->k->arena, (size_t)rows * (size_t)columns, float);
    for (int32_t i = 0; i < rows; i++) {
        for (int32_t k = 0; k < columns; k++) {
            to[(size_t)k * (size_t)rows + (size_t)i] = from[(size_t)i * (size_t)columns + (size_t)k];
        }
    }
    return to;
}

static bool read_cell(struct keras_layer *l, int32_t x, int32_t gates, int32_t biases, struct cell *c)
{
    const struct tensor *t = keras_tensor(l, x);
    c->units = keras_int(l, "units", 0);
    if (t->rank != 3 || c->units < 1 || c->units > MOST_UNITS) {
        keras_fail(l, "has %d units and an input of %d dims, want 3", c->units, t->rank);
        return false;
    }
    c->depth = t->dim[2];
    const int32_t all = gates * c->units, bias_dim[] = {biases, all};
    l->part = l->k->file->is_v3 ? arena_printf(l->k->arena, "%scell/", l->part) : l->part;
    c->kernel = transposed(l, keras_weight(l, 0, 2, (int32_t[]){c->depth, all}), c->depth, all);
    c->state_kernel = transposed(l, keras_weight(l, 1, 2, (int32_t[]){c->units, all}), c->units, all);
    c->bias = keras_flag(l, "use_bias", true) ? keras_weight(l, 2, 2, bias_dim) : NULL;
    return !l->k->diag->failed;
}

static int32_t matrix(struct keras_layer *l, const float *data, int32_t rows, int32_t columns)
{
    return keras_add_floats(l, 2, (int32_t[]){rows, columns}, data);
}

static int32_t vector(struct keras_layer *l, const float *data, int32_t count)
{
    return data == NULL ? NO_TENSOR : keras_add_floats(l, 1, &count, data);
}

static bool check_activation(struct keras_layer *l, const char *key, const char *want)
{
    const char *is = keras_text(l, key);
    if (*is != '\0' && strcmp(is, want) != 0) {
        keras_fail(l, "\"%s\" is %.40s, want %s", key, is, want);
        return false;
    }
    return true;
}

static int32_t lstm(struct keras_layer *l, int32_t x)
{
    struct cell c;
    int32_t in[20];
    if (!check_activation(l, "activation", "tanh") || !check_activation(l, "recurrent_activation", "sigmoid") ||
        !read_cell(l, x, 4, 1, &c)) {
        return NO_TENSOR;
    }
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        in[i] = NO_TENSOR;
    }
    in[0] = x;
    for (int32_t g = 0; g < 4; g++) {
        in[1 + g] = matrix(l, c.kernel + (size_t)(g * c.units) * (size_t)c.depth, c.units, c.depth);
        in[5 + g] = matrix(l, c.state_kernel + (size_t)(g * c.units) * (size_t)c.units, c.units, c.units);
        in[12 + g] = vector(l, c.bias != NULL ? c.bias + g * c.units : NULL, c.units);
    }
    return keras_add(l, OP_UNIDIRECTIONAL_SEQUENCE_LSTM, 20, in, &(struct attr){.activation = ACT_TANH});
}

static int32_t gru(struct keras_layer *l, int32_t x)
{
    struct cell c;
    const bool resets_after = keras_flag(l, "reset_after", true);
    if (!check_activation(l, "activation", "tanh") || !check_activation(l, "recurrent_activation", "sigmoid") ||
        !read_cell(l, x, 3, resets_after ? 2 : 1, &c)) {
        return NO_TENSOR;
    }
    const int32_t all = 3 * c.units, in_matrix = matrix(l, c.kernel, all, c.depth);
    const int32_t state_matrix = matrix(l, c.state_kernel, all, c.units), bias = vector(l, c.bias, all);
    const int32_t state_bias = vector(l, c.bias != NULL && resets_after ? c.bias + all : NULL, all);
    const int32_t in[] = {x, in_matrix, state_matrix, bias, state_bias};
    return keras_add(l, OP_GRU, 5, in, &(struct attr){.mode = resets_after});
}

static int32_t simple(struct keras_layer *l, int32_t x)
{
    struct cell c;
    const char *name = keras_text(l, "activation");
    const bool is_relu = strcmp(name, "relu") == 0, is_linear = strcmp(name, "linear") == 0;
    if ((!is_relu && !is_linear && !check_activation(l, "activation", "tanh")) || !read_cell(l, x, 1, 1, &c)) {
        return NO_TENSOR;
    }
    const float *bias = c.bias != NULL ? c.bias : ARENA_ARRAY(l->k->arena, c.units, float);
    const int32_t kernel = matrix(l, c.kernel, c.units, c.depth), state = matrix(l, c.state_kernel, c.units, c.units);
    const int32_t in[] = {x, kernel, state, vector(l, bias, c.units), NO_TENSOR};
    const enum activation activation = is_relu ? ACT_RELU : is_linear ? ACT_NONE : ACT_TANH;
    return keras_add(l, OP_UNIDIRECTIONAL_SEQUENCE_RNN, 5, in, &(struct attr){.activation = activation});
}

static int32_t reversed(struct keras_layer *l, int32_t x)
{
    const int32_t axis = 1;
    return x == NO_TENSOR ? x : KERAS_ADD(l, OP_REVERSE_V2, NULL, x, keras_add_ints(l, 1, &axis));
}

/* The last step of [1, steps, units]. */
static int32_t last_step(struct keras_layer *l, int32_t x)
{
    if (x == NO_TENSOR) {
        return x;
    }
    const struct tensor *t = keras_tensor(l, x);
    const int32_t begin[] = {0, t->dim[1] - 1, 0}, size[] = {t->dim[0], 1, t->dim[2]}, dim[] = {t->dim[0], t->dim[2]};
    const int32_t first = keras_add_ints(l, 3, begin);
    const int32_t step = KERAS_ADD(l, OP_SLICE, NULL, x, first, keras_add_ints(l, 3, size));
    return keras_reshaped(l, step, 2, dim);
}

int32_t keras_recurrent(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    if (in_count != 1 || keras_flag(l, "stateful", false) || keras_flag(l, "return_state", false)) {
        return keras_fail(l, "has a state from or to elsewhere, which mote lacks");
    }
    const bool backwards = keras_flag(l, "go_backwards", false);
    const int32_t x = backwards ? reversed(l, in[0]) : in[0];
    if (x == NO_TENSOR) {
        return x;
    }
    const int32_t y = l->class_name[0] == 'L' ? lstm(l, x) : l->class_name[0] == 'G' ? gru(l, x) : simple(l, x);
    return keras_flag(l, "return_sequences", false) ? y : last_step(l, y);
}

/* The layer that runs backwards has its weights after those of the other. */
int32_t keras_bidirectional(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_layer ahead, back;
    const bool is_v3 = l->k->file->is_v3;
    const bool has_back = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(l->config, "backward_layer"));
    if (!keras_inner_layer(l, "layer", is_v3 ? "forward_layer/" : "", 0, &ahead)) {
        return NO_TENSOR;
    }
    const int32_t weights = keras_flag(&ahead, "use_bias", true) ? 3 : 2;
    if (!keras_inner_layer(l, has_back ? "backward_layer" : "layer", is_v3 ? "backward_layer/" : "", weights, &back)) {
        return NO_TENSOR;
    }
    const bool keeps = keras_flag(&ahead, "return_sequences", false);
    const int32_t y = keras_convert(&ahead, in, 1);
    int32_t x = has_back ? in[0] : reversed(l, in[0]); /* a backward layer of its own goes backwards by itself */
    int32_t z = y == NO_TENSOR ? y : keras_convert(&back, &x, 1);
    z = keeps ? reversed(l, z) : z;
    const char *mode = keras_text(l, "merge_mode");
    if (z == NO_TENSOR) {
        return z;
    }
    if (strcmp(mode, "sum") == 0 || strcmp(mode, "ave") == 0) {
        const int32_t sum = KERAS_ADD(l, OP_ADD, NULL, y, z);
        return mode[0] == 'a' && sum != NO_TENSOR ? keras_scaled(l, sum, 0.5) : sum;
    }
    if (strcmp(mode, "mul") == 0) {
        return KERAS_ADD(l, OP_MUL, NULL, y, z);
    }
    return strcmp(mode, "concat") == 0 ? KERAS_ADD(l, OP_CONCATENATION, &(struct attr){.axis = -1}, y, z)
                                       : keras_fail(l, "joins its two layers by \"%.20s\"", mode);
}

#endif
