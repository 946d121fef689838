/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, int8 activations and int8 weights with a zero point: what uint8 becomes.
 *
 * Source: TensorFlow Lite, reference_ops::DepthwiseConv.
 */
#define MAC_HAS_WEIGHT_OFFSET 1
#include "mac_s8.h"

#define KERNEL mote_depthwise_s8_offset
#include "depthwise_body.h"
