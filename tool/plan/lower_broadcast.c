/* SPDX-License-Identifier: MIT
 *
 * Broadcasting: how the inputs of an element-wise operator spread over its output.
 *
 * The first dims are lines (lower_lines); an input that has one line where the output has many gives the same to all.
 * The dims within a line are merged where every input walks them alike: [7, 5, 3] + [1, 1, 3] are loops of 35 and 3.
 */
#include "lower_broadcast.h"

_Static_assert((int)IR_MAX_RANK - 2 <= (int)MOTE_BROADCAST_LOOPS + 1, "the dims of a line need as many loops");

/* Dim k of `t` as one of the `rank` dims of the output. */
static int32_t dim_of(const struct tensor *t, int32_t rank, int32_t k)
{
    const int32_t own = k - (rank - t->rank);
    return own < 0 ? 1 : t->dim[own];
}

/* The dims of the output that number its lines. */
static int32_t line_dims(const struct tensor *out) { return out->rank >= 3 ? 2 : out->rank == 2 ? 1 : 0; }

/* The lines of `t` that those of the output see. */
static struct lower_lines spread_lines(const struct tensor *t, const struct tensor *out)
{
    const int32_t outer = line_dims(out);
    struct lower_lines view = {1, 1, 1};
    if (outer == 2) {
        view.images = dim_of(t, out->rank, 0);
    }
    if (outer >= 1) {
        view.lines = dim_of(t, out->rank, outer - 1);
    }
    view.line_bytes = (ir_type_bits(t->type) + 7) / 8;
    for (int32_t k = outer; k < out->rank; k++) {
        view.line_bytes *= dim_of(t, out->rank, k);
    }
    return view;
}

static void add_ports(struct lower *l, const int in[], const struct tensor *const as[], int count)
{
    const struct tensor *out = lower_out(l, 0);
    lower_out_lines(l, 0);
    for (int i = 0; i < count; i++) {
        const struct lower_lines view = spread_lines(as[i], out);
        const struct lower_window same = {.count = 1, .dilation = 1};
        lower_in_view(l, in[i], view, view.lines > 1 ? lower_each_line : same);
    }
}

/* A loop of the output: its length, and what each input moves on by from one turn to the next, in elements. */
struct loop {
    int32_t count;
    int32_t stride[MOTE_BROADCAST_INPUTS];
};

/* The loops over an output line, the innermost first; those that all inputs walk as one are one. */
static int find_loops(const struct tensor *out, const struct tensor *const as[], int count, struct loop loops[])
{
    int32_t size[MOTE_BROADCAST_INPUTS] = {1, 1, 1}; /* elements of the dims behind */
    int n = 0;
    for (int32_t k = out->rank - 1; k >= line_dims(out); k--) {
        if (out->dim[k] == 1) {
            continue;
        }
        struct loop next = {.count = out->dim[k]};
        bool merges = n > 0;
        for (int i = 0; i < count; i++) {
            const int32_t d = dim_of(as[i], out->rank, k);
            next.stride[i] = d == 1 ? 0 : size[i];
            merges = merges && next.stride[i] == loops[n - 1].stride[i] * loops[n - 1].count;
            size[i] *= d;
        }
        if (merges) {
            loops[n - 1].count *= next.count;
        } else {
            loops[n++] = next;
        }
    }
    return n;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
    bool same = a->rank == b->rank;
    for (int32_t k = 0; same && k < a->rank; k++) {
        same = a->dim[k] == b->dim[k];
    }
    return same;
}

/* The output may take the place of an input of its shape, unless another input sees the same memory otherwise. */
static void allow_in_place(struct lower *l, const int in[], const struct tensor *const as[], int count)
{
    const struct tensor *out = lower_out(l, 0);
    for (int i = 0; i < count; i++) {
        bool fits =
            as[i]->data == NULL && same_shape(as[i], out) && (as[i]->type == out->type || ir_type_bits(out->type) == 8);
        for (int k = 0; fits && k < count; k++) {
            fits = same_shape(as[k], out) ||
                   l->plan->buffer_of[l->node->in[in[k]]] != l->plan->buffer_of[l->node->in[in[i]]];
        }
        if (fits) {
            lower_in_place(l, in[i]);
            return;
        }
    }
}

void lower_broadcast_as(struct lower *l, struct mote_broadcast *b, const int in[], const struct tensor *const as[],
                        int count)
{
    const struct tensor *out = lower_out(l, 0);
    struct loop loops[IR_MAX_RANK] = {{1, {0}}};
    int n = find_loops(out, as, count, loops);
    if (ir_count(out) == 0) {
        n = 0;
        loops[0].count = 0;
    }
    b->n = loops[0].count;
    b->inputs = count;
    b->out_bytes = b->n * ((ir_type_bits(out->type) + 7) / 8);
    b->loops = n > 0 ? n - 1 : 0;
    for (int i = 0; i < count; i++) {
        const int32_t bytes = (ir_type_bits(as[i]->type) + 7) / 8;
        int32_t walked = 0; /* by the loops inside, when they begin anew */
        b->step[i] = loops[0].stride[i];
        for (int k = 0; k < b->loops; k++) {
            const struct loop *loop = &loops[k + 1];
            b->count[k] = loop->count;
            b->move[k][i] = (loop->stride[i] - walked) * bytes;
            walked += (loop->count - 1) * loop->stride[i];
        }
    }
    add_ports(l, in, as, count);
    allow_in_place(l, in, as, count);
}

void lower_broadcast(struct lower *l, struct mote_broadcast *b, const int in[], int count)
{
    const struct tensor *as[MOTE_BROADCAST_INPUTS];
    for (int i = 0; i < count; i++) {
        as[i] = lower_in(l, in[i]);
    }
    lower_broadcast_as(l, b, in, as, count);
}
