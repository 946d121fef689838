/* SPDX-License-Identifier: MIT
 *
 * Recurrent layers. Kernels of Keras are [in, gates * units], the gates of LSTM in the order input, forget, cell,
 * output, those of GRU z, r, n. A layer as most are is one operator; one with a mask, a state from or to elsewhere or
 * other activations goes step by step (keras_steps.c).
 */
#include "keras_rnn.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { MOST_UNITS = 1 << 16, MOST_CELLS = 16 };

/*** Weights ***/

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

static bool read_cell(struct keras_layer *l, int32_t depth, struct keras_cell *c)
{
    const char kind = l->class_name[0];
    const bool resets_after = keras_flag(l, "reset_after", true);
    *c = (struct keras_cell){.kind = kind == 'L'   ? UNROLL_LSTM
                                     : kind == 'G' ? UNROLL_GRU
                                                   : UNROLL_RNN,
                             .gates = kind == 'L'   ? 4
                                      : kind == 'G' ? 3
                                                    : 1,
                             .depth = depth,
                             .resets_after = kind == 'G' && resets_after,
                             .units = keras_int(l, "units", 0)};
    if (c->units < 1 || c->units > MOST_UNITS) {
        keras_fail(l, "has %d units", c->units);
        return false;
    }
    const int32_t all = c->gates * c->units, bias_dim[] = {c->resets_after ? 2 : 1, all};
    c->kernel = transposed(l, keras_weight(l, 0, 2, (int32_t[]){depth, all}), depth, all);
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

/*** One operator ***/

/* Memory that lasts from one invoke to the next, where the layer is stateful. */
static int32_t add_state(struct keras_layer *l, const struct keras_sequence *s, const struct keras_cell *c)
{
    if (!s->is_stateful) {
        return NO_TENSOR;
    }
    const int32_t t = ir_add_tensor(l->k->g), batch = keras_tensor(l, s->x)->dim[0];
    l->k->g->tensors[t] =
        (struct tensor){.name = l->name, .type = TYPE_F32, .rank = 2, .dim = {batch, c->units}, .is_state = true};
    return t;
}

static int32_t lstm(struct keras_layer *l, int32_t x, const struct keras_sequence *s, const struct keras_cell *c)
{
    int32_t in[20];
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        in[i] = NO_TENSOR;
    }
    in[0] = x;
    for (int32_t g = 0; g < 4; g++) {
        in[1 + g] = matrix(l, c->kernel + (size_t)(g * c->units) * (size_t)c->depth, c->units, c->depth);
        in[5 + g] = matrix(l, c->state_kernel + (size_t)(g * c->units) * (size_t)c->units, c->units, c->units);
        in[12 + g] = vector(l, c->bias != NULL ? c->bias + g * c->units : NULL, c->units);
    }
    in[18] = add_state(l, s, c);
    in[19] = add_state(l, s, c);
    return keras_add(l, OP_UNIDIRECTIONAL_SEQUENCE_LSTM, 20, in, &(struct attr){.activation = ACT_TANH});
}

static int32_t gru(struct keras_layer *l, int32_t x, const struct keras_sequence *s, const struct keras_cell *c)
{
    const int32_t all = 3 * c->units, in_matrix = matrix(l, c->kernel, all, c->depth);
    const int32_t state_matrix = matrix(l, c->state_kernel, all, c->units), bias = vector(l, c->bias, all);
    const int32_t state_bias = vector(l, c->bias != NULL && c->resets_after ? c->bias + all : NULL, all);
    const int32_t in[] = {x, in_matrix, state_matrix, bias, state_bias, add_state(l, s, c)};
    return keras_add(l, OP_GRU, 6, in, &(struct attr){.mode = c->resets_after});
}

static int32_t simple(struct keras_layer *l, int32_t x, const struct keras_sequence *s, const struct keras_cell *c)
{
    const char *name = keras_text(l, "activation");
    const bool is_relu = strcmp(name, "relu") == 0, is_linear = strcmp(name, "linear") == 0;
    const float *bias = c->bias != NULL ? c->bias : ARENA_ARRAY(l->k->arena, c->units, float);
    const int32_t kernel = matrix(l, c->kernel, c->units, c->depth);
    const int32_t state_kernel = matrix(l, c->state_kernel, c->units, c->units);
    const int32_t in[] = {x, kernel, state_kernel, vector(l, bias, c->units), add_state(l, s, c)};
    const enum activation activation = is_relu ? ACT_RELU : is_linear ? ACT_NONE : ACT_TANH;
    return keras_add(l, OP_UNIDIRECTIONAL_SEQUENCE_RNN, 5, in, &(struct attr){.activation = activation});
}

static bool is_activation(struct keras_layer *l, const char *key, const char *name)
{
    return keras_get(l->config, key) == NULL || strcmp(keras_text(l, key), name) == 0;
}

/* Whether the operator of the layer computes with these activations. */
static bool has_operator(struct keras_layer *l, const struct keras_cell *c)
{
    const bool is_tanh = is_activation(l, "activation", "tanh");
    return c->kind == UNROLL_RNN
               ? is_tanh || is_activation(l, "activation", "relu") || is_activation(l, "activation", "linear")
               : is_tanh && is_activation(l, "recurrent_activation", "sigmoid");
}

static int32_t reversed(struct keras_layer *l, int32_t x)
{
    const int32_t axis = 1;
    if (x == NO_TENSOR) {
        return x;
    }
    const int32_t from[] = {x, keras_add_ints(l, 1, &axis)};
    return keras_add_typed(l, OP_REVERSE_V2, keras_tensor(l, x)->type, 2, from, NULL);
}

/* The last step of [batch, steps, units]. */
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

static int32_t whole(struct keras_layer *l, const struct keras_sequence *s, const struct keras_cell *c)
{
    const int32_t x = s->backwards ? reversed(l, s->x) : s->x;
    if (x == NO_TENSOR) {
        return x;
    }
    const int32_t y = c->kind == UNROLL_LSTM  ? lstm(l, x, s, c)
                      : c->kind == UNROLL_GRU ? gru(l, x, s, c)
                                              : simple(l, x, s, c);
    return s->keeps ? y : last_step(l, y);
}

/*** Layers ***/

/* A cell over a sequence; its states at last become further outputs of `cell`. */
static int32_t run_cell(struct keras_layer *cell, const struct keras_sequence *s)
{
    struct keras_cell c;
    if (s->x == NO_TENSOR || !read_cell(cell, keras_tensor(cell, s->x)->dim[2], &c)) {
        return NO_TENSOR;
    }
    if (s->mask == NO_TENSOR && s->first[0] == NO_TENSOR && !s->gives_state && has_operator(cell, &c)) {
        return whole(cell, s, &c);
    }
    return s->is_stateful
               ? keras_fail(cell, "is stateful, and has a mask, other activations, or a state from or to elsewhere")
               : keras_steps(cell, s, &c);
}

/* The cells of the layer, one that takes what another puts out; returns how many. */
static int32_t find_cells(struct keras_layer *l, struct keras_layer cells[MOST_CELLS])
{
    static const char *const known[] = {"LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"};
    const char *part = l->k->file->is_v3 ? "cell/" : "";
    const cJSON *list, *cell;
    int32_t count = 0, first = 0;
    if (strcmp(l->class_name, "RNN") != 0) {
        cells[0] = *l;
        cells[0].part = arena_printf(l->k->arena, "%s%s", l->part, part);
        return 1;
    }
    if (!keras_inner_layer(l, "cell", part, 0, &cells[0])) {
        return 0;
    }
    if (strcmp(cells[0].class_name, "StackedRNNCells") != 0) {
        count = 1;
    }
    const struct keras_layer stack = cells[0];
    list = count == 0 ? keras_get(stack.config, "cells") : NULL;
    cJSON_ArrayForEach(cell, list)
    {
        if (count == MOST_CELLS) {
            keras_fail(l, "has more than %d cells", MOST_CELLS);
            return 0;
        }
        struct keras_layer *c = &cells[count++];
        *c = stack;
        c->config = keras_get(cell, "config");
        c->class_name = arena_printf(l->k->arena, "%s", keras_get_text(cell, "class_name"));
        c->part = keras_place_in_list(&stack, "cells", list, cell);
        c->first = stack.first + first;
        first += keras_flag(c, "use_bias", true) ? 3 : 2;
    }
    for (int32_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF(known) - 1; k++) {
            is_known = is_known || strcmp(cells[i].class_name, known[k]) == 0;
        }
        if (!is_known) {
            keras_fail(l, "has a cell \"%.40s\", want LSTMCell, GRUCell or SimpleRNNCell", cells[i].class_name);
            return 0;
        }
    }
    return count > 0 ? count : (keras_fail(l, "has no cell"), 0);
}

/* How many states a cell has. */
static int32_t count_states(const struct keras_layer *cell) { return cell->class_name[0] == 'L' ? 2 : 1; }

/* The states at first, from inputs behind the sequence or by their name; false: they are not as many as the cells have. */
static bool take_states(struct keras_layer *l, const int32_t in[], int32_t in_count, int32_t want,
                        int32_t states[2 * MOST_CELLS])
{
    int32_t count = 0;
    for (int32_t i = 1; i < in_count && count < want; i++) {
        states[count++] = in[i];
    }
    for (int32_t i = 0; i < l->named_count && count < want; i++) {
        states[count++] = strcmp(l->named[i].name, "initial_state") == 0 ? l->named[i].tensor : NO_TENSOR;
    }
    const int32_t given = in_count - 1 + l->named_count;
    const bool fits = given == 0 || given == want;
    for (int32_t i = 0; i < want; i++) {
        states[i] = given > 0 ? states[i] : NO_TENSOR;
    }
    if (!fits) {
        keras_fail(l, "begins with %d states, has %d", given, want);
    }
    return fits;
}

int32_t keras_recurrent(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    struct keras_layer cells[MOST_CELLS];
    int32_t states[2 * MOST_CELLS], want = 0;
    const int32_t cell_count = find_cells(l, cells);
    if (cell_count == 0 || !keras_check_call(l, (const char *const[]){"initial_state", NULL})) {
        return NO_TENSOR;
    }
    if (keras_tensor(l, in[0])->rank != 3) {
        return keras_fail(l, "has an input of %d dims, want 3", keras_tensor(l, in[0])->rank);
    }
    for (int32_t i = 0; i < cell_count; i++) {
        want += count_states(&cells[i]);
    }
    if (!take_states(l, in, in_count, want, states)) {
        return NO_TENSOR;
    }
    struct keras_sequence s = {.x = in[0],
                               .mask = keras_mask(l, in[0]),
                               .backwards = keras_flag(l, "go_backwards", false) != l->flips,
                               .gives_state = keras_flag(l, "return_state", false),
                               .is_stateful = keras_flag(l, "stateful", false),
                               .zeroes = keras_flag(l, "zero_output_for_mask", false)};
    for (int32_t i = 0, at = 0; i < cell_count; i++) {
        struct keras_layer *cell = &cells[i];
        s.first[0] = states[at];
        s.first[1] = states[at + count_states(cell) - 1];
        at += count_states(cell);
        s.keeps = i < cell_count - 1 || keras_flag(l, "return_sequences", false);
        s.x = run_cell(cell, &s);
        if (s.backwards && i < cell_count - 1) { /* the next cell finds the steps turned already */
            s.mask = s.mask != NO_TENSOR ? reversed(l, s.mask) : NO_TENSOR;
            s.backwards = false;
        }
        for (int32_t k = 0; k < cell->more_count; k++) {
            keras_add_output(l, cell->more[k]);
        }
    }
    keras_set_mask(l, s.x, s.keeps ? keras_mask(l, in[0]) : NO_TENSOR);
    return s.x;
}

/*** Two directions ***/

static int32_t join_directions(struct keras_layer *l, int32_t y, int32_t z)
{
    const char *mode = keras_text(l, "merge_mode");
    if (strcmp(mode, "sum") == 0 || strcmp(mode, "ave") == 0) {
        const int32_t sum = KERAS_ADD(l, OP_ADD, NULL, y, z);
        return mode[0] == 'a' && sum != NO_TENSOR ? keras_scaled(l, sum, 0.5) : sum;
    }
    if (strcmp(mode, "mul") == 0) {
        return KERAS_ADD(l, OP_MUL, NULL, y, z);
    }
    if (*mode == '\0') { /* null: both as they are */
        l->more_count = 0;
        keras_add_output(l, z);
        return y;
    }
    return strcmp(mode, "concat") == 0 ? KERAS_ADD(l, OP_CONCATENATION, &(struct attr){.axis = -1}, y, z)
                                       : keras_fail(l, "joins its two layers by \"%.20s\"", mode);
}

/* The layer that runs backwards has its weights after those of the other. */
int32_t keras_bidirectional(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    struct keras_layer ahead, back;
    const bool is_v3 = l->k->file->is_v3, has_back = cJSON_IsObject(keras_get(l->config, "backward_layer"));
    if (in_count != 1 || !keras_check_call(l, (const char *const[]){NULL})) {
        return in_count != 1 ? keras_fail(l, "has a state from elsewhere, which mote lacks") : NO_TENSOR;
    }
    if (!keras_inner_layer(l, "layer", is_v3 ? "forward_layer/" : "", 0, &ahead)) {
        return NO_TENSOR;
    }
    const int32_t weights = keras_flag(&ahead, "use_bias", true) ? 3 : 2;
    if (!keras_inner_layer(l, has_back ? "backward_layer" : "layer", is_v3 ? "backward_layer/" : "", weights, &back)) {
        return NO_TENSOR;
    }
    back.flips = !has_back; /* a backward layer of its own says that it goes backwards */
    const bool keeps = keras_flag(&ahead, "return_sequences", false);
    const int32_t y = keras_convert(&ahead, in, 1);
    int32_t z = y == NO_TENSOR ? y : keras_convert(&back, in, 1);
    z = keeps ? reversed(l, z) : z;
    if (z == NO_TENSOR) {
        return z;
    }
    const int32_t out = join_directions(l, y, z);
    for (int32_t i = 0; i < ahead.more_count + back.more_count; i++) {
        keras_add_output(l, i < ahead.more_count ? ahead.more[i] : back.more[i - ahead.more_count]);
    }
    keras_set_mask(l, out, keeps ? keras_mask(l, in[0]) : NO_TENSOR);
    return out;
}

#endif
