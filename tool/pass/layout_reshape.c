/* SPDX-License-Identifier: MIT
 *
 * A change of shape behind a transpose. Where it joins or splits dims that lie side by side in the source, too, the source
 * itself is reshaped, and the transpose comes behind. Channels that are shuffled are put in order first, and stay so.
 *
 * A flattened image before a dense layer is not turned at all: the columns of the weights are.
 */
#include <string.h>

#include "layout.h"
#include "wires.h"

/* Dims [first, first + count) of the input that become dims [out_first, out_first + out_count) of the output. */
struct group {
    int32_t first, count, out_first, out_count;
};

/* The least groups of equal product; returns how many, 0: it is none of our business. */
static int32_t find_groups(const struct tensor *in, const struct tensor *out, struct group groups[])
{
    int32_t i = 0, o = 0, n = 0;
    if (in->rank < 1 || out->rank < 1 || ir_count(in) < 1) {
        return 0;
    }
    while (i < in->rank && o < out->rank) {
        struct group *g = &groups[n++];
        *g = (struct group){i, 1, o, 1};
        int64_t have = in->dim[i++], want = out->dim[o++];
        while (have != want) {
            if (have < want) {
                have *= in->dim[i++];
                g->count++;
            } else {
                want *= out->dim[o++];
                g->out_count++;
            }
        }
    }
    groups[n - 1].count += in->rank - i; /* dims of 1 that are left */
    groups[n - 1].out_count += out->rank - o;
    return n;
}

/* The first dim of the source in the group, of those that are more than 1 if there are such. */
static int32_t place_of(const struct tensor *source, const struct turn *turn, const struct group *g)
{
    int32_t place = IR_MAX_RANK, any = IR_MAX_RANK;
    for (int32_t d = g->first; d < g->first + g->count; d++) {
        const int32_t from = turn->from[d];
        any = from < any ? from : any;
        place = source->dim[from] > 1 && from < place ? from : place;
    }
    return place < IR_MAX_RANK ? place : any;
}

/* Groups in the order of the source. */
static void order_groups(const struct tensor *source, const struct turn *turn, const struct group groups[], int32_t n,
                         int32_t order[])
{
    for (int32_t i = 0; i < n; i++) {
        int32_t k = i;
        for (; k > 0 && place_of(source, turn, &groups[order[k - 1]]) > place_of(source, turn, &groups[i]); k--) {
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
}

/* The source's dims, group by group, each in the order of the input; and the dims of the output, likewise, with the turn that
 * brings them into theirs. */
struct regrouped {
    struct turn before, behind;
    int32_t rank, dim[IR_MAX_RANK];
};

static struct regrouped regroup(const struct tensor *source, const struct tensor *out, const struct turn *turn,
                                const struct group groups[], int32_t n)
{
    struct regrouped r = {.before = {.source = turn->source, .rank = turn->rank}, .behind = {.rank = out->rank}};
    int32_t order[IR_MAX_RANK], at = 0;
    order_groups(source, turn, groups, n, order);
    for (int32_t k = 0; k < n; k++) {
        const struct group *g = &groups[order[k]];
        for (int32_t d = 0; d < g->count; d++) {
            r.before.from[at++] = turn->from[g->first + d];
        }
        for (int32_t d = 0; d < g->out_count; d++) {
            r.behind.from[g->out_first + d] = r.rank;
            r.dim[r.rank++] = out->dim[g->out_first + d];
        }
    }
    return r;
}

/* Does the order of the elements stay behind the reshape? */
static bool is_done(const struct regrouped *r)
{
    int32_t last = -1;
    for (int32_t d = 0; d < r->behind.rank; d++) {
        const int32_t from = r->behind.from[d];
        if (r->dim[from] > 1 && from < last) {
            return false;
        }
        last = r->dim[from] > 1 ? from : last;
    }
    return true;
}

bool layout_pass_reshape(struct layout *l, const struct node *n)
{
    struct graph *g = l->g;
    struct turn turn = layout_turn(l, n->in_count > 0 ? n->in[0] : NO_TENSOR);
    if ((n->op != OP_RESHAPE && n->op != OP_SQUEEZE && n->op != OP_EXPAND_DIMS) || turn.source == NO_TENSOR) {
        return false;
    }
    const struct tensor in = *ir_in(g, n, 0), out = *ir_out(g, n, 0), source = g->tensors[turn.source];
    struct group groups[2 * IR_MAX_RANK];
    const int32_t count =
        in.quant.count > 1 || !same_quant(&in, &out) || out.is_state ? 0 : find_groups(&in, &out, groups);
    if (count == 0) {
        return false;
    }
    const struct regrouped r = regroup(&source, &out, &turn, groups, count);
    const bool is_last = is_done(&r);
    if (!layout_is_view(g, &r.before) && is_last) { /* nothing would be won */
        layout_set_flat(l, n->out[0], &turn);
        return false;
    }
    int32_t from = turn.source;
    if (!layout_is_view(g, &r.before)) {
        from = layout_add_transpose(l, n, from, &r.before, NO_TENSOR);
    }
    if (is_last) {
        from = layout_add_reshape(l, n, from, out.rank, out.dim, n->out[0]);
    } else if (from != NO_TENSOR) {
        from = layout_add_reshape(l, n, from, r.rank, r.dim, NO_TENSOR);
    }
    if (from != NO_TENSOR && !is_last) {
        struct turn behind = r.behind;
        behind.source = from;
        from = layout_add_transpose(l, n, from, &behind, n->out[0]);
        layout_set_turn(l, n->out[0], &behind);
    }
    return from != NO_TENSOR;
}

/*** Dense layers ***/

/* The turn of the elements behind the batch, or of all if the batch is one. */
static bool is_flattened_image(const struct graph *g, const struct turn *turn, int32_t depth)
{
    const struct tensor *source = &g->tensors[turn->source];
    const int64_t batch = turn->from[0] == 0 ? source->dim[0] : 1;
    return ir_count(source) == batch * depth && (turn->from[0] == 0 || source->dim[turn->from[0]] == 1);
}

/* The weights [units, depth] with their columns in the order of the source. */
static int32_t turn_columns(struct layout *l, const struct node *n, const struct turn *turn, bool has_batch)
{
    const struct tensor weights = *ir_in(l->g, n, 1), source = l->g->tensors[turn->source];
    const struct turn inverse = layout_inverse(turn);
    struct turn columns = {.rank = turn->rank + 1};
    int32_t dim[IR_MAX_RANK + 1] = {weights.dim[0]};
    for (int32_t d = 0; d < turn->rank; d++) {
        dim[d + 1] = has_batch && d == 0 ? 1 : source.dim[turn->from[d]];
        columns.from[d + 1] = inverse.from[d] + 1;
    }
    int32_t w = layout_add_reshape(l, n, n->in[1], columns.rank, dim, NO_TENSOR);
    w = w != NO_TENSOR ? layout_add_transpose(l, n, w, &columns, NO_TENSOR) : w;
    return w != NO_TENSOR ? layout_add_reshape(l, n, w, 2, weights.dim, NO_TENSOR) : w;
}

bool layout_pass_dense(struct layout *l, const struct node *n)
{
    const struct turn flat = layout_flat(l, n->in_count > 0 ? n->in[0] : NO_TENSOR);
    if (n->op != OP_FULLY_CONNECTED || flat.source == NO_TENSOR || l->evaluate == NULL || flat.rank >= IR_MAX_RANK) {
        return false;
    }
    const struct tensor in = *ir_in(l->g, n, 0), *weights = ir_in(l->g, n, 1);
    if (weights->data == NULL || weights->rank != 2 || (weights->quant.count > 1 && weights->quant.axis != 0) ||
        in.rank > IR_MAX_RANK || !is_flattened_image(l->g, &flat, weights->dim[1])) {
        return false;
    }
    const struct quant quant = weights->quant;
    struct node now = *n;
    int32_t *inputs = arena_copy(l->g->arena, n->in, (size_t)n->in_count * sizeof *inputs);
    inputs[0] = layout_add_reshape(l, n, flat.source, in.rank, in.dim, NO_TENSOR);
    inputs[1] = turn_columns(l, n, &flat, flat.from[0] == 0);
    if (inputs[0] == NO_TENSOR || inputs[1] == NO_TENSOR) {
        return false;
    }
    l->g->tensors[inputs[1]].quant = quant;
    l->g->tensors[inputs[1]].name = ir_in(l->g, n, 1)->name;
    now.in = inputs;
    layout_append(l, &now);
    return true;
}
