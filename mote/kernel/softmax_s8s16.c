/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, int8 to int16.
 */
#define KERNEL mote_softmax_s8s16
#define IN int8_t
#define OUT int16_t
#define OUT_LOW INT16_MIN
#define OUT_BITS 16
#include "softmax_body.h"
