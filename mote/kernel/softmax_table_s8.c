/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, int8, by a table of exponentials.
 */
#define KERNEL mote_softmax_table_s8
#define IN int8_t
#define OUT int8_t
#define OUT_LOW INT8_MIN
#define OUT_BITS 8
#include "softmax_table_body.h"
