/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, int8.
 */
#define KERNEL mote_binary_s8
#define T int8_t
#define U uint32_t
#define IS_SIGNED 1
#define IS_WIDE 0
#include "binary_body.h"
