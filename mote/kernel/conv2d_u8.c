/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, uint8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_ops::Conv.
 */
#include "mac_u8.h"

#define KERNEL mote_conv2d_u8
#include "conv2d_body.h"
