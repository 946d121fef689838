/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, int16 activations, int8 weights, 64-bit sums, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::TransposeConv for int16.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define MAC_OWN_DOT
#include "../mac_s16.h"

#include "dot_s16.h"

#define KERNEL mote_transpose_conv_s16__arm_dsp
#include "../transpose_conv_body.h"

#endif
