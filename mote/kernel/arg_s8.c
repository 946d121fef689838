/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN, int8.
 */
#define KERNEL mote_arg_s8
#define TYPE int8_t
#include "arg_body.h"
