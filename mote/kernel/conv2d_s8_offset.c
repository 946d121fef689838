/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and int8 weights with a zero point.
 *
 * Source: TensorFlow Lite, reference_integer_ops::FullyConnected.
 */
#define MAC_HAS_WEIGHT_OFFSET 1
#include "mac_s8.h"

#define KERNEL mote_conv2d_s8_offset
#include "conv2d_body.h"
