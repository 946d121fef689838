/* SPDX-License-Identifier: MIT
 *
 * What the multiply-accumulate operators (convolutions, matrix products) have in common: how a sum
 * of products becomes an output.
 *
 * One kernel is made of two parts: its types (mac_s8.h, mac_f32.h, ...: the types, the inner
 * products, the rounding) and its loops (conv2d_body.h, ...: which inputs meet which weights).
 */
#ifndef MOTE_KERNEL_MAC_H
#define MOTE_KERNEL_MAC_H

#include <stdint.h>

#include "flash.h"

/* Channel c of the tables is o * per_channel for output channel o. */
struct mote_mac {
    const MOTE_FLASH void *bias;          /* [out_c]: int32, int64 for 64-bit sums, float; or NULL */
    const MOTE_FLASH int16_t *short_bias; /* in place of bias, where its integers fit; or NULL */
    int32_t per_channel;                  /* 1: tables of [out_c] values; 0: of one */
    /* integer outputs */
    int32_t in_offset;                    /* minus the input's zero point, added to each input */
    int32_t weight_offset;                /* minus the weights' zero point, added to each weight */
    int32_t out_offset;                   /* the output's zero point */
    int32_t low, high;                    /* range of the fused activation, in quantised values */
    const MOTE_FLASH int32_t *multiplier; /* Q0.31, see fixed.h */
    /* In [-31, 30]; [-31, 7] for 64-bit sums. NULL: the factors are packed: bits 0 to 29 of a multiplier are its own, bit
     * 30 is set, and shift_base + bits 30 and 31 is the shift. */
    const MOTE_FLASH int8_t *shift;
    int32_t shift_base;
    /* float outputs */
    float real_low, real_high;     /* range of the fused activation */
    const MOTE_FLASH float *scale; /* of int8 weights */
};

#endif
