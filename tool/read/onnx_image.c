/* SPDX-License-Identifier: MIT
 *
 * Windows over images.
 */
#include "onnx_image.h"

#include <string.h>

enum { MAX_VALUE = 1 << 30 };

int32_t onnx_to_nhwc(struct onnx *o, int32_t x)
{
    const struct tensor t = *onnx_tensor(o, x);
    if (t.rank == 4) {
        return onnx_transpose(o, x, (int32_t[]){0, 2, 3, 1});
    }
    if (t.rank == 5) {
        return onnx_move_axis(o, x, 1, 4);
    }
    if (t.rank != 3) {
        return onnx_fail(o, "input has %d dims, want 3 to 5 (NCL, NCHW or NCDHW)", t.rank);
    }
    x = onnx_transpose(o, x, (int32_t[]){0, 2, 1});
    return onnx_reshape(o, x, 4, (int64_t[]){t.dim[0], t.dim[2], 1, t.dim[1]});
}

int32_t onnx_from_nhwc(struct onnx *o, int32_t x, int32_t rank)
{
    const struct tensor t = *onnx_tensor(o, x);
    if (rank > 3) {
        return onnx_move_axis(o, x, rank - 1, 1);
    }
    x = onnx_reshape(o, x, 3, (int64_t[]){t.dim[0], t.dim[1], t.dim[3]});
    return onnx_transpose(o, x, (int32_t[]){0, 2, 1});
}

/* `count` values of an attribute for the dims of the image, `absent` if it is not there; `fill` for what is missing. */
static bool read_each(struct onnx *o, const char *name, int dims, int64_t fill, int64_t low, int64_t value[])
{
    int64_t list[ONNX_MAX_SPACE];
    const int count = onnx_list(o, name, list, ONNX_MAX_SPACE);
    for (int d = 0; d < ONNX_MAX_SPACE; d++) {
        value[d] = count >= 0 && d < dims && d < count ? list[d] : fill;
        if (value[d] < low || value[d] > MAX_VALUE) {
            onnx_fail(o, "%s has the value %lld, want %lld or more", name, (long long)value[d], (long long)low);
        }
    }
    if (count >= 0 && count != dims) {
        onnx_fail(o, "%s has %d values, want %d", name, count, dims);
    }
    return !onnx_failed(o);
}

/* Padding that makes as many outputs as there are strides in the input. */
static void pad_same(const struct tensor *t, bool more_before, struct onnx_window *w)
{
    for (int d = 0; d < w->rank - 2; d++) {
        const int64_t in = t->dim[2 + d], reach = (w->size[d] - 1) * w->dilation[d] + 1;
        const int64_t out = (in + w->stride[d] - 1) / w->stride[d];
        const int64_t need = (out - 1) * w->stride[d] + reach - in, all = need > 0 ? need : 0;
        w->before[d] = more_before ? all - all / 2 : all / 2;
        w->after[d] = all - w->before[d];
    }
}

static bool read_pads(struct onnx *o, const struct tensor *t, struct onnx_window *w)
{
    const char *how = onnx_text(o, "auto_pad", "NOTSET");
    int64_t list[2 * ONNX_MAX_SPACE];
    const int dims = w->rank - 2, count = onnx_list(o, "pads", list, 2 * ONNX_MAX_SPACE);
    if (strncmp(how, "SAME_", 5) == 0) {
        pad_same(t, strcmp(how, "SAME_LOWER") == 0, w);
        return true;
    }
    if (count >= 0 && count != 2 * dims) {
        onnx_fail(o, "pads has %d values, want %d", count, 2 * dims);
    }
    for (int d = 0; d < dims && count == 2 * dims && strcmp(how, "VALID") != 0; d++) {
        w->before[d] = list[d];
        w->after[d] = list[dims + d];
        if (list[d] < 0 || list[dims + d] < 0 || list[d] > MAX_VALUE || list[dims + d] > MAX_VALUE) {
            onnx_fail(o, "pads by %lld and %lld, want 0 or more", (long long)list[d], (long long)list[dims + d]);
        }
    }
    return !onnx_failed(o);
}

/* The outputs; ceil_mode: also a last window that begins inside of the padded image and ends beyond it. */
static bool count_outputs(struct onnx *o, const struct tensor *t, struct onnx_window *w)
{
    const bool ceils = onnx_int(o, "ceil_mode", 0) != 0;
    for (int d = 0; d < ONNX_MAX_SPACE; d++) {
        const int64_t in = d < w->rank - 2 ? t->dim[2 + d] : 1, reach = (w->size[d] - 1) * w->dilation[d] + 1;
        const int64_t room = in + w->before[d] + w->after[d] - reach;
        if (room < 0 && !ceils) {
            onnx_fail(o, "a window of %lld does not fit into the input of %lld with its padding", (long long)reach,
                      (long long)in);
            return false;
        }
        w->out[d] = (room < 0 ? 0 : room / w->stride[d]) + 1;
        if (ceils && room >= 0 && room % w->stride[d] > 0 && w->out[d] * w->stride[d] < in + w->before[d]) {
            w->out[d]++;
        }
        const int64_t all = (w->out[d] - 1) * w->stride[d] + reach - in - w->before[d];
        w->after[d] = ceils && all > w->after[d] ? all : w->after[d];
    }
    return true;
}

static bool read_numbers(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w)
{
    const struct tensor t = *onnx_tensor(o, x);
    *w = (struct onnx_window){.rank = t.rank};
    if (t.rank < 3 || t.rank > 2 + ONNX_MAX_SPACE) {
        onnx_fail(o, "input has %d dims, want 3 to 5 (NCL, NCHW or NCDHW)", t.rank);
        return false;
    }
    const int dims = t.rank - 2;
    if (size != NULL) {
        memcpy(w->size, size, sizeof w->size);
    } else if (!read_each(o, "kernel_shape", dims, 1, 1, w->size)) {
        return false;
    }
    return read_each(o, "strides", dims, 1, 1, w->stride) && read_each(o, "dilations", dims, 1, 1, w->dilation) &&
           read_pads(o, &t, w);
}

bool onnx_read_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w)
{
    const struct tensor t = *onnx_tensor(o, x);
    return read_numbers(o, x, size, w) && count_outputs(o, &t, w);
}

bool onnx_read_transposed_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w)
{
    return read_numbers(o, x, size, w);
}

struct attr onnx_window_attr(const struct onnx_window *w)
{
    return (struct attr){.padding = PADDING_VALID,
                         .filter_h = (int32_t)w->size[0],
                         .filter_w = (int32_t)w->size[1],
                         .stride_h = (int32_t)w->stride[0],
                         .stride_w = (int32_t)w->stride[1],
                         .dilation_h = (int32_t)w->dilation[0],
                         .dilation_w = (int32_t)w->dilation[1],
                         .pad_top = (int32_t)w->before[0],
                         .pad_bottom = (int32_t)w->after[0],
                         .pad_left = (int32_t)w->before[1],
                         .pad_right = (int32_t)w->after[1]};
}

int32_t onnx_pad_image(struct onnx *o, int32_t x, const struct onnx_window *w, int32_t value)
{
    const int32_t rank = w->rank > 4 ? w->rank : 4;
    int32_t pads[2 * (2 + ONNX_MAX_SPACE)] = {0};
    for (int32_t d = 0; d < rank - 2; d++) {
        pads[2 + 2 * d] = (int32_t)w->before[d];
        pads[3 + 2 * d] = (int32_t)w->after[d];
    }
    const int32_t list = onnx_const(o, TYPE_S32, 2, (int32_t[]){rank, 2}, pads);
    return onnx_emit(o, OP_PADV2, NULL, (int32_t[]){x, list, value}, 3);
}
