/* SPDX-License-Identifier: MIT
 *
 * CAST from uint32.
 */
#define KERNEL mote_cast_u32
#define T uint32_t
#include "cast_int.h"
