/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of any size, stride and dilation, int8, for Cortex-M3. Weights: packed.h.
 */
#if defined(__thumb2__)

#define KERNEL mote_depthwise_taps_s8__arm_v7m
#include "../depthwise_taps_body.h"

#endif
