/* SPDX-License-Identifier: MIT
 *
 * Who writes and who reads each tensor, and how nodes are taken out of a graph: tensors become one, all at once at
 * the end.
 */
#ifndef PASS_WIRES_H
#define PASS_WIRES_H

#include "pass.h"

enum { NO_NODE = -1 };

struct wires {
    struct graph *g;
    int32_t tensor_count; /* those that a pass adds have nothing below */
    int32_t *writer;      /* [tensor]: node; NO_NODE: an input, a constant, a state */
    int32_t *readers;     /* [tensor]: how often a node reads it, or the graph puts it out */
    bool *is_output;      /* [tensor]: of the graph */
    int32_t *one;         /* [tensor]: another that it becomes one with; itself: none */
    bool *is_dropped;     /* [node] */
};

void wires_init(struct wires *w, struct graph *g);

/* The tensor that `tensor` has become one with. */
int32_t wires_tensor(const struct wires *w, int32_t tensor);

/* Input i of a node, so seen. */
int32_t wires_in(const struct wires *w, const struct node *n, int i);

/* The node that writes it, if no state is written; NULL: none. */
struct node *wires_writer(const struct wires *w, int32_t tensor);

/* Takes out node n, whose one output is the tensor `from`. Its readers read `from`, or, where it is an output of the
 * graph, `from` is made under its name. False, and nothing done, if that would take a tensor its name that must keep
 * it. */
bool wires_bypass(struct wires *w, const struct node *n, int32_t from);

/* The same under the name of the output, if nobody else reads `from`. */
bool wires_absorb(struct wires *w, const struct node *n, int32_t from);

/* Now the graph shows it. */
void wires_apply(struct wires *w);

/*** Comparing ***/

bool same_shape(const struct tensor *a, const struct tensor *b);
bool same_quant(const struct tensor *a, const struct tensor *b);

/* Type, shape, quantisation. */
bool same_kind(const struct tensor *a, const struct tensor *b);

#endif
