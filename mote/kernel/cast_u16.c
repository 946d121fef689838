/* SPDX-License-Identifier: MIT
 *
 * CAST from uint16.
 */
#define KERNEL mote_cast_u16
#define T uint16_t
#include "cast_int.h"
