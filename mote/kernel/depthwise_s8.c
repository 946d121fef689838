/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, int8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#include "mac_s8.h"

#define KERNEL mote_depthwise_s8
#include "depthwise_body.h"
