/* SPDX-License-Identifier: MIT
 *
 * SVDF, int8 activations, int8 state and time filters.
 */
#include <stdint.h>

typedef int8_t svdf_state;
enum { SVDF_LOW = INT8_MIN, SVDF_HIGH = INT8_MAX };
#define KERNEL mote_svdf_s8s8
#include "svdf_body.h"
