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

void mote_binary_f32(const void *params, const struct mote_io *io)
{
    static mote_broadcast_row *const rows[MOTE_BINARY_OPS] = {
        [MOTE_ADD] = add_row,
        [MOTE_SUB] = sub_row,
        [MOTE_MUL] = mul_row,
        [MOTE_DIV] = div_row,
        [MOTE_MAXIMUM] = maximum_row,
        [MOTE_MINIMUM] = minimum_row,
        [MOTE_SQUARED_DIFFERENCE] = squared_difference_row,
        [MOTE_PRELU] = prelu_row,
    };
    const struct mote_binary_f32 *p = params;
    mote_broadcast(&p->shape, rows[p->op], p, io);
}
