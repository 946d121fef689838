/* SPDX-License-Identifier: MIT
 *
 * Operators with state: variables, SVDF, LSTM.
 */
#include <math.h>
#include <stdlib.h>

#include "../../mote/kernel/rnn.h"
#include "../../mote/kernel/state.h"

#include "lower.h"

bool lower_variable(struct lower *l)
{
    return lower_in(l, 0)->type == TYPE_RESOURCE || lower_out(l, 0) == NULL ? lower_unresolved(l) : lower_copy(l, 0);
}

bool lower_unresolved(struct lower *l)
{
    return ir_fail(l->node, l->diag, "variables are supported in the main graph and in the subgraph of a CALL_ONCE");
}

bool lower_training(struct lower *l) { return ir_fail(l->node, l->diag, "is for training only: fold it first"); }

/*** Checks ***/

/* A constant of type `type`; where it is quantised, around 0. */
static bool check_weights(struct lower *l, const struct tensor *t, enum type type)
{
    if (t->data == NULL) {
        return ir_fail(l->node, l->diag, "weights \"%.40s\" are not constant; convert the model with frozen weights",
                       t->name);
    }
    if (type == TYPE_F32) {
        return true;
    }
    return lower_quantised(l, t, "weights") &&
           (ir_zero_point(t) == 0 ||
            ir_fail(l->node, l->diag, "weights \"%.40s\" have zero point %d, want 0", t->name, ir_zero_point(t)));
}

/* An optional constant of the type that sums have. */
static bool check_bias(struct lower *l, const struct tensor *t, enum type type)
{
    if (t == NULL) {
        return true;
    }
    if (t->type != type || t->data == NULL) {
        return ir_fail(l->node, l->diag, "bias \"%.40s\" is %s%s, want a constant %s", t->name, ir_type_text(t->type),
                       t->data == NULL ? ", not constant" : "", ir_type_text(type));
    }
    for (int64_t i = 0; type == TYPE_S64 && i < ir_count(t); i++) {
        if (llabs(ir_const_int(t, i)) >> 46 != 0) {
            return ir_fail(l->node, l->diag, "bias \"%.40s\" exceeds 46 bits", t->name);
        }
    }
    return true;
}

static const void *data_of(const struct tensor *t) { return t != NULL ? t->data : NULL; }

/* bias[r] - zero * sum of row r of weights [rows, columns], modulo 2^32, so that kernels need not subtract the zero
 * point from each value. `bias` may be NULL: 0; it is returned as it is where there is nothing to subtract. */
static const int32_t *fold_zero_point(struct lower *l, const int32_t *bias, int32_t zero, const struct tensor *weights,
                                      int32_t rows)
{
    if (zero == 0) {
        return bias;
    }
    const int32_t columns = rows > 0 ? (int32_t)(ir_count(weights) / rows) : 0;
    int32_t *folded = lower_alloc(l, (size_t)rows, sizeof *folded);
    int64_t at = 0;
    for (int32_t r = 0; r < rows; r++) {
        uint32_t sum = 0;
        for (int32_t i = 0; i < columns; i++, at++) {
            sum += (uint32_t)(weights->type == TYPE_S8 ? ((const int8_t *)weights->data)[at]
                                                       : ((const int16_t *)weights->data)[at]);
        }
        folded[r] = (int32_t)((bias != NULL ? (uint32_t)bias[r] : 0) - (uint32_t)zero * sum);
    }
    return folded;
}

/*** SVDF ***/

static bool set_svdf_scales(struct lower *l, struct mote_svdf *p)
{
    const struct tensor *in = lower_in(l, 0), *feature = lower_in(l, 1), *time = lower_in(l, 2);
    const struct tensor *state = lower_in(l, 4), *out = lower_out(l, 0);
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, state, "state") || !lower_quantised(l, out, "output")) {
        return false;
    }
    p->feature_bias = fold_zero_point(l, NULL, ir_zero_point(in), feature, feature->dim[0]);
    p->bias = fold_zero_point(l, p->bias, ir_zero_point(state), time, p->unit_count);
    p->state_zero = ir_zero_point(state);
    p->out_offset = ir_zero_point(out);
    /* The reference multiplies scales as floats. */
    const double to_state = (double)(ir_scale(in) * ir_scale(feature) / ir_scale(state));
    const double to_out = (double)(ir_scale(state) * ir_scale(time) / ir_scale(out));
    return lower_factor(l, to_state, 30, &p->state_multiplier, &p->state_shift) &&
           lower_factor(l, to_out, 30, &p->out_multiplier, &p->out_shift);
}

/* Weights of int8 beside float activations become float weights once and for all. */
static const void *dequantise(struct lower *l, const struct tensor *t)
{
    if (t->type != TYPE_S8) {
        return t->data;
    }
    float *real = lower_alloc(l, (size_t)ir_count(t), sizeof *real);
    for (int64_t i = 0; i < ir_count(t); i++) {
        real[i] = ir_scale(t) * (float)((const int8_t *)t->data)[i];
    }
    return real;
}

bool lower_svdf(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *feature = lower_in(l, 1), *time = lower_in(l, 2);
    const struct tensor *state = lower_in(l, 4), *out = lower_out(l, 0);
    const bool is_int = in->type == TYPE_S8;
    enum kernel kernel = KERNEL_svdf_f32;
    if (is_int && feature->type == TYPE_S8 && state->type == time->type && out->type == TYPE_S8 &&
        (time->type == TYPE_S8 || time->type == TYPE_S16)) {
        kernel = time->type == TYPE_S8 ? KERNEL_svdf_s8s8 : KERNEL_svdf_s8s16;
    } else if (in->type != TYPE_F32 || state->type != TYPE_F32 || out->type != TYPE_F32 ||
               (feature->type != TYPE_F32 && feature->type != TYPE_S8) ||
               (time->type != TYPE_F32 && time->type != TYPE_S8)) {
        return lower_no_kernel(l,
                               "int8 with int8 or int16 time filters and state, float32 with float32 or int8 filters");
    }
    if (!check_weights(l, feature, feature->type) || !check_weights(l, time, time->type) ||
        !check_bias(l, lower_in(l, 3), is_int ? TYPE_S32 : TYPE_F32)) {
        return false;
    }
    const enum activation activation = l->node->attr.activation;
    if (activation != ACT_NONE && activation != ACT_RELU && activation != ACT_RELU6 && activation != ACT_RELU_N1_TO_1) {
        return ir_fail(l->node, l->diag, "has activation %d, want none, RELU, RELU6 or RELU_N1_TO_1", (int)activation);
    }
    struct mote_svdf *p = lower_kernel(l, kernel);
    p->in_count = in->dim[1];
    p->unit_count = out->dim[1];
    p->rank = l->node->attr.rank;
    p->memory = time->dim[1];
    p->feature = is_int ? feature->data : dequantise(l, feature);
    p->time = is_int ? time->data : dequantise(l, time);
    p->bias = data_of(lower_in(l, 3));
    lower_activation_range_f32(activation, &p->low, &p->high); /* in integers, the output's range is the activation */
    if (is_int && !set_svdf_scales(l, p)) {
        return false;
    }
    lower_out_lines(l, 0);
    lower_state(l, 4);
    lower_in_lines(l, 0, lower_each_line);
    return true;
}

/* A state that is an input, or, where that is left out, memory that the kernel sets at each first step: true. */
static bool lower_recurrent(struct lower *l, int i, size_t size)
{
    if (lower_in(l, i) != NULL) {
        lower_state(l, i);
        return false;
    }
    lower_accumulator(l, size > 0 ? size : 1);
    return true;
}

/* How rows are steps. */
static struct mote_sequence find_sequence(const struct lower *l)
{
    const int32_t *dim = lower_in(l, 0)->dim;
    const bool time_major = l->node->attr.time_major;
    return (struct mote_sequence){.batch_count = dim[time_major ? 1 : 0],
                                  .step_count = dim[time_major ? 0 : 1],
                                  .time_major = time_major};
}

/*** LSTM ***/

enum {
    LSTM_IN_WEIGHTS = 1,
    LSTM_STATE_WEIGHTS = 5,
    LSTM_PEEPHOLES = 9,
    LSTM_BIAS = 12,
    LSTM_PROJECTION = 16,
    LSTM_HIDDEN = 18,
    LSTM_CELL = 19,
    LSTM_NORMS = 20
};

static bool set_gate(struct lower *l, struct mote_lstm *p, int g, enum type weight_type, enum type bias_type)
{
    const struct tensor *in_weights = lower_in(l, LSTM_IN_WEIGHTS + g);
    const struct tensor *state_weights = lower_in(l, LSTM_STATE_WEIGHTS + g), *bias = lower_in(l, LSTM_BIAS + g);
    if ((in_weights->type != weight_type && in_weights->type != TYPE_S8) || state_weights->type != in_weights->type) {
        return lower_no_kernel(l, "int8 or int16 with int8 weights, or float32 with float32 or int8 weights");
    }
    if (!check_weights(l, in_weights, in_weights->type) || !check_weights(l, state_weights, state_weights->type) ||
        !check_bias(l, bias, bias_type)) {
        return false;
    }
    p->in_weights[g] = weight_type == TYPE_F32 ? dequantise(l, in_weights) : in_weights->data;
    p->state_weights[g] = weight_type == TYPE_F32 ? dequantise(l, state_weights) : state_weights->data;
    p->in_bias[g] = data_of(bias);
    if (weight_type == TYPE_F32) {
        return true;
    }
    if (bias_type == TYPE_S32) {
        const int32_t in_zero = ir_zero_point(lower_in(l, 0)), state_zero = ir_zero_point(lower_in(l, LSTM_HIDDEN));
        p->in_bias[g] = fold_zero_point(l, p->in_bias[g], in_zero, in_weights, p->unit_count);
        p->state_bias[g] = fold_zero_point(l, NULL, state_zero, state_weights, p->unit_count);
    }
    const int32_t most_shift = bias_type == TYPE_S64 ? 7 : 30;
    const double unit = ldexp(1, -12); /* of a gate before its activation; the reference multiplies scales as floats */
    const double in = (double)(ir_scale(lower_in(l, 0)) * ir_scale(in_weights)) / unit;
    const double state = (double)(ir_scale(lower_in(l, LSTM_HIDDEN)) * ir_scale(state_weights)) / unit;
    return lower_factor(l, in, most_shift, &p->in_multiplier[g], &p->in_shift[g]) &&
           lower_factor(l, state, most_shift, &p->state_multiplier[g], &p->state_shift[g]);
}

static bool set_lstm_scales(struct lower *l, struct mote_lstm *p)
{
    const struct tensor *in = lower_in(l, 0), *hidden = lower_in(l, LSTM_HIDDEN), *cell = lower_in(l, LSTM_CELL);
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, hidden, "hidden state") ||
        !lower_quantised(l, cell, "cell state")) {
        return false;
    }
    if (in->type == TYPE_S16 && (ir_zero_point(in) != 0 || ir_zero_point(hidden) != 0)) {
        return ir_fail(l->node, l->diag, "int16 activations have zero points %d and %d, want 0", ir_zero_point(in),
                       ir_zero_point(hidden));
    }
    const double gate = ldexp(1, -15), cell_scale = (double)ir_scale(cell);
    const int32_t cell_log2 = (int32_t)roundf(logf(ir_scale(cell)) * (1.0F / logf(2.0F)));
    p->cell_shift = cell_log2 + 12;
    if (p->cell_shift < -30 || p->cell_shift > 14) {
        return ir_fail(l->node, l->diag, "cell state has scale %g, want 2^-42 to 2^2", cell_scale);
    }
    const double clip = (double)l->node->attr.cell_clip;
    p->cell_clip = clip > 0 ? (int32_t)fmin(clip / cell_scale, INT16_MAX) : 0;
    p->out_offset = ir_zero_point(hidden);
    return lower_factor(l, gate * cell_scale / cell_scale, 30, &p->forget_multiplier, &p->forget_shift) &&
           lower_factor(l, gate * gate / cell_scale, 30, &p->update_multiplier, &p->update_shift) &&
           lower_factor(l, gate * gate / (double)ir_scale(hidden), 30, &p->out_multiplier, &p->out_shift);
}

/* Whether it has what the plain LSTM has not. */
static bool is_variant(const struct lower *l)
{
    return l->node->attr.activation != ACT_TANH || lower_in(l, LSTM_IN_WEIGHTS) == NULL ||
           lower_in(l, LSTM_PEEPHOLES + 2) != NULL || lower_in(l, LSTM_PROJECTION) != NULL ||
           lower_in(l, LSTM_NORMS + 1) != NULL;
}

/* Input i as floats, NULL if it is left out. */
static bool find_floats(struct lower *l, int i, const float **floats)
{
    const struct tensor *t = lower_in(l, i);
    *floats = NULL;
    if (t == NULL) {
        return true;
    }
    if (t->type != TYPE_F32 && t->type != TYPE_S8) {
        return lower_no_kernel(l, "float32 with float32 or int8 weights");
    }
    if (!check_weights(l, t, t->type)) {
        return false;
    }
    *floats = dequantise(l, t);
    return true;
}

/* In float, weights of int8 taken as such. */
static bool lower_lstm_variant(struct lower *l)
{
    static const int peepholes[MOTE_LSTM_GATES] = {LSTM_PEEPHOLES, LSTM_PEEPHOLES + 1, -1, LSTM_PEEPHOLES + 2};
    const struct attr *a = &l->node->attr;
    const struct tensor *in = lower_in(l, 0), *hidden = lower_in(l, LSTM_HIDDEN), *cell = lower_in(l, LSTM_CELL);
    if (in->type != TYPE_F32 || lower_out(l, 0)->type != TYPE_F32 ||
        (hidden != NULL && (hidden->type != TYPE_F32 || cell->type != TYPE_F32))) {
        return ir_fail(l->node, l->diag,
                       "has peepholes, a projection, coupled gates, layer normalisation or an activation that mote "
                       "computes in float only; export it in float, or with a plain LSTM");
    }
    if (a->activation > ACT_TANH) {
        return ir_fail(l->node, l->diag, "has activation %d for the cell, want none, RELU, RELU_N1_TO_1, RELU6 or TANH",
                       (int)a->activation);
    }
    struct mote_lstm_variant *p = lower_kernel(l, KERNEL_lstm_variant_f32);
    bool ok =
        find_floats(l, LSTM_PROJECTION, &p->projection) && find_floats(l, LSTM_PROJECTION + 1, &p->projection_bias);
    for (int g = 0; g < MOTE_LSTM_GATES && ok; g++) {
        ok = find_floats(l, LSTM_IN_WEIGHTS + g, &p->weights[g]) &&
             find_floats(l, LSTM_STATE_WEIGHTS + g, &p->state_weights[g]) &&
             find_floats(l, LSTM_BIAS + g, &p->bias[g]) && find_floats(l, LSTM_NORMS + g, &p->norm[g]) &&
             (peepholes[g] < 0 || find_floats(l, peepholes[g], &p->peephole[g]));
    }
    if (!ok) {
        return false;
    }
    p->in_count = in->dim[2];
    p->cells = lower_in(l, LSTM_IN_WEIGHTS + 1)->dim[0];
    p->units = lower_out(l, 0)->dim[2];
    p->cell_clip = a->cell_clip;
    p->projection_clip = a->proj_clip;
    p->is_tanh = a->activation == ACT_TANH;
    lower_activation_range_f32(p->is_tanh ? ACT_NONE : a->activation, &p->low, &p->high);
    p->sequence = find_sequence(l);
    const size_t value = (size_t)p->sequence.batch_count * sizeof(float);
    lower_out_lines(l, 0);
    p->sequence.resets = lower_recurrent(l, LSTM_HIDDEN, value * (size_t)p->units) || a->resets;
    lower_recurrent(l, LSTM_CELL, value * (size_t)p->cells);
    lower_in_lines(l, 0, lower_each_line);
    lower_scratch(l, (size_t)MOTE_LSTM_GATES * (size_t)p->cells * sizeof(float));
    return true;
}

bool lower_lstm(struct lower *l)
{
    if (is_variant(l)) {
        return lower_lstm_variant(l);
    }
    const struct tensor *in = lower_in(l, 0), *hidden = lower_in(l, LSTM_HIDDEN), *cell = lower_in(l, LSTM_CELL);
    const struct attr *a = &l->node->attr;
    const bool is_float = in->type == TYPE_F32, has_state = hidden != NULL;
    if ((!is_float && in->type != TYPE_S8 && in->type != TYPE_S16) || (has_state && hidden->type != in->type) ||
        lower_out(l, 0)->type != in->type || (has_state && cell->type != (is_float ? TYPE_F32 : TYPE_S16)) ||
        (!has_state && !is_float)) {
        return lower_no_kernel(l, "int8 or int16 with int16 cell state, or float32 with float32 or int8 weights");
    }
    struct mote_lstm *p = lower_kernel(l, is_float              ? KERNEL_lstm_f32
                                          : in->type == TYPE_S8 ? KERNEL_lstm_s8
                                                                : KERNEL_lstm_s16);
    p->in_count = in->dim[2];
    p->unit_count = lower_out(l, 0)->dim[2];
    p->sequence = find_sequence(l);
    p->cell_clip_f32 = a->cell_clip;
    if (!is_float && !set_lstm_scales(l, p)) {
        return false;
    }
    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        if (!set_gate(l, p, g, is_float ? TYPE_F32 : TYPE_S8,
                      is_float              ? TYPE_F32
                      : in->type == TYPE_S8 ? TYPE_S32
                                            : TYPE_S64)) {
            return false;
        }
    }
    const size_t values = (size_t)p->sequence.batch_count * (size_t)p->unit_count;
    lower_out_lines(l, 0);
    p->sequence.resets = lower_recurrent(l, LSTM_HIDDEN, values * (size_t)(ir_type_bits(in->type) / 8)) || a->resets;
    lower_recurrent(l, LSTM_CELL, values * (is_float ? sizeof(float) : sizeof(int16_t)));
    lower_in_lines(l, 0, lower_each_line);
    lower_scratch(l, (size_t)MOTE_LSTM_GATES * (size_t)p->unit_count * (is_float ? sizeof(float) : sizeof(int16_t)));
    return true;
}

/*** RNN, GRU ***/

/* Weights in inputs 1 and 2, biases in those of `bias`, all float or int8 beside float activations. */
static bool check_float_layer(struct lower *l, int biases)
{
    if (lower_in(l, 0)->type != TYPE_F32 || lower_out(l, 0)->type != TYPE_F32) {
        return lower_no_kernel(l, "float32 with float32 or int8 weights");
    }
    for (int i = 1; i <= 2; i++) {
        const struct tensor *weights = lower_in(l, i);
        if (weights->type != TYPE_F32 && weights->type != TYPE_S8) {
            return lower_no_kernel(l, "float32 with float32 or int8 weights");
        }
        if (!check_weights(l, weights, weights->type)) {
            return false;
        }
    }
    for (int i = 3; i < 3 + biases; i++) {
        if (!check_bias(l, lower_in(l, i), TYPE_F32)) {
            return false;
        }
    }
    const struct tensor *state = lower_in(l, 3 + biases);
    return state == NULL || state->type == TYPE_F32 || lower_no_kernel(l, "a float32 state");
}

static void set_sequence(struct lower *l, struct mote_sequence *s, int state, int32_t units, int32_t gates)
{
    *s = find_sequence(l);
    lower_out_lines(l, 0);
    s->resets = lower_recurrent(l, state, (size_t)s->batch_count * (size_t)units * sizeof(float));
    lower_in_lines(l, 0, lower_each_line);
    lower_scratch(l, (size_t)gates * (size_t)units * sizeof(float));
}

bool lower_rnn(struct lower *l)
{
    const enum activation activation = l->node->attr.activation;
    if (!check_float_layer(l, 1)) {
        return false;
    }
    if (activation > ACT_TANH) {
        return ir_fail(l->node, l->diag, "has activation %d, want none, RELU, RELU_N1_TO_1, RELU6 or TANH",
                       (int)activation);
    }
    struct mote_rnn *p = lower_kernel(l, KERNEL_rnn_f32);
    p->in_count = lower_in(l, 0)->dim[2];
    p->units = lower_out(l, 0)->dim[2];
    p->weights = dequantise(l, lower_in(l, 1));
    p->state_weights = dequantise(l, lower_in(l, 2));
    p->bias = data_of(lower_in(l, 3));
    p->is_tanh = activation == ACT_TANH;
    lower_activation_range_f32(p->is_tanh ? ACT_NONE : activation, &p->low, &p->high);
    set_sequence(l, &p->sequence, 4, p->units, 1);
    return true;
}

bool lower_gru(struct lower *l)
{
    if (!check_float_layer(l, 2)) {
        return false;
    }
    struct mote_gru *p = lower_kernel(l, KERNEL_gru_f32);
    p->in_count = lower_in(l, 0)->dim[2];
    p->units = lower_out(l, 0)->dim[2];
    p->resets_after = l->node->attr.mode;
    p->weights = dequantise(l, lower_in(l, 1));
    p->state_weights = dequantise(l, lower_in(l, 2));
    p->bias = data_of(lower_in(l, 3));
    p->state_bias = data_of(lower_in(l, 4));
    set_sequence(l, &p->sequence, 5, p->units, 3);
    return true;
}
