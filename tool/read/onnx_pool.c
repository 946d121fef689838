/* SPDX-License-Identifier: MIT
 *
 * Pooling of ONNX.
 */
#include <string.h>

#include "onnx_image.h"

/* An average that counts the padding is one of the padded image. */
static int32_t pad_counted(struct onnx *o, int32_t x, struct onnx_window *w)
{
    struct onnx_window pads = *w;
    for (int d = 0; d < 2; d++) {
        int64_t list[4];
        const int dims = w->rank - 2;
        if (onnx_list(o, "pads", list, 4) == 2 * dims && d < dims) { /* without what ceil_mode adds */
            pads.after[d] = list[dims + d];
        }
        w->after[d] -= pads.after[d];
        w->before[d] = 0;
    }
    return onnx_pad_image(o, x, &pads, onnx_real(o, 0));
}

void onnx_convert_pool(struct onnx *o)
{
    const int32_t in = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, in);
    const bool is_average = onnx_op(o) == OP_AVERAGE_POOL_2D;
    struct onnx_window w;
    if (!onnx_read_window(o, in, NULL, &w)) {
        return;
    }
    if (w.dilation[0] != 1 || w.dilation[1] != 1) {
        onnx_fail(o, "has dilation %lldx%lld, want 1", (long long)w.dilation[0], (long long)w.dilation[1]);
        return;
    }
    int32_t x = onnx_to_nhwc(o, in);
    if (is_average && onnx_int(o, "count_include_pad", 0) != 0) {
        x = pad_counted(o, x, &w);
    }
    const struct attr attr = onnx_window_attr(&w);
    onnx_out(o, 0, onnx_from_nhwc(o, onnx_emit(o, onnx_op(o), &attr, &x, 1), t.rank));
}

void onnx_convert_global_pool(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    onnx_out(o, 0, onnx_reduce(o, onnx_op(o), onnx_in(o, 0), spatial, true));
}

/* (sum of |x|^p)^(1/p) */
void onnx_convert_global_lp_pool(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    const float p = (float)onnx_int(o, "p", 2);
    const int32_t size = onnx_unary(o, OP_ABS, onnx_in(o, 0));
    const int32_t power = onnx_binary(o, OP_POW, size, onnx_real(o, p));
    const int32_t sum = onnx_reduce(o, OP_SUM, power, spatial, true);
    onnx_out(o, 0, onnx_binary(o, OP_POW, sum, onnx_real(o, 1 / p)));
}
