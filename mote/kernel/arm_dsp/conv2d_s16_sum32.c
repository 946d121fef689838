/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, int32 biases, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::FullyConnected for int16 with 32-bit sums.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include "../mac_s16_sum32.h"

#include "../packed.h"

static inline int16_t finish(const struct mote_conv2d_s16_packed *p, int32_t sum, int32_t o)
{
    return mac_finish(&p->mac, (mac_sum)sum, o);
}

#define KERNEL mote_conv2d_s16_sum32__arm_dsp
#include "conv2d_s16_body.h"

#endif
