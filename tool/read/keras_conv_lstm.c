/* SPDX-License-Identifier: MIT
 *
 * ConvLSTM1D and ConvLSTM2D: an LSTM whose products are convolutions, step by step. Those of the inputs are one
 * convolution over all steps. Kernels are [h, w, in, 4 * filters], the gates in the order input, forget, cell, output.
 */
#include "keras_conv.h"
#include "keras_rnn.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { GATES = 4 };

/* One step; `sums` [batch, h, w, 4 * filters] of the inputs. */
static int32_t step(struct keras_layer *l, int32_t sums, int32_t filter, int32_t h, int32_t *c)
{
    const int32_t axis = 3;
    const struct attr same = {.padding = PADDING_SAME, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    if (h != NO_TENSOR) {
        sums = KERAS_ADD(l, OP_ADD, NULL, sums, KERAS_ADD(l, OP_CONV_2D, &same, h, filter));
    }
    const int32_t part =
        keras_add_many(l, OP_SPLIT, TYPE_F32, 2, (int32_t[]){keras_add_ints(l, 0, &axis), sums}, GATES, NULL);
    if (part == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t i = keras_step_activation(l, "recurrent_activation", "sigmoid", part);
    const int32_t f = keras_step_activation(l, "recurrent_activation", "sigmoid", part + 1);
    const int32_t o = keras_step_activation(l, "recurrent_activation", "sigmoid", part + 3);
    const int32_t fresh = KERAS_ADD(l, OP_MUL, NULL, i, keras_step_activation(l, "activation", "tanh", part + 2));
    *c = *c == NO_TENSOR ? fresh : KERAS_ADD(l, OP_ADD, NULL, KERAS_ADD(l, OP_MUL, NULL, f, *c), fresh);
    return KERAS_ADD(l, OP_MUL, NULL, o, keras_step_activation(l, "activation", "tanh", *c));
}

/* [1, steps, h, w, channels] to [1, steps or none, h, w, filters]; `axes`: 1 leaves h away. */
int32_t keras_conv_lstm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const int32_t axes = l->class_name[strlen("ConvLSTM")] - '0';
    const struct tensor t = *keras_tensor(l, in[0]);
    const bool keeps = keras_flag(l, "return_sequences", false), backwards = keras_flag(l, "go_backwards", false);
    struct keras_window w;
    const int32_t filters = keras_read_filters(l, "filters");
    if (in_count != 1 || !keras_check_call(l, (const char *const[]){NULL}) || keras_mask(l, in[0]) != NO_TENSOR ||
        keras_flag(l, "stateful", false) || keras_flag(l, "return_state", false)) {
        return keras_fail(l, "has a mask, or a state from or to elsewhere, which mote lacks");
    }
    if (t.rank != axes + 3 || t.dim[0] != 1 || t.dim[1] > UNROLL_MOST_STEPS) {
        return keras_fail(l, "input has %d dims, want %d, of one batch and at most %d steps", t.rank, axes + 3,
                          UNROLL_MOST_STEPS);
    }
    if (filters == 0 || !keras_read_window(l, axes, "kernel_size", &w)) {
        return NO_TENSOR;
    }
    const int32_t steps = t.dim[1], channels = t.dim[t.rank - 1], all = GATES * filters;
    const bool is_v3 = l->k->file->is_v3;
    struct keras_layer cell = *l;
    cell.part = is_v3 ? arena_printf(l->k->arena, "%scell/", l->part) : l->part;
    int32_t x = keras_reshaped(l, in[0], 4, (int32_t[]){steps, axes > 1 ? t.dim[2] : 1, t.dim[t.rank - 2], channels});
    const struct attr attr = keras_window_attr(&w);
    x = keras_add_conv(&cell, OP_CONV_2D, x, keras_conv_filter(&cell, 0, &w, channels, all),
                       keras_add_bias(&cell, 2, all), &attr);
    const int32_t filter = keras_conv_filter(&cell, 1, &w, filters, all), axis = 0;
    x = steps == 1 || x == NO_TENSOR
            ? x
            : keras_add_many(l, OP_SPLIT, TYPE_F32, 2, (int32_t[]){keras_add_ints(l, 0, &axis), x}, steps, NULL);
    int32_t h = NO_TENSOR, c = NO_TENSOR, *made = ARENA_ARRAY(l->k->arena, steps, int32_t);
    for (int32_t i = 0; i < steps && !l->k->diag->failed; i++) {
        h = step(l, x + (backwards ? steps - 1 - i : i), filter, h, &c);
        made[i] = h;
    }
    const int32_t y = keeps ? keras_add(l, OP_PACK, steps, made, &(struct attr){.axis = 1}) : h;
    if (y == NO_TENSOR || axes > 1) {
        return y;
    }
    const struct tensor o = *keras_tensor(l, y);
    const int32_t kept[] = {1, steps, ir_dim(&o, -2), filters}, last[] = {1, ir_dim(&o, -2), filters};
    return keeps ? keras_reshaped(l, y, 4, kept) : keras_reshaped(l, y, 3, last);
}

#endif
