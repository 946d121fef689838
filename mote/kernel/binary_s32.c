/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, int32.
 */
#define KERNEL mote_binary_s32
#define T int32_t
#define U uint32_t
#define IS_SIGNED 1
#define IS_WIDE 1
#include "binary_body.h"
