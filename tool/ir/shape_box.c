/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators that cut boxes out of their input.
 */
#include "shape.h"

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* The whole input. */
static void start_box(const struct tensor *in, int input, struct shape_box *box)
{
    box->input = input;
    box->rank = in->rank;
    for (int d = 0; d < in->rank; d++) {
        box->begin[d] = 0;
        box->step[d] = 1;
        box->count[d] = box->dim[d] = in->dim[d];
    }
}

/*** SLICE ***/

static bool find_slice(struct graph *g, struct node *n, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t begin[2 * IR_MAX_RANK], size[2 * IR_MAX_RANK];
    start_box(in, 0, box);
    const int begins = shape_list(g, n, 1, begin, diag), sizes = begins < 0 ? -1 : shape_list(g, n, 2, size, diag);
    if (sizes < 0) {
        return false;
    }
    if (begins != in->rank || sizes != in->rank) {
        return ir_fail(n, diag, "begin and size have %d and %d values, want %d", begins, sizes, in->rank);
    }
    for (int d = 0; d < in->rank; d++) {
        const int64_t left = in->dim[d] - begin[d];
        if (begin[d] < 0 || left < 0 || size[d] < -1 || size[d] > left) {
            return ir_fail(n, diag, "slice of %lld from %lld leaves dim %d of %d", (long long)size[d],
                           (long long)begin[d], d, in->dim[d]);
        }
        box->begin[d] = (int32_t)begin[d];
        box->count[d] = box->dim[d] = (int32_t)(size[d] < 0 ? left : size[d]);
    }
    return true;
}

/*** STRIDED_SLICE ***/

/* begin, end and stride for each index of the specification, which says what becomes of one axis, of many (an
 * ellipsis) or of none (a new axis). */
struct spec {
    int64_t begin[2 * IR_MAX_RANK], end[2 * IR_MAX_RANK], step[2 * IR_MAX_RANK];
    int count;
};

static bool read_spec(struct graph *g, struct node *n, struct spec *s, struct diag *diag)
{
    s->count = shape_list(g, n, 1, s->begin, diag);
    const int ends = s->count < 0 ? -1 : shape_list(g, n, 2, s->end, diag);
    const int steps = ends < 0 ? -1 : shape_list(g, n, 3, s->step, diag);
    if (steps < 0) {
        return false;
    }
    if (ends != s->count || steps != s->count) {
        return ir_fail(n, diag, "begin, end and strides have %d, %d and %d values, want as many", s->count, ends,
                       steps);
    }
    return true;
}

/* Index k of the specification applied to input axis d. A mask that is set opens the range on that side; bounds
 * are clamped to the axis, for negative strides to one before it. */
static bool cut_axis(struct node *n, const struct spec *s, int k, int32_t extent, int d, struct shape_box *box,
                     struct diag *diag)
{
    const struct attr *a = &n->attr;
    const int64_t step = s->step[k];
    if (step == 0 || step < -INT32_MAX || step > INT32_MAX) {
        return ir_fail(n, diag, "stride %d is %lld, want neither 0 nor beyond 31 bits", k, (long long)step);
    }
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
    const int64_t first = s->begin[k] < 0 ? s->begin[k] + extent : s->begin[k];
    int64_t begin = a->begin_mask >> k & 1 ? (step > 0 ? low : high) : clamp(first, low, high);
    int64_t end = s->end[k] + (a->offset ? begin : 0);
    end = a->end_mask >> k & 1 ? (step > 0 ? high : low) : clamp(end < 0 ? end + extent : end, low, high);
    int64_t count = (end - begin + step - (step > 0 ? 1 : -1)) / step;
    if (a->shrink_axis_mask >> k & 1) {
        if (begin < 0 || begin >= extent) {
            return ir_fail(n, diag, "index %lld is outside of dim %d of %d", (long long)s->begin[k], d, extent);
        }
        count = 1;
    } else {
        box->dim[box->rank++] = (int32_t)(count > 0 ? count : 0);
    }
    box->begin[d] = (int32_t)begin;
    box->step[d] = (int32_t)step;
    box->count[d] = (int32_t)(count > 0 ? count : 0);
    return true;
}

static void keep_axis(const struct tensor *in, int d, struct shape_box *box)
{
    box->begin[d] = 0;
    box->step[d] = 1;
    box->count[d] = box->dim[box->rank++] = in->dim[d];
}

static bool find_strided_slice(struct graph *g, struct node *n, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const struct attr *a = &n->attr;
    struct spec s;
    if (!read_spec(g, n, &s, diag)) {
        return false;
    }
    int axes = 0, ellipses = 0; /* indices that speak of one axis, and of many */
    for (int k = 0; k < s.count; k++) {
        axes += ((a->ellipsis_mask | a->new_axis_mask) >> k & 1) == 0;
        ellipses += a->ellipsis_mask >> k & 1;
    }
    if (axes > in->rank || ellipses > 1 || in->rank + s.count - axes - ellipses > IR_MAX_RANK) {
        return ir_fail(n, diag, "has %d indices, new axes and ellipses for an input of %d dims", s.count, in->rank);
    }
    *box = (struct shape_box){.input = 0};
    int d = 0;
    for (int k = 0; k < s.count; k++) {
        if (a->ellipsis_mask >> k & 1) {
            for (int skipped = in->rank - axes; skipped > 0; skipped--) {
                keep_axis(in, d++, box);
            }
        } else if (a->new_axis_mask >> k & 1) {
            box->dim[box->rank++] = 1;
        } else if (cut_axis(n, &s, k, in->dim[d], d, box, diag)) {
            d++;
        } else {
            return false;
        }
    }
    while (d < in->rank) {
        keep_axis(in, d++, box);
    }
    return true;
}

/*** SPLIT, SPLIT_V, UNPACK ***/

static bool find_split(struct graph *g, struct node *n, int i, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 1);
    int64_t value;
    int32_t axis;
    if (!shape_number(g, n, 0, &value, diag) || !shape_axis(n, value, in->rank, &axis, diag)) {
        return false;
    }
    if (in->dim[axis] % n->out_count != 0) {
        return ir_fail(n, diag, "dim %d of %d does not split into %d equal parts", axis, in->dim[axis], n->out_count);
    }
    start_box(in, 1, box);
    box->count[axis] = box->dim[axis] = in->dim[axis] / n->out_count;
    box->begin[axis] = i * box->count[axis];
    return true;
}

static bool find_split_v(struct graph *g, struct node *n, int i, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *sizes = ir_in(g, n, 1);
    int64_t value;
    int32_t axis;
    if (!shape_number(g, n, 2, &value, diag) || !shape_axis(n, value, in->rank, &axis, diag)) {
        return false;
    }
    if (sizes->data == NULL || (sizes->type != TYPE_S32 && sizes->type != TYPE_S64) ||
        ir_count(sizes) != n->out_count) {
        return ir_fail(n, diag, "sizes are no constant list of %d integers", n->out_count);
    }
    start_box(in, 0, box);
    int64_t sum = 0, begin = 0;
    int open = -1; /* the part that takes what is left */
    for (int k = 0; k < n->out_count; k++) {
        const int64_t size = ir_const_int(sizes, k);
        if (size < -1 || size > in->dim[axis] || (size == -1 && open >= 0)) {
            return ir_fail(n, diag, "size %d is %lld, want it in [0, %d], or -1 once", k, (long long)size,
                           in->dim[axis]);
        }
        open = size == -1 ? k : open;
        sum += size == -1 ? 0 : size;
        begin += k < i && size != -1 ? size : 0;
    }
    const int64_t left = in->dim[axis] - sum;
    if (left < 0 || (left > 0 && open < 0)) {
        return ir_fail(n, diag, "sizes add up to %lld, but dim %d is %d", (long long)sum, axis, in->dim[axis]);
    }
    const int64_t size = ir_const_int(sizes, i);
    box->begin[axis] = (int32_t)(begin + (open >= 0 && open < i ? left : 0));
    box->count[axis] = box->dim[axis] = (int32_t)(size == -1 ? left : size);
    return true;
}

static bool find_unpack(struct graph *g, struct node *n, int i, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int32_t axis;
    if (!shape_axis(n, n->attr.axis, in->rank, &axis, diag)) {
        return false;
    }
    if (in->dim[axis] != n->out_count) {
        return ir_fail(n, diag, "dim %d of %d unpacks into %d outputs", axis, in->dim[axis], n->out_count);
    }
    start_box(in, 0, box);
    box->begin[axis] = i;
    box->count[axis] = 1;
    box->rank = 0;
    for (int d = 0; d < in->rank; d++) {
        if (d != axis) {
            box->dim[box->rank++] = in->dim[d];
        }
    }
    return true;
}

/*** REVERSE_V2 ***/

static bool find_reverse(struct graph *g, struct node *n, struct shape_box *box, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t axes[2 * IR_MAX_RANK];
    const int count = shape_list(g, n, 1, axes, diag);
    start_box(in, 0, box);
    for (int k = 0; k < count; k++) {
        int32_t axis;
        if (!shape_axis(n, axes[k], in->rank, &axis, diag)) {
            return false;
        }
        if (box->step[axis] < 0) {
            return ir_fail(n, diag, "axis %d is reversed twice", axis);
        }
        box->begin[axis] = in->dim[axis] - 1;
        box->step[axis] = -1;
    }
    return count >= 0;
}

bool shape_find_box(struct graph *g, struct node *n, int i, struct shape_box *box, struct diag *diag)
{
    switch (n->op) {
    case OP_SLICE:
        return find_slice(g, n, box, diag);
    case OP_STRIDED_SLICE:
        return find_strided_slice(g, n, box, diag);
    case OP_SPLIT:
        return find_split(g, n, i, box, diag);
    case OP_SPLIT_V:
        return find_split_v(g, n, i, box, diag);
    case OP_UNPACK:
        return find_unpack(g, n, i, box, diag);
    default:
        return find_reverse(g, n, box, diag);
    }
}

bool shape_boxes(struct graph *g, struct node *n, struct diag *diag)
{
    for (int i = 0; i < n->out_count; i++) {
        struct shape_box box;
        if (ir_out(g, n, i) == NULL) {
            continue;
        }
        if (!shape_find_box(g, n, i, &box, diag)) {
            return false;
        }
        shape_set(g, n, i, box.rank, box.dim);
    }
    return true;
}
