/* SPDX-License-Identifier: MIT
 *
 * Operators on vectors, the last dim: SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION, LOCAL_RESPONSE_NORMALIZATION.
 */
#include "../../mote/kernel/softmax.h"

#include <math.h>

#include "lower.h"
#include "lut.h"

enum { MAX_DEPTH_L2 = INT32_MAX / (255 * 255) };

static const struct vector_kernel {
    enum op op;
    enum type in, out;
    enum kernel kernel;
    int32_t scratch; /* bytes for each element of a vector */
    double scale;    /* what the kernel takes for granted of the output; 0: nothing */
    int32_t zero_point;
} kernels[] = {
    {OP_SOFTMAX, TYPE_S8, TYPE_S8, KERNEL_softmax_s8, 4, 1.0 / 256, -128},
    {OP_SOFTMAX, TYPE_S8, TYPE_S16, KERNEL_softmax_s8s16, 4, 1.0 / 65536, -32768},
    {OP_SOFTMAX, TYPE_U8, TYPE_U8, KERNEL_softmax_u8, 4, 1.0 / 256, 0},
    {OP_SOFTMAX, TYPE_S16, TYPE_S16, KERNEL_softmax_s16, 2, 1.0 / 32768, 0},
    {OP_SOFTMAX, TYPE_F32, TYPE_F32, KERNEL_softmax_f32, 0, 0, 0},
    {OP_LOG_SOFTMAX, TYPE_S8, TYPE_S8, KERNEL_log_softmax_s8, 0, 1.0 / 16, 127},
    {OP_LOG_SOFTMAX, TYPE_U8, TYPE_U8, KERNEL_log_softmax_u8, 0, 1.0 / 16, 255},
    {OP_LOG_SOFTMAX, TYPE_F32, TYPE_F32, KERNEL_log_softmax_f32, 0, 0, 0},
    {OP_L2_NORMALIZATION, TYPE_S8, TYPE_S8, KERNEL_l2_norm_s8, 0, 1.0 / 128, 0},
    {OP_L2_NORMALIZATION, TYPE_U8, TYPE_U8, KERNEL_l2_norm_u8, 0, 1.0 / 128, 128},
    {OP_L2_NORMALIZATION, TYPE_F32, TYPE_F32, KERNEL_l2_norm_f32, 0, 0, 0},
    {OP_LOCAL_RESPONSE_NORMALIZATION, TYPE_F32, TYPE_F32, KERNEL_local_response_f32, 0, 0, 0},
};

static const struct vector_kernel *find_kernel(enum op op, enum type in, enum type out)
{
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        if (kernels[i].op == op && kernels[i].in == in && kernels[i].out == out) {
            return &kernels[i];
        }
    }
    return NULL;
}

static bool check_quant(struct lower *l, const struct vector_kernel *k)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (k->scale == 0) {
        return true;
    }
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, out, "output")) {
        return false;
    }
    if (fabs((double)ir_scale(out) - k->scale) > k->scale * 1e-3 || ir_zero_point(out) != k->zero_point) {
        return ir_fail(l->node, l->diag, "output has scale %g, zero point %d, want %g, %d", (double)ir_scale(out),
                       ir_zero_point(out), k->scale, k->zero_point);
    }
    return true;
}

/* Picks the kernel and lays out the rows; returns the parameters, NULL after an error. Sets count and depth. */
static void *lower_vectors(struct lower *l, const char *want, const struct vector_kernel **kernel, int32_t *count,
                           int32_t *depth)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct vector_kernel *k = find_kernel(l->node->op, in->type, out->type);
    if (k == NULL) {
        lower_no_kernel(l, want);
        return NULL;
    }
    if (in->rank < 1 || ir_count(in) < 1) {
        ir_fail(l->node, l->diag, "input has no elements along its last dim");
        return NULL;
    }
    if (!check_quant(l, k)) {
        return NULL;
    }
    *kernel = k;
    *depth = ir_dim(in, -1);
    *count = lower_lines(in).line_bytes / (ir_type_bits(in->type) / 8) / *depth;
    void *params = lower_kernel(l, k->kernel);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, lower_each_line);
    lower_scratch(l, (size_t)k->scratch * (size_t)*depth);
    if (in->type == out->type) {
        lower_in_place(l, 0);
    }
    return params;
}

/* The factor that makes Q5 of a difference of 8-bit inputs, and the greatest difference that fits Q5. */
static bool fill_q5(struct lower *l, double beta, struct mote_softmax *p)
{
    const double factor = fmin((double)ir_scale(lower_in(l, 0)) * beta * (1 << 26), (double)INT32_MAX);
    if (!(factor > 1)) {
        return ir_fail(l->node, l->diag, "input has scale %g, beta is %g: want their product above 2^-26",
                       (double)ir_scale(lower_in(l, 0)), beta);
    }
    lower_multiplier(factor, &p->multiplier, &p->shift);
    p->least = -(int32_t)floor(31.0 * (1 << 26) / (double)(INT64_C(1) << p->shift));
    return true;
}

static float reciprocal_of_one_plus(float x) { return 1.0F / (1.0F + x); }

static bool fill_tables(struct lower *l, double beta, struct mote_softmax *p)
{
    int16_t *exp_table = lower_alloc(l, MOTE_LUT_S16_COUNT, sizeof *exp_table);
    int16_t *reciprocal = lower_alloc(l, MOTE_LUT_S16_COUNT, sizeof *reciprocal);
    lut_fill_real_s16(&(struct lut_quant){10.0F / 65535, INT16_MAX, 2.0F / 65535, 0}, expf, exp_table);
    lut_fill_real_s16(&(struct lut_quant){1.0F / 65535, INT16_MIN, 2.0F / 65535, 0}, reciprocal_of_one_plus,
                      reciprocal);
    p->exp_table = exp_table;
    p->reciprocal_table = reciprocal;
    if (ir_zero_point(lower_in(l, 0)) != 0) {
        return ir_fail(l->node, l->diag, "input has zero point %d, want 0", ir_zero_point(lower_in(l, 0)));
    }
    return lower_factor(l, (double)ir_scale(lower_in(l, 0)) * beta / (10.0 / 65535.0), 30, &p->multiplier, &p->shift);
}

bool lower_softmax(struct lower *l)
{
    const struct vector_kernel *k;
    int32_t count, depth;
    struct mote_softmax *p = lower_vectors(l, "int8, int8 to int16, uint8, int16, float32", &k, &count, &depth);
    if (p == NULL) {
        return false;
    }
    p->count = count;
    p->depth = depth;
    p->beta = l->node->attr.beta;
    if (!isfinite(p->beta)) {
        return ir_fail(l->node, l->diag, "beta is %g", (double)p->beta);
    }
    return k->in == TYPE_F32 ||
           (k->in == TYPE_S16 ? fill_tables(l, (double)p->beta, p) : fill_q5(l, (double)p->beta, p));
}

bool lower_log_softmax(struct lower *l)
{
    const struct vector_kernel *k;
    int32_t count, depth;
    struct mote_softmax *p = lower_vectors(l, "int8, uint8, float32", &k, &count, &depth);
    if (p == NULL) {
        return false;
    }
    p->count = count;
    p->depth = depth;
    if (k->in == TYPE_F32) {
        return true;
    }
    if (!fill_q5(l, 1, p)) {
        return false;
    }
    if (p->shift < 2) {
        return ir_fail(l->node, l->diag, "input has scale %g, want at least 2^-25", (double)ir_scale(lower_in(l, 0)));
    }
    lower_multiplier((double)(INT64_C(1) << (31 - p->shift)) / p->multiplier, &p->log_multiplier, &p->log_shift);
    return true;
}

bool lower_l2_norm(struct lower *l)
{
    const struct vector_kernel *k;
    int32_t count, depth;
    struct mote_l2_norm *p = lower_vectors(l, "int8, uint8, float32", &k, &count, &depth);
    if (p == NULL) {
        return false;
    }
    if (l->node->attr.activation != ACT_NONE) {
        return ir_fail(l->node, l->diag, "has fused activation %d, want none", (int)l->node->attr.activation);
    }
    if (k->in != TYPE_F32 && depth > MAX_DEPTH_L2) {
        return ir_fail(l->node, l->diag, "vectors of %d elements are too long for 32-bit sums, want at most %d", depth,
                       MAX_DEPTH_L2);
    }
    p->count = count;
    p->depth = depth;
    p->in_offset = -ir_zero_point(lower_in(l, 0));
    return true;
}

bool lower_local_response(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    const struct vector_kernel *k;
    int32_t count, depth;
    struct mote_local_response *p = lower_vectors(l, "float32", &k, &count, &depth);
    if (p == NULL) {
        return false;
    }
    if (a->radius < 0) {
        return ir_fail(l->node, l->diag, "has radius %d, want at least 0", a->radius);
    }
    l->step->in_place = NO_BUFFER; /* an element is read after its neighbour is written */
    *p = (struct mote_local_response){count, depth, a->radius < depth ? a->radius : depth, a->bias, a->alpha, a->beta};
    return true;
}
