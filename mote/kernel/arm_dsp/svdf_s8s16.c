/* SPDX-License-Identifier: MIT
 *
 * SVDF, int8 activations, int16 state and time filters, for Cortex-M with the DSP extension.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

typedef int16_t svdf_state;
enum { SVDF_LOW = INT16_MIN, SVDF_HIGH = INT16_MAX };
#include "svdf_dots.h"

#define KERNEL mote_svdf_s8s16__arm_dsp
#include "../svdf_body.h"

#endif
