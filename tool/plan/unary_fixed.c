/* SPDX-License-Identifier: MIT
 *
 * Sources, all TensorFlow Lite: ReluQuantized, Relu6Quantized, reference_ops::QuantizeLeakyRelu, AbsEvalQuantized,
 * RsqrtEvalQuantized, reference_integer_ops::Logistic and Tanh, reference_ops::HardSwish, and what prepares them.
 */
#include "unary_fixed.h"

#include <math.h>

#include "../../mote/kernel/fixed_math.h"
#include "../../mote/kernel/piecewise.h"

static int32_t saturate(const struct unary_fixed *u, int64_t x)
{
    return x < u->low ? u->low : x > u->high ? u->high : (int32_t)x;
}

/*** Piecewise linear: the RELU family, LEAKY_RELU, ABS ***/

/* Linear, with the same slope on both sides: in / out scales, divided in float as the reference does. */
static bool prepare_linear(struct lower *l, struct unary_fixed *u)
{
    struct mote_piecewise *p = &u->piecewise;
    const double factor = (double)(ir_scale(lower_in(l, 0)) / ir_scale(lower_out(l, 0)));
    if (!lower_factor(l, factor, 30, &p->multiplier[0], &p->shift[0])) {
        return false;
    }
    p->multiplier[1] = p->multiplier[0];
    p->shift[1] = p->shift[0];
    p->in_sign = p->out_sign = 1;
    p->in_offset = -u->in_zero;
    p->out_offset = u->out_zero;
    p->low = u->low;
    p->high = u->high;
    return true;
}

static void set_factor_one(struct mote_piecewise *p)
{
    for (int i = 0; i < 2; i++) {
        p->multiplier[i] = 1 << 30;
        p->shift[i] = 1;
    }
}

static bool prepare_range(struct lower *l, struct unary_fixed *u, float low, float high)
{
    const float scale = ir_scale(lower_out(l, 0));
    if (!prepare_linear(l, u)) {
        return false;
    }
    u->piecewise.low = saturate(u, u->out_zero + (int64_t)fmaxf(roundf(low / scale), -1e9F));
    u->piecewise.high = saturate(u, u->out_zero + (int64_t)fminf(roundf(high / scale), 1e9F));
    return true;
}

bool unary_prepare_relu(struct lower *l, struct unary_fixed *u) { return prepare_range(l, u, 0, INFINITY); }
bool unary_prepare_relu_n1_to_1(struct lower *l, struct unary_fixed *u) { return prepare_range(l, u, -1, 1); }
bool unary_prepare_relu_0_to_1(struct lower *l, struct unary_fixed *u) { return prepare_range(l, u, 0, 1); }

/* The reference clamps between the input's 0 and 6 and does not rescale. TensorFlow Lite's uint8 does. */
bool unary_prepare_relu6(struct lower *l, struct unary_fixed *u)
{
    const struct tensor *in = lower_in(l, 0);
    if (in->type == TYPE_U8) {
        return prepare_range(l, u, 0, 6);
    }
    if (!prepare_linear(l, u)) {
        return false;
    }
    set_factor_one(&u->piecewise);
    u->piecewise.out_offset = u->in_zero;
    u->piecewise.low = u->in_zero;
    u->piecewise.high = saturate(u, u->in_zero + (int64_t)fminf(roundf(6.0F / ir_scale(in)), 1e9F));
    return true;
}

bool unary_prepare_leaky_relu(struct lower *l, struct unary_fixed *u)
{
    struct mote_piecewise *p = &u->piecewise;
    const float alpha = l->node->attr.alpha;
    const float factor = ir_scale(lower_in(l, 0)) * alpha / ir_scale(lower_out(l, 0));
    if (!prepare_linear(l, u) || !lower_factor(l, (double)fabsf(factor), 30, &p->multiplier[1], &p->shift[1])) {
        return false;
    }
    p->out_sign = alpha < 0 ? -1 : 1;
    return true;
}

bool unary_prepare_abs(struct lower *l, struct unary_fixed *u)
{
    if (!prepare_linear(l, u)) {
        return false;
    }
    if (ir_scale(lower_in(l, 0)) == ir_scale(lower_out(l, 0))) {
        set_factor_one(&u->piecewise);
    }
    u->piecewise.in_sign = -1;
    return true;
}

int32_t unary_piecewise(const void *state, int32_t x)
{
    const struct unary_fixed *u = state;
    return mote_piecewise_value(&u->piecewise, x);
}

/*** LOGISTIC and TANH of int8: Q4 to Q0 ***/

static bool prepare_sigmoid(struct lower *l, struct unary_fixed *u, double out_scale, int32_t out_zero)
{
    const struct tensor *out = lower_out(l, 0);
    if (fabs((double)ir_scale(out) - out_scale) > out_scale * 1e-3 || u->out_zero != out_zero) {
        return ir_fail(l->node, l->diag, "output has scale %g, zero point %d, want %g, %d", (double)ir_scale(out),
                       u->out_zero, out_scale, out_zero);
    }
    const double factor = (double)ir_scale(lower_in(l, 0)) * (1 << 27);
    int exponent;
    frexp(factor, &exponent);
    u->radius = (int32_t)fmin(floor(ldexp(15.0 * (1 << 27), -exponent)), INT32_MAX);
    lower_multiplier(factor, &u->multiplier, &u->shift);
    return true;
}

bool unary_prepare_logistic(struct lower *l, struct unary_fixed *u) { return prepare_sigmoid(l, u, 1.0 / 256, -128); }
bool unary_prepare_tanh(struct lower *l, struct unary_fixed *u) { return prepare_sigmoid(l, u, 1.0 / 128, 0); }

/* True if x is so far out that *y is the end of the range. */
static bool is_beyond(const struct unary_fixed *u, int32_t x, int32_t *y)
{
    *y = x <= -u->radius ? u->low : u->high;
    return x <= -u->radius || x >= u->radius;
}

int32_t unary_logistic(const void *state, int32_t x)
{
    const struct unary_fixed *u = state;
    int32_t y;
    if (is_beyond(u, x - u->in_zero, &y)) {
        return y;
    }
    y = mote_fixed_logistic(mote_requant(x - u->in_zero, u->multiplier, u->shift));
    return saturate(u, mote_div_pow2(y, 23) + u->out_zero);
}

int32_t unary_tanh(const void *state, int32_t x)
{
    const struct unary_fixed *u = state;
    int32_t y;
    if (is_beyond(u, x - u->in_zero, &y)) {
        return y;
    }
    y = mote_fixed_tanh(mote_requant(x - u->in_zero, u->multiplier, u->shift));
    return saturate(u, mote_div_pow2(y, 24));
}

/*** LOGISTIC and TANH of int16 ***/

/* log2(x) rounded; true if x is nearly a power of 2. In float, as the reference computes it. */
static bool is_power_of_2(float x, int32_t *log2)
{
    const float exact = logf(x) * (1.0F / logf(2.0F));
    *log2 = (int32_t)roundf(exact);
    return fabsf(exact - roundf(exact)) < 1e-3F;
}

bool unary_fill_sigmoid_s16(struct lower *l, struct mote_sigmoid *p)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    int32_t log2;
    if (ir_zero_point(in) != 0 || ir_zero_point(out) != 0) {
        return ir_fail(l->node, l->diag, "int16 has zero points %d, %d, want 0", ir_zero_point(in), ir_zero_point(out));
    }
    if (!is_power_of_2(ir_scale(out), &log2) || log2 != -15) {
        return ir_fail(l->node, l->diag, "output has scale %g, want 1/32768", (double)ir_scale(out));
    }
    if (ir_scale(in) >= 32768.0F / (3 * 4096)) {
        return ir_fail(l->node, l->diag, "input has scale %g, want less than 2.67", (double)ir_scale(in));
    }
    if (is_power_of_2(ir_scale(in), &log2) && (log2 == -12 || (log2 == -11 && l->node->op == OP_TANH))) {
        p->multiplier = 3 << (log2 + 12);
        return true;
    }
    double multiplier = (double)ir_scale(in) * 4096.0 * 3.0;
    for (p->shift = 0; multiplier <= 32767.0 / 2 && p->shift <= 30; p->shift++) {
        multiplier *= 2;
    }
    p->multiplier = (int32_t)multiplier;
    return true;
}

/*** HARD_SWISH: 16-bit fixed point ***/

static int32_t to_16_bits(int32_t multiplier)
{
    return multiplier >= INT32_MAX - (1 << 15) ? INT16_MAX : (multiplier + (1 << 15)) >> 16;
}

bool unary_prepare_hard_swish(struct lower *l, struct unary_fixed *u)
{
    const float scale = (1.0F / 128.0F) * ir_scale(lower_in(l, 0));
    const float relu_scale = 3.0F / 32768.0F;
    if (!lower_factor(l, (double)(scale / ir_scale(lower_out(l, 0))), 0, &u->multiplier, &u->shift) ||
        !lower_factor(l, (double)(scale / relu_scale), 30, &u->relu_multiplier, &u->relu_shift)) {
        return false;
    }
    u->multiplier = to_16_bits(u->multiplier);
    u->relu_multiplier = to_16_bits(u->relu_multiplier);
    return true;
}

static int32_t clamp_16_bits(int64_t x) { return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : (int32_t)x; }

/* round(a * b / 2^15), halves up, a and b of 16 bits, not both the least. */
static int32_t mul_q15(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

int32_t unary_hard_swish(const void *state, int32_t x)
{
    const struct unary_fixed *u = state;
    const int32_t fine = (x - u->in_zero) * 128;
    const int32_t scaled = mul_q15(fine, u->multiplier);
    int32_t relu = fine;
    if (u->relu_shift > 0) {
        relu = clamp_16_bits((int64_t)relu * (INT64_C(1) << (u->relu_shift - 1)));
    }
    relu = mul_q15(relu, u->relu_multiplier);
    if (u->relu_shift > 0) {
        relu = clamp_16_bits(relu * 2);
    } else {
        relu = mote_div_pow2(relu, -u->relu_shift);
    }
    relu = (relu + (1 << 15)) >> 1; /* relu6(x + 3) / 6, Q15 */
    const int32_t product = relu * scaled / (1 << 15);
    return saturate(u, mote_div_pow2(product, -u->shift) + u->out_zero);
}

/*** RSQRT ***/

enum { RSQRT_SHIFT = 20 }; /* fractional bits of the root */

bool unary_prepare_rsqrt(struct lower *l, struct unary_fixed *u)
{
    const double factor = 1.0 / (double)(sqrtf(ir_scale(lower_in(l, 0))) * ir_scale(lower_out(l, 0)));
    if (!lower_factor(l, factor, 30, &u->multiplier, &u->shift)) {
        return false;
    }
    u->shift -= RSQRT_SHIFT;
    if (u->shift < -31) { /* all results round to 0 */
        u->multiplier = u->shift = 0;
    }
    return true;
}

/* The greatest value at 0; below 0, where the reference stops, the same. */
int32_t unary_rsqrt(const void *state, int32_t x)
{
    const struct unary_fixed *u = state;
    if (x <= u->in_zero) {
        return u->high;
    }
    int32_t multiplier, shift;
    mote_fixed_rsqrt(x - u->in_zero, &multiplier, &shift);
    const int32_t root = mote_requant(1, multiplier, shift + RSQRT_SHIFT);
    return saturate(u, (int64_t)mote_requant(root, u->multiplier, u->shift) + u->out_zero);
}
