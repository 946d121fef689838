/* SPDX-License-Identifier: MIT
 *
 * MUL, int16, for Cortex-M with the DSP extension: 14 cycles an element.
 *
 * Source: TensorFlow Lite, reference_integer_ops::MulElementwise.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_mul_s16__arm_dsp
#define TYPE int16_t
#define EACH MOTE_EACH_S16
#define SATURATE mote_ssat16
#include "mul_body.h"

#endif
