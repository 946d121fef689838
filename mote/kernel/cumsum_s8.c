/* SPDX-License-Identifier: MIT
 *
 * CUMSUM, int8. The sum has 19 fractional bits and wraps; it starts with the quantised value 0, as in the reference.
 *
 * Source: TensorFlow Lite, reference_ops::CumSum.
 */
#include "fixed.h"
#include "reduce.h"

static uint32_t scaled(const struct mote_cumsum *p, int32_t x) { return (uint32_t)(x + p->in_offset) << 19; }

static int32_t finish(const struct mote_cumsum *p, uint32_t sum)
{
    const int32_t x = mote_requant((int32_t)sum, p->multiplier, p->shift);
    return mote_clamp(x, INT8_MIN - p->out_offset, INT8_MAX - p->out_offset) + p->out_offset;
}

#define KERNEL mote_cumsum_s8
#define TYPE int8_t
#define ACC uint32_t
#define START(p) scaled(p, 0)
#define ADD(p, a, x) ((a) + scaled(p, x))
#define FINISH(p, a) finish(p, a)
#include "cumsum_body.h"
