/* SPDX-License-Identifier: MIT
 *
 * MUL for Cortex-M with the DSP extension, where both inputs have an element for each of the output's. KERNEL: the name of
 * the kernel; TYPE: of the elements; EACH: the loop; SATURATE(x).
 *
 * Precondition: the multiplier is at least 2^30, the shift to the right in [1, 20].
 */
#include <stdbool.h>

#include "../binary.h"
#include "each.h"

struct product {
    int32_t x_offset, y_offset;
    int32_t factor, half, right;
    int32_t low, high;
};

static inline int32_t multiply(const struct product s, int32_t x, int32_t y, bool limited)
{
    const int32_t product = (x + s.x_offset) * (y + s.y_offset);
    const int32_t out = mote_shift_right(mote_smmlar(product, s.factor), s.half, s.right);
    return limited ? mote_clamp(out, s.low, s.high) : SATURATE(out);
}

static void multiply_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *to)
{
    const struct mote_product *p = (const struct mote_product *)params;
    const struct product s = {
        .x_offset = p->x_offset,
        .y_offset = p->y_offset,
        .factor = mote_smmlar_factor(p->multiplier),
        .half = (2 * p->out_offset + 1) * (INT32_C(1) << (-p->shift - 1)),
        .right = -p->shift,
        .low = p->low,
        .high = p->high,
    };
    const TYPE *xs = (const TYPE *)(const void *)in[0], *ys = (const TYPE *)(const void *)in[1];
    TYPE *out = (TYPE *)to;
    int32_t n = b->n;
    if (SATURATE(p->low - 1) != p->low || SATURATE(p->high + 1) != p->high) {
        EACH(xs, ys, out, n, multiply(s, x, y, true))
    } else {
        EACH(xs, ys, out, n, multiply(s, x, y, false))
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_product *p = (const struct mote_product *)params;
    mote_broadcast(&p->shape, multiply_row, p, io);
}
