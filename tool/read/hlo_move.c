/* SPDX-License-Identifier: MIT
 *
 * Operators of StableHLO that move values: shapes, slices, padding outside and inside.
 */
#include "hlo.h"

void hlo_convert_reshape(struct hlo *h) { hlo_result(h, h->from->in[0]); }

void hlo_convert_transpose(struct hlo *h)
{
    int32_t permutation[IR_MAX_RANK];
    const int32_t rank = hlo_in(h, 0).rank;
    hlo_list(h, 0, rank, rank, permutation);
    hlo_result(h, hlo_transpose(h, h->from->in[0], rank, permutation));
}

void hlo_convert_broadcast_in_dim(struct hlo *h)
{
    const struct tensor in = hlo_in(h, 0), out = hlo_out(h);
    int32_t to[IR_MAX_RANK], dim[IR_MAX_RANK];
    hlo_list(h, 0, in.rank, in.rank, to);
    for (int32_t d = 0; d < out.rank; d++) {
        dim[d] = 1;
    }
    for (int32_t d = 0; d < in.rank && h->fault == NULL; d++) {
        if (to[d] < 0 || to[d] >= out.rank || (d > 0 && to[d] <= to[d - 1])) {
            hlo_fail(h, "broadcasts dim %d to dim %d of %d, want them to rise; transpose first", d, to[d], out.rank);
            return;
        }
        dim[to[d]] = in.dim[d];
    }
    const int32_t x = hlo_reshape(h, h->from->in[0], out.rank, dim);
    hlo_result(h, out.rank == 0 ? x : hlo_binary(h, OP_BROADCAST_TO, x, hlo_const_list(h, out.rank, out.dim)));
}

void hlo_convert_slice(struct hlo *h)
{
    const struct tensor in = hlo_in(h, 0);
    int32_t list[3][IR_MAX_RANK]; /* begin, end, stride */
    int32_t at[4] = {h->from->in[0]};
    for (int i = 0; i < 3; i++) {
        hlo_list(h, i, in.rank, in.rank, list[i]);
        at[1 + i] = hlo_const_list(h, in.rank, list[i]);
    }
    for (int32_t d = 0; d < in.rank && h->fault == NULL; d++) {
        if (list[0][d] < 0 || list[1][d] > in.dim[d] || list[1][d] < list[0][d] || list[2][d] < 1) {
            hlo_fail(h, "slices %d to %d by %d out of dim %d, which is %d", list[0][d], list[1][d], list[2][d], d,
                     in.dim[d]);
        }
    }
    hlo_result(h, in.rank == 0 ? at[0] : hlo_node(h, OP_STRIDED_SLICE, NULL, in.type, at, 4));
}

void hlo_convert_dynamic_update_slice(struct hlo *h)
{
    const struct tensor x = hlo_in(h, 0);
    int32_t start[IR_MAX_RANK];
    if (x.rank < 1 || h->from->in_count != 2 + x.rank) {
        hlo_fail(h, "has %d inputs for %d dims", h->from->in_count, x.rank);
        return;
    }
    for (int32_t d = 0; d < x.rank; d++) {
        start[d] = hlo_cast(h, h->from->in[2 + d], TYPE_S32);
    }
    const int32_t starts = hlo_node(h, OP_PACK, &(struct attr){.num = x.rank}, TYPE_S32, start, x.rank);
    const int32_t in[] = {h->from->in[0], h->from->in[1], starts};
    hlo_result(h, hlo_node(h, OP_DYNAMIC_UPDATE_SLICE, NULL, x.type, in, 3));
}

/* Numbers along one axis. */
void hlo_convert_iota(struct hlo *h)
{
    const struct tensor out = hlo_out(h);
    const int64_t axis = fb_int(&h->options, 0, 8, 0);
    if (axis < 0 || axis >= out.rank) {
        hlo_fail(h, "counts along dim %lld of %d", (long long)axis, out.rank);
        return;
    }
    int32_t *numbers = ARENA_ARRAY(h->r->arena, out.dim[axis], int32_t), dim[IR_MAX_RANK];
    for (int32_t i = 0; i < out.dim[axis]; i++) {
        numbers[i] = i;
    }
    for (int32_t d = 0; d < out.rank; d++) {
        dim[d] = d == axis ? out.dim[d] : 1;
    }
    const int32_t count = hlo_cast(h, hlo_const(h, out.rank, dim, numbers), out.type);
    hlo_result(h, hlo_binary(h, OP_BROADCAST_TO, count, hlo_const_list(h, out.rank, out.dim)));
}

/*** Padding ***/

/* As rows with what pads behind each value, of which the last is cut off. */
static int32_t dilate_axis(struct hlo *h, int32_t x, int32_t rank, int32_t dim[], int32_t axis, int32_t dilation,
                           int32_t value)
{
    int64_t outer = 1, inner = 1;
    for (int32_t d = 0; d < rank; d++) {
        outer *= d < axis ? dim[d] : 1;
        inner *= d > axis ? dim[d] : 1;
    }
    const int64_t longest = (int64_t)(dim[axis] - 1) * dilation + 1;
    if (longest + dilation > INT32_MAX / (inner > 0 ? inner : 1) / (outer > 0 ? outer : 1)) {
        return hlo_fail(h, "dilates dim %d, of %d, by %d, which makes too much", axis, dim[axis], dilation);
    }
    const int32_t n = dim[axis], rows = (int32_t)outer, width = (int32_t)inner, begin[] = {0, 0, 0};
    const int32_t pads[] = {0, 0, 0, (dilation - 1) * width};
    x = hlo_reshape(h, x, 2, (int32_t[]){rows * n, width});
    const int32_t in[] = {x, hlo_const(h, 2, (int32_t[]){2, 2}, pads), value};
    x = hlo_node(h, OP_PADV2, NULL, h->g->tensors[in[0] < 0 ? 0 : in[0]].type, in, 3);
    x = hlo_reshape(h, x, 3, (int32_t[]){rows, n * dilation, width});
    x = hlo_slice(h, x, 3, begin, (int32_t[]){rows, (int32_t)longest, width});
    dim[axis] = (int32_t)longest;
    return hlo_reshape(h, x, rank, dim);
}

int32_t hlo_dilate(struct hlo *h, int32_t x, int32_t rank, int32_t dim[], const int32_t dilation[], int32_t value)
{
    for (int32_t d = 0; d < rank && h->fault == NULL; d++) {
        if (dilation[d] < 1) {
            return hlo_fail(h, "dilates dim %d by %d, want 1 or more", d, dilation[d]);
        }
        if (dilation[d] > 1 && dim[d] > 1) {
            x = dilate_axis(h, x, rank, dim, d, dilation[d], value);
        }
    }
    return x;
}

int32_t hlo_pad(struct hlo *h, int32_t x, int32_t rank, int32_t dim[], const int32_t low[], const int32_t high[],
                int32_t value)
{
    int32_t pads[2 * IR_MAX_RANK], begin[IR_MAX_RANK];
    bool pads_any = false, cuts_any = false;
    for (int32_t d = 0; d < rank; d++) {
        const int64_t made = (int64_t)dim[d] + low[d] + high[d];
        if (made < 0 || made > INT32_MAX) {
            return hlo_fail(h, "pads dim %d, of %d, by %d and %d", d, dim[d], low[d], high[d]);
        }
        pads[2 * d] = low[d] > 0 ? low[d] : 0;
        pads[2 * d + 1] = high[d] > 0 ? high[d] : 0;
        begin[d] = low[d] < 0 ? -low[d] : 0;
        pads_any = pads_any || pads[2 * d] > 0 || pads[2 * d + 1] > 0;
        cuts_any = cuts_any || low[d] < 0 || high[d] < 0;
        dim[d] = (int32_t)made;
    }
    if (pads_any) {
        const int32_t in[] = {x, hlo_const(h, 2, (int32_t[]){rank, 2}, pads), value};
        x = hlo_node(h, OP_PADV2, NULL, h->g->tensors[x < 0 ? 0 : x].type, in, 3);
    }
    return cuts_any ? hlo_slice(h, x, rank, begin, dim) : x;
}

void hlo_convert_pad(struct hlo *h)
{
    struct tensor in = hlo_in(h, 0);
    int32_t low[IR_MAX_RANK], high[IR_MAX_RANK], dilation[IR_MAX_RANK];
    hlo_list(h, 0, in.rank, in.rank, low);
    hlo_list(h, 1, in.rank, in.rank, high);
    hlo_list(h, 2, in.rank, in.rank, dilation);
    if (h->from->in_count != 2 || h->fault != NULL) {
        hlo_fail(h, "has %d inputs, want 2", h->from->in_count);
        return;
    }
    for (int32_t d = 0; d < in.rank; d++) {
        dilation[d] = dilation[d] < INT32_MAX ? dilation[d] + 1 : 0;
    }
    const int32_t x = hlo_dilate(h, h->from->in[0], in.rank, in.dim, dilation, h->from->in[1]);
    hlo_result(h, hlo_pad(h, x, in.rank, in.dim, low, high, h->from->in[1]));
}

void hlo_convert_dilate(struct hlo *h)
{
    struct tensor in = hlo_in(h, 0);
    int32_t dilation[IR_MAX_RANK];
    hlo_in_list(h, 1, in.rank, dilation);
    if (h->from->in_count != 3) {
        hlo_fail(h, "has %d inputs, want 3", h->from->in_count);
        return;
    }
    hlo_result(h, hlo_dilate(h, h->from->in[0], in.rank, in.dim, dilation, h->from->in[2]));
}
