/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, float32 activations, int8 weights.
 */
#include "mac_f32s8.h"

#define KERNEL mote_transpose_conv_f32s8
#include "transpose_conv_body.h"
