/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN, uint8.
 */
#define KERNEL mote_arg_u8
#define TYPE uint8_t
#include "arg_body.h"
