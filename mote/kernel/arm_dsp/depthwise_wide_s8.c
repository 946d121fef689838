/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M with the DSP extension, weights with a zero point or more
 * than one output channel for an input channel.
 *
 * Source: TensorFlow Lite, reference_ops::DepthwiseConv, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_depthwise_wide_s8__arm_dsp
#define WIDE 1
#include "depthwise_s8_body.h"

#endif
