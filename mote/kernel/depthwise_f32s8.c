/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, float32 activations, int8 weights.
 */
#include "mac_f32s8.h"

#define KERNEL mote_depthwise_f32s8
#include "depthwise_body.h"
