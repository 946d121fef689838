/* SPDX-License-Identifier: MIT
 *
 * Layout: transposes on their way through a graph. layout.c walks it, layout_rules.c says how operators let them pass,
 * layout_reshape.c how a change of shape does.
 */
#ifndef PASS_LAYOUT_H
#define PASS_LAYOUT_H

#include "pass.h"

/* A tensor t is source turned: t[i0, i1, ...] = source[...], dim d of t being dim from[d] of the source. */
struct turn {
    int32_t source; /* NO_TENSOR: it is not */
    int32_t rank, from[IR_MAX_RANK];
};

struct layout {
    struct graph *g;
    pass_evaluate *evaluate;
    struct diag *diag;
    struct turn *turns, *flat; /* [tensor]: turned; flattened behind the turn */
    int32_t turn_capacity;
    struct node *nodes; /* of the new graph, so far */
    int32_t count, capacity;
};

/* What the tensor is; its source is NO_TENSOR if nothing is known. */
struct turn layout_turn(const struct layout *l, int32_t tensor);
struct turn layout_flat(const struct layout *l, int32_t tensor);
void layout_set_turn(struct layout *l, int32_t tensor, const struct turn *turn);
void layout_set_flat(struct layout *l, int32_t tensor, const struct turn *turn);

bool layout_is_identity(const struct turn *turn);

/* Does the order of elements stay? */
bool layout_is_view(const struct graph *g, const struct turn *turn);

struct turn layout_inverse(const struct turn *turn);

void layout_append(struct layout *l, const struct node *node);

/* A constant int32 tensor. */
int32_t layout_list(struct layout *l, int32_t rank, const int32_t dim[], const int32_t values[]);

/* A tensor of the kind of `like`, without a shape. */
int32_t layout_tensor(struct layout *l, int32_t like);

/* Appends a TRANSPOSE to `out`, or to a new tensor if that is NO_TENSOR; returns where it goes, NO_TENSOR on errors. */
int32_t layout_add_transpose(struct layout *l, const struct node *at, int32_t in, const struct turn *turn, int32_t out);
int32_t layout_add_reshape(struct layout *l, const struct node *at, int32_t in, int32_t rank, const int32_t dim[],
                           int32_t out);

/* The tensor, of as many dims as the turn, before the turn: its source, a constant, a view, or a transpose more. */
int32_t layout_undo(struct layout *l, const struct node *at, int32_t tensor, const struct turn *turn);

/* Appends the node with the inputs in[] and its outputs before the turns; then the transposes that make its outputs.
 * turns[i] of output i. */
bool layout_emit(struct layout *l, const struct node *node, const int32_t in[], const struct turn turns[]);

/* Whether the node was taken over, with the transposes before it behind it. */
bool layout_pass_node(struct layout *l, const struct node *node);
bool layout_pass_reshape(struct layout *l, const struct node *node);
bool layout_pass_dense(struct layout *l, const struct node *node);

#endif
