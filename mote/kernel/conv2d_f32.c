/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, float32.
 */
#include "mac_f32.h"

#define KERNEL mote_conv2d_f32
#include "conv2d_body.h"
