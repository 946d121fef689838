/* SPDX-License-Identifier: MIT
 *
 * RNN, GRU and LSTM of ONNX. With constant weights, the usual activations and nothing to begin with, a direction is one of
 * mote's layers, a row a time step; else it is unrolled, step by step, as the formulas of the standard have it.
 */
#include <string.h>

#include "../ir/unroll.h"
#include "onnx.h"

enum { MAX_GATES = 4 };

/* A layer, one direction of it. */
struct layer {
    int32_t gates, units, steps, batch, inputs;
    int32_t x;              /* [steps, batch, inputs] */
    int32_t w, r;           /* [gates * units, inputs], [gates * units, units] */
    int32_t w_bias, r_bias; /* [gates * units]; NO_TENSOR: none */
    int32_t lengths, h, c,
        p; /* sequence lengths, first states [batch, units], peepholes [3 * units]; NO_TENSOR: none */
    const char *act[3];
    float alpha[3], beta[3], clip;
    bool reversed;
};

/* What it makes: all steps [steps, batch, units], the last states [batch, units]. */
struct made {
    int32_t y, h, c;
};

/*** Reading ***/

/* Direction d of a tensor whose first dim numbers them, without that dim. */
static int32_t direction_of(struct onnx *o, int i, int d)
{
    const int32_t all = onnx_in(o, i);
    const struct tensor t = *onnx_tensor(o, all);
    int64_t dim[IR_MAX_RANK];
    for (int32_t k = 1; k < t.rank; k++) {
        dim[k - 1] = t.dim[k];
    }
    return all == NO_TENSOR || t.rank < 1 ? NO_TENSOR : onnx_reshape(o, onnx_slice(o, all, 0, d, 1), t.rank - 1, dim);
}

/* Activation k of direction d, `absent` if the file names none. */
static void read_activation(struct onnx *o, struct layer *l, int k, int d, int count, const char *absent)
{
    const int names = onnx_text_count(o, "activations"), at = d * count + k;
    int32_t alphas, betas;
    const float *alpha = onnx_floats(o, "activation_alpha", &alphas), *beta = onnx_floats(o, "activation_beta", &betas);
    l->act[k] = at < names ? onnx_text_at(o, "activations", at) : absent;
    const bool is_leaky = strcmp(l->act[k], "LeakyRelu") == 0, is_hard = strcmp(l->act[k], "HardSigmoid") == 0;
    l->alpha[k] = at < alphas ? alpha[at] : is_leaky ? 0.01F : is_hard ? 0.2F : 1;
    l->beta[k] = at < betas ? beta[at] : is_hard ? 0.5F : 0;
}

static bool check_shapes(struct onnx *o, const struct layer *l)
{
    const struct tensor *w = onnx_tensor(o, l->w), *r = onnx_tensor(o, l->r);
    if (w->rank != 2 || r->rank != 2 || l->units < 1 || l->steps < 1 || w->dim[0] != l->gates * l->units ||
        w->dim[1] != l->inputs || r->dim[0] != l->gates * l->units || r->dim[1] != l->units) {
        onnx_fail(o, "weights do not fit %d inputs and %d units", l->inputs, l->units);
    }
    return !onnx_failed(o);
}

/* A state at the first step; of [batch, directions, units] where the batch comes first. */
static int32_t first_state(struct onnx *o, int i, int d)
{
    if (onnx_in(o, i) == NO_TENSOR || onnx_int(o, "layout", 0) == 0) {
        return direction_of(o, i, d);
    }
    const struct tensor t = *onnx_tensor(o, onnx_in(o, i));
    return onnx_reshape(o, onnx_slice(o, onnx_in(o, i), 1, d, 1), 2, (int64_t[]){t.dim[0], ir_dim(&t, 2)});
}

static bool read_layer(struct onnx *o, struct layer *l, int gates, int d, bool reversed)
{
    static const char *const usual[MAX_GATES + 1][3] = {
        [1] = {"Tanh", "", ""}, [3] = {"Sigmoid", "Tanh", ""}, [4] = {"Sigmoid", "Tanh", "Tanh"}};
    const bool is_lstm = gates == 4, batch_first = onnx_int(o, "layout", 0) != 0;
    const int32_t in = onnx_in(o, 0);
    if (onnx_tensor(o, in)->rank != 3 || onnx_int(o, "input_forget", 0) != 0) {
        onnx_fail(o, "input has %d dims, want 3; input and forget gate are two", onnx_tensor(o, in)->rank);
        return false;
    }
    *l = (struct layer){.gates = gates, .reversed = reversed, .clip = onnx_float(o, "clip", 0)};
    l->x = batch_first ? onnx_transpose(o, in, (int32_t[]){1, 0, 2}) : in;
    l->w = direction_of(o, 1, d);
    l->r = direction_of(o, 2, d);
    const struct tensor x = *onnx_tensor(o, l->x);
    l->steps = x.dim[0];
    l->batch = x.dim[1];
    l->inputs = x.dim[2];
    l->units = ir_dim(onnx_tensor(o, l->r), -1);
    if (!check_shapes(o, l)) {
        return false;
    }
    const int32_t bias = direction_of(o, 3, d), values = gates * l->units;
    l->w_bias = bias == NO_TENSOR ? bias : onnx_slice(o, bias, 0, 0, values);
    l->r_bias = bias == NO_TENSOR ? bias : onnx_slice(o, bias, 0, values, values);
    l->lengths = onnx_in(o, 4);
    l->h = first_state(o, 5, d);
    l->c = is_lstm ? first_state(o, 6, d) : NO_TENSOR;
    l->p = is_lstm ? direction_of(o, 7, d) : NO_TENSOR;
    const int count = gates == 1 ? 1 : gates == 3 ? 2 : 3;
    for (int k = 0; k < count; k++) {
        read_activation(o, l, k, d, count, usual[gates][k]);
    }
    return !onnx_failed(o);
}

/*** As a layer of mote's ***/

/* The constant is 0 in every element, or is left out. */
static bool is_zero(const struct onnx *o, int32_t tensor)
{
    const struct tensor *t = onnx_tensor(o, tensor);
    bool zero = tensor == NO_TENSOR || (t->data != NULL && t->type == TYPE_F32);
    for (int64_t i = 0; zero && tensor != NO_TENSOR && i < ir_count(t); i++) {
        zero = ((const float *)t->data)[i] == 0;
    }
    return zero;
}

static bool is_plain(const struct onnx *o, const struct layer *l)
{
    static const char *const usual[MAX_GATES + 1][3] = {
        [1] = {"Tanh", NULL, NULL}, [3] = {"Sigmoid", "Tanh", NULL}, [4] = {"Sigmoid", "Tanh", "Tanh"}};
    bool plain = l->lengths == NO_TENSOR && is_zero(o, l->h) && is_zero(o, l->c) && l->clip == 0 &&
                 (l->p == NO_TENSOR || onnx_is_const(o, l->p)) && onnx_is_const(o, l->w) && onnx_is_const(o, l->r) &&
                 (l->w_bias == NO_TENSOR || onnx_is_const(o, l->w_bias)) && (l->gates != 4 || !onnx_has_out(o, 2));
    for (int k = 0; k < 3 && usual[l->gates][k] != NULL; k++) {
        plain = plain && strcmp(l->act[k], usual[l->gates][k]) == 0;
    }
    return plain;
}

/* Gate g of a tensor [gates * units, ...]. */
static int32_t gate(struct onnx *o, const struct layer *l, int32_t tensor, int g)
{
    return tensor == NO_TENSOR ? tensor : onnx_slice(o, tensor, 0, (int64_t)g * l->units, l->units);
}

/* ONNX has the gates in the order input, output, forget, cell; TensorFlow Lite input, forget, cell, output. */
static int32_t plain_lstm(struct onnx *o, const struct layer *l, int32_t x)
{
    static const int order[] = {0, 2, 3, 1}, peephole_order[] = {0, 2, 1};
    enum { WEIGHTS = 1, STATE_WEIGHTS = 5, PEEPHOLES = 9, BIASES = 12, INPUTS = 16 };
    int32_t in[INPUTS] = {x};
    const int32_t bias = l->w_bias == NO_TENSOR ? NO_TENSOR : onnx_binary(o, OP_ADD, l->w_bias, l->r_bias);
    const int32_t peepholes = is_zero(o, l->p) ? NO_TENSOR : l->p;
    for (int k = 0; k < 3; k++) {
        in[PEEPHOLES + k] = gate(o, l, peepholes, peephole_order[k]);
    }
    for (int g = 0; g < 4; g++) {
        in[WEIGHTS + g] = gate(o, l, l->w, order[g]);
        in[STATE_WEIGHTS + g] = gate(o, l, l->r, order[g]);
        in[BIASES + g] = gate(o, l, bias, order[g]);
    }
    const struct attr attr = {.activation = ACT_TANH, .time_major = true};
    return onnx_emit(o, OP_UNIDIRECTIONAL_SEQUENCE_LSTM, &attr, in, INPUTS);
}

static int32_t plain_layer(struct onnx *o, const struct layer *l, int32_t x)
{
    if (l->gates == 4) {
        return plain_lstm(o, l, x);
    }
    if (l->gates == 3) {
        const struct attr attr = {.time_major = true, .mode = onnx_int(o, "linear_before_reset", 0) != 0};
        return onnx_emit(o, OP_GRU, &attr, (int32_t[]){x, l->w, l->r, l->w_bias, l->r_bias, NO_TENSOR}, 6);
    }
    const struct attr attr = {.activation = ACT_TANH, .time_major = true};
    int32_t bias = l->w_bias == NO_TENSOR ? NO_TENSOR : onnx_binary(o, OP_ADD, l->w_bias, l->r_bias);
    if (bias == NO_TENSOR) {
        bias = onnx_const(o, TYPE_F32, 1, &l->units, ARENA_ARRAY(o->arena, l->units, float));
    }
    return onnx_emit(o, OP_UNIDIRECTIONAL_SEQUENCE_RNN, &attr, (int32_t[]){x, l->w, l->r, bias, NO_TENSOR}, 5);
}

static int32_t reverse_steps(struct onnx *o, int32_t x)
{
    return onnx_emit(o, OP_REVERSE_V2, NULL, (int32_t[]){x, onnx_const_list(o, 1, (int64_t[]){0})}, 2);
}

static struct made make_plain(struct onnx *o, const struct layer *l)
{
    const int32_t x = l->reversed ? reverse_steps(o, l->x) : l->x, y = plain_layer(o, l, x);
    const int32_t last = onnx_slice(o, y, 0, l->steps - 1, 1);
    return (struct made){l->reversed ? reverse_steps(o, y) : y,
                         onnx_reshape(o, last, 2, (int64_t[]){l->batch, l->units}), NO_TENSOR};
}

/*** Step by step ***/

/* Whose steps these are. */
struct maker {
    struct onnx *onnx;
    const struct layer *layer;
};

static int32_t make_node(void *context, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                         int32_t out_count)
{
    const struct maker *m = context;
    enum type *types = ARENA_ARRAY(m->onnx->arena, out_count, enum type);
    int32_t *out = ARENA_ARRAY(m->onnx->arena, out_count, int32_t);
    for (int32_t i = 0; i < out_count; i++) {
        types[i] = TYPE_F32;
    }
    onnx_node(m->onnx, op, attr, in, in_count, types, out, out_count);
    return out[0];
}

static int32_t make_integers(void *context, int32_t count, const int32_t values[])
{
    const struct maker *m = context;
    return onnx_const(m->onnx, TYPE_S32, count > 0, &count, values);
}

static int32_t activate(void *context, enum unroll_activation which, int32_t x)
{
    static const struct {
        const char *name;
        enum op op;
    } plain[] = {{"Sigmoid", OP_LOGISTIC}, {"Tanh", OP_TANH}, {"Relu", OP_RELU}, {"Elu", OP_ELU}};
    const struct maker *m = context;
    const struct layer *l = m->layer;
    struct onnx *o = m->onnx;
    const int k = l->gates == 1 ? 0 : (int)which; /* an RNN has but one */
    const char *name = l->act[k];
    if (l->clip > 0) {
        x = onnx_binary(o, OP_MAXIMUM, x, onnx_real(o, -l->clip));
        x = onnx_binary(o, OP_MINIMUM, x, onnx_real(o, l->clip));
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        if (strcmp(name, plain[i].name) == 0 && (plain[i].op != OP_ELU || l->alpha[k] == 1)) {
            return onnx_unary(o, plain[i].op, x);
        }
    }
    if (strcmp(name, "HardSigmoid") == 0) {
        return onnx_unary(o, OP_RELU_0_TO_1, onnx_affine(o, x, l->alpha[k], l->beta[k]));
    }
    if (strcmp(name, "LeakyRelu") == 0) {
        return onnx_emit(o, OP_LEAKY_RELU, &(struct attr){.alpha = l->alpha[k]}, &x, 1);
    }
    return strcmp(name, "Affine") == 0 ? onnx_affine(o, x, l->alpha[k], l->beta[k])
                                       : onnx_fail(o, "has the activation %.30s, which mote lacks here", name);
}

/* Sequences that have ended keep their state, and put out 0. */
static int32_t while_running(void *context, int32_t t, int32_t now, int32_t ended)
{
    const struct maker *m = context;
    const struct layer *l = m->layer;
    struct onnx *o = m->onnx;
    const int32_t dim[] = {l->batch, l->units};
    const int32_t column = onnx_reshape(o, l->lengths, 2, (int64_t[]){l->batch, 1});
    const int32_t runs = onnx_compare(o, OP_GREATER, column, onnx_number(o, onnx_tensor(o, column)->type, t));
    const float *zeros = ARENA_ARRAY(o->arena, (int64_t)l->batch * l->units, float);
    return onnx_select(o, runs, now, ended != NO_TENSOR ? ended : onnx_const(o, TYPE_F32, 2, dim, zeros));
}

/* Rows of all that has the gates one behind the other. */
static struct unroll_weights part(struct onnx *o, const struct layer *l, int first, int count)
{
    const int32_t all[] = {l->w, l->w_bias, l->r, l->r_bias};
    int32_t some[COUNT_OF(all)];
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        some[i] = all[i] == NO_TENSOR || count == l->gates
                      ? all[i]
                      : onnx_slice(o, all[i], 0, (int64_t)first * l->units, (int64_t)count * l->units);
    }
    return (struct unroll_weights){some[0], some[1], some[2], some[3]};
}

static struct made make_steps(struct onnx *o, const struct layer *l)
{
    if (l->steps > UNROLL_MOST_STEPS) {
        onnx_fail(o,
                  "has %d steps, of which mote unrolls %d; want constant weights, the usual activations, no first "
                  "states",
                  l->steps, UNROLL_MOST_STEPS);
        return (struct made){NO_TENSOR, NO_TENSOR, NO_TENSOR};
    }
    struct maker m = {o, l};
    const struct unroll_maker maker = {&m,        o->g,
                                       make_node, make_integers,
                                       activate,  l->lengths != NO_TENSOR ? while_running : NULL};
    const struct unroll_layer layer = {
        .cell = l->gates == 4   ? UNROLL_LSTM
                : l->gates == 3 ? UNROLL_GRU
                                : UNROLL_RNN,
        .steps = l->steps,
        .batch = l->batch,
        .inputs = l->inputs,
        .units = l->units,
        .reversed = l->reversed,
        .resets_after = onnx_int(o, "linear_before_reset", 0) != 0,
        .x = l->x,
        .gates = part(o, l, 0, l->gates > 1 ? l->gates - 1 : 1), /* an RNN has none, and looks at none */
        .fresh = part(o, l, l->gates - 1, 1),
        .peepholes = l->p,
        .h = l->h,
        .c = l->c,
    };
    const struct unroll_made made = unroll(&maker, &layer);
    const int32_t all = onnx_emit(o, OP_PACK, &(struct attr){.axis = 0}, made.h, l->steps);
    return (struct made){all, made.last_h, made.last_c};
}

/*** Both directions ***/

/* [directions, batch, units], or [batch, directions, units] where the batch comes first. */
static int32_t join_states(struct onnx *o, const int32_t states[], int directions)
{
    const bool batch_first = onnx_int(o, "layout", 0) != 0;
    int32_t all[2];
    for (int d = 0; d < directions; d++) {
        all[d] = onnx_emit(o, OP_EXPAND_DIMS, NULL,
                           (int32_t[]){states[d], onnx_number(o, TYPE_S32, batch_first ? 1 : 0)}, 2);
    }
    return onnx_concat(o, all, directions, batch_first ? 1 : 0);
}

void onnx_convert_rnn(struct onnx *o)
{
    const char *name = onnx_name(o), *how = onnx_text(o, "direction", "forward");
    const int gates = strcmp(name, "LSTM") == 0 ? 4 : strcmp(name, "GRU") == 0 ? 3 : 1;
    const int directions = strcmp(how, "bidirectional") == 0 ? 2 : 1;
    int32_t y[2] = {0}, h[2] = {0}, c[2] = {0};
    for (int d = 0; d < directions; d++) {
        struct layer layer;
        if (!read_layer(o, &layer, gates, d, d == 1 || strcmp(how, "reverse") == 0)) {
            return;
        }
        const struct made made = is_plain(o, &layer) ? make_plain(o, &layer) : make_steps(o, &layer);
        y[d] = onnx_emit(o, OP_EXPAND_DIMS, NULL, (int32_t[]){made.y, onnx_number(o, TYPE_S32, 1)}, 2);
        h[d] = made.h;
        c[d] = made.c;
    }
    int32_t all = onnx_concat(o, y, directions, 1); /* [steps, directions, batch, units] */
    if (onnx_int(o, "layout", 0) != 0) {
        all = onnx_transpose(o, all, (int32_t[]){2, 0, 1, 3});
    }
    onnx_out(o, 0, all);
    if (onnx_has_out(o, 1)) {
        onnx_out(o, 1, join_states(o, h, directions));
    }
    if (onnx_has_out(o, 2)) {
        onnx_out(o, 2, join_states(o, c, directions));
    }
}
