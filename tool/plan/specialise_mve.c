/* SPDX-License-Identifier: MIT
 *
 * Kernels for Helium: their parameters, and the streams of weights that packed_mve.h describes.
 */
#include <stdlib.h>

#include "../../mote/kernel/binary.h"
#include "../../mote/kernel/conv.h"
#include "../../mote/kernel/packed_mve.h"
#include "pack.h"
#include "stages.h"

/* A matrix of weights as the lowering left it: weight (o, i) is at[o * out_step + i * in_step]. */
struct weights {
    const int8_t *at;
    int32_t out_c, depth;
    int32_t out_step, in_step;
};

/* The kernels shift to the right only. What is below `low`, the zero point, becomes it however halves are rounded. */
static bool set_finish(const struct mote_mac *mac, int32_t out_c, struct mote_finish_mve *finish)
{
    for (int32_t o = 0; o < out_c; o++) {
        if (mac->shift[o * mac->per_channel] > 0 || mac->multiplier[o * mac->per_channel] < 0) {
            return false;
        }
    }
    *finish = (struct mote_finish_mve){mac->out_offset, mac->low, mac->high, mac->low >= mac->out_offset};
    return true;
}

static int32_t weight(const struct weights *w, int32_t o, int32_t i)
{
    return o < w->out_c && i < w->depth ? w->at[o * w->out_step + i * w->in_step] : 0;
}

/* Biases with the input's zero point in them; like the sums, modulo 2^32. */
static uint32_t whole_bias(const struct mote_mac *mac, const struct weights *w, int32_t o)
{
    uint32_t bias = mac->bias != NULL && o < w->out_c ? (uint32_t)((const int32_t *)mac->bias)[o] : 0;
    for (int32_t i = 0; i < w->depth; i++) {
        bias += (uint32_t)weight(w, o, i) * (uint32_t)mac->in_offset;
    }
    return bias;
}

/* Four words of one kind, for channels o, o + step, ... */
static uint32_t *pack_biases(const struct mote_mac *mac, const struct weights *w, int32_t o, int32_t step, uint32_t *to)
{
    for (int32_t k = 0; k < 4; k++) {
        *to++ = whole_bias(mac, w, o + k * step);
    }
    return to;
}

static uint32_t *pack_factors(const struct mote_mac *mac, const struct weights *w, int32_t o, int32_t step,
                              uint32_t *to)
{
    for (int32_t k = 0; k < 4; k++, to++, o += step) {
        const int32_t channel = o < w->out_c ? o * mac->per_channel : 0;
        to[0] = (uint32_t)mac->multiplier[channel];
        to[4] = (uint32_t)mac->shift[channel];
    }
    return to + 4;
}

/* Inputs i .. i + 15 of filter o. */
static uint32_t *pack_vector(const struct weights *w, int32_t o, int32_t i, uint32_t *to)
{
    for (int32_t k = 0; k < 16; k++) {
        to[k / 4] |= ((uint32_t)weight(w, o, i + k) & 0xFF) << (k % 4 * 8);
    }
    return to + 4;
}

static bool use_conv2d(struct plan *plan, struct plan_step *s, enum kernel to, const struct mote_mac *mac,
                       const struct weights *w, struct mote_conv2d_mve shape)
{
    struct mote_conv2d_mve *p = arena_alloc(plan->arena, sizeof *p);
    *p = shape;
    if (!set_finish(mac, w->out_c, &p->finish)) {
        return false;
    }
    const size_t groups = (size_t)(w->out_c + 3) / 4, blocks = (size_t)(w->depth + 15) / 16;
    uint32_t *at = plan_alloc_table(plan, groups * (4 + blocks * 16 + 8), sizeof *at);
    p->stream = at;
    for (int32_t o = 0; o < w->out_c; o += 4) {
        at = pack_biases(mac, w, o, 1, at);
        for (int32_t i = 0; i < w->depth; i += 16) {
            for (int32_t k = 0; k < 4; k++) {
                at = pack_vector(w, o + k, i, at);
            }
        }
        at = pack_factors(mac, w, o, 1, at);
    }
    p->depth = w->depth;
    p->in_zero = -mac->in_offset;
    s->kernel = to;
    s->params = p;
    s->scratch_size = p->filter_h * p->filter_w == 1 && p->pad_w == 0 ? 0 : (size_t)p->depth;
    return true;
}

bool plan_conv2d_mve(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_conv2d *c = s->params;
    const int32_t depth = c->filter_h * c->filter_w * c->filter_c;
    if (c->filter == NULL || c->filter_c != c->in_c || c->dilation_w != 1 || c->folded > 0) {
        return false;
    }
    return use_conv2d(plan, s, to, &c->mac, &(struct weights){c->filter, c->out_c, depth, depth, 1},
                      (struct mote_conv2d_mve){PACK_CONV2D_SIZES(c, c->in_c)});
}

/* Two products, in int16, and all sums, in 2^30. */
static bool sums_fit(const struct mote_mac *mac, const struct weights *w)
{
    for (int32_t o = 0; o < w->out_c; o++) {
        const int32_t bias = (int32_t)whole_bias(mac, w, o);
        if (bias < -(INT32_C(1) << 29) || bias > INT32_C(1) << 29) {
            return false;
        }
        for (int32_t i = 0; i < w->depth; i += 2) {
            if (abs(weight(w, o, i)) + abs(weight(w, o, i + 1)) > 255) {
                return false;
            }
        }
    }
    return true;
}

bool plan_depthwise_mve(struct plan *plan, struct plan_step *s, enum kernel to)
{
    enum { CHANNELS = 8, TAPS = 9 };
    const struct mote_depthwise *d = s->params;
    const struct weights w = {d->filter, d->out_c, TAPS, 1, d->out_c};
    if (d->filter == NULL || d->dilation_w != 1 || d->filter_h != 3 || d->filter_w != 3 || d->multiplier != 1 ||
        d->in_c < CHANNELS) {
        return false;
    }
    struct mote_depthwise_mve *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_depthwise_mve){.in_w = d->in_w,
                                     .out_w = d->out_w,
                                     .channels = d->in_c,
                                     .stride_w = d->stride_w,
                                     .pad_w = d->pad_w,
                                     .in_zero = -d->mac.in_offset};
    if (!set_finish(&d->mac, d->out_c, &p->finish) || !sums_fit(&d->mac, &w)) {
        return false;
    }
    const size_t blocks = (size_t)(d->in_c + CHANNELS - 1) / CHANNELS;
    uint32_t *at = plan_alloc_table(plan, blocks * (CHANNELS + TAPS * CHANNELS / 4 + 2 * CHANNELS), sizeof *at);
    p->stream = at;
    for (int32_t channel = 0; channel < d->in_c; channel += CHANNELS) {
        const int32_t o = channel + CHANNELS <= d->in_c ? channel : d->in_c - CHANNELS;
        at = pack_biases(&d->mac, &w, o, 2, at);
        at = pack_biases(&d->mac, &w, o + 1, 2, at);
        for (int32_t i = 0; i < TAPS * CHANNELS; i++) {
            at[i / 4] |= ((uint32_t)weight(&w, o + i % CHANNELS, i / CHANNELS) & 0xFF) << (i % 4 * 8);
        }
        at += TAPS * CHANNELS / 4;
        at = pack_factors(&d->mac, &w, o, 2, at);
        at = pack_factors(&d->mac, &w, o + 1, 2, at);
    }
    s->kernel = to;
    s->params = p;
    s->scratch_size = (size_t)(TAPS * p->channels);
    return true;
}

/* All output channels see the one input channel: that is a convolution, with its weights transposed. */
bool plan_expanding_mve(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (d->filter == NULL || d->dilation_w != 1 || d->in_c != 1) {
        return false;
    }
    return use_conv2d(plan, s, to, &d->mac,
                      &(struct weights){d->filter, d->out_c, d->filter_h * d->filter_w, 1, d->out_c},
                      (struct mote_conv2d_mve){PACK_CONV2D_SIZES(d, 1)});
}

bool plan_add_mve(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_common_scale *p = s->params;
    (void)plan;
    if (p->sign != 1 || p->shift > 0 || p->shape.step[0] != 1 || p->shape.step[1] != 1) {
        return false;
    }
    s->kernel = to;
    return true;
}
