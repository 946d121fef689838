/* SPDX-License-Identifier: MIT
 *
 * Weights and biases as integers. The scale of a channel is the one that leaves the least error in its output: each
 * weight's error counts by the mean square of the input that it meets. What error is left on the mean of the inputs
 * goes into the bias.
 */
#include <math.h>

#include "build.h"

/* One filter on its way. */
struct filter {
    const struct quant_plan *plan;
    const struct tensor *weights;
    const struct quant_stat *input;
    struct quant_channels channels;
    bool is_depthwise;
    int bits;
    float input_scale;
};

/* Which channel of the input the weight at `at` meets. */
static int32_t input_channel(const struct filter *f, int64_t at, int32_t channel)
{
    const int32_t seen = f->input->channel_count;
    if (f->is_depthwise) {
        return seen > 0 ? (int32_t)((int64_t)channel * seen / f->channels.count) : 0;
    }
    return seen > 0 ? (int32_t)(at % f->weights->dim[f->weights->rank - 1] % seen) : 0;
}

static int64_t place(const struct quant_channels *c, int32_t channel, int64_t o, int64_t i)
{
    return (o * c->count + channel) * c->inner + i;
}

static double channel_error(const struct filter *f, int32_t channel, float scale)
{
    const float *w = f->weights->data;
    double sum = 0;
    for (int64_t o = 0; o < f->channels.outer; o++) {
        for (int64_t i = 0; i < f->channels.inner; i++) {
            const int64_t at = place(&f->channels, channel, o, i);
            const double error = (double)w[at] - (double)scale * quant_weight_to_int(w[at], scale, f->bits);
            const double counts = f->input->is_seen ? f->input->square[input_channel(f, at, channel)] + 1e-12 : 1;
            sum += error * error * counts;
        }
    }
    return sum;
}

/* Weights that were trained as integers have been trained for the widest scale, and biases for their rounding. */
static bool is_as_trained(const struct quant_options *o) { return o->plain || o->ranges != NULL; }

/* From the one that covers all weights downwards. */
static float best_scale(const struct filter *f, int32_t channel)
{
    enum { TRIES = 24 };
    const float whole = quant_weight_scale(quant_channel_most(&f->channels, f->weights->data, channel), f->bits);
    const float least_part = f->bits >= 8 ? 0.85F : 0.4F;
    float best = whole;
    double least = channel_error(f, channel, whole);
    for (int i = 1; i <= TRIES && !is_as_trained(f->plan->options); i++) {
        const float scale = whole * (1 - (1 - least_part) * (float)i / TRIES);
        const double error = channel_error(f, channel, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

/* A bias must fit 31 bits in units of input scale * weight scale; where it would not, the weights are next to nothing. */
static float widen_for_bias(const struct filter *f, float scale, float bias)
{
    const float least = fabsf(bias) / f->input_scale / (float)(1 << 30);
    return fmaxf(scale, least);
}

/* What the mean output of a channel lacks. */
static double lost_mean(const struct filter *f, const int8_t *q, int32_t channel, float scale)
{
    const float *w = f->weights->data;
    double lost = 0;
    for (int64_t o = 0; o < f->channels.outer && f->input->is_seen; o++) {
        for (int64_t i = 0; i < f->channels.inner; i++) {
            const int64_t at = place(&f->channels, channel, o, i);
            lost += ((double)w[at] - (double)scale * q[at]) * f->input->mean[input_channel(f, at, channel)];
        }
    }
    return lost;
}

/* Scales that are there to stay. */
static struct quant channel_quant(struct build *b, int32_t count, int32_t axis, const float scale[])
{
    return (struct quant){count, count > 1 ? axis : 0, arena_copy(b->out->arena, scale, (size_t)count * sizeof *scale),
                          ARENA_ARRAY(b->out->arena, count, int32_t)};
}

void build_bias(struct build *b, struct node *n, int k, const double bias[], int32_t count, const double unit[],
                int32_t unit_count)
{
    const bool is_wide = b->type == TYPE_S16;
    const struct tensor *old = ir_in(b->out, n, k);
    int64_t *wide = ARENA_ARRAY(b->out->arena, count, int64_t);
    int32_t *narrow = ARENA_ARRAY(b->out->arena, count, int32_t);
    float *scale = ARENA_ARRAY(b->plan->g->arena, count, float);
    for (int32_t i = 0; i < count; i++) {
        const double u = unit[unit_count > 1 ? i : 0];
        wide[i] = llround(fmin(fmax(bias[i] / u, -0x1p31 + 1), 0x1p31 - 1));
        narrow[i] = (int32_t)wide[i];
        scale[i] = (float)u;
    }
    struct tensor t = {.name = old != NULL ? old->name : arena_printf(b->out->arena, "%s/bias", n->name),
                       .type = is_wide ? TYPE_S64 : TYPE_S32,
                       .rank = 1,
                       .dim = {count},
                       .quant = channel_quant(b, unit_count, 0, scale),
                       .data = is_wide ? (const void *)wide : (const void *)narrow};
    build_set_input(b, n, k, &t);
}

static bool has_bias(const double bias[], int32_t count)
{
    for (int32_t k = 0; k < count; k++) {
        if (bias[k] != 0) {
            return true;
        }
    }
    return false;
}

/* What a node was seen to read, and those that follow it. */
static struct quant_stat input_stat(const struct quant_plan *p, int32_t node)
{
    const int port = quant_ports(p->g->nodes[node].op).input;
    struct quant_stat all = p->stats[p->g->nodes[node].in[port]];
    int32_t count = 1;
    for (int32_t i = node + 1; i < p->g->node_count; i++) {
        if (p->leader[i] != node) {
            continue;
        }
        const struct quant_stat *one = &p->stats[p->g->nodes[i].in[port]];
        if (!one->is_seen || one->channel_count != all.channel_count) {
            continue;
        }
        if (count++ == 1) {
            const size_t size = (size_t)all.channel_count * sizeof *all.mean;
            all.mean = arena_copy(p->g->arena, all.mean, size);
            all.square = arena_copy(p->g->arena, all.square, size);
        }
        for (int32_t c = 0; c < all.channel_count; c++) {
            all.mean[c] += (one->mean[c] - all.mean[c]) / count;
            all.square[c] += (one->square[c] - all.square[c]) / count;
        }
    }
    return all;
}

static void make_weights(struct build *b, struct node *n, int32_t node, struct quant_params input)
{
    const struct quant_ports ports = quant_ports(n->op);
    struct tensor t = *ir_in(b->out, n, ports.weights);
    const struct tensor *old = ir_in(b->out, n, ports.bias);
    const float *values = old != NULL ? old->data : NULL;
    const struct quant_stat seen = input_stat(b->plan, node);
    struct filter f = {.plan = b->plan, .weights = &t, .input = &seen};
    f.channels = quant_channels(&t, ports.axis);
    f.is_depthwise = n->op == OP_DEPTHWISE_CONV_2D;
    f.bits = b->plan->bits[b->plan->leader[node]];
    /* TensorFlow Lite Micro refuses a dense layer of 4 bits with a scale for each channel. */
    const bool has_one_scale = n->op == OP_FULLY_CONNECTED && (b->plan->options->portable || f.bits == 4);
    f.input_scale = input.scale;
    const int32_t count = f.channels.count;
    float *scale = ARENA_ARRAY(b->out->arena, count, float);
    double *bias = ARENA_ARRAY(b->out->arena, count, double), *unit = ARENA_ARRAY(b->out->arena, count, double);
    int8_t *q = ARENA_ARRAY(b->out->arena, ir_count(&t), int8_t);
    float widest = 0;
    for (int32_t k = 0; k < count; k++) {
        scale[k] = widen_for_bias(&f, best_scale(&f, k), values != NULL ? values[k] : 0);
        widest = fmaxf(widest, scale[k]);
    }
    for (int32_t k = 0; k < count; k++) {
        scale[k] = has_one_scale ? widest : scale[k];
        for (int64_t i = 0; i < f.channels.outer * f.channels.inner; i++) {
            const int64_t at = place(&f.channels, k, i / f.channels.inner, i % f.channels.inner);
            q[at] = (int8_t)quant_weight_to_int(((const float *)t.data)[at], scale[k], f.bits);
        }
        unit[k] = (double)f.input_scale * (double)scale[k];
        bias[k] = (values != NULL ? (double)values[k] : 0) +
                  (is_as_trained(b->plan->options) ? 0 : lost_mean(&f, q, k, scale[k]));
    }
    if (has_bias(bias, count) || old != NULL) {
        build_bias(b, n, ports.bias, bias, count, unit, count);
    }
    t.type = TYPE_S8;
    t.is_int4 = f.bits == 4;
    t.data = q;
    t.quant = channel_quant(b, has_one_scale ? 1 : count, ports.axis, scale);
    build_set_input(b, n, ports.weights, &t);
}

void build_weights(struct build *b, struct node *n, int32_t node, struct quant_params input)
{
    const struct quant_ports ports = quant_ports(n->op);
    struct shared *shared = &b->shared[b->plan->leader[node]];
    if (shared->input_scale == input.scale) {
        build_set_index(b, n, ports.weights, shared->weights);
        if (shared->bias != NO_TENSOR) {
            build_set_index(b, n, ports.bias, shared->bias);
        }
        return;
    }
    make_weights(b, n, node, input);
    if (b->plan->leader[node] == node) {
        *shared = (struct shared){input.scale, n->in[ports.weights],
                                  n->in_count > ports.bias ? n->in[ports.bias] : NO_TENSOR};
    }
}
