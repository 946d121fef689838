/* SPDX-License-Identifier: MIT
 *
 * Kernels for one kind of core, or by tables made of constants, in the place of portable ones. A rule makes the
 * parameters of the special kernel from those of the portable one, where the shapes and the values of the weights allow it.
 */
#include "../../mote/kernel/binary.h"
#include "../../mote/kernel/pool.h"
#include "pack.h"
#include "stages.h"

/*** Arm's DSP extension ***/

enum { POINTER_BYTES = 4 };

static void use(struct plan_step *s, enum kernel kernel, const void *params, size_t scratch_size)
{
    s->kernel = kernel;
    s->params = (void *)params;
    s->scratch_size = scratch_size;
}

/* Two pixels' windows widened and a line of each copied, or one window copied. */
static size_t conv2d_scratch(const struct mote_conv2d_packed *p, bool repeats)
{
    const bool is_direct = p->filter_h == 1 && p->filter_w == 1 && p->in_c % 4 == 0;
    const int32_t line = p->depth / p->filter_h;
    return (size_t)(p->out_w > 1 ? 4 * p->depth + (is_direct ? 0 : 2 * line) : is_direct && !repeats ? 0 : p->depth);
}

/* What is added to weights. The zero point that other kernels ignore does not count. */
static int32_t weight_offset(const struct plan_step *s)
{
    const struct mote_mac *mac = s->params;
    return s->kernel == KERNEL_conv2d_s8_offset || s->kernel == KERNEL_depthwise_s8_offset ? mac->weight_offset : 0;
}

static bool conv2d_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_conv2d *c = s->params;
    const int32_t line = c->filter_w * c->filter_c;
    if (c->filter == NULL || c->filter_c != c->in_c || c->dilation_w != 1 || c->folded > 0) {
        return false;
    }
    struct mote_conv2d_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_conv2d_packed){PACK_CONV2D_SIZES(c, c->in_c)};
    struct pack_weights w = {c->filter, c->out_c, c->filter_h, line, c->filter_h * line, 1, .offset = weight_offset(s)};
    if (!plan_pack_quads(plan, &c->mac, &w, p)) {
        return false;
    }
    use(s, to, p, conv2d_scratch(p, to == KERNEL_conv2d_s8_offset__arm_dsp));
    return true;
}

/* int16 activations: two pixels' lists of lines, and copies of them. */
static bool conv2d_s16_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_conv2d *c = s->params;
    const int32_t line = c->filter_w * c->filter_c;
    const bool has_wide_bias = s->kernel == KERNEL_conv2d_s16;
    if (c->filter == NULL || c->filter_c != c->in_c || c->dilation_w != 1 || c->folded > 0) {
        return false;
    }
    struct mote_conv2d_s16_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_conv2d_s16_packed){PACK_CONV2D_SIZES(c, c->in_c)};
    const struct pack_weights w = {c->filter, c->out_c, c->filter_h, line, c->filter_h * line, 1};
    if (!plan_pack_s16(plan, &c->mac, &w, has_wide_bias, p)) {
        return false;
    }
    use(s, to, p, 2 * (POINTER_BYTES * (size_t)p->filter_h + sizeof(int16_t) * (size_t)p->depth));
    return true;
}

/* One output pixel that sees all inputs. A long row is taken in parts that 24 bits can hold. */
static bool fully_connected(struct plan *plan, struct plan_step *s, enum kernel to)
{
    enum { MOST_PARTS = 64 };
    const struct mote_conv2d *c = s->params;
    const int32_t line = c->filter_w * c->filter_c;
    if (c->filter == NULL || c->filter_c != c->in_c || c->filter_w != c->in_w || c->out_w != 1 || c->pad_w != 0 ||
        (c->folded == 0 && c->filter_h != 1) || (c->folded > 0 && line % 4 != 0)) {
        return false;
    }
    struct mote_fully_connected_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_fully_connected_packed){.inputs = line, .parts = 1, .folded = c->folded};
    const int8_t *filter = (const int8_t *)c->filter + c->fold_first * line;
    struct pack_weights w = {filter, c->out_c, c->folded > 0 ? c->folded : 1, line, c->filter_h * line, 1};
    while (!plan_pack_parts(plan, &c->mac, &w, p)) {
        if (c->folded > 0 || p->parts == MOST_PARTS || w.line % 8 != 0) {
            return false;
        }
        w.lines = p->parts *= 2;
        w.line = p->inputs /= 2;
    }
    const bool has_sums = p->folded == 0 && (p->parts > 1 || p->factors != NULL);
    if (has_sums && sizeof(int32_t) * (size_t)c->out_c > (size_t)line) {
        return false; /* sums would take more memory than the inputs, and more time than they save */
    }
    use(s, to, p, (has_sums ? sizeof(int32_t) * (size_t)c->out_c : 0) + (p->inputs < p->depth ? (size_t)p->depth : 0));
    return true;
}

/* All output channels see the one input channel: that is a convolution, with its weights transposed. */
static bool expanding_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (d->filter == NULL || d->dilation_w != 1 || d->in_c != 1) {
        return false;
    }
    struct mote_conv2d_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_conv2d_packed){PACK_CONV2D_SIZES(d, 1)};
    struct pack_weights w = {d->filter, d->out_c, d->filter_h, d->filter_w, 1, d->out_c, .offset = weight_offset(s)};
    if (!plan_pack_quads(plan, &d->mac, &w, p)) {
        return false;
    }
    use(s, to, p, conv2d_scratch(p, to == KERNEL_conv2d_s8_offset__arm_dsp));
    return true;
}

static bool depthwise_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (d->filter == NULL || d->dilation_w != 1 || d->filter_h != 3 || d->filter_w != 3 || d->stride_w > 2 ||
        d->in_c < 4 || d->out_c > INT16_MAX) {
        return false;
    }
    struct mote_depthwise_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_depthwise_packed){.in_w = d->in_w,
                                        .out_w = d->out_w,
                                        .channels = d->in_c,
                                        .multiplier = d->multiplier,
                                        .stride_w = d->stride_w,
                                        .pad_w = d->pad_w};
    const struct pack_weights w = {d->filter, d->out_c, 3, 3, 1, d->out_c, .offset = weight_offset(s)};
    const enum pack_factor how = to == KERNEL_depthwise_wide_s8__arm_dsp ? PACK_WIDE : PACK_HALVES;
    if (!plan_pack_columns(plan, &d->mac, &w, how, p)) {
        return false;
    }
    use(s, to, p, (size_t)(12 * ((p->out_w - 1) * p->stride_w + 3)));
    return true;
}

/* By a kernel for one output channel each, and by one for more. */
static bool single_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    return ((const struct mote_depthwise *)s->params)->multiplier == 1 && depthwise_dsp(plan, s, to);
}

static bool multiplied_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    return ((const struct mote_depthwise *)s->params)->multiplier > 1 && depthwise_dsp(plan, s, to);
}

/* Rows whose sums all fit into registers. */
static bool narrow_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    return d->stride_w == 1 && (d->out_w == 5 || d->out_w == 6) && single_dsp(plan, s, to);
}

/*** Filters of any size, tap by tap ***/

static bool takes_taps(const struct mote_depthwise *d)
{
    return d->filter != NULL && d->multiplier == 1 && d->in_c >= 4;
}

static int32_t tap_count(const struct mote_depthwise *d) { return d->filter_h * d->filter_w; }

static struct pack_weights tap_weights(const struct mote_depthwise *d)
{
    return (struct pack_weights){d->filter, d->out_c, 1, tap_count(d), 1, d->out_c};
}

/* The list of taps, and a pixel of zero points. */
static size_t tap_scratch(const struct mote_depthwise *d, size_t value_bytes)
{
    return POINTER_BYTES * ((size_t)tap_count(d) + 1) + value_bytes * (size_t)d->in_c;
}

static bool depthwise_taps(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (!takes_taps(d)) {
        return false;
    }
    struct mote_depthwise_taps *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_depthwise_taps){PACK_TAPS_SIZES(d)};
    const struct pack_weights w = tap_weights(d);
    if (!plan_pack_taps(plan, &d->mac, &w, p)) {
        return false;
    }
    use(s, to, p, tap_scratch(d, sizeof(int8_t)));
    return true;
}

static bool depthwise_s16_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (!takes_taps(d)) {
        return false;
    }
    struct mote_depthwise_s16_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_depthwise_s16_packed){PACK_TAPS_SIZES(d)};
    const struct pack_weights w = tap_weights(d);
    if (!plan_pack_taps_s16(plan, &d->mac, &w, p)) {
        return false;
    }
    use(s, to, p, tap_scratch(d, sizeof(int16_t)));
    return true;
}

/* A factor less than one half that is not 0. */
static bool is_small(int32_t multiplier, int32_t right)
{
    return multiplier >= INT32_C(1) << 30 && right >= 1 && right <= 20;
}

static bool is_half(const struct mote_operand *o) { return o->multiplier == INT32_C(1) << 30 && o->right == 0; }

/* Each input has an element for each of the output's. */
static bool is_even(const struct mote_broadcast *shape) { return shape->step[0] == 1 && shape->step[1] == 1; }

static bool add_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_common_scale *p = s->params;
    const struct mote_operand *other = is_half(&p->x) ? &p->y : &p->x;
    (void)plan;
    s->kernel = to;
    return is_even(&p->shape) && (is_half(&p->x) || is_half(&p->y)) &&
           (is_half(other) || is_small(other->multiplier, other->right)) && is_small(p->multiplier, -p->shift);
}

/* Of cores without the extension: they do not subtract, and one input is multiplied. */
static bool add_scalar(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_common_scale *p = s->params;
    return p->sign == 1 && is_half(&p->x) != is_half(&p->y) && add_dsp(plan, s, to);
}

static bool multiply_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_product *p = s->params;
    (void)plan;
    s->kernel = to;
    return is_even(&p->shape) && is_small(p->multiplier, -p->shift);
}

static bool average_pool_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_pool *p = s->params;
    (void)plan;
    s->kernel = to;
    return p->channels >= 4 && (p->folded > 0 ? 1 : p->filter_h) * (int64_t)p->filter_w <= UINT8_MAX;
}

static bool max_pool_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_pool *p = s->params;
    (void)plan;
    s->kernel = to;
    return p->channels >= 4;
}

/* Kernels whose constants are as the portable ones have them. */
static bool as_it_is(struct plan *plan, struct plan_step *s, enum kernel to)
{
    (void)plan;
    s->kernel = to;
    return true;
}

static const struct rule {
    enum kernel from, to;
    unsigned features;
    plan_rule *specialise;
} rules[] = {
    {KERNEL_conv2d_s8, KERNEL_fully_connected_s8__arm_dsp, PLAN_DSP, fully_connected},
    {KERNEL_conv2d_s8, KERNEL_conv2d_s8__arm_dsp, PLAN_DSP, conv2d_dsp},
    {KERNEL_conv2d_s8, KERNEL_conv2d_plain_s8__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_conv2d_s8_offset, KERNEL_conv2d_s8_offset__arm_dsp, PLAN_DSP, conv2d_dsp},
    {KERNEL_conv2d_s8_offset, KERNEL_conv2d_plain_s8_offset__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_conv2d_s16, KERNEL_conv2d_s16__arm_dsp, PLAN_DSP, conv2d_s16_dsp},
    {KERNEL_conv2d_s16, KERNEL_conv2d_plain_s16__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_conv2d_s16_sum32, KERNEL_conv2d_s16_sum32__arm_dsp, PLAN_DSP, conv2d_s16_dsp},
    {KERNEL_transpose_conv_s8, KERNEL_transpose_conv_s8__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_transpose_conv_s16, KERNEL_transpose_conv_s16__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_depthwise_s8, KERNEL_conv2d_s8__arm_dsp, PLAN_DSP, expanding_dsp},
    {KERNEL_depthwise_s8, KERNEL_depthwise_narrow_s8__arm_dsp, PLAN_DSP, narrow_dsp},
    {KERNEL_depthwise_s8, KERNEL_depthwise_s8__arm_dsp, PLAN_DSP, single_dsp},
    {KERNEL_depthwise_s8, KERNEL_depthwise_wide_s8__arm_dsp, PLAN_DSP, multiplied_dsp},
    {KERNEL_depthwise_s8, KERNEL_depthwise_taps_s8__arm_dsp, PLAN_DSP, depthwise_taps},
    {KERNEL_depthwise_s8_offset, KERNEL_conv2d_s8_offset__arm_dsp, PLAN_DSP, expanding_dsp},
    {KERNEL_depthwise_s8_offset, KERNEL_depthwise_wide_s8__arm_dsp, PLAN_DSP, depthwise_dsp},
    {KERNEL_depthwise_s16, KERNEL_depthwise_s16__arm_dsp, PLAN_DSP, depthwise_s16_dsp},
    {KERNEL_add_s8, KERNEL_add_s8__arm_dsp, PLAN_DSP, add_dsp},
    {KERNEL_add_s16, KERNEL_add_s16__arm_dsp, PLAN_DSP, add_dsp},
    {KERNEL_mul_s8, KERNEL_mul_s8__arm_dsp, PLAN_DSP, multiply_dsp},
    {KERNEL_mul_s16, KERNEL_mul_s16__arm_dsp, PLAN_DSP, multiply_dsp},
    {KERNEL_reduce_sum_s8, KERNEL_reduce_sum_s8__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_average_pool_s8, KERNEL_average_pool_s8__arm_dsp, PLAN_DSP, average_pool_dsp},
    {KERNEL_average_pool_u8, KERNEL_average_pool_u8__arm_dsp, PLAN_DSP, average_pool_dsp},
    {KERNEL_max_pool_s8, KERNEL_max_pool_s8__arm_dsp, PLAN_DSP, max_pool_dsp},
    {KERNEL_max_pool_u8, KERNEL_max_pool_u8__arm_dsp, PLAN_DSP, max_pool_dsp},
    {KERNEL_lstm_s8, KERNEL_lstm_s8__arm_dsp, PLAN_DSP, plan_lstm_dsp},
    {KERNEL_lstm_s8, KERNEL_lstm_plain_s8__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_lstm_s16, KERNEL_lstm_s16__arm_dsp, PLAN_DSP, plan_lstm_dsp},
    {KERNEL_svdf_s8s8, KERNEL_svdf_s8s8__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_svdf_s8s16, KERNEL_svdf_s8s16__arm_dsp, PLAN_DSP, as_it_is},
    {KERNEL_conv2d_s8, KERNEL_conv2d_s8__arm_mve, PLAN_MVE, plan_conv2d_mve},
    {KERNEL_depthwise_s8, KERNEL_depthwise_s8__arm_mve, PLAN_MVE, plan_depthwise_mve},
    {KERNEL_depthwise_s8, KERNEL_conv2d_s8__arm_mve, PLAN_MVE, plan_expanding_mve},
    {KERNEL_add_s8, KERNEL_add_s8__arm_mve, PLAN_MVE, plan_add_mve},
    {KERNEL_conv2d_s8, KERNEL_fully_connected_s8__arm_v7m, PLAN_V7M, fully_connected},
    {KERNEL_conv2d_s8, KERNEL_conv2d_s8__arm_v7m, PLAN_V7M, plan_conv2d_scalar},
    {KERNEL_depthwise_s8, KERNEL_conv2d_s8__arm_v7m, PLAN_V7M, plan_expanding_scalar},
    {KERNEL_depthwise_s8, KERNEL_depthwise_s8__arm_v7m, PLAN_V7M, plan_depthwise_scalar},
    {KERNEL_depthwise_s8, KERNEL_depthwise_taps_s8__arm_v7m, PLAN_V7M, depthwise_taps},
    {KERNEL_add_s8, KERNEL_add_s8__arm_v7m, PLAN_V7M, add_scalar},
    {KERNEL_conv2d_s8, KERNEL_fully_connected_s8__arm_v6m, PLAN_V6M, fully_connected},
    {KERNEL_conv2d_s8, KERNEL_conv2d_s8__arm_v6m, PLAN_V6M, plan_conv2d_scalar},
    {KERNEL_depthwise_s8, KERNEL_conv2d_s8__arm_v6m, PLAN_V6M, plan_expanding_scalar},
    {KERNEL_depthwise_s8, KERNEL_depthwise_s8__arm_v6m, PLAN_V6M, plan_depthwise_scalar},
    {KERNEL_depthwise_s8, KERNEL_depthwise_taps_s8__arm_v6m, PLAN_V6M, depthwise_taps},
    {KERNEL_add_s8, KERNEL_add_s8__arm_v6m, PLAN_V6M, add_scalar},
    {KERNEL_softmax_s8, KERNEL_softmax_table_s8, 0, plan_softmax_table},
    {KERNEL_softmax_s8s16, KERNEL_softmax_table_s8s16, 0, plan_softmax_table},
    {KERNEL_softmax_u8, KERNEL_softmax_table_u8, 0, plan_softmax_table},
    {KERNEL_conv2d_s8, KERNEL_conv2d_s8__avr, PLAN_AVR, plan_conv2d_avr},
    {KERNEL_depthwise_s8, KERNEL_depthwise_s8__avr, PLAN_AVR, plan_depthwise_avr},
};

static int32_t find_choices(struct plan *plan, const struct plan_step *s, unsigned features, struct plan_step found[])
{
    int32_t count = 0;
    for (size_t k = 0; k < COUNT_OF(rules) && count < PLAN_CHOICES - 1; k++) {
        const struct rule *r = &rules[k];
        found[count] = *s;
        if (s->kernel == r->from && (r->features & features) == r->features &&
            r->specialise(plan, &found[count], r->to)) {
            count++;
        }
    }
    return count;
}

void plan_specialise(struct plan *plan, unsigned features)
{
    if ((features & PLAN_SMALL) != 0) {
        plan_pack_channels(plan);
    } else {
        plan_choose(plan, find_choices, features);
    }
}
