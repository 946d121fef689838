/* SPDX-License-Identifier: MIT
 *
 * Placement: buffers, scratch memory and row pointers get offsets in the arena, so that what is alive at
 * the same time does not overlap and the arena is small.
 */
#ifndef PLAN_PLACE_H
#define PLAN_PLACE_H

#include "plan.h"

bool plan_place(struct plan *plan, struct diag *diag);

#endif
