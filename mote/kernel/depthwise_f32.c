/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, float32.
 */
#include "mac_f32.h"

#define KERNEL mote_depthwise_f32
#include "depthwise_body.h"
