/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D, uint8, for Cortex-M with the DSP extension.
 *
 * Source: TensorFlow Lite, reference_ops::AveragePool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#define KERNEL mote_average_pool_u8__arm_dsp
#define TYPE uint8_t
#define HALF uint16_t
#define ADD_EVEN mote_add_u8
#define ADD_ODD mote_add_u8_ror8
#include "average_pool_body.h"

#endif
