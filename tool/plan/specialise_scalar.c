/* SPDX-License-Identifier: MIT
 *
 * Kernels for Cortex-M without the DSP extension: arm_v7m, arm_v6m.
 */
#include "pack.h"
#include "stages.h"

/* What tells the two cores apart. */
struct scalar {
    int32_t filters; /* a group's */
    enum pack_factor factor;
    bool is_widened; /* single pixels, too, take a word an input */
};

static const struct scalar v7m = {4, PACK_DOUBLED, false}, v6m = {2, PACK_DIGITS, true};

static const struct scalar *core_of(enum kernel to)
{
    return to == KERNEL_conv2d_s8__arm_v7m || to == KERNEL_depthwise_s8__arm_v7m ? &v7m : &v6m;
}

/* Two pixels' windows, a word for each input; or a copy of one window, where it does not lie in the image as it is. */
static size_t conv2d_scratch(const struct scalar *core, const struct mote_conv2d_packed *p)
{
    const bool is_direct = p->filter_h == 1 && p->filter_w == 1 && p->in_c == p->depth;
    return p->out_w > 1 || core->is_widened ? 4 * (size_t)p->depth : is_direct ? 0 : (size_t)p->depth;
}

static bool use_conv2d(struct plan *plan, struct plan_step *s, enum kernel to, const struct mote_mac *mac,
                       const struct pack_weights *w, const struct mote_conv2d_packed *shape)
{
    const struct scalar *core = core_of(to);
    struct mote_conv2d_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = *shape;
    if (!plan_pack_pairs(plan, mac, w, core->filters, core->factor, p)) {
        return false;
    }
    s->kernel = to;
    s->params = p;
    s->scratch_size = conv2d_scratch(core, p);
    return true;
}

bool plan_conv2d_scalar(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_conv2d *c = s->params;
    const int32_t depth = c->filter_h * c->filter_w * c->filter_c;
    if (c->filter == NULL || c->filter_c != c->in_c || c->dilation_w != 1 || c->folded > 0) {
        return false;
    }
    const struct mote_conv2d_packed shape = {PACK_CONV2D_SIZES(c, c->in_c)};
    const struct pack_weights w = {c->filter, c->out_c, 1, depth, depth, 1};
    return use_conv2d(plan, s, to, &c->mac, &w, &shape);
}

/* All output channels see the one input channel: that is a convolution. */
bool plan_expanding_scalar(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    if (d->filter == NULL || d->dilation_w != 1 || d->in_c != 1) {
        return false;
    }
    const struct mote_conv2d_packed shape = {PACK_CONV2D_SIZES(d, 1)};
    const struct pack_weights w = {d->filter, d->out_c, 1, d->filter_h * d->filter_w, 1, d->out_c};
    return use_conv2d(plan, s, to, &d->mac, &w, &shape);
}

/* Cortex-M0 reads the rows where they are: no window may miss more than a column. */
static bool reads_rows(const struct mote_depthwise *d)
{
    const int32_t missing = (d->out_w - 1) * d->stride_w + 3 - d->pad_w - d->in_w;
    return d->pad_w <= 1 && missing <= 1 && (d->out_w > 1 || d->pad_w <= 0 || missing <= 0);
}

/* Filters of 3 by 3. */
bool plan_depthwise_scalar(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_depthwise *d = s->params;
    const struct scalar *core = core_of(to);
    if (d->filter == NULL || d->dilation_w != 1 || d->filter_h != 3 || d->filter_w != 3 || d->multiplier != 1 ||
        d->stride_w > 2 || d->in_c < 4 || (core == &v6m && !reads_rows(d))) {
        return false;
    }
    struct mote_depthwise_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_depthwise_packed){.in_w = d->in_w,
                                        .out_w = d->out_w,
                                        .channels = d->in_c,
                                        .multiplier = 1,
                                        .stride_w = d->stride_w,
                                        .pad_w = d->pad_w};
    const struct pack_weights w = {d->filter, d->out_c, 3, 3, 1, d->out_c};
    if (!plan_pack_columns(plan, &d->mac, &w, core->factor, p)) {
        return false;
    }
    s->kernel = to;
    s->params = p;
    s->scratch_size =
        core == &v6m ? (size_t)(p->in_w * p->channels) : (size_t)(12 * ((p->out_w - 1) * p->stride_w + 3));
    return true;
}
