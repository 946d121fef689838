/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8 activations and int8 weights with a zero point, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_ops::DepthwiseConv.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_depthwise_s8_offset__arm_dsp
#define WIDE 1
#include "depthwise_s8_body.h"

#endif
