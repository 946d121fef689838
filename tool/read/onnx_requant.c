/* SPDX-License-Identifier: MIT
 *
 * What made a float tensor, once more on int8.
 */
#include <math.h>
#include <string.h>

#include "onnx_quant.h"

enum { MAX_DEPTH = 16, MAX_INPUTS = 64 };

static int32_t make(struct onnx *o, int32_t tensor, const struct quant *quant, int depth);

static bool is_same(const struct quant *a, const struct quant *b)
{
    return a->count == 1 && b->count == 1 && a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0];
}

/* Values of one scale in steps of another. */
static int32_t rescale(struct onnx *o, int32_t bytes, const struct quant *quant)
{
    return is_same(&onnx_tensor(o, bytes)->quant, quant)
               ? bytes
               : onnx_emit_quantised(o, OP_QUANTIZE, NULL, TYPE_S8, &bytes, 1, quant);
}

static bool is_move(enum op op)
{
    return op == OP_TRANSPOSE || op == OP_RESHAPE || op == OP_SLICE || op == OP_STRIDED_SLICE || op == OP_GATHER ||
           op == OP_EXPAND_DIMS || op == OP_TILE || op == OP_BROADCAST_TO || op == OP_DEPTH_TO_SPACE ||
           op == OP_SPACE_TO_DEPTH;
}

/* The node with another input 0 and quantised output. */
static int32_t copy_node(struct onnx *o, const struct node *node, int32_t in0, const struct quant *quant)
{
    const struct node n = *node; /* which may move */
    int32_t *in = arena_copy(o->arena, n.in, (size_t)n.in_count * sizeof *in);
    in[0] = in0;
    return onnx_emit_quantised(o, n.op, &n.attr, TYPE_S8, in, n.in_count, quant);
}

/* What the tensor was before it was dequantised, perhaps moved since; NO_TENSOR: it was never quantised. */
static int32_t before(struct onnx *o, int32_t tensor, int depth)
{
    const struct onnx_quantised was = onnx_quantised(o, tensor);
    const struct node *n = onnx_writer(o, tensor);
    if (was.tensor != NO_TENSOR || n == NULL || !is_move(n->op) || depth > MAX_DEPTH) {
        return onnx_is_const(o, tensor) ? NO_TENSOR : was.tensor;
    }
    const int32_t source = before(o, n->in[0], depth + 1);
    if (source == NO_TENSOR) {
        return NO_TENSOR;
    }
    const struct quant quant = onnx_tensor(o, source)->quant;
    const int32_t moved = copy_node(o, onnx_writer(o, tensor), source, &quant);
    onnx_set_quantised(o, tensor, &(struct onnx_quantised){moved, quant});
    return moved;
}

/* A constant as int8 of its own scale. */
static int32_t constant_bytes(struct onnx *o, int32_t tensor)
{
    const struct onnx_quantised was = onnx_quantised(o, tensor);
    if (was.tensor == NO_TENSOR || onnx_tensor(o, was.tensor)->type != TYPE_S8) {
        return NO_TENSOR;
    }
    const struct tensor t = *onnx_tensor(o, was.tensor);
    const int32_t bytes = onnx_const(o, TYPE_S8, t.rank, t.dim, t.data);
    onnx_tensor(o, bytes)->quant = was.quant;
    return bytes;
}

static int32_t bytes_of(struct onnx *o, int32_t tensor)
{
    return onnx_is_const(o, tensor) ? constant_bytes(o, tensor) : before(o, tensor, 0);
}

/*** Products ***/

/* The bias in steps of the scale of the input times that of the filter. */
static int32_t make_bias(struct onnx *o, int32_t bias, const struct quant *in, const struct quant *filter)
{
    const struct tensor b = *onnx_tensor(o, bias);
    const int32_t count = (int32_t)ir_count(&b);
    int32_t *values = ARENA_ARRAY(o->arena, count, int32_t);
    for (int32_t i = 0; i < count; i++) {
        const double step = (double)in->scale[0] * (double)filter->scale[filter->count == 1 ? 0 : i];
        const double value = rint((double)((const float *)b.data)[i] / step);
        values[i] = !(value > -INT32_MAX) ? -INT32_MAX
                    : value > INT32_MAX   ? INT32_MAX
                                          : (int32_t)value; /* NaN as well */
    }
    return onnx_const(o, TYPE_S32, 1, &count, values);
}

/* A filter that mote's kernels take: symmetric, or of one scale for a dense layer; scales along the outputs. */
static bool fits_filter(const struct onnx *o, const struct node *n, int32_t filter, int32_t bias)
{
    const struct tensor *t = onnx_tensor(o, filter);
    const struct quant *q = &t->quant;
    const int32_t axis = n->op == OP_DEPTHWISE_CONV_2D ? 3 : 0;
    bool fits = q->count == 1 || (q->axis == axis && axis < t->rank && q->count == t->dim[axis]);
    for (int32_t i = 0; i < q->count; i++) {
        fits = fits && (q->zero_point[i] == 0 || (n->op == OP_FULLY_CONNECTED && q->count == 1));
    }
    const struct tensor *b = onnx_tensor(o, bias);
    return fits && (bias == NO_TENSOR || (onnx_is_const(o, bias) && b->type == TYPE_F32 && b->rank == 1 &&
                                          (q->count == 1 || ir_count(b) == q->count)));
}

static int32_t make_product(struct onnx *o, const struct node *node, const struct quant *quant)
{
    const struct node n = *node;
    const int at = n.op == OP_TRANSPOSE_CONV ? 2 : 0, bias_at = n.op == OP_TRANSPOSE_CONV ? 3 : 2;
    const int32_t bias = n.in_count > bias_at ? n.in[bias_at] : NO_TENSOR;
    const int32_t x = bytes_of(o, n.in[at]), filter = onnx_is_const(o, n.in[1]) ? bytes_of(o, n.in[1]) : NO_TENSOR;
    if (x == NO_TENSOR || filter == NO_TENSOR || !fits_filter(o, &n, filter, bias)) {
        return NO_TENSOR;
    }
    int32_t *in = arena_copy(o->arena, n.in, (size_t)n.in_count * sizeof *in);
    in[at] = x;
    in[1] = filter;
    if (bias != NO_TENSOR) {
        const struct quant x_quant = onnx_tensor(o, x)->quant, filter_quant = onnx_tensor(o, filter)->quant;
        in[bias_at] = make_bias(o, bias, &x_quant, &filter_quant);
    }
    return onnx_emit_quantised(o, n.op, &n.attr, TYPE_S8, in, n.in_count, quant);
}

/*** Others ***/

/* Operators of several quantised inputs, that scale each by itself. */
static int32_t make_of_all(struct onnx *o, const struct node *node, const struct quant *quant, int count)
{
    const struct node n = *node;
    if (n.in_count > MAX_INPUTS) {
        return NO_TENSOR;
    }
    int32_t *in = arena_copy(o->arena, n.in, (size_t)n.in_count * sizeof *in);
    for (int i = 0; i < count; i++) {
        in[i] = bytes_of(o, n.in[i]);
        if (in[i] == NO_TENSOR || onnx_tensor(o, in[i])->quant.count != 1) {
            return NO_TENSOR;
        }
    }
    return onnx_emit_quantised(o, n.op, &n.attr, TYPE_S8, in, n.in_count, quant);
}

/* Operators that do not scale: on the values as they are, which are rescaled behind. */
static int32_t make_and_rescale(struct onnx *o, const struct node *node, const struct quant *quant)
{
    const struct node n = *node;
    const int32_t x = bytes_of(o, n.in[0]);
    if (x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const struct quant own = onnx_tensor(o, x)->quant;
    const int32_t y = copy_node(o, &n, x, &own);
    return y != NO_TENSOR ? rescale(o, y, quant) : y;
}

/* Operators whose results have one scale by design. */
static bool has_scale(enum op op, const struct quant *quant)
{
    const float scale = op == OP_TANH ? 1 / 128.0F : 1 / 256.0F;
    return fabsf(quant->scale[0] - scale) <= 1e-6F && quant->zero_point[0] == (op == OP_TANH ? 0 : -128);
}

static int32_t make_by(struct onnx *o, const struct node *n, const struct quant *quant, int depth)
{
    if (is_move(n->op) || n->op == OP_RELU || n->op == OP_RELU6 || n->op == OP_RELU_N1_TO_1 ||
        n->op == OP_MAX_POOL_2D) {
        const struct node copy = *n;
        const int32_t x = make(o, n->in[0], quant, depth + 1);
        return x != NO_TENSOR ? copy_node(o, &copy, x, quant) : x;
    }
    switch (n->op) {
    case OP_CONV_2D:
    case OP_DEPTHWISE_CONV_2D:
    case OP_FULLY_CONNECTED:
    case OP_TRANSPOSE_CONV:
        return make_product(o, n, quant);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_BATCH_MATMUL:
        return make_of_all(o, n, quant, 2);
    case OP_CONCATENATION:
        return make_of_all(o, n, quant, n->in_count);
    case OP_MEAN:
    case OP_HARD_SWISH:
    case OP_LEAKY_RELU:
        return make_of_all(o, n, quant, 1);
    case OP_AVERAGE_POOL_2D:
    case OP_RESIZE_BILINEAR:
        return make_and_rescale(o, n, quant);
    case OP_LOGISTIC:
    case OP_TANH:
    case OP_SOFTMAX:
        return has_scale(n->op, quant) ? make_of_all(o, n, quant, 1) : NO_TENSOR;
    default:
        return NO_TENSOR;
    }
}

static int32_t make(struct onnx *o, int32_t tensor, const struct quant *quant, int depth)
{
    const struct node *n = onnx_writer(o, tensor);
    const int32_t was = depth < MAX_DEPTH && !onnx_is_const(o, tensor) ? onnx_quantised(o, tensor).tensor : NO_TENSOR;
    if (was != NO_TENSOR) {
        return rescale(o, was, quant);
    }
    int32_t made = NO_TENSOR;
    if (n != NULL && depth < MAX_DEPTH && !onnx_is_const(o, tensor)) {
        made = make_by(o, n, quant, depth);
    }
    return made != NO_TENSOR || onnx_failed(o) ? made
                                               : onnx_emit_quantised(o, OP_QUANTIZE, NULL, TYPE_S8, &tensor, 1, quant);
}

int32_t onnx_requantise(struct onnx *o, int32_t tensor, const struct quant *quant) { return make(o, tensor, quant, 0); }

void onnx_follow(struct onnx *o, int32_t from, int32_t to, enum op op, int32_t list)
{
    struct onnx_quantised was = onnx_quantised(o, from);
    if (was.tensor == NO_TENSOR || !onnx_is_const(o, from) || to == NO_TENSOR || to == from) {
        return;
    }
    const struct tensor t = *onnx_tensor(o, from), moved = *onnx_tensor(o, to);
    const int32_t axis = was.quant.axis;
    for (int32_t d = 0; d < moved.rank && op == OP_TRANSPOSE; d++) {
        was.quant.axis = ir_const_int(onnx_tensor(o, list), d) == axis ? d : was.quant.axis;
    }
    bool kept = true; /* of a new shape: all dims up to the axis */
    for (int32_t d = 0; d <= axis && was.quant.count > 1 && op == OP_RESHAPE; d++) {
        kept = kept && d < moved.rank && moved.dim[d] == t.dim[d];
    }
    if (kept) {
        was.tensor = onnx_emit(o, op, NULL, (int32_t[]){was.tensor, list}, 2);
        onnx_set_quantised(o, to, &was);
    }
}
