/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D, int8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_integer_ops::AveragePool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#define KERNEL mote_average_pool_s8__arm_dsp
#define TYPE int8_t
#define HALF int16_t
#define ADD_EVEN mote_add_bytes
#define ADD_ODD mote_add_bytes_ror8
#include "average_pool_body.h"

#endif
