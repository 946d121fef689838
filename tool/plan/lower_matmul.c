/* SPDX-License-Identifier: MIT
 *
 * Matrix products.
 */
#include "../../mote/kernel/matmul.h"

#include "../../mote/kernel/conv.h"
#include "lower_mac.h"

/* The rows of one long input line, as the step before writes them, are the lines of an image that the weights span. */
static bool fold(struct lower *l, struct mote_conv2d *p, int32_t line_bytes)
{
    const int32_t row_bytes = lower_written_bytes(l, 0), bytes = line_bytes / p->in_c;
    if (row_bytes == 0 || row_bytes % bytes != 0 || line_bytes % row_bytes != 0 ||
        !lower_mac_folded(l, 0, line_bytes / row_bytes, row_bytes)) {
        return false;
    }
    p->filter_h = line_bytes / row_bytes;
    p->in_c = p->filter_c = row_bytes / bytes;
    return true;
}

/* A matrix product with weights is a convolution of images of one pixel: each row of the batch is such an image. */
bool lower_fully_connected(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const int32_t out_c = filter->dim[0], depth = filter->dim[1];
    const bool per_tensor = filter->quant.count == 1; /* only then TensorFlow Lite heeds the zero point */
    const bool has_offset = per_tensor && ir_zero_point(filter) != 0;
    const enum mac_loops loops = has_offset && in->type != TYPE_F32 ? MAC_CONV2D_OFFSET : MAC_CONV2D;
    struct mote_conv2d *p =
        lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, loops, out_c, depth, .one_factor = per_tensor});
    if (p == NULL) {
        return false;
    }
    p->in_w = p->out_w = p->filter_h = p->filter_w = p->stride_w = p->dilation_w = 1;
    p->in_c = p->filter_c = depth;
    p->out_c = out_c;
    p->filter = filter->data;
    const int32_t batch = (int32_t)(ir_count(out) / out_c);
    const int32_t bytes = ir_type_bits(in->type) / 8;
    lower_out_view(l, 0, (struct lower_lines){1, batch, out_c * bytes});
    if (batch == 1 && fold(l, p, depth * bytes)) {
        return true;
    }
    lower_in_view(l, 0, (struct lower_lines){1, batch, depth * bytes}, lower_each_line);
    if (filter->data == NULL) {
        lower_in_weights(l, 1);
    }
    return true;
}

/* The number of matrices in a tensor [..., rows, columns]. */
static int32_t matrix_count(const struct tensor *t) { return (int32_t)(ir_count(t) / ir_dim(t, -1) / ir_dim(t, -2)); }

/* Which matrix of `t`, broadcast to the batch of `out`, meets matrix `b` of `out`. */
static int32_t broadcast_matrix(const struct tensor *t, const struct tensor *out, int32_t b)
{
    int32_t index = 0, step = 1;
    for (int32_t i = -3; i >= -out->rank; b /= ir_dim(out, i), step *= ir_dim(t, i), i--) {
        index += ir_dim(t, i) == 1 ? 0 : b % ir_dim(out, i) * step;
    }
    return index;
}

/* Input i as `per_matrix` lines for each of its matrices. Line v of the product, all matrices counted as one image,
 * needs line v of the matrix that broadcasting pairs it with, or the whole matrix if that is one line. */
static void add_broadcast(struct lower *l, int i, int32_t per_matrix, int32_t line_bytes)
{
    const struct tensor *t = lower_in(l, i), *out = lower_out(l, 0);
    const int32_t rows = ir_dim(out, -2), count = matrix_count(out) * rows;
    int32_t *lines = lower_alloc(l, (size_t)count, sizeof *lines);
    for (int32_t v = 0; v < count; v++) {
        const int32_t matrix = broadcast_matrix(t, out, v / rows);
        lines[v] = per_matrix == 1 ? matrix : matrix * per_matrix + v % rows;
    }
    lower_in_view(l, i, (struct lower_lines){1, matrix_count(t) * per_matrix, line_bytes},
                  (struct lower_window){.count = 1, .dilation = 1, .lines = lines});
}

bool lower_batch_matmul(struct lower *l)
{
    const struct tensor *left = lower_in(l, 0), *right = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t rows = ir_dim(out, -2), columns = ir_dim(out, -1), depth = ir_dim(left, a->adj_x ? -2 : -1);
    struct mote_batch_matmul *p =
        lower_mac(l, &(struct mac){left, right, NULL, out, MAC_MATMUL, 1, depth, .one_factor = true});
    if (p == NULL) {
        return false;
    }
    p->rows = rows;
    p->depth = depth;
    p->columns = columns;
    p->left_transposed = a->adj_x;
    p->right_transposed = a->adj_y;

    const int32_t bytes = ir_type_bits(left->type) / 8, batch = matrix_count(out);
    const int32_t left_lines = a->adj_x ? 1 : rows; /* of one matrix */
    const int32_t left_bytes = depth * bytes * (rows / left_lines), right_bytes = depth * columns * bytes;
    if (a->adj_x) {
        lower_scratch(l, (size_t)(depth * bytes));
    }
    if (matrix_count(left) == batch && (matrix_count(right) == batch || matrix_count(right) == 1)) {
        const struct lower_window one = {.count = 1, .stride = 0, .dilation = 1};
        lower_out_view(l, 0, (struct lower_lines){batch, rows, columns * bytes});
        lower_in_view(l, 0, (struct lower_lines){batch, left_lines, left_bytes}, a->adj_x ? one : lower_each_line);
        lower_in_view(l, 1, (struct lower_lines){matrix_count(right), 1, right_bytes}, one);
    } else {
        lower_out_view(l, 0, (struct lower_lines){1, batch * rows, columns * bytes});
        add_broadcast(l, 0, left_lines, left_bytes);
        add_broadcast(l, 1, 1, right_bytes);
    }
    return true;
}
