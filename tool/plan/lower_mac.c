/* SPDX-License-Identifier: MIT
 *
 * Lowering the multiply-accumulate operators: the kernel for the types at hand, and how its sums become outputs.
 */
#include "lower_mac.h"

#include "../../mote/kernel/conv.h"

#include <math.h>
#include <string.h>

#define NONE KERNEL_COUNT

/* In the order of enum mac_loops; OFFSET: the weights have a zero point. */
static const struct kind {
    enum type in, weight, bias; /* bias: the type that the kernels take; int64: 64-bit sums */
    enum kernel kernels[MAC_LOOPS_COUNT];
} kinds[] = {
    {TYPE_S8,
     TYPE_S8,
     TYPE_S32,
     {KERNEL_conv2d_s8, KERNEL_conv2d_s8_offset, KERNEL_depthwise_s8, KERNEL_depthwise_s8_offset,
      KERNEL_transpose_conv_s8, KERNEL_batch_matmul_s8}},
    {TYPE_U8,
     TYPE_U8,
     TYPE_S32,
     {KERNEL_conv2d_u8, KERNEL_conv2d_u8, KERNEL_depthwise_u8, NONE, KERNEL_transpose_conv_u8, NONE}},
    {TYPE_S16,
     TYPE_S8,
     TYPE_S64,
     {KERNEL_conv2d_s16, NONE, KERNEL_depthwise_s16, NONE, KERNEL_transpose_conv_s16, NONE}},
    {TYPE_S16, TYPE_S8, TYPE_S32, {KERNEL_conv2d_s16_sum32, NONE, NONE, NONE, NONE, NONE}},
    {TYPE_S16, TYPE_S16, TYPE_S64, {NONE, NONE, NONE, NONE, NONE, KERNEL_batch_matmul_s16}},
    {TYPE_F32,
     TYPE_F32,
     TYPE_F32,
     {KERNEL_conv2d_f32, NONE, KERNEL_depthwise_f32, NONE, KERNEL_transpose_conv_f32, KERNEL_batch_matmul_f32}},
    {TYPE_F32,
     TYPE_S8,
     TYPE_F32,
     {KERNEL_conv2d_f32s8, NONE, KERNEL_depthwise_f32s8, NONE, KERNEL_transpose_conv_f32s8, NONE}},
};

static const char *const types_wanted[MAC_LOOPS_COUNT] = {
    [MAC_CONV2D] = "all int8 or all uint8 with int32 bias, int16 with int8 weights and int32 or int64 bias, "
                   "float32 with float32 or int8 weights",
    [MAC_CONV2D_OFFSET] = "weights with a zero point for int8 and uint8 only",
    [MAC_DEPTHWISE] = "all int8 or all uint8 with int32 bias, int16 with int8 weights and int64 bias, "
                      "float32 with float32 or int8 weights",
    [MAC_DEPTHWISE_OFFSET] = "weights with a zero point for int8 only",
    [MAC_TRANSPOSE_CONV] = "all int8 or all uint8 with int32 bias, int16 with int8 weights and int64 bias, "
                           "float32 with float32 or int8 weights",
    [MAC_MATMUL] = "all int8, all int16 or all float32",
};

/* The first kind of these types; where only 64-bit sums are, smaller integer biases are widened. */
static const struct kind *find_kind(const struct lower *l, const struct mac *mac)
{
    const bool sums_32_bit = mac->bias != NULL ? mac->bias->type == TYPE_S32 : l->node->attr.type == TYPE_S32;
    const struct kind *found = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct kind *k = &kinds[i];
        const bool bias_fits = mac->bias == NULL || k->bias == mac->bias->type ||
                               (k->bias == TYPE_S64 && (sums_32_bit || mac->bias->type == TYPE_S16));
        if (k->in != mac->in->type || k->in != mac->out->type || k->weight != mac->weight->type || !bias_fits ||
            k->kernels[mac->loops] == NONE) {
            continue;
        }
        if (found == NULL || (sums_32_bit && k->bias == TYPE_S32)) {
            found = k;
        }
    }
    return found;
}

/* There are as many scales as wanted, and all zero points are 0 if the arithmetic has none. */
static bool check_quant(struct lower *l, const struct tensor *t, const char *what, int32_t channels, bool symmetric)
{
    const struct quant *q = &t->quant;
    if (q->count == 0) {
        return ir_fail(l->node, l->diag, "%s is %s without a scale; quantise the model fully", what,
                       ir_type_text(t->type));
    }
    if (q->count != 1 && q->count != channels) {
        return ir_fail(l->node, l->diag, "%s has %d scales, want 1%s", what, q->count,
                       channels > 1 ? " or one for each output channel" : "");
    }
    for (int32_t i = 0; symmetric && i < q->count; i++) {
        if (q->zero_point[i] != 0) {
            return ir_fail(l->node, l->diag, "%s is %s with zero point %d, want 0 here", what, ir_type_text(t->type),
                           q->zero_point[i]);
        }
    }
    return true;
}

/* The factor from a channel's sums to outputs. TensorFlow Lite rounds the product of the scales to float where it
 * has one factor for the whole tensor by design. */
static double channel_factor(const struct lower *l, const struct mac *mac, int32_t c)
{
    const float in = ir_scale(mac->in), weight = mac->weight->quant.scale[c];
    const bool in_float = mac->one_factor || mac->in->type == TYPE_U8 || l->node->attr.from_uint8;
    const double product = in_float ? (double)(in * weight) : (double)in * (double)weight;
    return product / (double)ir_scale(mac->out);
}

static bool fill_multipliers(struct lower *l, const struct mac *mac, bool is_64_bit, struct mote_mac *p)
{
    const int32_t count = mac->weight->quant.count, most = is_64_bit ? 7 : 30;
    int32_t *multiplier = lower_alloc(l, (size_t)count, sizeof *multiplier);
    int8_t *shift = lower_alloc(l, (size_t)count, sizeof *shift);
    for (int32_t c = 0; c < count; c++) {
        const double factor = channel_factor(l, mac, c);
        int32_t exponent = 0;
        if (isfinite(factor)) {
            lower_multiplier(factor, &multiplier[c], &exponent);
        }
        if (!isfinite(factor) || exponent > most) {
            return ir_fail(l->node, l->diag, "channel %d: scales %g * %g / %g, want less than 2^%d", c,
                           (double)ir_scale(mac->in), (double)mac->weight->quant.scale[c], (double)ir_scale(mac->out),
                           most);
        }
        shift[c] = (int8_t)exponent;
    }
    p->multiplier = multiplier;
    p->shift = shift;
    return true;
}

/* 64-bit sums stay below 2^47, as fixed.h wants: half of it for the products, half for the bias. */
static bool check_depth(struct lower *l, const struct mac *mac)
{
    const int product_bits = ir_type_bits(mac->in->type) + ir_type_bits(mac->weight->type) - 2;
    const int64_t most = INT64_C(1) << (46 - product_bits);
    return mac->depth <= most ||
           ir_fail(l->node, l->diag, "sums %lld products, want at most %lld", (long long)mac->depth, (long long)most);
}

static bool fill_quantised(struct lower *l, const struct mac *mac, bool is_64_bit, struct mote_mac *p)
{
    const bool is_16_bit = mac->in->type == TYPE_S16;
    if (!check_quant(l, mac->in, "input", 1, is_16_bit) || !check_quant(l, mac->out, "output", 1, is_16_bit) ||
        !check_quant(l, mac->weight, "filter", mac->out_c, false) || (is_64_bit && !check_depth(l, mac)) ||
        !fill_multipliers(l, mac, is_64_bit, p)) {
        return false;
    }
    p->in_offset = -ir_zero_point(mac->in);
    p->weight_offset = -ir_zero_point(mac->weight);
    p->out_offset = ir_zero_point(mac->out);
    lower_activation_range(l->node->attr.activation, mac->out, &p->low, &p->high);
    return true;
}

/* A bias of 64 bits. */
static const int64_t *widen_bias(struct lower *l, const struct mac *mac)
{
    const int64_t most = INT64_C(1) << 46;
    int64_t *bias = lower_alloc(l, (size_t)mac->out_c, sizeof *bias);
    for (int32_t i = 0; i < mac->out_c; i++) {
        bias[i] = mac->bias->type == TYPE_S16 ? ((const int16_t *)mac->bias->data)[i] : ir_const_int(mac->bias, i);
        if (bias[i] < -most || bias[i] > most) {
            ir_fail(l->node, l->diag, "bias %d is %lld, want less than 2^46", i, (long long)bias[i]);
            return NULL;
        }
    }
    return bias;
}

static bool fill_bias(struct lower *l, const struct mac *mac, enum type type, struct mote_mac *p)
{
    if (mac->bias == NULL) {
        return true;
    }
    if (mac->bias->data == NULL) {
        return ir_fail(l->node, l->diag, "bias is known only at run time; mote wants a constant");
    }
    if (ir_count(mac->bias) != mac->out_c) {
        return ir_fail(l->node, l->diag, "bias has %lld values, want %d", (long long)ir_count(mac->bias), mac->out_c);
    }
    p->bias = type == TYPE_S64 ? widen_bias(l, mac) : mac->bias->data;
    return p->bias != NULL;
}

/* Weights that stand for weight * scale. */
static bool fill_hybrid(struct lower *l, const struct mac *mac, struct mote_mac *p)
{
    if (!check_quant(l, mac->weight, "filter", mac->out_c, true)) {
        return false;
    }
    p->scale = mac->weight->quant.scale;
    return true;
}

void *lower_mac(struct lower *l, const struct mac *mac)
{
    const struct kind *kind = find_kind(l, mac);
    const enum activation activation = l->node->attr.activation;
    if (kind == NULL) {
        lower_no_kernel(l, types_wanted[mac->loops]);
        return NULL;
    }
    if (activation < ACT_NONE || activation > ACT_RELU6) {
        ir_fail(l->node, l->diag, "has fused activation %d; mote has NONE, RELU, RELU_N1_TO_1, RELU6", activation);
        return NULL;
    }
    struct mote_mac *p = lower_kernel(l, kind->kernels[mac->loops]);
    p->per_channel = mac->weight->quant.count > 1;
    lower_activation_range_f32(activation, &p->real_low, &p->real_high);
    const bool filled = kind->in != TYPE_F32       ? fill_quantised(l, mac, kind->bias == TYPE_S64, p)
                        : kind->weight != TYPE_F32 ? fill_hybrid(l, mac, p)
                                                   : true;
    return filled && fill_bias(l, mac, kind->bias, p) ? p : NULL;
}

bool lower_mac_has_offset(const struct lower *l, const struct tensor *filter)
{
    return l->node->attr.from_uint8 && ir_zero_point(filter) != 0;
}

bool lower_mac_folded(struct lower *l, int32_t first, int32_t lines, int32_t line_bytes)
{
    struct mote_conv2d *p = l->step->params;
    const size_t sum_size = l->step->kernel == KERNEL_conv2d_s16 ? sizeof(int64_t) : sizeof(int32_t);
    const size_t sums_size = sum_size * (size_t)(p->out_w * p->out_c);
    if (lines < 2 || sums_size + (size_t)line_bytes >= (size_t)lines * (size_t)line_bytes || p->filter == NULL) {
        return false;
    }
    p->folded = lines;
    p->fold_first = first;
    lower_in_folded(l, 0, (struct lower_lines){1, lines, line_bytes});
    lower_accumulator(l, sums_size);
    return true;
}
