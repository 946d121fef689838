/* SPDX-License-Identifier: MIT
 *
 * Running a plan here on the host, with the device's own executor and kernels.
 */
#ifndef RUN_H
#define RUN_H

#include "../plan/plan.h"

/* A plan with memory to run in. */
struct runner {
    const struct plan *plan;
    void *arena; /* plan->arena_size bytes */
};

/* Gives the plan its arena from the graph's memory, and every state its first value. */
void run_init(struct runner *runner, struct plan *plan);

/* Bytes of all inputs, of all outputs, as they lie back to back in files. */
size_t run_input_size(const struct plan *plan);
size_t run_output_size(const struct plan *plan);

/* One invoke: `in` and `out` hold all inputs and outputs back to back. */
void run_invoke(struct runner *runner, const uint8_t *in, uint8_t *out);

/* Whether no loop was ended before its time, since it took more work than the model is allowed. */
bool run_check(const struct runner *runner, struct diag *diag);

/* Runs one node whose inputs are constant; its outputs become constants. For passes. */
bool run_node(struct graph *graph, struct node *node, struct diag *diag);

#endif
