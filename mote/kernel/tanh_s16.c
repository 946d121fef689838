/* SPDX-License-Identifier: MIT
 *
 * TANH, int16.
 */
#define KERNEL mote_tanh_s16
#define VALUE mote_tanh_q15
#include "sigmoid_body.h"
