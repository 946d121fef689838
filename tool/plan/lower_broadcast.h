/* SPDX-License-Identifier: MIT
 *
 * Broadcasting, shared by the lowering rules of the element-wise operators.
 */
#ifndef PLAN_LOWER_BROADCAST_H
#define PLAN_LOWER_BROADCAST_H

#include "../../mote/kernel/broadcast.h"
#include "lower.h"

/* Plans the loops over an output line and adds the ports: output 0, then the inputs `in`, in this order, all by
 * lines. */
void lower_broadcast(struct lower *l, struct mote_broadcast *b, const int in[], int count);

/* The same with the inputs in other shapes than their own: those of `as`. */
void lower_broadcast_as(struct lower *l, struct mote_broadcast *b, const int in[], const struct tensor *const as[],
                        int count);

#endif
