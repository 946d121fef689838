/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, uint8 activations and weights.
 *
 * Source: TensorFlow Lite, reference_ops::TransposeConv.
 */
#include "mac_u8.h"

#define KERNEL mote_transpose_conv_u8
#include "transpose_conv_body.h"
