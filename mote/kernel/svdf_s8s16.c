/* SPDX-License-Identifier: MIT
 *
 * SVDF, int8 activations, int16 state and time filters.
 */
#include <stdint.h>

typedef int16_t svdf_state;
enum { SVDF_LOW = INT16_MIN, SVDF_HIGH = INT16_MAX };
#define KERNEL mote_svdf_s8s16
#include "svdf_body.h"
