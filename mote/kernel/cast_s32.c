/* SPDX-License-Identifier: MIT
 *
 * CAST from int32.
 */
#define KERNEL mote_cast_s32
#define T int32_t
#include "cast_int.h"
