/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, int8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::TransposeConv.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define MAC_OWN_DOT
#include "../mac_s8.h"

#include "dot_s8.h"

#define KERNEL mote_transpose_conv_s8__arm_dsp
#include "../transpose_conv_body.h"

#endif
