/* SPDX-License-Identifier: MIT
 *
 * Resize and Upsample: axis by axis, as the formulas of the standard have it. An output is a sum of inputs that a constant
 * list picks, times constant weights; the nearest is picked alone. The plain bilinear forms on images become one
 * operator.
 */
#include <math.h>
#include <string.h>

#include "onnx_image.h"

enum { MAX_TAPS = 4 };

struct axis_map {
    int64_t in, out;
    double scale;      /* output over input */
    double start, end; /* of the region, tf_crop_and_resize */
    const char *mode, *coordinates, *nearest;
    double cubic; /* coefficient a */
    bool exclude_outside;
};

/* Where output index i lies in the input. */
static double find_source(const struct axis_map *m, int64_t i)
{
    const double x = (double)i;
    if (strcmp(m->coordinates, "asymmetric") == 0) {
        return x / m->scale;
    }
    if (strcmp(m->coordinates, "align_corners") == 0) {
        return m->out == 1 ? 0 : x * (double)(m->in - 1) / ((double)m->in * m->scale - 1);
    }
    if (strcmp(m->coordinates, "pytorch_half_pixel") == 0 && m->out <= 1) {
        return 0;
    }
    if (strcmp(m->coordinates, "tf_half_pixel_for_nn") == 0) {
        return (x + 0.5) / m->scale;
    }
    if (strcmp(m->coordinates, "tf_crop_and_resize") == 0) {
        const double span = m->end - m->start;
        return m->out > 1 ? m->start * (double)(m->in - 1) + x * span * (double)(m->in - 1) / (double)(m->out - 1)
                          : 0.5 * (m->start + m->end) * (double)(m->in - 1);
    }
    return (x + 0.5) / m->scale - 0.5; /* half_pixel */
}

static double find_nearest(const struct axis_map *m, double x)
{
    if (strcmp(m->nearest, "round_prefer_ceil") == 0) {
        return floor(x + 0.5);
    }
    if (strcmp(m->nearest, "floor") == 0) {
        return floor(x);
    }
    return strcmp(m->nearest, "ceil") == 0 ? ceil(x) : ceil(x - 0.5); /* round_prefer_floor */
}

/* The weights of the elements round a place that lies `f` behind the one in the middle. */
static int find_weights(const struct axis_map *m, double f, double weight[])
{
    const double a = m->cubic;
    if (strcmp(m->mode, "cubic") != 0) {
        weight[0] = 1 - f;
        weight[1] = f;
        return 2;
    }
    for (int k = 0; k < 4; k++) {
        const double d = fabs(k - 1 - f);
        weight[k] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
    return 4;
}

static int32_t clamp(double x, int64_t count)
{
    return !(x > 0) ? 0 : x >= (double)count ? (int32_t)count - 1 : (int32_t)x;
}

/* Taps of all outputs: from[k][i], weight[k][i]; returns how many there are. */
static int find_taps(const struct axis_map *m, int32_t *const from[], float *const weight[])
{
    int taps = 1;
    for (int64_t i = 0; i < m->out; i++) {
        const double x = find_source(m, i);
        if (strcmp(m->mode, "nearest") == 0) {
            from[0][i] = clamp(find_nearest(m, x), m->in);
            continue;
        }
        double w[MAX_TAPS], sum = 0;
        taps = find_weights(m, x - floor(x), w);
        for (int k = 0; k < taps; k++) {
            const double at = floor(x) + k - (taps == 4 ? 1 : 0);
            w[k] = m->exclude_outside && (at < 0 || at >= (double)m->in) ? 0 : w[k];
            from[k][i] = clamp(at, m->in);
            sum += w[k];
        }
        for (int k = 0; k < taps; k++) {
            weight[k][i] = (float)(m->exclude_outside ? w[k] / sum : w[k]);
        }
    }
    return taps;
}

static int32_t resize_axis(struct onnx *o, int32_t x, int32_t axis, const struct axis_map *m)
{
    int32_t *from[MAX_TAPS], y = NO_TENSOR;
    float *weight[MAX_TAPS];
    const int32_t rank = onnx_tensor(o, x)->rank, count = (int32_t)m->out;
    for (int k = 0; k < MAX_TAPS; k++) {
        from[k] = ARENA_ARRAY(o->arena, m->out, int32_t);
        weight[k] = ARENA_ARRAY(o->arena, m->out, float);
    }
    const int taps = find_taps(m, from, weight);
    int64_t dim[IR_MAX_RANK] = {count, 1, 1, 1, 1, 1, 1, 1}; /* broadcasts along the axis */
    for (int k = 0; k < taps; k++) {
        const int32_t list = onnx_const(o, TYPE_S32, 1, &count, from[k]);
        int32_t part = onnx_emit(o, OP_GATHER, &(struct attr){.axis = axis}, (int32_t[]){x, list}, 2);
        if (taps > 1) {
            const int32_t w = onnx_const(o, TYPE_F32, 1, &count, weight[k]);
            part = onnx_binary(o, OP_MUL, part, onnx_reshape(o, w, rank - axis, dim));
        }
        y = y == NO_TENSOR ? part : onnx_binary(o, OP_ADD, y, part);
    }
    return y;
}

/*** What is asked for ***/

struct resize {
    struct axis_map axis[IR_MAX_RANK];
    const char *mode;
};

/* The values of a constant float input; NULL: left out or empty. */
static const float *find_floats(struct onnx *o, int i, int64_t count)
{
    const int32_t index = onnx_in(o, i);
    const struct tensor *t = onnx_tensor(o, index);
    if (index == NO_TENSOR || ir_count(t) == 0) {
        return NULL;
    }
    if (t->data == NULL || t->type != TYPE_F32 || ir_count(t) != count) {
        onnx_fail(o, "input %d is no constant list of %lld float32", i, (long long)count);
        return NULL;
    }
    return t->data;
}

/* Scales or sizes for some axes, or for all. */
static bool read_extents(struct onnx *o, const struct tensor *t, struct resize *r)
{
    int64_t axes[IR_MAX_RANK], sizes[IR_MAX_RANK];
    const int named = onnx_list(o, "axes", axes, IR_MAX_RANK), count = named >= 0 ? named : t->rank;
    const bool is_old = onnx_opset(o) < 11;
    int32_t listed = 0;
    const float *scales =
        onnx_has(o, "scales") ? onnx_floats(o, "scales", &listed) : find_floats(o, is_old ? 1 : 2, count);
    if (listed > 0 && listed != count) {
        onnx_fail(o, "has %d scales for %d dims", listed, count);
    }
    const int size_count = is_old || scales != NULL ? -1 : onnx_in_list(o, 3, sizes, IR_MAX_RANK);
    const float *region =
        strcmp(r->axis[0].coordinates, "tf_crop_and_resize") == 0 ? find_floats(o, 1, 2 * (int64_t)count) : NULL;
    if (scales == NULL && size_count != count) {
        onnx_fail(o, "has neither scales nor sizes for %d dims", count);
    }
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        struct axis_map *m = &r->axis[named >= 0 ? onnx_axis(o, axes[i], t->rank) : i];
        m->scale = scales != NULL ? (double)scales[i] : (double)sizes[i] / (double)m->in;
        const double out = scales != NULL ? floor((double)m->in * m->scale) : (double)sizes[i];
        if (!(out >= 1) || out > (1 << 24) || m->in < 1) {
            onnx_fail(o, "resizes a dim of %lld to %g", (long long)m->in, out);
        } else {
            m->out = (int64_t)out;
        }
        m->start = region != NULL ? (double)region[i] : 0;
        m->end = region != NULL ? (double)region[count + i] : 1;
    }
    return !onnx_failed(o);
}

static bool read_resize(struct onnx *o, const struct tensor *t, struct resize *r)
{
    const bool is_old = onnx_opset(o) < 11;
    const char *how = onnx_text(o, "coordinate_transformation_mode", is_old ? "asymmetric" : "half_pixel");
    const char *nearest = onnx_text(o, "nearest_mode", is_old ? "floor" : "round_prefer_floor");
    const char *policy = onnx_text(o, "keep_aspect_ratio_policy", "stretch");
    r->mode = onnx_text(o, "mode", "nearest");
    r->mode = strcmp(r->mode, "bilinear") == 0 ? "linear" : r->mode;
    if (strcmp(r->mode, "nearest") != 0 && strcmp(r->mode, "linear") != 0 && strcmp(r->mode, "cubic") != 0) {
        onnx_fail(o, "has mode %.20s, want nearest, linear or cubic", r->mode);
    }
    if (onnx_int(o, "antialias", 0) != 0 || strcmp(policy, "stretch") != 0 ||
        strcmp(how, "half_pixel_symmetric") == 0) {
        onnx_fail(o, "has antialias, keeps its aspect ratio or has symmetric half pixels, which mote lacks");
    }
    for (int32_t d = 0; d < t->rank; d++) {
        r->axis[d] = (struct axis_map){.in = t->dim[d],
                                       .out = t->dim[d],
                                       .scale = 1,
                                       .mode = r->mode,
                                       .coordinates = how,
                                       .nearest = nearest,
                                       .cubic = (double)onnx_float(o, "cubic_coeff_a", -0.75F),
                                       .exclude_outside = onnx_int(o, "exclude_outside", 0) != 0};
    }
    return !onnx_failed(o) && t->rank > 0 && read_extents(o, t, r);
}

/* What RESIZE_BILINEAR computes: height and width, by the extents alone. */
static bool is_bilinear(const struct resize *r, const struct tensor *t, struct attr *attr)
{
    const char *how = r->axis[0].coordinates;
    bool fits = t->rank == 4 && t->type == TYPE_F32 && strcmp(r->mode, "linear") == 0 && !r->axis[0].exclude_outside &&
                r->axis[0].out == r->axis[0].in && r->axis[1].out == r->axis[1].in;
    for (int d = 2; d < 4 && fits; d++) {
        fits = r->axis[d].scale == (double)r->axis[d].out / (double)r->axis[d].in && r->axis[d].out > 1;
    }
    attr->align_corners = strcmp(how, "align_corners") == 0;
    attr->half_pixel_centers = strcmp(how, "half_pixel") == 0 || strcmp(how, "pytorch_half_pixel") == 0;
    return fits && (attr->align_corners || attr->half_pixel_centers || strcmp(how, "asymmetric") == 0);
}

/* Outputs from beyond the region have a value of their own. */
static int32_t outside(struct onnx *o, int32_t x, int32_t axis, const struct axis_map *m)
{
    const int32_t rank = onnx_tensor(o, x)->rank, count = (int32_t)m->out;
    uint8_t *is_outside = ARENA_ARRAY(o->arena, count, uint8_t);
    bool any = false;
    for (int32_t i = 0; i < count; i++) {
        const double at = find_source(m, i);
        is_outside[i] = at < 0 || at > (double)(m->in - 1);
        any = any || is_outside[i] != 0;
    }
    const int64_t dim[IR_MAX_RANK] = {count, 1, 1, 1, 1, 1, 1, 1};
    const int32_t mask = onnx_reshape(o, onnx_const(o, TYPE_BOOL, 1, &count, is_outside), rank - axis, dim);
    return any ? onnx_select(o, mask, onnx_real(o, onnx_float(o, "extrapolation_value", 0)), x) : x;
}

void onnx_convert_resize(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    struct resize r;
    struct attr attr = {0};
    if (!read_resize(o, &t, &r)) {
        onnx_fail(o, "input is a scalar");
        return;
    }
    if (is_bilinear(&r, &t, &attr)) {
        const int32_t size = onnx_const_list(o, 2, (int64_t[]){r.axis[2].out, r.axis[3].out});
        x = onnx_emit(o, OP_RESIZE_BILINEAR, &attr, (int32_t[]){onnx_to_nhwc(o, x), size}, 2);
        onnx_out(o, 0, onnx_from_nhwc(o, x, 4));
        return;
    }
    const bool crops = strcmp(r.axis[0].coordinates, "tf_crop_and_resize") == 0;
    for (int32_t d = 0; d < t.rank && !onnx_failed(o); d++) {
        if (r.axis[d].out != r.axis[d].in || crops) {
            x = resize_axis(o, x, d, &r.axis[d]);
        }
    }
    for (int32_t d = 0; d < t.rank && crops && !onnx_failed(o); d++) {
        x = outside(o, x, d, &r.axis[d]);
    }
    onnx_out(o, 0, x);
}
