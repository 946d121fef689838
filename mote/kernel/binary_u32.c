/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, uint32.
 */
#define KERNEL mote_binary_u32
#define T uint32_t
#define U uint32_t
#define IS_SIGNED 0
#define IS_WIDE 1
#include "binary_body.h"
