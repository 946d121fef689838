/* SPDX-License-Identifier: MIT
 *
 * CAST from float.
 */
#include "convert.h"

#define KERNEL mote_cast_f32
#define T float
#define TO_FLOAT(x) (x)
#include "cast_float.h"
