/* SPDX-License-Identifier: MIT
 *
 * What goes with each channel, in less flash. A multiplier is at least 2^30, so its two highest bits are known, and the
 * shifts of the channels of one layer are seldom more than 4 apart: they go where those bits were. Biases mostly fit
 * 16 bits.
 */
#include "../../mote/kernel/mac.h"

#include "stages.h"

/* Kernels whose parameters begin with struct mote_mac and that read its tables by mac_int.h. */
static const enum kernel kernels[] = {
    KERNEL_conv2d_s8,         KERNEL_conv2d_s8_offset,  KERNEL_conv2d_u8,          KERNEL_conv2d_s16,
    KERNEL_conv2d_s16_sum32,  KERNEL_depthwise_s8,      KERNEL_depthwise_u8,       KERNEL_depthwise_s16,
    KERNEL_transpose_conv_s8, KERNEL_transpose_conv_u8, KERNEL_transpose_conv_s16,
};

static bool is_integer_mac(enum kernel kernel)
{
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        if (kernels[i] == kernel) {
            return true;
        }
    }
    return false;
}

/* The planner's table that begins here; NULL: none. */
static const struct plan_table *find_table(const struct plan *plan, const void *data)
{
    for (int i = 0; i < plan->table_count; i++) {
        if (plan->tables[i].data == data) {
            return &plan->tables[i];
        }
    }
    return NULL;
}

static void pack_factors(const struct plan *plan, struct mote_mac *mac)
{
    const struct plan_table *table = find_table(plan, mac->multiplier);
    const size_t count = table != NULL ? table->count : 0;
    int32_t low = INT8_MAX, high = INT8_MIN;
    for (size_t c = 0; c < count; c++) {
        low = mac->shift[c] < low ? mac->shift[c] : low;
        high = mac->shift[c] > high ? mac->shift[c] : high;
        if (mac->multiplier[c] < 1 << 30) { /* a factor of 0 */
            return;
        }
    }
    if (count < 2 || high - low > 3) {
        return;
    }
    int32_t *multiplier = (int32_t *)(uintptr_t)mac->multiplier; /* the planner's own table */
    for (size_t c = 0; c < count; c++) {
        multiplier[c] = (int32_t)(((uint32_t)multiplier[c] & 0x3FFFFFFF) | (uint32_t)(mac->shift[c] - low) << 30);
    }
    mac->shift = NULL;
    mac->shift_base = low;
}

/* The biases of a step as they are: a table of the planner's, or a tensor. */
static struct plan_table find_biases(const struct plan *plan, const struct plan_step *s, const void *bias)
{
    const struct plan_table *table = find_table(plan, bias);
    if (table != NULL) {
        return *table;
    }
    for (int i = 0; i < s->node->in_count && bias != NULL; i++) {
        const struct tensor *t = ir_in(plan->graph, s->node, i);
        if (t != NULL && t->data == bias) {
            return (struct plan_table){bias, (size_t)ir_count(t), (size_t)ir_type_bits(t->type) / 8};
        }
    }
    return (struct plan_table){0};
}

static void shorten_biases(struct plan *plan, const struct plan_step *s, struct mote_mac *mac)
{
    const struct plan_table from = find_biases(plan, s, mac->bias);
    for (size_t c = 0; c < from.count; c++) {
        const int64_t bias = from.size == 8 ? ((const int64_t *)from.data)[c] : ((const int32_t *)from.data)[c];
        if (bias < INT16_MIN || bias > INT16_MAX) {
            return;
        }
    }
    if (from.count == 0) {
        return;
    }
    int16_t *to = plan_alloc_table(plan, from.count, sizeof *to);
    for (size_t c = 0; c < from.count; c++) {
        to[c] = (int16_t)(from.size == 8 ? ((const int64_t *)from.data)[c] : ((const int32_t *)from.data)[c]);
    }
    mac->bias = NULL;
    mac->short_bias = to;
}

void plan_pack_channels(struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        struct plan_step *s = &plan->steps[i];
        if (is_integer_mac(s->kernel)) {
            pack_factors(plan, s->params);
            shorten_biases(plan, s, s->params);
        }
    }
}
