/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, int64 biases, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel for int16.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include "../mac_s16.h"

#include "../packed.h"

/* As mote_requant64 does. The usual sum and factor fit in 32 bits, and so does the output before its limits. */
static inline int16_t finish(const struct mote_conv2d_s16_packed *p, int32_t sum, int32_t o)
{
    const struct mote_mac *m = &p->mac;
    if (!p->is_short) {
        return mac_finish(m, sum, o);
    }
    const int32_t c = o * m->per_channel, multiplier = m->multiplier[c], total = 15 - m->shift[c];
    const int32_t x = sum + (m->bias != NULL ? (int32_t)((const int64_t *)m->bias)[o] : 0);
    const int64_t y = (int64_t)x * ((multiplier + (INT32_C(1) << 15)) >> 16) + (INT64_C(1) << (total - 1));
    const int32_t shifted = (int32_t)((uint32_t)(y >> 32) << (32 - total) | (uint32_t)y >> total);
    return (int16_t)mote_clamp(shifted + m->out_offset, m->low, m->high);
}

#define KERNEL mote_conv2d_s16__arm_dsp
#include "conv2d_s16_body.h"

#endif
