/* SPDX-License-Identifier: MIT
 *
 * CAST from double precision, whose bits are all that is looked at: a double of the compiler may be a float. As in
 * cast_float.h, towards zero and saturated.
 */
#include "convert.h"

static inline int64_t limit(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

#define KERNEL mote_cast_f64
#define T uint64_t
#define TO_INTEGER(x, OUT, LOW, HIGH, LIMIT) limit(mote_s64_of_f64(x), (LOW), (HIGH))
#define TO_FLOAT(x) mote_f32_of_f64(x)
#define TO_DOUBLE(x) (x)
#define IS_SET(x) ((x) << 1 != 0)
#include "cast_body.h"
