/* SPDX-License-Identifier: MIT
 *
 * Element-wise operators of two inputs. 8 and 16 bits are quantised values for the operators that calculate, plain
 * numbers for the others; so are all other types.
 */
#include "../../mote/kernel/binary.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "lower_broadcast.h"

static const int both[] = {0, 1}, exchanged[] = {1, 0};

static bool has_activation(enum op op) { return op == OP_ADD || op == OP_SUB || op == OP_MUL || op == OP_DIV; }

/*** Quantised values ***/

static bool fill_finish(struct lower *l, double factor, int32_t most, int32_t *multiplier, int32_t *shift,
                        int32_t *out_offset, int32_t *low, int32_t *high)
{
    const struct tensor *out = lower_out(l, 0);
    *out_offset = ir_zero_point(out);
    lower_activation_range(l->node->attr.activation, out, low, high);
    return lower_factor(l, factor, most, multiplier, shift);
}

static void fill_operand(const struct tensor *t, double factor, struct mote_operand *o)
{
    int32_t shift;
    lower_multiplier(factor, &o->multiplier, &shift);
    o->offset = -ir_zero_point(t);
    o->right = -shift;
}

/* The factor from the common scale to that of the output. TensorFlow Lite Micro has SUB, and only that, in float. */
static double fill_operands(struct lower *l, struct mote_common_scale *p)
{
    const struct tensor *x = lower_in(l, 0), *y = lower_in(l, 1), *out = lower_out(l, 0);
    const float sx = ir_scale(x), sy = ir_scale(y), so = ir_scale(out);
    const float most = sx > sy ? sx : sy;
    if (l->node->op == OP_SUB && x->type != TYPE_U8) {
        const float common = 2 * most;
        fill_operand(x, (double)(sx / common), &p->x);
        fill_operand(y, (double)(sy / common), &p->y);
        return (double)(common / ((float)(1 << p->left) * so));
    }
    const double common = 2 * (double)most;
    fill_operand(x, (double)sx / common, &p->x);
    fill_operand(y, (double)sy / common, &p->y);
    return common / (double)((float)(1 << p->left) * so);
}

static bool fill_sum(struct lower *l, void *params)
{
    struct mote_common_scale *p = params;
    p->left = lower_in(l, 0)->type == TYPE_S16 ? 15 : 20;
    p->sign = l->node->op == OP_SUB ? -1 : 1;
    const double factor = fill_operands(l, p);
    lower_broadcast(l, &p->shape, both, 2);
    return fill_finish(l, factor, 0, &p->multiplier, &p->shift, &p->out_offset, &p->low, &p->high);
}

static bool fill_squared_difference(struct lower *l, void *params)
{
    struct mote_common_scale *p = params;
    p->left = lower_in(l, 0)->type == TYPE_S16 ? 0 : 7;
    fill_operands(l, p);
    const double common = 2 * (double)fmaxf(ir_scale(lower_in(l, 0)), ir_scale(lower_in(l, 1)));
    const double factor = common * common / (double)((float)(1 << 2 * p->left) * ir_scale(lower_out(l, 0)));
    lower_broadcast(l, &p->shape, both, 2);
    return fill_finish(l, factor, 30, &p->multiplier, &p->shift, &p->out_offset, &p->low, &p->high);
}

/* MUL, DIV, PRELU. */
static bool fill_product(struct lower *l, void *params)
{
    struct mote_product *p = params;
    const struct tensor *x = lower_in(l, 0), *y = lower_in(l, 1);
    const float sx = ir_scale(x), sy = ir_scale(y), so = ir_scale(lower_out(l, 0));
    const double factor = l->node->op == OP_DIV ? (double)(sx / (sy * so)) : (double)sx * (double)sy / (double)so;
    p->x_offset = -ir_zero_point(x);
    p->y_offset = -ir_zero_point(y);
    lower_broadcast(l, &p->shape, both, 2);
    return (l->node->op != OP_PRELU ||
            lower_factor(l, (double)sx / (double)so, 30, &p->positive_multiplier, &p->positive_shift)) &&
           fill_finish(l, factor, l->node->op == OP_DIV ? 22 : 30, &p->multiplier, &p->shift, &p->out_offset, &p->low,
                       &p->high);
}

static const struct quantised_rule {
    enum op op;
    enum type x, y; /* the output has the type of x */
    enum kernel kernel;
    bool (*fill)(struct lower *l, void *params);
    bool symmetric; /* zero points must be 0, or 32 bits overflow */
} quantised_rules[] = {
    {OP_ADD, TYPE_S8, TYPE_S8, KERNEL_add_s8, fill_sum},
    {OP_ADD, TYPE_U8, TYPE_U8, KERNEL_add_u8, fill_sum},
    {OP_ADD, TYPE_S16, TYPE_S16, KERNEL_add_s16, fill_sum},
    {OP_SUB, TYPE_S8, TYPE_S8, KERNEL_add_s8, fill_sum},
    {OP_SUB, TYPE_U8, TYPE_U8, KERNEL_add_u8, fill_sum},
    {OP_SUB, TYPE_S16, TYPE_S16, KERNEL_add_s16, fill_sum},
    {OP_SQUARED_DIFFERENCE, TYPE_S8, TYPE_S8, KERNEL_squared_difference_s8, fill_squared_difference},
    {OP_SQUARED_DIFFERENCE, TYPE_S16, TYPE_S16, KERNEL_squared_difference_s16, fill_squared_difference, true},
    {OP_MUL, TYPE_S8, TYPE_S8, KERNEL_mul_s8, fill_product},
    {OP_MUL, TYPE_U8, TYPE_U8, KERNEL_mul_u8, fill_product},
    {OP_MUL, TYPE_S16, TYPE_S16, KERNEL_mul_s16, fill_product, true},
    {OP_DIV, TYPE_S8, TYPE_S8, KERNEL_div_s8, fill_product},
    {OP_DIV, TYPE_U8, TYPE_U8, KERNEL_div_u8, fill_product},
    {OP_PRELU, TYPE_S8, TYPE_S8, KERNEL_prelu_s8, fill_product},
    {OP_PRELU, TYPE_U8, TYPE_U8, KERNEL_prelu_u8, fill_product},
    {OP_PRELU, TYPE_S16, TYPE_S8, KERNEL_prelu_s16, fill_product},
};

static const struct quantised_rule *find_quantised(const struct lower *l)
{
    for (size_t i = 0; i < COUNT_OF(quantised_rules); i++) {
        const struct quantised_rule *r = &quantised_rules[i];
        if (r->op == l->node->op && r->x == lower_in(l, 0)->type && r->y == lower_in(l, 1)->type &&
            r->x == lower_out(l, 0)->type) {
            return r;
        }
    }
    return NULL;
}

static bool lower_quantised_pair(struct lower *l, const struct quantised_rule *r)
{
    const struct tensor *x = lower_in(l, 0), *y = lower_in(l, 1), *out = lower_out(l, 0);
    if (!lower_quantised(l, x, "input 0") || !lower_quantised(l, y, "input 1") || !lower_quantised(l, out, "output")) {
        return false;
    }
    if (r->symmetric && (ir_zero_point(x) != 0 || ir_zero_point(y) != 0 || ir_zero_point(out) != 0)) {
        return ir_fail(l->node, l->diag, "has zero points %d, %d -> %d, want 0 for int16", ir_zero_point(x),
                       ir_zero_point(y), ir_zero_point(out));
    }
    return r->fill(l, lower_kernel(l, r->kernel));
}

/*** Plain numbers ***/

#define TYPE_BIT(type) (1U << TYPE_##type)

enum {
    WIDE = TYPE_BIT(S32) | TYPE_BIT(S64),
    SIGNED = TYPE_BIT(S8) | TYPE_BIT(S16) | WIDE,
    INTEGER = SIGNED | TYPE_BIT(U8) | TYPE_BIT(U16) | TYPE_BIT(U32),
    F32 = TYPE_BIT(F32),
    BOOL = TYPE_BIT(BOOL),
};

static const struct plain_rule {
    enum op op;
    enum mote_binary_op what;
    unsigned types;
    enum kernel f32; /* the kernel for float */
} plain_rules[] = {
    {OP_ADD, MOTE_ADD, WIDE | F32, KERNEL_binary_f32},
    {OP_SUB, MOTE_SUB, WIDE | F32, KERNEL_binary_f32},
    {OP_MUL, MOTE_MUL, WIDE | F32, KERNEL_binary_f32},
    {OP_DIV, MOTE_DIV, WIDE | F32, KERNEL_binary_f32},
    {OP_MAXIMUM, MOTE_MAXIMUM, INTEGER | F32, KERNEL_binary_f32},
    {OP_MINIMUM, MOTE_MINIMUM, INTEGER | F32, KERNEL_binary_f32},
    {OP_SQUARED_DIFFERENCE, MOTE_SQUARED_DIFFERENCE, WIDE | F32, KERNEL_binary_f32},
    {OP_PRELU, MOTE_PRELU, F32, KERNEL_binary_f32},
    {OP_FLOOR_DIV, MOTE_FLOOR_DIV, SIGNED | F32, KERNEL_floor_div_f32},
    {OP_FLOOR_MOD, MOTE_FLOOR_MOD, SIGNED | F32, KERNEL_floor_mod_f32},
    {OP_POW, MOTE_POW, WIDE | F32, KERNEL_pow_f32},
    {OP_ATAN2, MOTE_ATAN2, F32, KERNEL_atan2_f32},
    {OP_BITWISE_XOR, MOTE_XOR, INTEGER | BOOL},
    {OP_RIGHT_SHIFT, MOTE_RIGHT_SHIFT, INTEGER},
    {OP_LOGICAL_AND, MOTE_LOGICAL_AND, BOOL},
    {OP_LOGICAL_OR, MOTE_LOGICAL_OR, BOOL},
};

static const struct {
    enum type type;
    enum kernel kernel;
} integer_kernels[] = {
    {TYPE_S8, KERNEL_binary_s8},   {TYPE_U8, KERNEL_binary_u8},   {TYPE_BOOL, KERNEL_binary_u8},
    {TYPE_S16, KERNEL_binary_s16}, {TYPE_U16, KERNEL_binary_u16}, {TYPE_S32, KERNEL_binary_s32},
    {TYPE_U32, KERNEL_binary_u32}, {TYPE_S64, KERNEL_binary_s64},
};

static const struct plain_rule *find_plain(enum op op)
{
    for (size_t i = 0; i < COUNT_OF(plain_rules); i++) {
        if (plain_rules[i].op == op) {
            return &plain_rules[i];
        }
    }
    return NULL;
}

/* The range of a fused activation in plain numbers, which the reference does not apply to the int32 sum. */
static void fill_integer_range(const struct lower *l, struct mote_binary *p)
{
    const enum type type = lower_out(l, 0)->type;
    float low, high;
    p->low = type == TYPE_S32 ? INT32_MIN : INT64_MIN;
    p->high = type == TYPE_S32 ? INT32_MAX : INT64_MAX;
    if (l->node->attr.activation != ACT_NONE && !(l->node->op == OP_ADD && type == TYPE_S32)) {
        lower_activation_range_f32(l->node->attr.activation, &low, &high);
        p->low = (int64_t)low;
        p->high = high < FLT_MAX ? (int64_t)high : p->high;
    }
}

static bool lower_plain_f32(struct lower *l, const struct plain_rule *r)
{
    struct mote_binary_f32 *p = lower_kernel(l, r->f32);
    p->op = r->what;
    lower_activation_range_f32(l->node->attr.activation, &p->low, &p->high);
    lower_broadcast(l, &p->shape, both, 2);
    return true;
}

static bool lower_plain(struct lower *l, const struct plain_rule *r)
{
    const enum type type = lower_out(l, 0)->type;
    if (type == TYPE_F32) {
        return lower_plain_f32(l, r);
    }
    size_t k = 0;
    while (integer_kernels[k].type != type) {
        k++;
    }
    struct mote_binary *p = lower_kernel(l, integer_kernels[k].kernel);
    p->op = r->what;
    fill_integer_range(l, p);
    lower_broadcast(l, &p->shape, both, 2);
    return true;
}

/* Fails with the types that there are. */
static bool refuse_types(struct lower *l, const struct plain_rule *plain)
{
    char want[200] = "";
    size_t n = 0;
    unsigned types = plain->types;
    for (size_t i = 0; i < COUNT_OF(quantised_rules); i++) {
        types |= quantised_rules[i].op == plain->op ? 1U << quantised_rules[i].x : 0;
    }
    for (int t = 0; t < TYPE_COUNT; t++) {
        if ((types >> t & 1) != 0) {
            n += (size_t)snprintf(want + n, sizeof want - n, "%s%s", n > 0 ? ", " : "", ir_type_text((enum type)t));
        }
    }
    snprintf(want + n, sizeof want - n, "%s", plain->op == OP_PRELU ? "; int16 with int8 slopes" : ", all alike");
    return lower_no_kernel(l, want);
}

bool lower_binary(struct lower *l)
{
    const struct tensor *x = lower_in(l, 0), *y = lower_in(l, 1), *out = lower_out(l, 0);
    if (has_activation(l->node->op) && l->node->attr.activation > ACT_RELU6) {
        return ir_fail(l->node, l->diag, "has fused activation %d; mote has NONE, RELU, RELU_N1_TO_1, RELU6",
                       (int)l->node->attr.activation);
    }
    const struct quantised_rule *quantised = find_quantised(l);
    if (quantised != NULL) {
        return lower_quantised_pair(l, quantised);
    }
    const struct plain_rule *plain = find_plain(l->node->op);
    const bool alike = x->type == y->type && x->type == out->type;
    return alike && (plain->types >> x->type & 1) != 0 ? lower_plain(l, plain) : refuse_types(l, plain);
}

/*** Comparisons ***/

static const struct {
    enum op op;
    enum mote_binary_op what;
    bool exchange; /* x > y is y < x */
} comparisons[] = {
    {OP_EQUAL, MOTE_EQUAL, false}, {OP_NOT_EQUAL, MOTE_NOT_EQUAL, false},   {OP_LESS, MOTE_LESS, false},
    {OP_GREATER, MOTE_LESS, true}, {OP_LESS_EQUAL, MOTE_LESS_EQUAL, false}, {OP_GREATER_EQUAL, MOTE_LESS_EQUAL, true},
};

static const struct {
    enum type type;
    enum kernel kernel;
    bool is_scaled;
} compare_kernels[] = {
    {TYPE_BOOL, KERNEL_compare_bool, false}, {TYPE_S8, KERNEL_compare_s8, true},
    {TYPE_U8, KERNEL_compare_u8, true},      {TYPE_S16, KERNEL_compare_s16, false},
    {TYPE_S32, KERNEL_compare_s32, false},   {TYPE_S64, KERNEL_compare_s64, false},
    {TYPE_F32, KERNEL_compare_f32, false},
};

static bool fill_comparison(struct lower *l, struct mote_common_scale *p, const int in[])
{
    const struct tensor *x = lower_in(l, in[0]), *y = lower_in(l, in[1]);
    if (!lower_quantised(l, x, "input 0") || !lower_quantised(l, y, "input 1")) {
        return false;
    }
    /* The scales are the factors, below 1 as there are no bits to spare; larger ones are halved together. */
    int exponent;
    frexpf(fmaxf(ir_scale(x), ir_scale(y)), &exponent);
    const double down = exponent > 0 ? ldexp(1, -exponent) : 1;
    p->left = 8;
    fill_operand(x, (double)ir_scale(x) * down, &p->x);
    fill_operand(y, (double)ir_scale(y) * down, &p->y);
    lower_broadcast(l, &p->shape, in, 2);
    return true;
}

bool lower_compare(struct lower *l)
{
    const enum type type = lower_in(l, 0)->type;
    size_t c = 0, k = 0;
    while (comparisons[c].op != l->node->op) {
        c++;
    }
    while (k < COUNT_OF(compare_kernels) && compare_kernels[k].type != type) {
        k++;
    }
    if (k == COUNT_OF(compare_kernels) || lower_in(l, 1)->type != type || lower_out(l, 0)->type != TYPE_BOOL) {
        return lower_no_kernel(l, "bool, int8, uint8, int16, int32, int64, float32, both alike, to bool");
    }
    void *params = lower_kernel(l, compare_kernels[k].kernel);
    const int *in = comparisons[c].exchange ? exchanged : both;
    if (compare_kernels[k].is_scaled) {
        struct mote_common_scale *p = params;
        p->op = comparisons[c].what;
        return fill_comparison(l, p, in);
    }
    struct mote_binary *p = params;
    p->op = comparisons[c].what;
    lower_broadcast(l, &p->shape, in, 2);
    return true;
}
