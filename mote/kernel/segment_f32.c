/* SPDX-License-Identifier: MIT
 *
 * Segments of float.
 */
#include <float.h>

typedef float segment_value;
#define SEGMENT_LEAST (-FLT_MAX)
#define SEGMENT_MOST FLT_MAX
#define SEGMENT_ADD(a, b) ((a) + (b))
#define SEGMENT_TIMES(a, b) ((a) * (b))
#define KERNEL mote_segment_f32
#include "segment_body.h"
