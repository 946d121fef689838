/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, int8 to int16, by a table of exponentials.
 */
#define KERNEL mote_softmax_table_s8s16
#define IN int8_t
#define OUT int16_t
#define OUT_LOW INT16_MIN
#define OUT_BITS 16
#include "softmax_table_body.h"
