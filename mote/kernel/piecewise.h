/* SPDX-License-Identifier: MIT
 *
 * One value of a piecewise linear function; see struct mote_piecewise.
 *
 * Source: TensorFlow Lite, ReluQuantized, reference_ops::QuantizeLeakyRelu.
 */
#ifndef MOTE_KERNEL_PIECEWISE_H
#define MOTE_KERNEL_PIECEWISE_H

#include "fixed.h"
#include "unary.h"

static inline int32_t mote_piecewise_value(const struct mote_piecewise *p, int32_t in)
{
    const int32_t x = in + p->in_offset;
    const int32_t y = x >= 0 ? mote_requant(x, p->multiplier[0], p->shift[0])
                             : p->out_sign * mote_requant(p->in_sign * x, p->multiplier[1], p->shift[1]);
    return mote_clamp(y, p->low - p->out_offset, p->high - p->out_offset) + p->out_offset;
}

#endif
