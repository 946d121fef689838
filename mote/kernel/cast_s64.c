/* SPDX-License-Identifier: MIT
 *
 * CAST from int64.
 */
#define KERNEL mote_cast_s64
#define T int64_t
#include "cast_int.h"
