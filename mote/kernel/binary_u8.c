/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, uint8 and bool.
 */
#define KERNEL mote_binary_u8
#define T uint8_t
#define U uint32_t
#define IS_SIGNED 0
#define IS_WIDE 0
#include "binary_body.h"
