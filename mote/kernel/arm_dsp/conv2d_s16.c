/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, int64 biases, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel for int16.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include "../packed.h"
#include "finish_s16.h"

static inline int16_t finish(const struct mote_conv2d_s16_packed *p, int32_t sum, int32_t o)
{
    return mote_finish_s16(&p->mac, p->is_short, sum, o);
}

#define KERNEL mote_conv2d_s16__arm_dsp
#include "conv2d_s16_body.h"

#endif
