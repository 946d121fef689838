/* SPDX-License-Identifier: MIT
 *
 * ADD, int8, for Cortex-M0.
 */
#if defined(__thumb__)

#define KERNEL mote_add_s8__arm_v6m
#include "../add_body.h"

#endif
