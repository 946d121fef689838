/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, int16 activations, int8 weights, 64-bit sums.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#include "mac_s16.h"

#define KERNEL mote_depthwise_s16
#include "depthwise_body.h"
