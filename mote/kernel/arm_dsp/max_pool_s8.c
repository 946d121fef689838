/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, int8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::MaxPool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#define KERNEL mote_max_pool_s8__arm_dsp
#define TYPE int8_t
#define START INT8_MIN
#define MAX_BYTES mote_max_bytes
#define MIN_BYTES mote_min_bytes
#include "max_pool_body.h"

#endif
