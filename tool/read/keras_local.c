/* SPDX-License-Identifier: MIT
 *
 * LocallyConnected1D and 2D: a convolution with a kernel of its own at each place, so one dense layer for each. The windows are
 * gathered, and multiplied in one batch: [places, 1, window] by [places, window, filters].
 */
#include "keras_conv.h"

#ifdef HAVE_KERAS

/* Where the values of each window lie in an image [h, w, channels]: [places * window]. */
static int32_t add_windows(struct keras_layer *l, const struct keras_window *w, const struct tensor *image,
                           int32_t rows, int32_t columns)
{
    enum { H = KERAS_HEIGHT_AXIS, W = KERAS_WIDTH_AXIS };
    const int32_t width = image->dim[2], channels = image->dim[3];
    const int64_t count = (int64_t)rows * columns * w->size[H] * w->size[W] * channels;
    int32_t *places = arena_array(l->k->arena, (size_t)count, sizeof *places);
    int64_t at = 0;
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t x = 0; x < columns; x++) {
            for (int32_t k = 0; k < w->size[H] * w->size[W]; k++) {
                const int32_t row = y * w->stride[H] + k / w->size[W], column = x * w->stride[W] + k % w->size[W];
                for (int32_t c = 0; c < channels; c++) {
                    places[at++] = (row * width + column) * channels + c;
                }
            }
        }
    }
    return keras_add_ints(l, (int32_t)count, places);
}

int32_t keras_locally_connected(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    enum { H = KERAS_HEIGHT_AXIS, W = KERAS_WIDTH_AXIS, MOST = 1 << 24 };
    const int32_t filters = keras_read_filters(l, "filters"), rank = keras_tensor(l, in[0])->rank, axes = rank - 2;
    struct keras_window w;
    if (filters == 0 || rank < 3 || rank > 4 || !keras_read_window(l, axes, "kernel_size", &w)) {
        return keras_fail(l, "input has %d dims, want 3 or 4", rank);
    }
    struct tensor t = *keras_tensor(l, in[0]);
    if (axes == 1) {
        t = (struct tensor){.rank = 4, .dim = {t.dim[0], 1, t.dim[1], t.dim[2]}};
    }
    const bool fits = t.dim[0] == 1 && t.dim[1] >= w.size[H] && t.dim[2] >= w.size[W];
    const int32_t rows = (t.dim[1] - w.size[H]) / w.stride[H] + 1, columns = (t.dim[2] - w.size[W]) / w.stride[W] + 1;
    const int64_t places = (int64_t)rows * columns, window = fits ? (int64_t)w.size[H] * w.size[W] * t.dim[3] : 0;
    if (!fits || window > MOST || places > MOST || window * places > MOST || w.padding != PADDING_VALID ||
        keras_int(l, "implementation", 1) != 1) {
        return keras_fail(l, "has implementation %d, padding, or windows that do not fit; want implementation 1, valid",
                          keras_int(l, "implementation", 1));
    }
    const int32_t dim[] = {(int32_t)places, (int32_t)window, filters}, dims[] = {rows, columns, filters};
    const int32_t kernel = keras_add_floats(l, 3, dim, keras_weight(l, 0, 3, dim));
    int32_t x = keras_reshaped(l, in[0], 1, (int32_t[]){(int32_t)ir_count(&t)});
    x = KERAS_ADD(l, OP_GATHER, NULL, x, add_windows(l, &w, &t, rows, columns));
    x = x != NO_TENSOR ? keras_reshaped(l, x, 3, (int32_t[]){(int32_t)places, 1, (int32_t)window}) : x;
    x = kernel != NO_TENSOR && x != NO_TENSOR ? KERAS_ADD(l, OP_BATCH_MATMUL, NULL, x, kernel) : NO_TENSOR;
    if (x == NO_TENSOR) {
        return x;
    }
    const int32_t full[] = {1, rows, columns, filters}, line[] = {1, columns, filters};
    x = keras_reshaped(l, x, rank, axes > 1 ? full : line);
    if (keras_flag(l, "use_bias", true)) {
        const int32_t *bias_dim = dims + (axes == 1);
        const float *bias = keras_weight(l, 1, rank - 1, bias_dim);
        x = KERAS_ADD(l, OP_ADD, NULL, x, keras_add_floats(l, rank - 1, bias_dim, bias));
    }
    return keras_activated(l, "activation", x);
}

#endif
