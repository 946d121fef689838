/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN, int32.
 */
#define KERNEL mote_arg_s32
#define TYPE int32_t
#include "arg_body.h"
