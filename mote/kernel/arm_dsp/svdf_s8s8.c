/* SPDX-License-Identifier: MIT
 *
 * SVDF, int8 activations, int8 state and time filters, for Cortex-M with the DSP extension.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

typedef int8_t svdf_state;
enum { SVDF_LOW = INT8_MIN, SVDF_HIGH = INT8_MAX };
#include "svdf_dots.h"

#define KERNEL mote_svdf_s8s8__arm_dsp
#include "../svdf_body.h"

#endif
