/* SPDX-License-Identifier: MIT
 *
 * Element-wise operators with one input: one table, one rule. 8-bit tensors go through a table of 256 bytes.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "lower.h"
#include "lut.h"
#include "unary_fixed.h"

/*** The real functions, for quantised tensors ***/

static float negate(float x) { return -x; }
static float rsqrt(float x) { return 1.0F / sqrtf(x); }
static float square(float x) { return x * x; }
static float sign(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F; }
static float logistic(float x) { return 1.0F / (1.0F + expf(-x)); }
static float elu(float x) { return x < 0 ? expf(x) - 1.0F : x; }
static float gelu(float x) { return 0.5F * x * (1.0F + erff(x * 0.707106781F)); }
static float hard_swish(float x) { return x * fminf(fmaxf(x + 3, 0), 6) / 6; }

static float gelu_tanh(float x) { return 0.5F * x * (1.0F + tanhf(0.797884561F * (x + 0.044715F * x * x * x))); }

/*** The table ***/

/* How an operator treats quantised tensors: by the functions of unary_fixed.h if there is a value function (with
 * only_s8: int8 alone), else by its real function. */
static const struct unary {
    enum op op;
    enum kernel f32, s32, s16; /* KERNEL_COUNT: none, for s16 lut_s16 */
    float (*real)(float);
    unary_prepare *prepare;
    unary_value *value;
    bool only_s8;
    float low, high; /* of the output, float */
} unaries[] = {
    {OP_ACOS, KERNEL_acos_f32, KERNEL_COUNT, KERNEL_COUNT, acosf},
    {OP_ACOSH, KERNEL_acosh_f32, KERNEL_COUNT, KERNEL_COUNT, acoshf},
    {OP_ASIN, KERNEL_asin_f32, KERNEL_COUNT, KERNEL_COUNT, asinf},
    {OP_ASINH, KERNEL_asinh_f32, KERNEL_COUNT, KERNEL_COUNT, asinhf},
    {OP_ATAN, KERNEL_atan_f32, KERNEL_COUNT, KERNEL_COUNT, atanf},
    {OP_ATANH, KERNEL_atanh_f32, KERNEL_COUNT, KERNEL_COUNT, atanhf},
    {OP_COSH, KERNEL_cosh_f32, KERNEL_COUNT, KERNEL_COUNT, coshf},
    {OP_ERF, KERNEL_erf_f32, KERNEL_COUNT, KERNEL_COUNT, erff},
    {OP_SINH, KERNEL_sinh_f32, KERNEL_COUNT, KERNEL_COUNT, sinhf},
    {OP_TAN, KERNEL_tan_f32, KERNEL_COUNT, KERNEL_COUNT, tanf},
    {OP_ABS, KERNEL_abs_f32, KERNEL_abs_s32, KERNEL_piecewise_s16, NULL, unary_prepare_abs, unary_piecewise},
    {OP_CEIL, KERNEL_ceil_f32, KERNEL_COUNT, KERNEL_COUNT, ceilf},
    {OP_COS, KERNEL_cos_f32, KERNEL_COUNT, KERNEL_COUNT, cosf},
    {OP_ELU, KERNEL_elu_f32, KERNEL_COUNT, KERNEL_COUNT, elu},
    {OP_EXP, KERNEL_exp_f32, KERNEL_COUNT, KERNEL_COUNT, expf},
    {OP_FLOOR, KERNEL_floor_f32, KERNEL_COUNT, KERNEL_COUNT, floorf},
    {OP_GELU, KERNEL_gelu_f32, KERNEL_COUNT, KERNEL_COUNT, gelu},
    {OP_HARD_SWISH, KERNEL_hard_swish_f32, KERNEL_COUNT, KERNEL_COUNT, hard_swish, unary_prepare_hard_swish,
     unary_hard_swish},
    {OP_LEAKY_RELU, KERNEL_leaky_relu_f32, KERNEL_COUNT, KERNEL_piecewise_s16, NULL, unary_prepare_leaky_relu,
     unary_piecewise},
    {OP_LOG, KERNEL_log_f32, KERNEL_COUNT, KERNEL_COUNT, logf},
    {OP_LOGISTIC, KERNEL_logistic_f32, KERNEL_COUNT, KERNEL_logistic_s16, logistic, unary_prepare_logistic,
     unary_logistic, true},
    {OP_NEG, KERNEL_neg_f32, KERNEL_neg_s32, KERNEL_COUNT, negate},
    {OP_RELU, KERNEL_clamp_f32, KERNEL_COUNT, KERNEL_piecewise_s16, NULL, unary_prepare_relu, unary_piecewise, false, 0,
     INFINITY},
    {OP_RELU6, KERNEL_clamp_f32, KERNEL_COUNT, KERNEL_piecewise_s16, NULL, unary_prepare_relu6, unary_piecewise, false,
     0, 6},
    {OP_RELU_0_TO_1, KERNEL_clamp_f32, KERNEL_COUNT, KERNEL_piecewise_s16, NULL, unary_prepare_relu_0_to_1,
     unary_piecewise, false, 0, 1},
    {OP_RELU_N1_TO_1, KERNEL_clamp_f32, KERNEL_COUNT, KERNEL_piecewise_s16, NULL, unary_prepare_relu_n1_to_1,
     unary_piecewise, false, -1, 1},
    {OP_ROUND, KERNEL_round_f32, KERNEL_COUNT, KERNEL_COUNT, rintf},
    {OP_RSQRT, KERNEL_rsqrt_f32, KERNEL_COUNT, KERNEL_COUNT, rsqrt, unary_prepare_rsqrt, unary_rsqrt},
    {OP_SIGN, KERNEL_sign_f32, KERNEL_sign_s32, KERNEL_COUNT, sign},
    {OP_SIN, KERNEL_sin_f32, KERNEL_COUNT, KERNEL_COUNT, sinf},
    {OP_SQRT, KERNEL_sqrt_f32, KERNEL_COUNT, KERNEL_COUNT, sqrtf},
    {OP_SQUARE, KERNEL_square_f32, KERNEL_COUNT, KERNEL_COUNT, square},
    {OP_TANH, KERNEL_tanh_f32, KERNEL_COUNT, KERNEL_tanh_s16, tanhf, unary_prepare_tanh, unary_tanh, true},
};

static const struct unary *find_unary(enum op op)
{
    const struct unary *u = unaries;
    while (u->op != op) {
        u++;
    }
    return u;
}

/*** The rule ***/

static int32_t line_count(const struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    return lower_lines(in).line_bytes / (ir_type_bits(in->type) / 8);
}

static bool check_quant(struct lower *l)
{
    return lower_quantised(l, lower_in(l, 0), "input") && lower_quantised(l, lower_out(l, 0), "output");
}

static struct lut_quant find_lut_quant(const struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    return (struct lut_quant){ir_scale(in), ir_zero_point(in), ir_scale(out), ir_zero_point(out)};
}

static bool prepare_fixed(struct lower *l, const struct unary *u, struct unary_fixed *fixed)
{
    fixed->in_zero = ir_zero_point(lower_in(l, 0));
    fixed->out_zero = ir_zero_point(lower_out(l, 0));
    lower_type_range(lower_out(l, 0)->type, &fixed->low, &fixed->high);
    return u->prepare(l, fixed);
}

static bool lower_x8(struct lower *l, const struct unary *u, float (*real)(float))
{
    const enum type type = lower_in(l, 0)->type;
    uint8_t *table = lower_alloc(l, 256, 1);
    if (!check_quant(l)) {
        return false;
    }
    if (u->value != NULL && (type == TYPE_S8 || !u->only_s8)) {
        struct unary_fixed fixed = {0};
        if (!prepare_fixed(l, u, &fixed)) {
            return false;
        }
        lut_fill_x8(type, u->value, &fixed, table);
    } else {
        const struct lut_quant q = find_lut_quant(l);
        lut_fill_real_x8(&q, type, real, table);
    }
    struct mote_lut *p = lower_kernel(l, KERNEL_lut_x8);
    p->count = line_count(l);
    p->table = table;
    return true;
}

static bool lower_piecewise_s16(struct lower *l, const struct unary *u)
{
    struct unary_fixed fixed = {0};
    if (!prepare_fixed(l, u, &fixed)) {
        return false;
    }
    struct mote_piecewise *p = lower_kernel(l, KERNEL_piecewise_s16);
    *p = fixed.piecewise;
    p->count = line_count(l);
    return true;
}

static bool lower_s16(struct lower *l, const struct unary *u, float (*real)(float))
{
    if (!check_quant(l)) {
        return false;
    }
    if (u->s16 == KERNEL_piecewise_s16) {
        return lower_piecewise_s16(l, u);
    }
    if (u->s16 != KERNEL_COUNT) {
        struct mote_sigmoid *p = lower_kernel(l, u->s16);
        p->count = line_count(l);
        return unary_fill_sigmoid_s16(l, p);
    }
    int16_t *table = lower_alloc(l, MOTE_LUT_S16_COUNT, sizeof *table);
    const struct lut_quant q = find_lut_quant(l);
    lut_fill_real_s16(&q, real, table);
    struct mote_lut *p = lower_kernel(l, KERNEL_lut_s16);
    p->count = line_count(l);
    p->table = table;
    return true;
}

static bool lower_plain(struct lower *l, const struct unary *u, enum kernel kernel)
{
    struct mote_unary *p = lower_kernel(l, kernel);
    p->count = line_count(l);
    p->low = u->low;
    p->high = u->high;
    p->alpha = l->node->attr.alpha;
    return true;
}

static void add_ports(struct lower *l)
{
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, lower_each_line);
    lower_in_place(l, 0);
}

static bool lower_by_type(struct lower *l, const struct unary *u)
{
    const enum type type = lower_in(l, 0)->type;
    const bool by_tanh = u->op == OP_GELU && l->node->attr.approximate;
    float (*real)(float) = by_tanh ? gelu_tanh : u->real;
    if (type == lower_out(l, 0)->type) {
        if (type == TYPE_F32) {
            return lower_plain(l, u, by_tanh ? KERNEL_gelu_tanh_f32 : u->f32);
        }
        if (type == TYPE_S32 && u->s32 != KERNEL_COUNT) {
            return lower_plain(l, u, u->s32);
        }
        if (type == TYPE_S16 && u->op == OP_ABS && lower_in(l, 0)->quant.count == 0) {
            return lower_plain(l, u, KERNEL_abs_s16);
        }
        if (type == TYPE_S8 || type == TYPE_U8) {
            return lower_x8(l, u, real);
        }
        if (type == TYPE_S16) {
            return lower_s16(l, u, real);
        }
    }
    return lower_no_kernel(l, u->s32 != KERNEL_COUNT ? "int8, uint8, int16, int32, float32"
                                                     : "int8, uint8, int16, float32");
}

bool lower_unary(struct lower *l)
{
    if (!lower_by_type(l, find_unary(l->node->op))) {
        return false;
    }
    add_ports(l);
    return true;
}

/* The range is moved so that 0 is one of the steps, as TensorFlow does. */
bool lower_fake_quant(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    if (lower_in(l, 0)->type != TYPE_F32 || lower_out(l, 0)->type != TYPE_F32) {
        return lower_no_kernel(l, "float32");
    }
    if (!(a->alpha <= 0 && a->beta >= 0 && a->alpha < a->beta && a->beta - a->alpha <= FLT_MAX) || a->num < 2 ||
        a->num > 16) {
        return ir_fail(l->node, l->diag, "has %d bits from %g to %g, want 2 to 16 of a range round 0", a->num,
                       (double)a->alpha, (double)a->beta);
    }
    const float first = a->narrow_range ? 1.0F : 0.0F, last = (float)((1 << a->num) - 1);
    const float step = (a->beta - a->alpha) / (last - first);
    const float zero = roundf(fminf(fmaxf(first - a->alpha / step, first), last));
    struct mote_unary *p = lower_kernel(l, KERNEL_fake_quant_f32);
    p->count = line_count(l);
    p->low = (first - zero) * step;
    p->high = (last - zero) * step;
    p->alpha = step;
    add_ports(l);
    return true;
}

bool lower_bucketize(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    const enum type type = lower_in(l, 0)->type;
    if ((type != TYPE_F32 && type != TYPE_S32 && type != TYPE_S64) || lower_out(l, 0)->type != TYPE_S32) {
        return lower_no_kernel(l, "float32, int32 and int64 to int32");
    }
    float *boundaries = lower_alloc(l, (size_t)a->list_count + 1, sizeof *boundaries);
    for (int32_t i = 0; i < a->list_count; i++) {
        memcpy(&boundaries[i], &a->list[i], sizeof boundaries[i]);
        if (i > 0 && !(boundaries[i - 1] <= boundaries[i])) {
            return ir_fail(l->node, l->diag, "boundary %d is %g after %g, want them to rise", i, (double)boundaries[i],
                           (double)boundaries[i - 1]);
        }
    }
    struct mote_bucketize *p = lower_kernel(l, type == TYPE_F32   ? KERNEL_bucketize_f32
                                               : type == TYPE_S32 ? KERNEL_bucketize_s32
                                                                  : KERNEL_bucketize_s64);
    p->count = line_count(l);
    p->boundary_count = a->list_count;
    p->boundaries = boundaries;
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, lower_each_line);
    return true;
}

static int32_t logical_not(const void *state, int32_t x)
{
    (void)state;
    return x == 0;
}

bool lower_logical_not(struct lower *l)
{
    if (lower_in(l, 0)->type != TYPE_BOOL || lower_out(l, 0)->type != TYPE_BOOL) {
        return lower_no_kernel(l, "bool");
    }
    uint8_t *table = lower_alloc(l, 256, 1);
    lut_fill_x8(TYPE_U8, logical_not, NULL, table);
    struct mote_lut *p = lower_kernel(l, KERNEL_lut_x8);
    p->count = line_count(l);
    p->table = table;
    add_ports(l);
    return true;
}

/* A function of 8 bits that passes have made. */
bool lower_table(struct lower *l)
{
    const struct tensor *table = lower_in(l, 1);
    if (ir_type_bits(lower_in(l, 0)->type) != 8 || ir_type_bits(lower_out(l, 0)->type) != 8) {
        return lower_no_kernel(l, "8 bits to 8 bits");
    }
    if (table->type != TYPE_U8 || table->data == NULL || ir_count(table) != 256) {
        return ir_fail(l->node, l->diag, "wants a constant table of 256 uint8 values");
    }
    struct mote_lut *p = lower_kernel(l, KERNEL_lut_x8);
    p->count = line_count(l);
    p->table = table->data;
    add_ports(l);
    return true;
}

bool lower_zeros_like(struct lower *l)
{
    struct mote_unary *p = lower_kernel(l, KERNEL_zero);
    p->count = lower_lines(lower_out(l, 0)).line_bytes;
    lower_out_lines(l, 0);
    return true;
}
