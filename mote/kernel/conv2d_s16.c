/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, 64-bit sums.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel<int64_t>.
 */
#include "mac_s16.h"

#define KERNEL mote_conv2d_s16
#include "conv2d_body.h"
