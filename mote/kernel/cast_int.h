/* SPDX-License-Identifier: MIT
 *
 * CAST of whole numbers: modulo 2^bits of the output. T, KERNEL: as in cast_body.h.
 */
#include "convert.h"

#define TO_INTEGER(x, OUT, LOW, HIGH, LIMIT) (x)
#define TO_FLOAT(x) ((float)(x))
#include "cast_body.h"
