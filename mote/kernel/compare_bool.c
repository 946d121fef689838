/* SPDX-License-Identifier: MIT
 *
 * Comparisons, bool.
 */
#include "binary.h"

#define KERNEL mote_compare_bool
#define PARAMS struct mote_binary
#define T uint8_t
#define VALUE_X x
#define VALUE_Y y
#include "compare_body.h"
