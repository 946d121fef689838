/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8, weights with a zero point, for Cortex-M with the DSP extension: what the packed kernel does not do, like groups
 * and dilation, or does not pay, like a single filter.
 *
 * Source: TensorFlow Lite, reference_ops::Conv.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define MAC_HAS_WEIGHT_OFFSET 1
#define MAC_OWN_DOT
#include "../mac_s8.h"

#include "dot_s8.h"

#define KERNEL mote_conv2d_plain_s8_offset__arm_dsp
#include "../conv2d_body.h"

#endif
