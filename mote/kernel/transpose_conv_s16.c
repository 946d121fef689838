/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, int16 activations, int8 weights, 64-bit sums.
 *
 * Source: TensorFlow Lite, reference_integer_ops::TransposeConv.
 */
#include "mac_s16.h"

#define KERNEL mote_transpose_conv_s16
#include "transpose_conv_body.h"
