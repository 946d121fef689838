/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of any size, stride and dilation, int8, for Cortex-M0. Weights: packed.h.
 */
#if defined(__thumb__)

#define KERNEL mote_depthwise_taps_s8__arm_v6m
#include "../depthwise_taps_body.h"

#endif
