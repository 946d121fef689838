/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, uint16.
 */
#define KERNEL mote_binary_u16
#define T uint16_t
#define U uint32_t
#define IS_SIGNED 0
#define IS_WIDE 0
#include "binary_body.h"
