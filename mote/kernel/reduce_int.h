/* SPDX-License-Identifier: MIT
 *
 * How sums and products of quantised elements become outputs.
 *
 * Source: TensorFlow Lite, reference_ops::QuantizedMeanOrSum and QuantizedReduceProd.
 */
#ifndef MOTE_KERNEL_REDUCE_INT_H
#define MOTE_KERNEL_REDUCE_INT_H

#include "fixed.h"
#include "reduce.h"

/* Rescaled before; x + out_offset cannot overflow. */
static inline int32_t mote_reduce_finish(const struct mote_reduce *p, int32_t x)
{
    return mote_clamp(x, p->low - p->out_offset, p->high - p->out_offset) + p->out_offset;
}

static inline uint32_t mote_reduce_add(uint32_t sum, int32_t x) { return sum + (uint32_t)x; }

/* The output of a sum, which wraps modulo 2^32 as that of the reference. */
static inline int32_t mote_reduce_mean(const struct mote_reduce *p, uint32_t sum)
{
    const int32_t x = (int32_t)(sum - (uint32_t)p->in_offset);
    return mote_reduce_finish(p, mote_requant(x, p->multiplier, p->shift));
}

#define MOTE_REDUCE_EMPTY INT64_MIN /* a product of nothing yet; no 32-bit number */

/* A product with one more factor; it is rescaled after each but the first. */
static inline int64_t mote_reduce_factor(const struct mote_reduce *p, int64_t product, int32_t x)
{
    const int32_t factor = x + p->in_offset;
    return product == MOTE_REDUCE_EMPTY ? factor : mote_requant64(product * factor, p->multiplier, p->shift);
}

/* The output of a product. */
static inline int32_t mote_reduce_product(const struct mote_reduce *p, int64_t product)
{
    return mote_reduce_finish(p, mote_requant64(product, p->multiplier, p->shift));
}

#endif
