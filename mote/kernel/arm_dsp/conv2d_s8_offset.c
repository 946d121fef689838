/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and int8 weights with a zero point, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_ops::Conv.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_conv2d_s8_offset__arm_dsp
#define REPEATS 1
#include "conv2d_s8_body.h"

#endif
