/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN, int16.
 */
#define KERNEL mote_arg_s16
#define TYPE int16_t
#include "arg_body.h"
