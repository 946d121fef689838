/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, uint8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_ops::DepthwiseConv.
 */
#include "mac_u8.h"

#define KERNEL mote_depthwise_u8
#include "depthwise_body.h"
