/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_conv2d_s8__arm_dsp
#define REPEATS 0
#include "conv2d_s8_body.h"

#endif
