/* SPDX-License-Identifier: MIT
 *
 * LOGISTIC, int16.
 */
#define KERNEL mote_logistic_s16
#define VALUE mote_logistic_q15
#include "sigmoid_body.h"
