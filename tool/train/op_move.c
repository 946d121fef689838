/* SPDX-License-Identifier: MIT
 *
 * What only moves elements: a table says for each element of an output which of the input it is. Concatenation goes by
 * pieces. An example is a whole tensor, whatever its dims, so that any axis will do.
 */
#include <string.h>

#include "../ir/shape.h"
#include "engine.h"

enum { NOTHING = -1 }; /* a padded 0 */

static size_t out_count(const struct engine_layer *l, int i) { return (size_t)ir_count(ir_out(l->graph, l->node, i)); }
static size_t in_count(const struct engine_layer *l, int i) { return (size_t)ir_count(ir_in(l->graph, l->node, i)); }

static size_t all_outs(const struct engine_layer *l)
{
    size_t count = 0;
    for (int i = 0; i < l->node->out_count; i++) {
        count += out_count(l, i);
    }
    return count;
}

/* Position in the input of the element of an output at `at`, which is counted up in C order. */
typedef int64_t find_source(const struct tensor *in, const int32_t at[], const void *how);

static int32_t *fill_map(const struct tensor *in, const struct tensor *out, find_source *find, const void *how,
                         int32_t *map)
{
    int32_t at[IR_MAX_RANK] = {0};
    for (int64_t i = 0; i < ir_count(out); i++) {
        *map++ = (int32_t)find(in, at, how);
        for (int32_t d = out->rank - 1; d >= 0 && ++at[d] == out->dim[d]; d--) {
            at[d] = 0;
        }
    }
    return map;
}

static int64_t box_source(const struct tensor *in, const int32_t at[], const void *how)
{
    const struct shape_box *box = how;
    int64_t index = 0;
    for (int32_t d = 0; d < in->rank; d++) {
        index = index * in->dim[d] + box->begin[d] + box->step[d] * at[d];
    }
    return index;
}

/* A box as an array of its own shape, so that dropped and new axes of extent 1 do not matter. */
static bool prepare_boxes(struct engine_layer *l, struct diag *diag)
{
    const struct node *n = l->node;
    l->map = ARENA_ARRAY(l->engine->arena, all_outs(l), int32_t);
    int32_t *at = l->map;
    for (int i = 0; i < n->out_count; i++) {
        struct shape_box box;
        struct node copy = *n;
        struct graph graph = *l->graph;
        if (!shape_find_box(&graph, &copy, i, &box, diag)) {
            return false;
        }
        const struct tensor *in = ir_in(l->graph, n, box.input);
        struct tensor whole = {.rank = in->rank};
        memcpy(whole.dim, box.count, sizeof whole.dim);
        at = fill_map(in, &whole, box_source, &box, at);
    }
    return true;
}

static int64_t pad_source(const struct tensor *in, const int32_t at[], const void *how)
{
    const int64_t *before = how;
    int64_t index = 0;
    for (int32_t d = 0; d < in->rank; d++) {
        const int64_t from = at[d] - before[d];
        if (from < 0 || from >= in->dim[d]) {
            return NOTHING;
        }
        index = index * in->dim[d] + from;
    }
    return index;
}

static bool prepare_pad(struct engine_layer *l, struct diag *diag)
{
    (void)diag;
    const struct tensor *in = ir_in(l->graph, l->node, 0), *out = ir_out(l->graph, l->node, 0);
    const struct tensor *pads = ir_in(l->graph, l->node, 1);
    int64_t before[IR_MAX_RANK] = {0};
    for (int32_t d = 0; d < in->rank; d++) {
        before[d] = ir_const_int(pads, 2 * d); /* the shape rule has checked that it is constant */
    }
    l->map = ARENA_ARRAY(l->engine->arena, all_outs(l), int32_t);
    fill_map(in, out, pad_source, before, l->map);
    return true;
}

static int64_t transposed_source(const struct tensor *in, const int32_t at[], const void *how)
{
    const struct tensor *order = how;
    int64_t place[IR_MAX_RANK] = {0}, index = 0;
    for (int32_t d = 0; d < in->rank; d++) {
        place[ir_const_int(order, d)] = at[d];
    }
    for (int32_t d = 0; d < in->rank; d++) {
        index = index * in->dim[d] + place[d];
    }
    return index;
}

static bool prepare_transpose(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *order = ir_in(l->graph, l->node, 1);
    (void)diag;
    l->map = ARENA_ARRAY(l->engine->arena, all_outs(l), int32_t);
    fill_map(ir_in(l->graph, l->node, 0), ir_out(l->graph, l->node, 0), transposed_source, order, l->map);
    return true;
}

/* Which input is moved: of SPLIT it is the second. */
static int moved_input(const struct engine_layer *l) { return l->node->op == OP_SPLIT ? 1 : 0; }

static void forward_map(const struct engine_layer *l, struct engine_slice *s)
{
    const int32_t *map = l->map;
    const size_t size = in_count(l, moved_input(l));
    for (int k = 0; k < l->node->out_count; k++) {
        const size_t count = out_count(l, k);
        for (size_t e = 0; e < (size_t)s->count; e++) {
            const float *in = engine_in(l, s, moved_input(l)) + e * size;
            float *out = engine_out(l, s, k) + e * count;
            for (size_t i = 0; i < count; i++) {
                out[i] = map[i] == NOTHING ? 0 : in[map[i]];
            }
        }
        map += count;
    }
}

static void backward_map(const struct engine_layer *l, struct engine_slice *s)
{
    const int32_t *map = l->map;
    const size_t size = in_count(l, moved_input(l));
    float *to = engine_in_grad(l, s, moved_input(l));
    if (to == NULL) {
        return;
    }
    memset(to, 0, size * (size_t)s->count * sizeof *to);
    for (int k = 0; k < l->node->out_count; k++) {
        const size_t count = out_count(l, k);
        for (size_t e = 0; engine_out_grad(l, s, k) != NULL && e < (size_t)s->count; e++) {
            const float *grad = engine_out_grad(l, s, k) + e * count;
            for (size_t i = 0; i < count; i++) {
                if (map[i] != NOTHING) {
                    to[e * size + (size_t)map[i]] += grad[i];
                }
            }
        }
        map += count;
    }
}

/*** The same elements in another shape ***/

static bool prepare_view(struct engine_layer *l, struct diag *diag)
{
    (void)l, (void)diag;
    return true;
}

static void forward_view(const struct engine_layer *l, struct engine_slice *s)
{
    memcpy(engine_out(l, s, 0), engine_in(l, s, 0), out_count(l, 0) * (size_t)s->count * sizeof(float));
}

static void backward_view(const struct engine_layer *l, struct engine_slice *s)
{
    if (engine_in_grad(l, s, 0) != NULL) {
        memcpy(engine_in_grad(l, s, 0), engine_out_grad(l, s, 0), out_count(l, 0) * (size_t)s->count * sizeof(float));
    }
}

/*** Concatenation ***/

static bool prepare_concatenation(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *out = ir_out(l->graph, l->node, 0);
    const int32_t axis = l->node->attr.axis < 0 ? l->node->attr.axis + out->rank : l->node->attr.axis;
    for (int k = 0; k < l->node->in_count; k++) {
        if (ir_in(l->graph, l->node, k)->data != NULL) {
            return ir_fail(l->node, diag, "joins a constant, which cannot be trained through");
        }
    }
    l->rows = 1;
    for (int32_t d = 0; d < axis; d++) {
        l->rows *= (size_t)out->dim[d];
    }
    l->depth = (int32_t)(out_count(l, 0) / l->rows);
    return true;
}

/* Copies between the joined tensor and its parts, either way. */
static void join(const struct engine_layer *l, struct engine_slice *s, float *const all, float *const *values,
                 bool back)
{
    size_t at = 0;
    for (int k = 0; k < l->node->in_count; k++) {
        const size_t depth = in_count(l, k) / l->rows;
        float *part = values[l->node->in[k]], *place = all + at;
        at += depth;
        for (size_t r = 0; part != NULL && r < l->rows * (size_t)s->count; r++) {
            memcpy(back ? part : place, back ? place : part, depth * sizeof *part);
            part += depth;
            place += l->depth;
        }
    }
}

static void forward_concatenation(const struct engine_layer *l, struct engine_slice *s)
{
    join(l, s, engine_out(l, s, 0), s->value, false);
    engine_finish_rows(l->activation, NULL, l->rows * (size_t)s->count, (size_t)l->depth, engine_out(l, s, 0));
}

static void backward_concatenation(const struct engine_layer *l, struct engine_slice *s)
{
    engine_unfinish(l->activation, engine_out(l, s, 0), l->rows * (size_t)l->depth * (size_t)s->count,
                    engine_out_grad(l, s, 0));
    join(l, s, engine_out_grad(l, s, 0), s->grad, true);
}

const struct engine_op engine_moves[] = {
    {OP_RESHAPE, prepare_view, forward_view, backward_view},
    {OP_SQUEEZE, prepare_view, forward_view, backward_view},
    {OP_EXPAND_DIMS, prepare_view, forward_view, backward_view},
    {OP_UNPACK, prepare_boxes, forward_map, backward_map},
    {OP_SPLIT, prepare_boxes, forward_map, backward_map},
    {OP_SPLIT_V, prepare_boxes, forward_map, backward_map},
    {OP_SLICE, prepare_boxes, forward_map, backward_map},
    {OP_STRIDED_SLICE, prepare_boxes, forward_map, backward_map},
    {OP_PAD, prepare_pad, forward_map, backward_map},
    {OP_TRANSPOSE, prepare_transpose, forward_map, backward_map},
    {OP_CONCATENATION, prepare_concatenation, forward_concatenation, backward_concatenation},
    {0},
};
