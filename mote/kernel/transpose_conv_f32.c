/* SPDX-License-Identifier: MIT
 *
 * TRANSPOSE_CONV, float32.
 */
#include "mac_f32.h"

#define KERNEL mote_transpose_conv_f32
#include "transpose_conv_body.h"
