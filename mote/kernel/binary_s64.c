/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, int64.
 */
#define KERNEL mote_binary_s64
#define T int64_t
#define U uint64_t
#define IS_SIGNED 1
#define IS_WIDE 1
#include "binary_body.h"
