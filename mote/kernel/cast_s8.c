/* SPDX-License-Identifier: MIT
 *
 * CAST from int8.
 */
#define KERNEL mote_cast_s8
#define T int8_t
#include "cast_int.h"
