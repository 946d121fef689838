/* SPDX-License-Identifier: MIT
 *
 * Reductions, over whole axes and over windows. A window over images is pooling; any other goes axis by axis, each as a
 * gather of what lies in the windows, which is then reduced: what joins two values does not care for the order.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "hlo.h"

static bool is_identity(enum op two, const struct tensor *init)
{
    if (init->data == NULL || ir_count(init) != 1) {
        return false;
    }
    const bool is_float = init->type == TYPE_F32;
    double value;
    if (is_float) {
        value = *(const float *)init->data;
    } else if (init->type == TYPE_S32 || init->type == TYPE_S64) {
        value = (double)ir_const_int(init, 0);
    } else if (init->type == TYPE_S8 || init->type == TYPE_BOOL) {
        value = *(const int8_t *)init->data;
    } else {
        return false;
    }
    const double most = is_float                 ? (double)INFINITY
                        : init->type == TYPE_S32 ? INT32_MAX
                        : init->type == TYPE_S64 ? (double)INT64_MAX
                                                 : INT8_MAX;
    switch (two) {
    case OP_ADD:
    case OP_LOGICAL_OR:
        return value == 0;
    case OP_MUL:
    case OP_LOGICAL_AND:
        return value == 1;
    case OP_MAXIMUM:
        return value == (is_float ? -most : -most - 1);
    default:
        return value == most;
    }
}

int32_t hlo_join_init(struct hlo *h, const struct hlo_join *join, int32_t x, int32_t init)
{
    return is_identity(join->two, &h->g->tensors[init]) ? x : hlo_binary(h, join->two, x, init);
}

static int32_t reduce(struct hlo *h, const struct hlo_join *join, int32_t x, int32_t count, const int32_t axes[])
{
    return count == 0 ? x : hlo_binary(h, join->all, x, hlo_const_list(h, count, axes));
}

/* Sums and products of quantised values would have scales of their own. */
static bool check_type(struct hlo *h, const struct hlo_join *join)
{
    if (hlo_in(h, 0).quant.count > 0 && (join->two == OP_ADD || join->two == OP_MUL)) {
        hlo_fail(h, "sums or multiplies quantised values; dequantise them first");
    }
    return h->fault == NULL;
}

void hlo_convert_reduce(struct hlo *h)
{
    int32_t axes[IR_MAX_RANK];
    const int32_t count = hlo_list(h, 0, -1, IR_MAX_RANK, axes);
    if (h->from->in_count != 2) {
        hlo_fail(h, "has %d inputs, want 2: reduce one tensor at a time", h->from->in_count);
        return;
    }
    const struct hlo_join *join = hlo_body(h, fb_int(&h->options, 1, 4, 0));
    if (join == NULL) {
        hlo_fail(h, "keeps the last value of each row, which is not supported; take a slice");
    } else if (check_type(h, join)) {
        hlo_result(h, hlo_join_init(h, join, reduce(h, join, h->from->in[0], count, axes), h->from->in[1]));
    }
}

/*** Windows ***/

struct window {
    const struct hlo_join *join;
    int32_t rank, dim[IR_MAX_RANK]; /* of the input; becomes that of the output */
    int32_t size[IR_MAX_RANK], stride[IR_MAX_RANK], dilation[IR_MAX_RANK];
};

/* How many windows an axis has. */
static int64_t window_count(const struct window *w, int32_t d)
{
    const int64_t reach = (int64_t)(w->size[d] - 1) * w->dilation[d] + 1;
    return w->dim[d] < reach ? 0 : (w->dim[d] - reach) / w->stride[d] + 1;
}

static bool is_pooling(const struct window *w, const struct tensor *x)
{
    bool is_image = w->rank == 4 && x->type == TYPE_F32 && (w->join->two == OP_ADD || w->join->two == OP_MAXIMUM);
    for (int32_t d = 0; d < w->rank && is_image; d++) {
        is_image = w->dilation[d] == 1 && (d == 1 || d == 2 || (w->size[d] == 1 && w->stride[d] == 1));
    }
    return is_image;
}

static int32_t pool(struct hlo *h, const struct window *w, int32_t x)
{
    const bool adds = w->join->two == OP_ADD;
    const struct attr attr = {.padding = PADDING_VALID,
                              .stride_h = w->stride[1],
                              .stride_w = w->stride[2],
                              .filter_h = w->size[1],
                              .filter_w = w->size[2]};
    x = hlo_node(h, adds ? OP_AVERAGE_POOL_2D : OP_MAX_POOL_2D, &attr, TYPE_F32, &x, 1);
    if (!adds) {
        return x;
    }
    return hlo_binary(h, OP_MUL, x, hlo_real(h, (float)w->size[1] * (float)w->size[2]));
}

static int32_t reduce_axis(struct hlo *h, struct window *w, int32_t x, int32_t axis)
{
    const int32_t count = (int32_t)window_count(w, axis), size = w->size[axis];
    int32_t *from = ARENA_ARRAY(h->r->arena, (size_t)count * (size_t)size, int32_t);
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < size; k++) {
            from[i * size + k] = i * w->stride[axis] + k * w->dilation[axis];
        }
    }
    const int32_t in[] = {x, hlo_const(h, 2, (int32_t[]){count, size}, from)};
    const int32_t windows = hlo_node(h, OP_GATHER, &(struct attr){.axis = axis}, hlo_in(h, 0).type, in, 2);
    return reduce(h, w->join, windows, 1, (int32_t[]){axis + 1});
}

static void reduce_window(struct hlo *h, struct window *w, int32_t x, int32_t init)
{
    const struct tensor out = hlo_out(h), in = hlo_in(h, 0);
    for (int32_t d = 0; d < w->rank && h->fault == NULL; d++) {
        if (w->size[d] < 1 || w->stride[d] < 1 || w->dilation[d] < 1 || out.rank != w->rank ||
            window_count(w, d) != out.dim[d] || (int64_t)w->size[d] * out.dim[d] > INT32_MAX) {
            hlo_fail(h, "has windows of %d by %d, dilated by %d, along dim %d of %d, and an output of other dims",
                     w->size[d], w->stride[d], w->dilation[d], d, w->dim[d]);
        }
    }
    if (h->fault != NULL || !check_type(h, w->join)) {
        return;
    }
    if (is_pooling(w, &in)) {
        x = pool(h, w, x);
    } else {
        for (int32_t d = 0; d < w->rank; d++) {
            x = w->size[d] > 1 || w->stride[d] > 1 ? reduce_axis(h, w, x, d) : x;
        }
    }
    hlo_result(h, hlo_join_init(h, w->join, x, init));
}

void hlo_convert_reduce_window(struct hlo *h)
{
    const struct tensor in = hlo_in(h, 0);
    struct window w = {.rank = in.rank};
    int32_t base[IR_MAX_RANK], padding[2 * IR_MAX_RANK], low[IR_MAX_RANK], high[IR_MAX_RANK];
    int32_t *const lists[] = {w.size, w.stride, base, w.dilation};
    for (int i = 0; i < 4; i++) { /* left out: 1 everywhere */
        if (hlo_list(h, i, -1, in.rank, lists[i]) != in.rank) {
            for (int32_t d = 0; d < in.rank; d++) {
                lists[i][d] = 1;
            }
        }
    }
    if (hlo_list(h, 4, -1, 2 * in.rank, padding) != 2 * in.rank) {
        memset(padding, 0, sizeof padding);
    }
    if (h->from->in_count != 2) {
        hlo_fail(h, "has %d inputs, want 2: reduce one tensor at a time", h->from->in_count);
        return;
    }
    w.join = hlo_body(h, fb_int(&h->options, 5, 4, 0));
    if (w.join == NULL || h->fault != NULL) {
        hlo_fail(h, "keeps the last value of each window, which is not supported");
        return;
    }
    memcpy(w.dim, in.dim, sizeof w.dim);
    for (int32_t d = 0; d < in.rank; d++) {
        low[d] = padding[2 * d];
        high[d] = padding[2 * d + 1];
    }
    const int32_t init = h->from->in[1];
    int32_t x = hlo_dilate(h, h->from->in[0], in.rank, w.dim, base, init);
    x = hlo_pad(h, x, in.rank, w.dim, low, high, init);
    reduce_window(h, &w, x, init);
}

/* Size, strides and dilations are inputs. */
void hlo_convert_reduce_window_by_inputs(struct hlo *h)
{
    static const enum op by_function[] = {OP_COUNT,   OP_ADD,         OP_MUL,       OP_MINIMUM,
                                          OP_MAXIMUM, OP_LOGICAL_AND, OP_LOGICAL_OR};
    const struct tensor in = hlo_in(h, 0);
    const int64_t function = fb_int(&h->options, 0, 4, 0);
    struct window w = {.rank = in.rank};
    if (function < 1 || function >= (int64_t)COUNT_OF(by_function) || h->from->in_count != 5) {
        hlo_fail(h, "has function %lld and %d inputs, want 1 to 6, and 5", (long long)function, h->from->in_count);
        return;
    }
    w.join = hlo_find_join(by_function[function]);
    memcpy(w.dim, in.dim, sizeof w.dim);
    hlo_in_list(h, 2, in.rank, w.size);
    hlo_in_list(h, 3, in.rank, w.stride);
    hlo_in_list(h, 4, in.rank, w.dilation);
    reduce_window(h, &w, h->from->in[0], h->from->in[1]);
}
