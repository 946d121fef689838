/* SPDX-License-Identifier: MIT
 *
 * Passes change the graph without changing a bit of what it computes.
 */
#ifndef PASS_H
#define PASS_H

#include "../ir/ir.h"

/* Computes the outputs of a node whose inputs are all constant, as constants. */
typedef bool pass_evaluate(struct graph *graph, struct node *node, struct diag *diag);

/* All passes in order, for every command: variables, shapes, constants. The graph has passed ir_check before and does so
 * after each pass. */
bool pass_all(struct model *model, pass_evaluate *evaluate, struct diag *diag);

/* Turns variables (VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE) into state tensors of the main graph. */
bool pass_variables(struct model *model, pass_evaluate *evaluate, struct diag *diag);

/* Infers the shapes of all tensors, and replaces nodes whose inputs are constant by their values, since
 * shapes may depend on them. */
bool pass_fold_constants(struct graph *graph, pass_evaluate *evaluate, struct diag *diag);

/* Removes channels that are the same everywhere, or that nobody weighs, from tensors and weights. */
bool pass_drop_dead_channels(struct graph *graph, pass_evaluate *evaluate, struct diag *diag);

#endif
