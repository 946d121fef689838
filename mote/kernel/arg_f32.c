/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN, float32.
 */
#define KERNEL mote_arg_f32
#define TYPE float
#include "arg_body.h"
