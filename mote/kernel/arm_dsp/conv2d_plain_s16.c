/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, 64-bit sums, for Cortex-M with the DSP extension: what the packed
 * kernel does not do, like dilation, or sums that may exceed 32 bits.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel for int16.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define MAC_OWN_DOT
#include "../mac_s16.h"

#include "dot_s16.h"

#define KERNEL mote_conv2d_plain_s16__arm_dsp
#include "../conv2d_body.h"

#endif
