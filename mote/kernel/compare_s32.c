/* SPDX-License-Identifier: MIT
 *
 * Comparisons, int32.
 */
#include "binary.h"

#define KERNEL mote_compare_s32
#define PARAMS struct mote_binary
#define T int32_t
#define VALUE_X x
#define VALUE_Y y
#include "compare_body.h"
