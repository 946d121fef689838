/* SPDX-License-Identifier: MIT
 *
 * Which of the kernels that a layer could have it gets. A model of costs says what each takes:
 *
 *   cycles = firings * (firing + channels * channel) + outputs * output + MACs, or elements of windows or of the input, * mac
 *
 * fitted to `mote bench`, without wait states; portable kernels on Cortex-M4, which take twice as long on Cortex-M0.
 * PLAN_SPEED takes the fastest for each layer. Otherwise a special kernel stays only if without it the whole inference
 * would take longer by 1 % for each 512 bytes of code that it adds, or by 2 %: else it would cost flash for little. A layer
 * that shares a kernel with others costs no code, and where all layers of a portable kernel have a special one, that is in
 * its place. So kernels are judged as a whole, those that buy least first; what their layers do instead may be another
 * special kernel that stays. Nor are the many weights of a single filter packed. Kernels that take less than a
 * MINOR_SHARE of the time together, and the schedule if it does, are compiled to be small.
 */
#include "stages.h"

enum {
    NO_COST = -1,
    WORTH_PERCENT = 2,
    CODE_A_PERCENT = 512,
    MINOR_SHARE = 200,
    FIRING_CYCLES = 50,
    ELEMENT_CYCLES = 10,
    MACS_A_CYCLE = 3
};

/* Kernels without a row are taken where they can be: such are those for Helium, which are better than all others. */
static const struct cost {
    enum kernel kernel;
    double firing, channel, output, mac, odd; /* odd: more for each MAC of the last pixel of an odd row */
    int32_t code;                             /* bytes, as scripts/kernel_sizes.sh measures them; tables included */
} costs[] = {
    {KERNEL_conv2d_s8, 500, 25, 40, 8.5, 0, 1232},
    {KERNEL_conv2d_plain_s8__arm_dsp, 450, 45, 40, 2.2, 0, 1496},
    {KERNEL_conv2d_s8_offset, 500, 25, 40, 9, 0, 1224},
    {KERNEL_conv2d_plain_s8_offset__arm_dsp, 395, 25, 40, 2.2, 0, 1532},
    {KERNEL_transpose_conv_s8, 300, 0, 60, 8, 0, 920},
    {KERNEL_transpose_conv_s8__arm_dsp, 300, 0, 60, 2.2, 0, 1184},
    {KERNEL_transpose_conv_s16, 300, 0, 100, 8, 0, 1168},
    {KERNEL_transpose_conv_s16__arm_dsp, 300, 0, 100, 4, 0, 1464},
    {KERNEL_conv2d_plain_s16__arm_dsp, 300, 0, 80, 4, 0, 1728},
    {KERNEL_depthwise_s8, 100, 0, 30, 20, 0, 1348},
    {KERNEL_depthwise_s8_offset, 100, 0, 30, 24, 0, 1404},
    {KERNEL_add_s8, 100, 0, 75, 0, 0, 1068},
    {KERNEL_conv2d_s8__arm_dsp, 350, 0, 13, 1.02, 0.28, 6384},
    {KERNEL_conv2d_s8_offset__arm_dsp, 400, 0, 13, 1.05, 0.28, 6540},
    {KERNEL_fully_connected_s8__arm_dsp, 400, 17, 0, 1.3, 0, 1696},
    {KERNEL_depthwise_s8__arm_dsp, 150, 81, 29.5, 0, 0, 2156},
    {KERNEL_depthwise_wide_s8__arm_dsp, 150, 85, 29.5, 0, 0, 2092},
    {KERNEL_depthwise_narrow_s8__arm_dsp, 120, 11, 30, 0, 0, 2848},
    {KERNEL_depthwise_taps_s8__arm_dsp, 150, 0, 40, 4, 0, 588},
    {KERNEL_depthwise_s16, 100, 0, 80, 25, 0, 1636},
    {KERNEL_depthwise_s16__arm_dsp, 150, 0, 50, 4, 0, 972},
    {KERNEL_conv2d_s16, 100, 0, 80, 5, 0, 1464},
    {KERNEL_conv2d_s16__arm_dsp, 200, 0, 50, 1.7, 0.5, 1984},
    {KERNEL_conv2d_s16_sum32, 100, 0, 50, 5, 0, 1204},
    {KERNEL_conv2d_s16_sum32__arm_dsp, 200, 0, 40, 1.7, 0.5, 1604},
    {KERNEL_add_s8__arm_dsp, 100, 0, 20, 0, 0, 1316},
    {KERNEL_add_s16, 100, 0, 88, 0, 0, 1024},
    {KERNEL_add_s16__arm_dsp, 100, 0, 21, 0, 0, 1120},
    {KERNEL_mul_s8, 100, 0, 69, 0, 0, 688},
    {KERNEL_mul_s8__arm_dsp, 100, 0, 16, 0, 0, 912},
    {KERNEL_mul_s16, 100, 0, 69, 0, 0, 728},
    {KERNEL_mul_s16__arm_dsp, 100, 0, 16, 0, 0, 764},
    {KERNEL_reduce_sum_s8, 100, 0, 60, 13, 0, 544},
    {KERNEL_reduce_sum_s8__arm_dsp, 100, 0, 60, 4.5, 0, 716},
    {KERNEL_conv2d_s8__arm_v7m, 400, 0, 24, 2.5, 1.2, 4628},
    {KERNEL_fully_connected_s8__arm_v7m, 200, 0, 70, 3.9, 0, 884},
    {KERNEL_depthwise_s8__arm_v7m, 200, 140, 48, 0, 0, 3396},
    {KERNEL_depthwise_taps_s8__arm_v7m, 200, 0, 70, 5.2, 0, 624},
    {KERNEL_add_s8__arm_v7m, 100, 0, 45, 0, 0, 436},
    {KERNEL_conv2d_s8__arm_v6m, 600, 0, 42, 3.05, 1.6, 3244},
    {KERNEL_fully_connected_s8__arm_v6m, 400, 0, 36, 4.35, 0, 1768},
    {KERNEL_depthwise_s8__arm_v6m, 150, 95, 92, 0, 0, 1080},
    {KERNEL_depthwise_taps_s8__arm_v6m, 200, 0, 125, 9, 0, 720},
    {KERNEL_add_s8__arm_v6m, 100, 0, 82, 0, 0, 492},
    {KERNEL_lstm_s8, 400, 0, 1000, 6, 0, 2220},
    {KERNEL_lstm_plain_s8__arm_dsp, 400, 0, 1000, 2.2, 0, 2360},
    {KERNEL_lstm_s8__arm_dsp, 200, 0, 350, 1.7, 0, 1892},
    {KERNEL_lstm_s16, 400, 0, 1000, 8, 0, 2412},
    {KERNEL_lstm_s16__arm_dsp, 200, 0, 350, 1.9, 0, 2512},
    {KERNEL_average_pool_s8, 100, 0, 25, 3, 0, 856},
    {KERNEL_average_pool_s8__arm_dsp, 100, 0, 25, 1.2, 0, 876},
    {KERNEL_average_pool_u8, 100, 0, 25, 3, 0, 856},
    {KERNEL_average_pool_u8__arm_dsp, 100, 0, 25, 1.2, 0, 876},
    {KERNEL_softmax_s8, 300, 0, 225, 0, 0, 872},
    {KERNEL_softmax_s8s16, 300, 0, 225, 0, 0, 852},
    {KERNEL_softmax_u8, 300, 0, 225, 0, 0, 872},
    {KERNEL_softmax_table_s8, 300, 0, 40, 0, 0, 1552},
    {KERNEL_softmax_table_s8s16, 300, 0, 40, 0, 0, 1532},
    {KERNEL_softmax_table_u8, 300, 0, 40, 0, 0, 1548},
    {KERNEL_max_pool_s8, 100, 0, 12, 3.5, 0, 744},
    {KERNEL_max_pool_s8__arm_dsp, 100, 0, 4, 1.3, 0, 628},
    {KERNEL_max_pool_u8, 100, 0, 12, 3.5, 0, 744},
    {KERNEL_max_pool_u8__arm_dsp, 100, 0, 4, 1.3, 0, 628},
};

/* What a layer can do. */
struct options {
    struct plan_step list[PLAN_CHOICES]; /* the portable kernel first */
    double cycles[PLAN_CHOICES];         /* NO_COST: unknown */
    int32_t count;
};

/* How much longer the MACs take because filters come in fours: packed ones are filled up, others go one by one. */
static double filter_share(int32_t filters, bool is_packed)
{
    enum { GROUP = 4 };
    const double alone = 1.7;
    const int32_t rest = filters % GROUP, whole = filters - rest;
    return (whole + (is_packed && rest > 0 ? GROUP : rest * alone)) / filters;
}

/* `is_packed`: the weights are in an order of the kernel's own. */
static double estimate(const struct plan *plan, const struct plan_step *s, enum kernel kernel, bool is_packed)
{
    const struct cost *c = costs;
    while (c < costs + COUNT_OF(costs) && c->kernel != kernel) {
        c++;
    }
    if (c == costs + COUNT_OF(costs) || s->node == NULL) {
        return NO_COST;
    }
    const struct tensor *out = ir_out(plan->graph, s->node, 0);
    const struct attr *a = &s->node->attr;
    const double outputs = (double)ir_count(out), products = (double)ir_macs(plan->graph, s->node);
    const double windows = outputs * a->filter_h * a->filter_w;
    double macs = products > 0 ? products : windows > 0 ? windows : (double)ir_count(ir_in(plan->graph, s->node, 0));
    if (products > 0 && s->node->op != OP_DEPTHWISE_CONV_2D && out->rank > 0) {
        macs *= filter_share(out->dim[out->rank - 1], is_packed);
    }
    const int32_t channels = out->rank > 0 ? out->dim[out->rank - 1] : 1, width = out->rank == 4 ? out->dim[2] : 1;
    return s->rows * (c->firing + channels * c->channel) + outputs * c->output + macs * c->mac +
           (width % 2 == 1 ? macs / width * c->odd : 0);
}

/* Groups of filters are filled up with zeros: one filter alone would take four times its flash. */
static bool is_wasteful(const struct plan *plan, const struct plan_step *s)
{
    enum { MOST_WASTED = 1024 };
    const struct tensor *weights = s->node != NULL && s->node->in_count > 1 ? ir_in(plan->graph, s->node, 1) : NULL;
    const struct tensor *out = s->node != NULL && s->node->out_count > 0 ? ir_out(plan->graph, s->node, 0) : NULL;
    return weights != NULL && weights->data != NULL && out != NULL && out->rank > 0 && out->dim[out->rank - 1] == 1 &&
           3 * ir_size(weights) > MOST_WASTED;
}

/* Leaves only kernels that take the weights as they are, in the parameters of the portable one. */
static void drop_packed(struct options *o)
{
    int32_t kept = 0;
    for (int32_t k = 0; k < o->count; k++) {
        if (o->list[k].params == o->list[0].params) {
            o->list[kept++] = o->list[k];
        }
    }
    o->count = kept;
}

/* The best choice of a layer: the one of least cycles among the allowed kernels; the first whose cost is not known. */
static int32_t find_best(const struct options *o, const bool banned[])
{
    int32_t best = 0;
    for (int32_t k = 1; k < o->count; k++) {
        if (o->cycles[k] == NO_COST && !banned[o->list[k].kernel]) {
            return k;
        }
        if (o->cycles[k] < o->cycles[best] && !banned[o->list[k].kernel]) {
            best = k;
        }
    }
    return best;
}

/* What a kernel without a row above may take. */
static double guess(const struct plan *plan, const struct node *n)
{
    const struct tensor *out = n != NULL && n->out_count > 0 ? ir_out(plan->graph, n, 0) : NULL;
    return out == NULL ? 0 : ELEMENT_CYCLES * (double)ir_count(out) + (double)ir_macs(plan->graph, n) / MACS_A_CYCLE;
}

static double total_cycles(const struct plan *plan, const struct options options[], const bool banned[])
{
    double total = 0;
    for (int32_t i = 0; i < plan->step_count; i++) {
        const double cycles = options[i].cycles[find_best(&options[i], banned)];
        total += cycles != NO_COST ? cycles : guess(plan, plan->steps[i].node);
    }
    return total;
}

/* Bytes of the kernels in use; of those without a row above none. */
static int32_t total_code(const struct plan *plan, const struct options options[], const bool banned[])
{
    bool is_used[KERNEL_COUNT] = {false};
    int32_t bytes = 0;
    for (int32_t i = 0; i < plan->step_count; i++) {
        is_used[options[i].list[find_best(&options[i], banned)].kernel] = true;
    }
    for (size_t k = 0; k < COUNT_OF(costs); k++) {
        bytes += is_used[costs[k].kernel] ? costs[k].code : 0;
    }
    return bytes;
}

/* By how many per cent the inference has to be faster for a kernel that adds so many bytes of code. */
static double worth(int32_t bytes)
{
    const double percent = (double)bytes / CODE_A_PERCENT;
    return percent < 0 ? 0 : percent > WORTH_PERCENT ? WORTH_PERCENT : percent;
}

/* The special kernel in use that buys least; KERNEL_COUNT: all of them buy enough. */
static enum kernel find_idle(const struct plan *plan, const struct options options[], bool banned[])
{
    const double total = total_cycles(plan, options, banned);
    const int32_t code = total_code(plan, options, banned);
    bool is_used[KERNEL_COUNT] = {false};
    for (int32_t i = 0; i < plan->step_count; i++) {
        const int32_t best = find_best(&options[i], banned);
        is_used[options[i].list[best].kernel] = best > 0 && options[i].cycles[best] != NO_COST;
    }
    enum kernel idle = KERNEL_COUNT;
    double least = total;
    for (int k = 0; k < KERNEL_COUNT; k++) {
        if (is_used[k]) {
            banned[k] = true;
            const double gain = total_cycles(plan, options, banned) - total;
            const int32_t added = code - total_code(plan, options, banned);
            banned[k] = false;
            if (gain < least && gain <= total * worth(added) / 100) {
                least = gain;
                idle = (enum kernel)k;
            }
        }
    }
    return idle;
}

/* Kernels, and the schedule, that are so little of the inference that it does not matter how fast they are. */
static void find_minor(struct plan *plan, const struct options options[], const bool banned[])
{
    const double total = total_cycles(plan, options, banned);
    double cycles[KERNEL_COUNT] = {0}, firings = 0;
    for (int32_t i = 0; i < plan->step_count; i++) {
        const int32_t best = find_best(&options[i], banned);
        const double step = options[i].cycles[best];
        cycles[options[i].list[best].kernel] += step != NO_COST ? step : total;
        firings += plan->steps[i].rows;
    }
    plan->is_minor = ARENA_ARRAY(plan->arena, KERNEL_COUNT, bool);
    for (int k = 0; k < KERNEL_COUNT; k++) {
        plan->is_minor[k] = cycles[k] * MINOR_SHARE < total;
    }
    plan->has_minor_schedule = firings * FIRING_CYCLES * MINOR_SHARE < total;
}

void plan_choose(struct plan *plan, plan_choices *choices, unsigned features)
{
    struct options *options = ARENA_ARRAY(plan->arena, plan->step_count, struct options);
    bool banned[KERNEL_COUNT] = {false};
    for (int32_t i = 0; i < plan->step_count; i++) {
        struct options *o = &options[i];
        o->list[0] = plan->steps[i];
        o->count = 1;
        o->count += choices(plan, &plan->steps[i], features, o->list + 1);
        if ((features & PLAN_SPEED) == 0 && is_wasteful(plan, &plan->steps[i])) {
            drop_packed(o);
        }
        for (int32_t k = 0; k < o->count; k++) {
            const enum kernel kernel = o->list[k].kernel;
            o->cycles[k] = estimate(plan, &plan->steps[i], kernel, o->list[k].params != o->list[0].params);
            if ((features & PLAN_V6M) != 0 && o->cycles[k] != NO_COST && plan_kernels[kernel].function != NULL) {
                o->cycles[k] *= 2;
            }
        }
    }
    if ((features & PLAN_SPEED) == 0) {
        for (enum kernel k = find_idle(plan, options, banned); k != KERNEL_COUNT;
             k = find_idle(plan, options, banned)) {
            banned[k] = true;
        }
        find_minor(plan, options, banned);
    }
    for (int32_t i = 0; i < plan->step_count; i++) {
        plan->steps[i] = options[i].list[find_best(&options[i], banned)];
    }
}
