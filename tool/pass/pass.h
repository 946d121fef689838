/* SPDX-License-Identifier: MIT
 *
 * Passes change the graph without changing a bit of what it computes.
 */
#ifndef PASS_H
#define PASS_H

#include "../ir/ir.h"

/* Computes the outputs of a node whose inputs are all constant, as constants. */
typedef ir_evaluate pass_evaluate;

/* All passes in order, for every command. The graph has passed ir_check before and does so after each pass. */
bool pass_all(struct model *model, pass_evaluate *evaluate, struct diag *diag);

/*** One by one, for tests ***/

enum pass {
#define PASS(name, ...) PASS_##name,
#include "pass.def"
#undef PASS
    PASS_COUNT
};

const char *pass_name(enum pass pass);

/* Only the passes whose bits 1 << PASS_... are in `which`, and those that no graph can do without. */
bool pass_some(struct model *model, unsigned which, pass_evaluate *evaluate, struct diag *diag);

/* All passes on a graph that is called; without `evaluate` none but those that no graph can do without. */
bool pass_called(struct graph *graph, pass_evaluate *evaluate, struct diag *diag);

/* Puts simpler operators in the place of those that are made of them. */
bool pass_expand(struct graph *graph, struct diag *diag);

/* Puts operators for each step in the place of GRU and RNN that keep no state, have constant float weights and not more
 * than UNROLL_MOST_STEPS steps: what quantisation needs, not what runs fastest. Shapes are known. */
bool pass_unroll(struct graph *graph, struct diag *diag);

/* Turns variables (VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE) into state tensors of the main graph. */
bool pass_variables(struct model *model, pass_evaluate *evaluate, struct diag *diag);

/* Infers the shapes of all tensors, and replaces nodes whose inputs are constant by their values, since
 * shapes may depend on them. Without `evaluate` it leaves them as they are. */
bool pass_fold_constants(struct graph *graph, pass_evaluate *evaluate, struct diag *diag);

/* Copies the graphs that the node calls, gives their inputs the node's types, shapes and constants, and runs the passes
 * on them. Inputs that are constant are inputs no more. */
bool pass_bind_call(struct graph *graph, struct node *node, pass_evaluate *evaluate, struct diag *diag);

/* The nodes that may stand in the place of a bound one, where it is known which graph it calls; returns their number.
 * -1: it is known at run time only. */
int32_t pass_inline_call(struct graph *graph, const struct node *node, struct node **nodes);

typedef bool pass_run(struct graph *graph, pass_evaluate *evaluate, struct diag *diag);

#define PASS(name, run) pass_run run;
#include "pass.def"
#undef PASS

#endif
