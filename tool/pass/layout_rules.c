/* SPDX-License-Identifier: MIT
 *
 * How operators let a transpose pass: they do the same on the source, with their axes named as it has them.
 */
#include <string.h>

#include "layout.h"

/* How the lists and attributes of an operator speak of dims. */
enum rule {
    NONE,
    BROADCAST, /* element by element */
    SAME_AXES, /* inputs alike, attr.axis */
    PAIRS,     /* input 1: a pair for each dim */
    EACH,      /* input 1 and, if there are more, all further ones: a number for each dim */
    REDUCE,    /* input 1: axes, which go or become 1 */
    LAST,      /* works on the last dim */
    TAKE,      /* attr.axis, input 1 tells which */
    AXIS,      /* input 1: an axis or several */
    SPLIT,     /* input 0: an axis, input 1 the values */
    SPLIT_V    /* input 2: an axis */
};

static enum rule find_rule(const struct node *n)
{
    switch (n->op) {
    case OP_CONCATENATION:
        return SAME_AXES;
    case OP_PAD:
    case OP_PADV2:
    case OP_MIRROR_PAD:
        return PAIRS;
    case OP_SLICE:
    case OP_TILE:
    case OP_STRIDED_SLICE:
        return EACH;
    case OP_MEAN:
    case OP_SUM:
    case OP_REDUCE_PROD:
    case OP_REDUCE_MAX:
    case OP_REDUCE_MIN:
    case OP_REDUCE_ANY:
    case OP_REDUCE_ALL:
    case OP_ARG_MAX:
    case OP_ARG_MIN:
        return REDUCE;
    case OP_SOFTMAX:
    case OP_LOG_SOFTMAX:
    case OP_L2_NORMALIZATION:
    case OP_LOCAL_RESPONSE_NORMALIZATION:
        return LAST;
    case OP_GATHER:
        return TAKE;
    case OP_CUMSUM:
    case OP_REVERSE_V2:
        return AXIS;
    case OP_SPLIT:
        return SPLIT;
    case OP_SPLIT_V:
        return SPLIT_V;
    case OP_TABLE:
    case OP_ADD_N:
        return NONE;
    default:
        return (ir_op_flags(n->op) & IR_ELEMENTWISE) != 0 ? BROADCAST : NONE;
    }
}

/* Scales of their own for channels would have to be turned, too. */
static bool has_plain_quant(const struct graph *g, const struct node *n)
{
    bool plain = true;
    for (int32_t i = 0; i < n->in_count; i++) {
        const struct tensor *t = ir_in(g, n, i);
        plain = plain && (t == NULL || (t->quant.count <= 1 && !t->is_state));
    }
    for (int32_t i = 0; i < n->out_count; i++) {
        const struct tensor *t = ir_out(g, n, i);
        plain = plain && (t == NULL || (t->quant.count <= 1 && !t->is_state));
    }
    return plain;
}

static bool same_turn(const struct turn *a, const struct turn *b)
{
    return a->rank == b->rank && memcmp(a->from, b->from, (size_t)a->rank * sizeof a->from[0]) == 0;
}

/*** Several inputs alike ***/

/* Would it take a transpose more to undo the turn before this input? */
static bool is_costly(const struct layout *l, int32_t tensor, const struct turn *turn)
{
    const struct tensor *t = &l->g->tensors[tensor];
    const struct turn own = layout_turn(l, tensor);
    struct turn inverse = layout_inverse(turn);
    inverse.source = tensor;
    if (t->data != NULL || ir_count(t) == 1 || (own.source != NO_TENSOR && same_turn(&own, turn))) {
        return false;
    }
    return t->rank != turn->rank || !layout_is_view(l->g, &inverse);
}

/* The turn of the first input that has the dims of the output, if turning back all others is worth it. */
static bool choose_turn(const struct layout *l, const struct node *n, struct turn *turn)
{
    const int32_t rank = ir_out(l->g, n, 0)->rank;
    turn->source = NO_TENSOR;
    for (int32_t i = 0; i < n->in_count && turn->source == NO_TENSOR; i++) {
        const struct turn own = n->in[i] != NO_TENSOR ? layout_turn(l, n->in[i]) : (struct turn){.source = NO_TENSOR};
        *turn = own.source != NO_TENSOR && own.rank == rank ? own : *turn;
    }
    int64_t saved = 0, spent = 0;
    for (int32_t i = 0; i < n->in_count && turn->source != NO_TENSOR; i++) {
        const struct turn own = layout_turn(l, n->in[i]);
        const struct tensor *t = ir_in(l->g, n, i);
        if (t == NULL || (t->data != NULL && l->evaluate == NULL && ir_count(t) != 1)) {
            return false;
        }
        saved += own.source != NO_TENSOR && same_turn(&own, turn) ? ir_count(t) : 0;
        spent += is_costly(l, n->in[i], turn) ? ir_count(t) : 0;
    }
    return turn->source != NO_TENSOR && spent <= saved;
}

/* The input with as many dims as the turn. */
static int32_t with_rank(struct layout *l, const struct node *n, int32_t tensor, int32_t rank)
{
    const struct tensor t = l->g->tensors[tensor];
    int32_t dim[IR_MAX_RANK];
    if (t.rank == rank) {
        return tensor;
    }
    for (int32_t d = 0; d < rank; d++) {
        dim[d] = d < rank - t.rank ? 1 : t.dim[d - (rank - t.rank)];
    }
    return layout_add_reshape(l, n, tensor, rank, dim, NO_TENSOR);
}

static bool pass_alike(struct layout *l, const struct node *n, bool has_axis)
{
    struct turn turn;
    if (n->out_count != 1 || ir_count(ir_out(l->g, n, 0)) == 0 || !choose_turn(l, n, &turn)) {
        return false;
    }
    int32_t *in = ARENA_ARRAY(l->g->arena, n->in_count, int32_t);
    for (int32_t i = 0; i < n->in_count; i++) {
        in[i] = n->in[i];
        if (ir_count(ir_in(l->g, n, i)) != 1 || has_axis) {
            in[i] = with_rank(l, n, in[i], turn.rank);
            in[i] = in[i] != NO_TENSOR ? layout_undo(l, n, in[i], &turn) : NO_TENSOR;
        }
        if (in[i] == NO_TENSOR) {
            return false;
        }
    }
    struct node now = *n;
    if (has_axis) {
        now.attr.axis = turn.from[now.attr.axis < 0 ? now.attr.axis + turn.rank : now.attr.axis];
    }
    return layout_emit(l, &now, in, &turn);
}

/*** One input, and lists of numbers ***/

/* The list with what it says of dim d said of dim from[d]. */
static int32_t turn_list(struct layout *l, int32_t list, const struct turn *turn, int32_t each)
{
    const struct tensor t = l->g->tensors[list];
    int32_t values[2 * IR_MAX_RANK];
    if (t.data == NULL || ir_count(&t) != (int64_t)each * turn->rank || (t.type != TYPE_S32 && t.type != TYPE_S64)) {
        return NO_TENSOR;
    }
    for (int32_t d = 0; d < turn->rank; d++) {
        for (int32_t k = 0; k < each; k++) {
            const int64_t value = ir_const_int(&t, d * each + k);
            values[turn->from[d] * each + k] = value < -INT32_MAX  ? -INT32_MAX
                                               : value > INT32_MAX ? INT32_MAX
                                                                   : (int32_t)value;
        }
    }
    return layout_list(l, t.rank, t.dim, values);
}

/* Axes of the turned tensor as axes of the source; which of them are named. */
static int32_t turn_axes(struct layout *l, int32_t list, const struct turn *turn, bool named[])
{
    const struct tensor t = l->g->tensors[list];
    int32_t values[2 * IR_MAX_RANK];
    memset(named, 0, IR_MAX_RANK * sizeof named[0]);
    if (t.data == NULL || ir_count(&t) > 2 * IR_MAX_RANK || (t.type != TYPE_S32 && t.type != TYPE_S64)) {
        return NO_TENSOR;
    }
    for (int64_t i = 0; i < ir_count(&t); i++) {
        const int64_t axis = ir_const_int(&t, i), d = axis < 0 ? axis + turn->rank : axis;
        if (d < 0 || d >= turn->rank) {
            return NO_TENSOR;
        }
        values[i] = turn->from[d];
        named[d] = true;
    }
    return layout_list(l, t.rank, t.dim, values);
}

static int32_t turn_mask(int32_t mask, const struct turn *turn)
{
    int32_t turned = 0;
    for (int32_t d = 0; d < turn->rank; d++) {
        turned |= (mask >> d & 1) << turn->from[d];
    }
    return turned;
}

/* Floats add up in the order of their dims, which must stay. */
static bool keeps_order(const struct graph *g, const struct node *n, const struct turn *turn, const bool named[])
{
    int32_t last = -1;
    const struct tensor *source = &g->tensors[turn->source];
    for (int32_t d = 0; d < turn->rank; d++) {
        if (named[d] && source->dim[turn->from[d]] > 1) {
            if (turn->from[d] < last) {
                return source->type != TYPE_F32 || n->op == OP_REDUCE_MAX || n->op == OP_REDUCE_MIN;
            }
            last = turn->from[d];
        }
    }
    return true;
}

/* The turn without the dims that are named. */
static struct turn drop_dims(const struct turn *turn, const bool named[])
{
    struct turn rest = {.source = turn->source};
    for (int32_t d = 0; d < turn->rank; d++) {
        if (!named[d]) {
            int32_t place = 0; /* among the dims of the source that stay */
            for (int32_t e = 0; e < turn->rank; e++) {
                place += !named[e] && turn->from[e] < turn->from[d];
            }
            rest.from[rest.rank++] = place;
        }
    }
    return rest;
}

static bool pass_lists(struct layout *l, const struct node *n, enum rule rule, const struct turn *turn, int32_t in[],
                       struct node *now)
{
    struct attr *a = &now->attr;
    if (rule == PAIRS) {
        in[1] = turn_list(l, n->in[1], turn, 2);
        return in[1] != NO_TENSOR;
    }
    for (int32_t i = 1; i < n->in_count; i++) {
        in[i] = turn_list(l, n->in[i], turn, 1);
        if (in[i] == NO_TENSOR) {
            return false;
        }
    }
    if (a->ellipsis_mask != 0 || a->new_axis_mask != 0 || a->shrink_axis_mask != 0) {
        return false;
    }
    a->begin_mask = turn_mask(a->begin_mask, turn);
    a->end_mask = turn_mask(a->end_mask, turn);
    return true;
}

/* GATHER of one index or a list of them along attr.axis. */
static bool pass_take(const struct layout *l, const struct node *n, struct turn *turn, struct node *now)
{
    const int32_t axis = n->attr.axis < 0 ? n->attr.axis + turn->rank : n->attr.axis, rank = ir_in(l->g, n, 1)->rank;
    if (n->attr.batch_dims != 0 || rank > 1) {
        return false;
    }
    now->attr.axis = turn->from[axis];
    if (rank == 0) {
        bool named[IR_MAX_RANK] = {false};
        named[axis] = true;
        *turn = drop_dims(turn, named);
    }
    return true;
}

/* Fills in[] and *now, and makes *turn that of the outputs. */
static bool pass_one(struct layout *l, const struct node *n, enum rule rule, struct turn *turn, int32_t in[],
                     struct node *now)
{
    bool named[IR_MAX_RANK];
    const int32_t axes = rule == SPLIT ? 0 : rule == SPLIT_V ? 2 : 1;
    switch (rule) {
    case PAIRS:
    case EACH:
        return pass_lists(l, n, rule, turn, in, now);
    case LAST:
        return turn->from[turn->rank - 1] == turn->rank - 1;
    case TAKE:
        return pass_take(l, n, turn, now);
    default:
        in[axes] = turn_axes(l, n->in[axes], turn, named);
    }
    if (in[axes] == NO_TENSOR || (rule == REDUCE && !keeps_order(l->g, n, turn, named))) {
        return false;
    }
    if (rule == REDUCE && !n->attr.keep_dims) {
        *turn = drop_dims(turn, named);
    }
    return true;
}

bool layout_pass_node(struct layout *l, const struct node *n)
{
    const enum rule rule = find_rule(n);
    if (rule == NONE || !has_plain_quant(l->g, n)) {
        return false;
    }
    if (rule == BROADCAST || rule == SAME_AXES) {
        return pass_alike(l, n, rule == SAME_AXES);
    }
    const int32_t data = rule == SPLIT ? 1 : 0;
    struct turn turn = layout_turn(l, n->in[data]);
    if (turn.source == NO_TENSOR || turn.rank < 1 || ir_count(ir_in(l->g, n, data)) == 0) {
        return false;
    }
    int32_t *in = arena_copy(l->g->arena, n->in, (size_t)n->in_count * sizeof *in);
    struct node now = *n;
    in[data] = turn.source;
    if (!pass_one(l, n, rule, &turn, in, &now)) {
        return false;
    }
    struct turn *turns = ARENA_ARRAY(l->g->arena, n->out_count, struct turn);
    for (int32_t i = 0; i < n->out_count; i++) {
        turns[i] = turn;
    }
    return layout_emit(l, &now, in, turns);
}
