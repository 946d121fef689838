/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#include "mac_s8.h"

#define KERNEL mote_conv2d_s8
#include "conv2d_body.h"
