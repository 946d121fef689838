/* SPDX-License-Identifier: MIT
 *
 * CAST of float: towards zero, saturated, NaN to the least value. T, KERNEL, TO_FLOAT: as in cast_body.h.
 * Source: TensorFlow Lite, copyCast, which saturates some types and leaves the others undefined.
 */
#define ABOVE(x, low) ((x) > (float)(low) ? (x) : (float)(low))
#define BELOW(x, limit) ((x) < (limit) ? (x) : 0.0F)
#define TO_INTEGER(x, OUT, LOW, HIGH, LIMIT) \
    (TO_FLOAT(x) >= LIMIT ? (OUT)HIGH : (OUT)BELOW(ABOVE(TO_FLOAT(x), LOW), LIMIT))
#define TO_DOUBLE(x) mote_f64_of_f32(TO_FLOAT(x))
#define IS_SET(x) (TO_FLOAT(x) != 0.0F)
#include "cast_body.h"
