/* SPDX-License-Identifier: MIT
 *
 * Comparisons, int16, as plain numbers.
 */
#include "binary.h"

#define KERNEL mote_compare_s16
#define PARAMS struct mote_binary
#define T int16_t
#define VALUE_X x
#define VALUE_Y y
#include "compare_body.h"
