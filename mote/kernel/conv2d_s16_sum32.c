/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int16 activations, int8 weights, 32-bit sums.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel<int32_t>.
 */
#include "mac_s16_sum32.h"

#define KERNEL mote_conv2d_s16_sum32
#include "conv2d_body.h"
