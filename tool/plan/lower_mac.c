/* SPDX-License-Identifier: MIT
 *
 * Lowering the multiply-accumulate operators: the kernel for the types at hand, and how its sums become outputs.
 */
#include "lower_mac.h"

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 1 << 24 }; /* with products below 2^22 the 64-bit sums stay below 2^47 */

static const struct kind {
    enum type in, weight, bias; /* bias: the type that the kernel takes */
    enum kernel kernels[MAC_LOOPS_COUNT];
} kinds[] = {
    {TYPE_S8, TYPE_S8, TYPE_S32, {KERNEL_conv2d_s8, KERNEL_depthwise_s8}},
    {TYPE_F32, TYPE_F32, TYPE_F32, {KERNEL_conv2d_f32, KERNEL_depthwise_f32}},
};

static const struct kind *find_kind(const struct mac *mac)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct kind *k = &kinds[i];
        if (k->in == mac->in->type && k->in == mac->out->type && k->weight == mac->weight->type &&
            (mac->bias == NULL || k->bias == mac->bias->type)) {
            return k;
        }
    }
    return NULL;
}

/* Scales and zero points are there, as many as wanted, and in range. */
static bool check_quant(struct lower *l, const struct tensor *t, const char *what, int32_t channels)
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
    const int bits = ir_type_bits(t->type);
    const int32_t low = t->type == TYPE_U8 ? 0 : bits == 8 ? INT8_MIN : 0;
    const int32_t high = t->type == TYPE_U8 ? UINT8_MAX : bits == 8 ? INT8_MAX : 0;
    for (int32_t i = 0; i < q->count; i++) {
        if (q->zero_point[i] < low || q->zero_point[i] > high) {
            return ir_fail(l->node, l->diag, "%s is %s with zero point %d, want %d to %d", what,
                           ir_type_text(t->type), q->zero_point[i], low, high);
        }
    }
    return true;
}

/* The factor from a channel's sums to outputs. */
static double channel_factor(const struct mac *mac, int32_t c)
{
    const double in = (double)ir_scale(mac->in), out = (double)ir_scale(mac->out);
    const float weight = mac->weight->quant.scale[c];
    return (mac->float_product ? (double)(ir_scale(mac->in) * weight) : in * (double)weight) / out;
}

static bool fill_multipliers(struct lower *l, const struct mac *mac, bool is_64_bit, struct mote_mac *p)
{
    const int32_t count = mac->weight->quant.count, most = is_64_bit ? 7 : 30;
    int32_t *multiplier = lower_alloc(l, (size_t)count, sizeof *multiplier);
    int8_t *shift = lower_alloc(l, (size_t)count, sizeof *shift);
    for (int32_t c = 0; c < count; c++) {
        const double factor = channel_factor(mac, c);
        int32_t exponent = 0;
        if (isfinite(factor)) {
            lower_multiplier(factor, &multiplier[c], &exponent);
        }
        if (!isfinite(factor) || exponent > most) {
            return ir_fail(l->node, l->diag, "channel %d: scales %g * %g / %g, want less than 2^%d", c,
                           (double)ir_scale(mac->in), (double)mac->weight->quant.scale[c],
                           (double)ir_scale(mac->out), most);
        }
        shift[c] = (int8_t)exponent;
    }
    p->multiplier = multiplier;
    p->shift = shift;
    return true;
}

static bool fill_quantised(struct lower *l, const struct mac *mac, bool is_64_bit, struct mote_mac *p)
{
    if (!check_quant(l, mac->in, "input", 1) || !check_quant(l, mac->weight, "filter", mac->out_c) ||
        !check_quant(l, mac->out, "output", 1) || !fill_multipliers(l, mac, is_64_bit, p)) {
        return false;
    }
    p->in_offset = -ir_zero_point(mac->in);
    p->weight_offset = -ir_zero_point(mac->weight);
    p->out_offset = ir_zero_point(mac->out);
    lower_activation_range(l->node->attr.activation, mac->out, &p->low, &p->high);
    return true;
}

static bool fill_bias(struct lower *l, const struct mac *mac, struct mote_mac *p)
{
    if (mac->bias == NULL) {
        return true;
    }
    if (mac->bias->data == NULL) {
        return ir_fail(l->node, l->diag, "bias is known only at run time; mote wants a constant");
    }
    if (ir_count(mac->bias) != mac->out_c) {
        return ir_fail(l->node, l->diag, "bias has %lld values, want %d", (long long)ir_count(mac->bias),
                       mac->out_c);
    }
    p->bias = mac->bias->data;
    return true;
}

void *lower_mac(struct lower *l, const struct mac *mac)
{
    const struct kind *kind = find_kind(mac);
    if (kind == NULL) {
        lower_no_kernel(l, "int8 with int8 weights and int32 bias; float32");
        return NULL;
    }
    const enum activation activation = l->node->attr.activation;
    if (activation < ACT_NONE || activation > ACT_RELU6) {
        ir_fail(l->node, l->diag, "has fused activation %d; mote has NONE, RELU, RELU_N1_TO_1, RELU6", activation);
        return NULL;
    }
    struct mote_mac *p = lower_kernel(l, kind->kernels[mac->loops]);
    p->per_channel = mac->weight->quant.count > 1;
    lower_activation_range_f32(activation, &p->real_low, &p->real_high);
    const bool is_float = mac->in->type == TYPE_F32;
    if (!fill_bias(l, mac, p) || (!is_float && !fill_quantised(l, mac, kind->bias == TYPE_S64, p))) {
        return NULL;
    }
    return p;
}
