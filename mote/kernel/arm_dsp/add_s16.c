/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB, int16, for Cortex-M with the DSP extension: 20 cycles an element.
 *
 * Source: TensorFlow Lite, reference_integer_ops::AddFunc.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_add_s16__arm_dsp
#define TYPE int16_t
#define LEFT 15
#define EACH MOTE_EACH_S16
#define SATURATE mote_ssat16
#include "add_body.h"

#endif
