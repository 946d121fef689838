/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, uint8, by a table of exponentials.
 */
#define KERNEL mote_softmax_table_u8
#define IN uint8_t
#define OUT uint8_t
#define OUT_LOW 0
#define OUT_BITS 8
#include "softmax_table_body.h"
