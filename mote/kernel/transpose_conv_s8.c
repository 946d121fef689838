/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, int8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_integer_ops::TransposeConv.
 */
#include "mac_s8.h"

#define KERNEL mote_transpose_conv_s8
#include "transpose_conv_body.h"
