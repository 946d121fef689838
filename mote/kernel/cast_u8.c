/* SPDX-License-Identifier: MIT
 *
 * CAST from uint8 and bool.
 */
#define KERNEL mote_cast_u8
#define T uint8_t
#include "cast_int.h"
