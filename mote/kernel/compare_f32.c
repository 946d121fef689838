/* SPDX-License-Identifier: MIT
 *
 * Comparisons, float.
 */
#include "binary.h"

#define KERNEL mote_compare_f32
#define PARAMS struct mote_binary
#define T float
#define VALUE_X x
#define VALUE_Y y
#include "compare_body.h"
