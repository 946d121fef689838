/* SPDX-License-Identifier: MIT
 *
 * Spectra of ONNX. A Fourier transform is RFFT2D where that has the length, else a matrix product. Complex numbers are
 * pairs in the last dim.
 */
#include <math.h>
#include <string.h>

#include "onnx.h"

enum { MAX_MATRIX = 1 << 24, MAX_WINDOW = 1 << 20 };

struct transform {
    int64_t length; /* values */
    int64_t parts;  /* 1: real, 2: complex */
    int64_t bins;   /* computed */
    bool is_inverse;
};

/* The filter that makes each part of each bin from all parts of all values. */
static int32_t fourier_matrix(struct onnx *o, const struct transform *f)
{
    const int64_t columns = f->length * f->parts, rows = f->bins * 2;
    if (rows > MAX_MATRIX / columns) {
        return onnx_fail(o, "transforms %lld values, which is too long for a length that is no power of 2",
                         (long long)f->length);
    }
    float *m = ARENA_ARRAY(o->arena, rows * columns, float);
    const double turn = (f->is_inverse ? 2 : -2) * acos(-1) / (double)f->length;
    const double scale = f->is_inverse ? 1 / (double)f->length : 1;
    for (int64_t k = 0; k < f->bins; k++) {
        for (int64_t n = 0; n < f->length; n++) {
            const double angle = turn * (double)(k * n % f->length);
            float *real = m + 2 * k * columns + n * f->parts, *imaginary = real + columns;
            real[0] = (float)(scale * cos(angle));
            imaginary[0] = (float)(scale * sin(angle));
            if (f->parts == 2) {
                real[1] = -imaginary[0];
                imaginary[1] = real[0];
            }
        }
    }
    return onnx_const(o, TYPE_F32, 2, (int32_t[]){(int32_t)rows, (int32_t)columns}, m);
}

/* [..., length, parts] to [..., bins, 2] */
static int32_t transform(struct onnx *o, int32_t x, const struct transform *f)
{
    const struct tensor t = *onnx_tensor(o, x);
    const bool is_power = f->length > 1 && (f->length & (f->length - 1)) == 0;
    int64_t dim[IR_MAX_RANK + 1];
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    if (is_power && f->parts == 1 && !f->is_inverse && f->bins == f->length / 2 + 1) {
        dim[t.rank - 2] = 1;
        dim[t.rank - 1] = f->length;
        const int32_t lengths = onnx_const_list(o, 2, (int64_t[]){1, f->length});
        const int32_t in[] = {onnx_reshape(o, x, t.rank, dim), lengths};
        const int32_t y = onnx_typed(o, OP_RFFT2D, NULL, TYPE_C64, in, 2);
        dim[t.rank - 2] = f->bins;
        dim[t.rank - 1] = 1;
        const int32_t real = onnx_typed(o, OP_REAL, NULL, TYPE_F32, &y, 1);
        const int32_t imaginary = onnx_typed(o, OP_IMAG, NULL, TYPE_F32, &y, 1);
        const int32_t part[] = {onnx_reshape(o, real, t.rank, dim), onnx_reshape(o, imaginary, t.rank, dim)};
        return onnx_concat(o, part, 2, t.rank - 1);
    }
    dim[t.rank - 2] = f->length * f->parts;
    const int32_t flat = onnx_reshape(o, x, t.rank - 1, dim), filter = fourier_matrix(o, f);
    const int32_t y =
        onnx_emit(o, OP_FULLY_CONNECTED, &(struct attr){.keep_num_dims = true}, (int32_t[]){flat, filter}, 2);
    dim[t.rank - 2] = f->bins;
    dim[t.rank - 1] = 2;
    return onnx_reshape(o, y, t.rank, dim);
}

/* Along an axis as many values as that: the first ones, or zeros behind. */
static int32_t set_length(struct onnx *o, int32_t x, int32_t axis, int64_t length)
{
    const struct tensor t = *onnx_tensor(o, x);
    int32_t pads[2 * IR_MAX_RANK] = {0};
    if (length <= t.dim[axis]) {
        return length == t.dim[axis] ? x : onnx_slice(o, x, axis, 0, length);
    }
    pads[2 * axis + 1] = (int32_t)(length - t.dim[axis]);
    return onnx_emit(o, OP_PAD, NULL, (int32_t[]){x, onnx_const(o, TYPE_S32, 2, (int32_t[]){t.rank, 2}, pads)}, 2);
}

void onnx_convert_dft(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t at = onnx_int(o, "axis", 1), length = -1;
    if (onnx_opset(o) >= 20) {
        at = -2;
        onnx_in_list(o, 2, &at, 1);
    }
    const int32_t axis = onnx_axis(o, at, t.rank), parts = ir_dim(&t, -1);
    onnx_in_list(o, 1, &length, 1);
    if (t.rank < 2 || axis == t.rank - 1 || (parts != 1 && parts != 2) || onnx_failed(o)) {
        onnx_fail(o, "transforms %d dims along %d, want real or complex numbers in the last", t.rank, axis);
        return;
    }
    length = length < 1 ? t.dim[axis] : length;
    if (length < 1 || length > MAX_WINDOW) {
        onnx_fail(o, "transforms %lld values, want 1 to %d", (long long)length, MAX_WINDOW);
        return;
    }
    const bool is_half = onnx_int(o, "onesided", 0) != 0;
    const struct transform f = {length, parts, is_half ? length / 2 + 1 : length, onnx_int(o, "inverse", 0) != 0};
    x = onnx_move_axis(o, set_length(o, x, axis, length), axis, t.rank - 2);
    onnx_out(o, 0, onnx_move_axis(o, transform(o, x, &f), t.rank - 2, axis));
}

/* Frames of the signal, each weighed by the window. */
void onnx_convert_stft(struct onnx *o)
{
    const int32_t signal = onnx_in(o, 0), window = onnx_in(o, 2);
    const struct tensor t = *onnx_tensor(o, signal);
    int64_t step = 0, length = window != NO_TENSOR ? ir_count(onnx_tensor(o, window)) : 0;
    onnx_in_list(o, 1, &step, 1);
    onnx_in_list(o, 3, &length, 1);
    const int32_t parts = ir_dim(&t, -1);
    if (t.rank != 3 || step < 1 || length < 1 || length > t.dim[1] || (parts != 1 && parts != 2) ||
        (window != NO_TENSOR && ir_count(onnx_tensor(o, window)) != length)) {
        onnx_fail(o, "cuts %d dims, %d values, into frames of %lld every %lld", t.rank, ir_dim(&t, 1),
                  (long long)length, (long long)step);
        return;
    }
    const int64_t frames = (t.dim[1] - length) / step + 1;
    int64_t *at = ARENA_ARRAY(o->arena, frames * length, int64_t);
    for (int64_t i = 0; i < frames * length; i++) {
        at[i] = i / length * step + i % length;
    }
    const int32_t places =
        onnx_reshape(o, onnx_const_list(o, (int)(frames * length), at), 2, (int64_t[]){frames, length});
    int32_t x = onnx_emit(o, OP_GATHER, &(struct attr){.axis = 1}, (int32_t[]){signal, places}, 2);
    if (window != NO_TENSOR) {
        x = onnx_binary(o, OP_MUL, x, onnx_reshape(o, window, 2, (int64_t[]){length, 1}));
    }
    const bool is_half = onnx_int(o, "onesided", 1) != 0;
    const struct transform f = {length, parts, is_half ? length / 2 + 1 : length, false};
    onnx_out(o, 0, transform(o, x, &f));
}

/*** Constants of front-ends ***/

static double number(struct onnx *o, int i)
{
    const int32_t index = onnx_in(o, i);
    const struct tensor *t = onnx_tensor(o, index);
    const bool is_real = t->type == TYPE_F32;
    if (!onnx_is_const(o, index) || ir_count(t) != 1 || (!is_real && t->type != TYPE_S32 && t->type != TYPE_S64)) {
        onnx_fail(o, "input %d is known only at run time, so the weights are not", i);
        return 1;
    }
    return is_real ? (double)*(const float *)t->data : (double)ir_const_int(t, 0);
}

static double mel_of(double hertz) { return 2595 * log10(1 + hertz / 700); }

/* Triangles between bins, whose centres are equally far apart on the mel scale. */
void onnx_convert_mel(struct onnx *o)
{
    enum { MOST = 4096 };
    const double filters = number(o, 0), length = number(o, 1), rate = number(o, 2), low = number(o, 3),
                 high = number(o, 4);
    const double bins = floor(length / 2) + 1;
    if (!(filters >= 1 && filters <= MOST && length >= 1 && length <= 2 * MOST && rate > 0 && low >= 0 && high > low &&
          high <= rate)) {
        onnx_fail(o, "makes %g filters of %g values from %g to %g Hz at %g Hz", filters, length, low, high, rate);
        return;
    }
    const int32_t rows = (int32_t)bins, columns = (int32_t)filters;
    int32_t *edge = ARENA_ARRAY(o->arena, columns + 2, int32_t);
    float *m = ARENA_ARRAY(o->arena, (int64_t)rows * columns, float);
    const double step = (mel_of(high) - mel_of(low)) / (filters + 2);
    for (int32_t i = 0; i < columns + 2; i++) {
        const double hertz = 700 * (pow(10, (i * step + mel_of(low)) / 2595) - 1);
        const int32_t bin = (int32_t)floor((length + 1) * hertz / rate);
        edge[i] = bin < rows ? bin : rows - 1;
    }
    for (int32_t i = 0; i < columns; i++) {
        const int32_t from = edge[i], centre = edge[i + 1], to = edge[i + 2];
        for (int32_t k = from; k <= centre; k++) {
            m[(int64_t)k * columns + i] = centre > from ? (float)(k - from) / (float)(centre - from) : 1;
        }
        for (int32_t k = centre; k < to; k++) {
            m[(int64_t)k * columns + i] = (float)(to - k) / (float)(to - centre);
        }
    }
    onnx_out(o, 0, onnx_const(o, TYPE_F32, 2, (int32_t[]){rows, columns}, m));
}

/* The windows of signal processing: a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), N one less if it is symmetric. */
void onnx_convert_window(struct onnx *o)
{
    const char *name = onnx_name(o);
    int64_t size = 0;
    onnx_in_list(o, 0, &size, 1);
    if (size < 1 || size > MAX_WINDOW || onnx_int(o, "output_datatype", 1) != 1) {
        onnx_fail(o, "makes a window of %lld values, want float32, 1 to %d", (long long)size, MAX_WINDOW);
        return;
    }
    const double a1 = strcmp(name, "HammingWindow") == 0 ? 1 - 25.0 / 46 : 0.5;
    const double a0 = strcmp(name, "BlackmanWindow") == 0 ? 0.42 : 1 - a1, a2 = a0 == 0.42 ? 0.08 : 0;
    const int64_t turn = onnx_int(o, "periodic", 1) != 0 || size == 1 ? size : size - 1;
    float *values = ARENA_ARRAY(o->arena, size, float);
    for (int64_t i = 0; i < size; i++) {
        const double angle = 2 * acos(-1) * (double)i / (double)turn;
        values[i] = (float)(a0 - a1 * cos(angle) + a2 * cos(2 * angle));
    }
    onnx_out(o, 0, onnx_const(o, TYPE_F32, 1, &(int32_t){(int32_t)size}, values));
}
