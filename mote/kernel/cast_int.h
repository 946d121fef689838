/* SPDX-License-Identifier: MIT
 *
 * CAST of whole numbers: modulo 2^bits of the output. T, KERNEL: as in cast_body.h.
 */
#include "convert.h"

#define TO_INTEGER(x, OUT, LOW, HIGH, LIMIT) (x)
#define TO_FLOAT(x) ((float)(x))
#define TO_DOUBLE(x) mote_f64_of_s64((int64_t)(x))
#define IS_SET(x) ((x) != 0)
#include "cast_body.h"
