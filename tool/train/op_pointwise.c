/* SPDX-License-Identifier: MIT
 *
 * Element by element: activations, fused or by themselves, sums and products; and softmax, row by row.
 */
#include <math.h>
#include <string.h>

#include "engine.h"

/* e^x to the last bits of a float, in a way that compilers turn into vectors: 2^n times a polynomial. */
static inline float exponential(float x)
{
    x = x > 88.0F ? 88.0F : x < -87.0F ? -87.0F : x;
    const float to_integer = 12582912.0F; /* 1.5 * 2^23: what is added to it loses its fraction */
    const float n = (x * 1.44269504F + to_integer) - to_integer;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    union {
        int32_t bits;
        float value;
    } power = {.bits = ((int32_t)n + 127) * (1 << 23)};
    return p * power.value;
}

static inline float sigmoid(float x) { return 1.0F / (1.0F + exponential(-x)); }
static inline float tangent(float x) { return 1.0F - 2.0F / (1.0F + exponential(2.0F * x)); }

static inline float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

static inline float hard_slope(float x) { return x <= -3 ? 0.0F : x >= 3 ? 1.0F : (2 * x + 3) / 6.0F; }

/* ACTIVATION(name, value of x, slope in x and y): the last two with `alpha`, an attribute. */
#define ACTIVATIONS(ACTIVATION) \
    ACTIVATION(relu, x > 0 ? x : 0, y > 0 ? 1.0F : 0.0F) \
    ACTIVATION(relu6, clamp(x, 0, 6), y > 0 && y < 6 ? 1.0F : 0.0F) \
    ACTIVATION(relu1, clamp(x, -1, 1), y > -1 && y < 1 ? 1.0F : 0.0F) \
    ACTIVATION(tanh, tangent(x), 1 - y * y) \
    ACTIVATION(logistic, sigmoid(x), y *(1 - y)) \
    ACTIVATION(hard_swish, x *clamp(x + 3, 0, 6) / 6.0F, hard_slope(x)) \
    ACTIVATION(square, x *x, 2 * x) \
    ACTIVATION(leaky_relu, x > 0 ? x : alpha * x, y > 0 ? 1.0F : alpha)

#define VALUES(name, value, slope) \
    ENGINE_SIMD static void name##_values(float alpha, const float *in, size_t count, float *out) \
    { \
        (void)alpha; \
        for (size_t i = 0; i < count; i++) { \
            const float x = in[i]; \
            out[i] = value; \
        } \
    }

#define SLOPES(name, value, slope) \
    ENGINE_SIMD static void name##_slopes(float alpha, const float *in, const float *out, size_t count, \
                                          const float *grad, float *to) \
    { \
        (void)alpha; \
        for (size_t i = 0; i < count; i++) { \
            const float x = in[i], y = out[i]; \
            (void)x, (void)y; \
            to[i] = grad[i] * (slope); \
        } \
    }

ACTIVATIONS(VALUES)
ACTIVATIONS(SLOPES)

struct activation_kind {
    enum op op;
    enum activation fused; /* ACT_NONE: never */
    void (*values)(float alpha, const float *in, size_t count, float *out);
    void (*slopes)(float alpha, const float *in, const float *out, size_t count, const float *grad, float *to);
};

static const struct activation_kind kinds[] = {
    {OP_RELU, ACT_RELU, relu_values, relu_slopes},
    {OP_RELU6, ACT_RELU6, relu6_values, relu6_slopes},
    {OP_RELU_N1_TO_1, ACT_RELU_N1_TO_1, relu1_values, relu1_slopes},
    {OP_TANH, ACT_TANH, tanh_values, tanh_slopes},
    {OP_LOGISTIC, ACT_NONE, logistic_values, logistic_slopes},
    {OP_HARD_SWISH, ACT_NONE, hard_swish_values, hard_swish_slopes},
    {OP_SQUARE, ACT_NONE, square_values, square_slopes},
    {OP_LEAKY_RELU, ACT_NONE, leaky_relu_values, leaky_relu_slopes},
};

static const struct activation_kind *find_fused(enum activation activation)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (activation != ACT_NONE && kinds[i].fused == activation) {
            return &kinds[i];
        }
    }
    return NULL;
}

static const struct activation_kind *find_kind(enum op op)
{
    const struct activation_kind *k = kinds;
    while (k->op != op) { /* only asked for those that are there */
        k++;
    }
    return k;
}

/*** Fused: bias and activation ***/

enum { CHUNK = 8192 }; /* values that stay in the nearest cache */

ENGINE_SIMD static void add_bias(const float *bias, size_t rows, size_t depth, float *values)
{
    for (size_t r = 0; r < rows; r++, values += depth) {
        for (size_t c = 0; c < depth; c++) {
            values[c] += bias[c];
        }
    }
}

void engine_finish_rows(enum activation activation, const float *bias, size_t rows, size_t depth, float *values)
{
    const struct activation_kind *kind = find_fused(activation);
    const size_t step = CHUNK / depth > 0 ? CHUNK / depth : 1;
    for (size_t first = 0; first < rows && (bias != NULL || kind != NULL); first += step) {
        const size_t count = rows - first < step ? rows - first : step;
        if (bias != NULL) {
            add_bias(bias, count, depth, values + first * depth);
        }
        if (kind != NULL) {
            kind->values(0, values + first * depth, count * depth, values + first * depth);
        }
    }
}

void engine_unfinish(enum activation activation, const float *out, size_t count, float *grad)
{
    const struct activation_kind *kind = find_fused(activation);
    if (kind != NULL) {
        kind->slopes(0, out, out, count, grad, grad);
    }
}

ENGINE_SIMD void engine_add_rows(const float *rows, size_t count, size_t depth, float *into)
{
    for (size_t r = 0; r < count; r++, rows += depth) {
        for (size_t c = 0; c < depth; c++) {
            into[c] += rows[c];
        }
    }
}

/*** By themselves ***/

static bool prepare_none(struct engine_layer *l, struct diag *diag)
{
    (void)l, (void)diag;
    return true;
}

static size_t value_count(const struct engine_layer *l, const struct engine_slice *s)
{
    return l->rows * (size_t)l->depth * (size_t)s->count;
}

static void forward_activation(const struct engine_layer *l, struct engine_slice *s)
{
    find_kind(l->node->op)->values(l->node->attr.alpha, engine_in(l, s, 0), value_count(l, s), engine_out(l, s, 0));
}

static void backward_activation(const struct engine_layer *l, struct engine_slice *s)
{
    if (engine_in_grad(l, s, 0) != NULL) {
        find_kind(l->node->op)
            ->slopes(l->node->attr.alpha, engine_in(l, s, 0), engine_out(l, s, 0), value_count(l, s),
                     engine_out_grad(l, s, 0), engine_in_grad(l, s, 0));
    }
}

static void forward_softmax(const struct engine_layer *l, struct engine_slice *s)
{
    const float *in = engine_in(l, s, 0);
    float *out = engine_out(l, s, 0);
    for (size_t r = 0; r < l->rows * (size_t)s->count; r++, in += l->depth, out += l->depth) {
        engine_softmax(in, l->depth, out);
    }
}

static void backward_softmax(const struct engine_layer *l, struct engine_slice *s)
{
    const float *out = engine_out(l, s, 0), *grad = engine_out_grad(l, s, 0);
    float *to = engine_in_grad(l, s, 0);
    for (size_t r = 0; to != NULL && r < l->rows * (size_t)s->count; r++) {
        float sum = 0;
        for (int32_t c = 0; c < l->depth; c++) {
            sum += out[c] * grad[c];
        }
        for (int32_t c = 0; c < l->depth; c++) {
            to[c] = out[c] * (grad[c] - sum);
        }
        out += l->depth, grad += l->depth, to += l->depth;
    }
}

void engine_softmax(const float *in, int32_t count, float *out)
{
    float most = in[0], sum = 0;
    for (int32_t i = 1; i < count; i++) {
        most = in[i] > most ? in[i] : most;
    }
    for (int32_t i = 0; i < count; i++) {
        out[i] = expf(in[i] - most);
        sum += out[i];
    }
    for (int32_t i = 0; i < count; i++) {
        out[i] /= sum;
    }
}

/*** Sums and products of two ***/

/* Input k of a binary operator: `period` values that repeat in an example; a constant is the same for all. */
struct operand {
    const float *values;
    float *grad;
    size_t period, step; /* step: from example to example */
};

static struct operand find_operand(const struct engine_layer *l, const struct engine_slice *s, int k, size_t example)
{
    const struct tensor *t = ir_in(l->graph, l->node, k);
    const size_t period = (size_t)ir_count(t), step = t->data != NULL ? 0 : period;
    float *grad = s->is_training && t->data == NULL ? engine_in_grad(l, s, k) : NULL;
    return (struct operand){engine_in(l, s, k) + example * step, grad != NULL ? grad + example * step : NULL, period,
                            step};
}

/* Whether the smaller operand repeats as a whole: its dims are the last ones of the output. */
static bool prepare_binary(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *out = ir_out(l->graph, l->node, 0);
    for (int k = 0; k < 2; k++) {
        const struct tensor *in = ir_in(l->graph, l->node, k);
        bool is_whole = true;
        for (int32_t d = 1; d <= out->rank; d++) {
            const int32_t mine = ir_dim(in, d <= in->rank ? -d : IR_MAX_RANK), want = ir_dim(out, -d);
            if (mine != want && mine != 1) {
                return ir_fail(l->node, diag, "has inputs that do not fit");
            }
            if (mine == want && want != 1 && !is_whole) {
                return ir_fail(l->node, diag, "repeats an input along inner dims, which cannot be trained through");
            }
            is_whole &= mine == want;
        }
    }
    return true;
}

ENGINE_SIMD static void combine(enum op op, const float *a, const float *b, size_t count, float *out)
{
    if (op == OP_MUL) {
        for (size_t i = 0; i < count; i++) {
            out[i] = a[i] * b[i];
        }
        return;
    }
    const float sign = op == OP_SUB ? -1.0F : 1.0F;
    for (size_t i = 0; i < count; i++) {
        out[i] = a[i] + sign * b[i];
    }
}

/* into += grad * factor; factor NULL: 1, and `sign` of it. */
ENGINE_SIMD static void add_product(const float *grad, const float *factor, float sign, size_t count, float *into)
{
    if (factor != NULL) {
        for (size_t i = 0; i < count; i++) {
            into[i] += grad[i] * factor[i];
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        into[i] += grad[i] * sign;
    }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void forward_binary(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t size = l->rows * (size_t)l->depth;
    for (size_t e = 0; e < (size_t)s->count; e++) {
        const struct operand a = find_operand(l, s, 0, e), b = find_operand(l, s, 1, e);
        float *out = engine_out(l, s, 0) + e * size;
        for (size_t i = 0, step = smaller(a.period, b.period); i < size; i += step) {
            combine(l->node->op, a.values + i % a.period, b.values + i % b.period, step, out + i);
        }
    }
    engine_finish_rows(l->activation, NULL, l->rows * (size_t)s->count, (size_t)l->depth, engine_out(l, s, 0));
}

static void backward_binary(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t size = l->rows * (size_t)l->depth;
    const bool is_product = l->node->op == OP_MUL;
    engine_unfinish(l->activation, engine_out(l, s, 0), size * (size_t)s->count, engine_out_grad(l, s, 0));
    for (size_t e = 0; e < (size_t)s->count; e++) {
        const struct operand in[2] = {find_operand(l, s, 0, e), find_operand(l, s, 1, e)};
        const float *grad = engine_out_grad(l, s, 0) + e * size;
        for (int k = 0; k < 2; k++) {
            const struct operand *own = &in[k], *other = &in[1 - k];
            if (own->grad == NULL) {
                continue;
            }
            memset(own->grad, 0, own->period * sizeof(float));
            for (size_t i = 0, step = smaller(own->period, other->period); i < size; i += step) {
                add_product(grad + i, is_product ? other->values + i % other->period : NULL,
                            l->node->op == OP_SUB && k == 1 ? -1.0F : 1.0F, step, own->grad + i % own->period);
            }
        }
    }
}

const struct engine_op engine_pointwise[] = {
    {OP_RELU, prepare_none, forward_activation, backward_activation},
    {OP_RELU6, prepare_none, forward_activation, backward_activation},
    {OP_RELU_N1_TO_1, prepare_none, forward_activation, backward_activation},
    {OP_TANH, prepare_none, forward_activation, backward_activation},
    {OP_LOGISTIC, prepare_none, forward_activation, backward_activation},
    {OP_HARD_SWISH, prepare_none, forward_activation, backward_activation},
    {OP_SQUARE, prepare_none, forward_activation, backward_activation},
    {OP_LEAKY_RELU, prepare_none, forward_activation, backward_activation},
    {OP_SOFTMAX, prepare_none, forward_softmax, backward_softmax},
    {OP_ADD, prepare_binary, forward_binary, backward_binary},
    {OP_SUB, prepare_binary, forward_binary, backward_binary},
    {OP_MUL, prepare_binary, forward_binary, backward_binary},
    {0},
};
