/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, float32 activations, int8 weights.
 */
#include "mac_f32s8.h"

#define KERNEL mote_conv2d_f32s8
#include "conv2d_body.h"
