/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, uint8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_ops::MaxPool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#define KERNEL mote_max_pool_u8__arm_dsp
#define TYPE uint8_t
#define START 0
#define MAX_BYTES mote_max_u8
#define MIN_BYTES mote_min_u8
#include "max_pool_body.h"

#endif
