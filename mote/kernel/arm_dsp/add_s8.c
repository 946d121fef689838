/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB, int8, for Cortex-M with the DSP extension: 20 cycles an element.
 *
 * Source: TensorFlow Lite, reference_integer_ops::AddFunc.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define KERNEL mote_add_s8__arm_dsp
#define TYPE int8_t
#define LEFT 20
#define EACH MOTE_EACH_S8
#define SATURATE mote_ssat8
#include "add_body.h"

#endif
