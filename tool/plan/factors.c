/* SPDX-License-Identifier: MIT
 *
 * Factors in less flash. A multiplier is at least 2^30, so its two highest bits are known, and the shifts of the
 * channels of one layer are seldom more than 4 apart: they go where those bits were.
 */
#include "../../mote/kernel/mac.h"

#include "stages.h"

/* Kernels whose parameters begin with struct mote_mac and that read factors by mac_int.h. */
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

/* How many factors there are. */
static size_t count_factors(const struct plan *plan, const int32_t *multiplier)
{
    for (int i = 0; i < plan->table_count; i++) {
        if (plan->tables[i].data == multiplier) {
            return plan->tables[i].count;
        }
    }
    return 0;
}

static void pack(struct plan *plan, struct mote_mac *mac)
{
    const size_t count = count_factors(plan, mac->multiplier);
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

void plan_pack_factors(struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        if (is_integer_mac(plan->steps[i].kernel)) {
            pack(plan, plan->steps[i].params);
        }
    }
}
