/* SPDX-License-Identifier: MIT
 *
 * Comparisons, int64.
 */
#include "binary.h"

#define KERNEL mote_compare_s64
#define PARAMS struct mote_binary
#define T int64_t
#define VALUE_X x
#define VALUE_Y y
#include "compare_body.h"
