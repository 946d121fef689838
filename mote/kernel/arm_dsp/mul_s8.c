/* SPDX-License-Identifier: MIT
 *
 * MUL, int8, for Cortex-M with the DSP extension: 14 cycles an element.
 *
 * Source: TensorFlow Lite, reference_integer_ops::MulElementwise.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_mul_s8__arm_dsp
#define TYPE int8_t
#define EACH MOTE_EACH_S8
#define SATURATE mote_ssat8
#include "mul_body.h"

#endif
