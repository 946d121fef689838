/* SPDX-License-Identifier: MIT
 *
 * CAST from int16.
 */
#define KERNEL mote_cast_s16
#define T int16_t
#include "cast_int.h"
