/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, float.
 *
 * A comparison with NaN is false, as in the reference: MAXIMUM and MINIMUM then take y, the clamp takes NaN.
 */
#include "binary.h"
#include "real.h"

#define ROW(name, result) MOTE_PAIR_ROW(name##_row, struct mote_binary_f32, float, float, float, result)

ROW(add, mote_fclamp(x + y, p.low, p.high))
ROW(sub, mote_fclamp(x - y, p.low, p.high))
ROW(mul, mote_fclamp(x *y, p.low, p.high))
ROW(div, mote_fclamp(x / y, p.low, p.high))
ROW(maximum, x > y ? x : y)
ROW(minimum, x < y ? x : y)
ROW(squared_difference, (x - y) * (x - y))
ROW(prelu, x >= 0.0F ? x : x * y)

static mote_broadcast_row *find_row(int32_t op)
{
    switch (op) {
    case MOTE_ADD:
        return add_row;
    case MOTE_SUB:
        return sub_row;
    case MOTE_MUL:
        return mul_row;
    case MOTE_DIV:
        return div_row;
    case MOTE_MAXIMUM:
        return maximum_row;
    case MOTE_MINIMUM:
        return minimum_row;
    case MOTE_SQUARED_DIFFERENCE:
        return squared_difference_row;
    default: /* MOTE_PRELU */
        return prelu_row;
    }
}

void mote_binary_f32(const void *params, const struct mote_io *io)
{
    const struct mote_binary_f32 *p = (const struct mote_binary_f32 *)params;
    mote_broadcast(&p->shape, find_row(p->op), p, io);
}
