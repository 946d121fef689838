/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators with state. A state is an output that is also read.
 */
#ifndef MOTE_KERNEL_STATE_H
#define MOTE_KERNEL_STATE_H

#include "kernel.h"

/* READ_VARIABLE, ASSIGN_VARIABLE. io->in: a row; io->out: the same bytes. */
struct mote_assign {
    int32_t bytes;
};

#endif
