/* SPDX-License-Identifier: MIT
 *
 * ADD, int8, for Cortex-M3.
 */
#if defined(__thumb2__)

#define KERNEL mote_add_s8__arm_v7m
#include "../add_body.h"

#endif
