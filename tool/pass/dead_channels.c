/* SPDX-License-Identifier: MIT
 *
 * Dead channels. A filter that is all zero makes a channel that is the same everywhere, whatever the input; pooling,
 * depthwise filters and element-wise operators hand it on. Such a channel need not be computed or stored: what it adds
 * to the sums of the next convolution is constant and goes into the bias. The same holds for a channel that the next
 * convolution gives no weight.
 *
 * A sum of products is exact in any order for integers, so the result is the same to the bit. At the border a
 * convolution with padding leaves out taps, so there a constant must be the zero point (real 0), which adds
 * nothing anyway. Floats fold only real 0, since adding it is exact too.
 *
 * Tensors between which channel c stays channel c form a group; a channel is dropped from all tensors of the group, if
 * every convolution that reads one of them can do without. What an operator makes of constant channels is found by
 * running it on a probe, so that the kernels are the only truth.
 */
#include <string.h>

#include "wires.h"

struct channels {
    int32_t parent;    /* of the group, as a union-find tree */
    int32_t count;     /* size of the last dim */
    bool *is_constant; /* [count] */
    uint8_t *value;    /* [count] elements */
    bool *must_stay;   /* [count], of the root */
};

struct dropper {
    struct graph *g;
    pass_evaluate *evaluate;
    struct channels *channels; /* [tensor] */
    int32_t tensor_count;      /* probes come behind */
};

/* How an operator treats channels. */
enum role { ROLE_OTHER, ROLE_SUM, ROLE_SAME };

static bool is_dead_type(const struct tensor *t) { return t->type == TYPE_S8 || t->type == TYPE_F32; }

static size_t element_size(const struct tensor *t) { return (size_t)ir_type_bits(t->type) / 8; }

static bool has_constant_weights(const struct graph *g, const struct node *n)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1), *bias = ir_in(g, n, 2);
    const enum type bias_type = in->type == TYPE_S8 ? TYPE_S32 : TYPE_F32;
    const int32_t axis = n->op == OP_DEPTHWISE_CONV_2D ? 3 : 0; /* of the output channels, and so of scales */
    return (filter->quant.count < 2 || filter->quant.axis == axis) && filter->data != NULL && in->data == NULL &&
           filter->type == in->type && ir_out(g, n, 0)->type == in->type &&
           (bias == NULL || (bias->data != NULL && bias->type == bias_type && bias->rank == 1)) &&
           (filter->type == TYPE_F32 || filter->quant.count != 1 || filter->quant.zero_point[0] == 0);
}

static enum role role_of(const struct graph *g, const struct node *n)
{
    const struct tensor *in = ir_in(g, n, 0), *out = n->out_count == 1 ? ir_out(g, n, 0) : NULL;
    if (in == NULL || out == NULL || !is_dead_type(in) || in->rank < 1 || out->rank < 1 || ir_count(in) == 0) {
        return ROLE_OTHER;
    }
    const bool same_channels = ir_dim(in, -1) == ir_dim(out, -1) && in->data == NULL && in->type == out->type;
    switch (n->op) {
    case OP_CONV_2D:
        return has_constant_weights(g, n) && ir_in(g, n, 1)->dim[3] == in->dim[3] ? ROLE_SUM : ROLE_OTHER;
    case OP_FULLY_CONNECTED:
        return has_constant_weights(g, n) && ir_in(g, n, 1)->dim[1] == ir_dim(in, -1) ? ROLE_SUM : ROLE_OTHER;
    case OP_DEPTHWISE_CONV_2D:
        return has_constant_weights(g, n) && same_channels ? ROLE_SAME : ROLE_OTHER;
    case OP_AVERAGE_POOL_2D:
    case OP_MAX_POOL_2D: /* a larger window would make a probe larger than the input */
        return same_channels && n->attr.filter_h <= in->dim[1] && n->attr.filter_w <= in->dim[2] ? ROLE_SAME
                                                                                                 : ROLE_OTHER;
    case OP_RELU:
    case OP_RELU6:
    case OP_LEAKY_RELU:
    case OP_HARD_SWISH:
    case OP_TABLE:
        return same_channels ? ROLE_SAME : ROLE_OTHER;
    case OP_RESHAPE:
    case OP_SQUEEZE:
        return same_channels && ir_count(in) == ir_dim(in, -1) ? ROLE_SAME : ROLE_OTHER;
    case OP_ADD: {
        const struct tensor *other = ir_in(g, n, 1);
        const bool alike = other->data == NULL && other->type == in->type && same_shape(in, other);
        return same_channels && alike && same_shape(in, out) ? ROLE_SAME : ROLE_OTHER;
    }
    default:
        return ROLE_OTHER;
    }
}

static int32_t root_of(struct dropper *d, int32_t t)
{
    while (d->channels[t].parent != t) {
        t = d->channels[t].parent = d->channels[d->channels[t].parent].parent;
    }
    return t;
}

static void must_stay(struct dropper *d, int32_t t, int32_t c)
{
    struct channels *root = &d->channels[root_of(d, t)];
    if (c < root->count) {
        root->must_stay[c] = true;
    }
}

static void all_stay(struct dropper *d, int32_t t)
{
    for (int32_t c = 0; t != NO_TENSOR && c < d->channels[root_of(d, t)].count; c++) {
        must_stay(d, t, c);
    }
}

static void join(struct dropper *d, int32_t a, int32_t b)
{
    a = root_of(d, a);
    b = root_of(d, b);
    for (int32_t c = 0; c < d->channels[b].count && a != b; c++) {
        d->channels[a].must_stay[c] |= d->channels[b].must_stay[c];
    }
    d->channels[b].parent = a;
}

/*** Constants ***/

static bool is_zero(const struct tensor *t, const void *element)
{
    return t->type == TYPE_F32 ? *(const float *)element == 0 : *(const int8_t *)element == ir_zero_point(t);
}

/* Are the weights from input channel i to output channel o all zero? `step` apart, `count` of them. */
static bool is_zero_run(const struct tensor *filter, int64_t start, int64_t step, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        const bool zero = filter->type == TYPE_F32 ? ((const float *)filter->data)[start + k * step] == 0
                                                   : ((const int8_t *)filter->data)[start + k * step] == 0;
        if (!zero) {
            return false;
        }
    }
    return true;
}

static bool may_pad(const struct graph *g, const struct node *n)
{
    const struct tensor *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    const bool is_padded = a->pad_top > 0 || a->pad_bottom > 0 || a->pad_left > 0 || a->pad_right > 0;
    return n->op != OP_FULLY_CONNECTED &&
           (is_padded || (a->padding == PADDING_SAME && (filter->dim[1] > 1 || filter->dim[2] > 1)));
}

static int64_t taps(const struct graph *g, const struct node *n)
{
    const struct tensor *filter = ir_in(g, n, 1);
    return n->op == OP_FULLY_CONNECTED ? 1 : (int64_t)filter->dim[1] * filter->dim[2];
}

/* Weights from channel i to channel o: none, or only zero. `o` -1: to any channel. */
static bool has_no_weight(const struct graph *g, const struct node *n, int32_t o, int32_t i)
{
    const struct tensor *filter = ir_in(g, n, 1);
    const int64_t window = taps(g, n);
    if (n->op == OP_DEPTHWISE_CONV_2D) {
        return is_zero_run(filter, i, filter->dim[3], window);
    }
    const int32_t in_c = ir_dim(filter, -1), out_c = filter->dim[0];
    return o >= 0 ? is_zero_run(filter, o * window * in_c + i, in_c, window)
                  : is_zero_run(filter, i, in_c, window * out_c);
}

/* Channel i can be folded into the sums of n: it is constant, and known wherever taps fall. */
static bool is_foldable(const struct dropper *d, const struct node *n, int32_t i)
{
    const struct channels *in = &d->channels[n->in[0]];
    const struct tensor *t = &d->g->tensors[n->in[0]];
    return in->is_constant[i] &&
           (is_zero(t, in->value + (size_t)i * element_size(t)) || (t->type == TYPE_S8 && !may_pad(d->g, n)));
}

static bool is_constant_output(const struct dropper *d, const struct node *n, enum role role, int32_t o)
{
    if (role == ROLE_SUM) {
        for (int32_t i = 0; i < d->channels[n->in[0]].count; i++) {
            if (!has_no_weight(d->g, n, o, i) && !is_foldable(d, n, i)) {
                return false;
            }
        }
        return true;
    }
    if (n->op == OP_DEPTHWISE_CONV_2D) {
        return has_no_weight(d->g, n, o, o) || is_foldable(d, n, o);
    }
    const struct tensor *t = ir_in(d->g, n, 0);
    if (n->op == OP_AVERAGE_POOL_2D && t->type == TYPE_F32) { /* else it rounds by the number of pixels */
        return is_foldable(d, n, o);
    }
    return d->channels[n->in[0]].is_constant[o] && (n->op != OP_ADD || d->channels[n->in[1]].is_constant[o]);
}

/* A constant tensor of one window, or of one pixel, that holds the constants, and zero elsewhere. */
static int32_t add_probe(struct dropper *d, const struct node *n, int32_t from, bool is_window)
{
    const int32_t probe = ir_add_tensor(d->g);
    struct tensor *t = &d->g->tensors[probe];
    *t = d->g->tensors[from];
    const struct tensor *filter = is_window ? ir_in(d->g, n, 1) : NULL;
    const bool is_pool = n->op == OP_AVERAGE_POOL_2D || n->op == OP_MAX_POOL_2D;
    for (int i = 0; i < t->rank - 1; i++) {
        const int32_t reach = filter != NULL && i == 1 ? filter->dim[1] : filter != NULL && i == 2 ? filter->dim[2] : 1;
        t->dim[i] = is_pool && i == 1 ? n->attr.filter_h : is_pool && i == 2 ? n->attr.filter_w : reach;
    }
    const int64_t pixels = ir_count(t) / ir_dim(t, -1);
    const size_t size = element_size(t), row = (size_t)d->channels[from].count * size;
    uint8_t *data = arena_array(d->g->arena, (size_t)pixels, row);
    for (int32_t c = 0; c < d->channels[from].count; c++) {
        const int8_t zero = (int8_t)ir_zero_point(t);
        const bool known = d->channels[from].is_constant[c];
        for (int64_t p = 0; p < pixels; p++) {
            uint8_t *to = data + (size_t)p * row + (size_t)c * size;
            if (known) {
                memcpy(to, d->channels[from].value + (size_t)c * size, size);
            } else if (t->type == TYPE_S8) {
                memcpy(to, &zero, 1);
            }
        }
    }
    t->data = data;
    t->name = "probe";
    return probe;
}

/* What the operator makes of the probe, in each channel. */
static bool run_probe(struct dropper *d, const struct node *n, uint8_t *value)
{
    struct node copy = *n;
    struct diag ignored = {0};
    const bool is_window = n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D;
    copy.in = arena_copy(d->g->arena, n->in, (size_t)n->in_count * sizeof *n->in);
    copy.in[0] = add_probe(d, n, n->in[0], is_window);
    if (n->op == OP_ADD) {
        copy.in[1] = add_probe(d, n, n->in[1], false);
    }
    if (n->op == OP_RESHAPE || n->op == OP_SQUEEZE) {
        memcpy(value, d->g->tensors[copy.in[0]].data,
               (size_t)d->channels[n->in[0]].count * element_size(ir_in(d->g, n, 0)));
        return true;
    }
    copy.attr.padding = PADDING_VALID;
    copy.attr.pad_top = copy.attr.pad_bottom = copy.attr.pad_left = copy.attr.pad_right = 0;
    copy.attr.stride_h = copy.attr.stride_w = copy.attr.dilation_h = copy.attr.dilation_w = 1;
    const int32_t out = ir_add_tensor(d->g);
    d->g->tensors[out] = d->g->tensors[n->out[0]];
    copy.out = arena_copy(d->g->arena, &out, sizeof out);
    if (!ir_infer(d->g, &copy, &ignored) || !d->evaluate(d->g, &copy, &ignored)) {
        return false;
    }
    const struct tensor *t = &d->g->tensors[out];
    memcpy(value, t->data, (size_t)ir_dim(t, -1) * element_size(t));
    return true;
}

static void find_constants(struct dropper *d, const struct node *n, enum role role)
{
    struct channels *out = &d->channels[n->out[0]];
    bool any = false;
    for (int32_t o = 0; o < out->count; o++) {
        out->is_constant[o] = is_constant_output(d, n, role, o);
        any |= out->is_constant[o];
    }
    if (any && !run_probe(d, n, out->value)) {
        memset(out->is_constant, 0, (size_t)out->count * sizeof *out->is_constant);
    }
}

/*** Groups ***/

static void find_groups(struct dropper *d)
{
    struct graph *g = d->g;
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        const enum role role = role_of(g, n);
        if (role == ROLE_OTHER) {
            for (int k = 0; k < n->in_count; k++) {
                all_stay(d, n->in[k]);
            }
            for (int k = 0; k < n->out_count; k++) {
                all_stay(d, n->out[k]);
            }
            continue;
        }
        find_constants(d, n, role);
        if (role == ROLE_SAME) {
            join(d, n->in[0], n->out[0]);
            if (n->op == OP_ADD) {
                join(d, n->in[1], n->out[0]);
            }
        }
    }
    for (int i = 0; i < g->input_count; i++) {
        all_stay(d, g->inputs[i]);
    }
    for (int i = 0; i < g->output_count; i++) {
        all_stay(d, g->outputs[i]);
    }
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int32_t c = 0; role_of(g, n) == ROLE_SUM && c < d->channels[n->in[0]].count; c++) {
            if (!has_no_weight(g, n, -1, c) && !is_foldable(d, n, c)) {
                must_stay(d, n->in[0], c);
            }
        }
    }
}

static bool stays(struct dropper *d, int32_t t, int32_t c) { return d->channels[root_of(d, t)].must_stay[c]; }

static int32_t staying(struct dropper *d, int32_t t)
{
    int32_t count = 0;
    for (int32_t c = 0; c < d->channels[t].count; c++) {
        count += stays(d, t, c);
    }
    return count;
}

/* FULLY_CONNECTED rounds its factor in another way if there is one scale for all weights, so two stay. */
static void keep_scales(struct dropper *d, const struct node *n)
{
    const struct tensor *filter = ir_in(d->g, n, 1);
    if (n->op == OP_FULLY_CONNECTED && filter->quant.count > 1 && staying(d, n->out[0]) == 1) {
        must_stay(d, n->out[0], stays(d, n->out[0], 0) ? 1 : 0);
    }
}

/* At least one channel of each group stays; returns whether any goes. */
static bool settle_groups(struct dropper *d)
{
    bool any = false;
    for (int32_t t = 0; t < d->tensor_count; t++) {
        struct channels *c = &d->channels[t];
        if (root_of(d, t) != t || c->count == 0) {
            continue;
        }
        const int32_t kept = staying(d, t);
        c->must_stay[0] |= kept == 0;
        any |= kept < c->count;
    }
    for (int32_t i = 0; i < d->g->node_count; i++) {
        keep_scales(d, &d->g->nodes[i]);
    }
    return any;
}

/*** Rewriting ***/

/* A constant without the indices of dimension `axis` that went from tensor `like`. */
static int32_t slice_constant(struct dropper *d, int32_t from, int axis, int32_t like)
{
    if (from == NO_TENSOR || staying(d, like) == d->channels[like].count) {
        return from;
    }
    struct graph *g = d->g;
    const int32_t to = ir_add_tensor(g);
    struct tensor *t = &g->tensors[to];
    *t = g->tensors[from];
    const int32_t old = t->dim[axis], kept = staying(d, like);
    size_t inner = element_size(t), outer = 1;
    for (int i = axis + 1; i < t->rank; i++) {
        inner *= (size_t)t->dim[i];
    }
    for (int i = 0; i < axis; i++) {
        outer *= (size_t)t->dim[i];
    }
    uint8_t *data = arena_array(g->arena, outer * (size_t)kept, inner), *at = data;
    float *scale = ARENA_ARRAY(g->arena, kept, float);
    int32_t *zero_point = ARENA_ARRAY(g->arena, kept, int32_t), n = 0;
    for (size_t o = 0; o < outer; o++) {
        for (int32_t c = 0; c < old; c++) {
            if (stays(d, like, c)) {
                memcpy(at, (const uint8_t *)t->data + (o * (size_t)old + (size_t)c) * inner, inner);
                at += inner;
            }
        }
    }
    for (int32_t c = 0; c < old && t->quant.count == old && t->quant.axis == axis && old > 1; c++) {
        if (stays(d, like, c)) {
            scale[n] = t->quant.scale[c];
            zero_point[n++] = t->quant.zero_point[c];
        }
    }
    if (n > 0) {
        t->quant = (struct quant){n, axis, scale, zero_point};
    }
    t->dim[axis] = kept;
    t->data = data;
    return to;
}

/* The bias of n with what the channels add that go: sum over them and their taps of weight * (value - zero point). */
static int32_t fold_bias(struct dropper *d, const struct node *n)
{
    struct graph *g = d->g;
    const int32_t in = n->in[0], old = n->in_count > 2 ? n->in[2] : NO_TENSOR;
    const struct tensor *t = &g->tensors[in];
    if (t->type != TYPE_S8 || staying(d, in) == d->channels[in].count) {
        return old;
    }
    const struct tensor *filter = ir_in(g, n, 1);
    const int32_t out_c = filter->dim[0], in_c = ir_dim(filter, -1);
    const int64_t window = taps(g, n);
    uint32_t *sums = ARENA_ARRAY(g->arena, out_c, uint32_t), any = 0;
    if (old != NO_TENSOR) {
        memcpy(sums, g->tensors[old].data, (size_t)out_c * sizeof *sums);
    }
    for (int32_t o = 0; o < out_c; o++) {
        for (int64_t k = 0; k < window * in_c; k++) {
            const int32_t c = (int32_t)(k % in_c);
            if (!stays(d, in, c) && d->channels[in].is_constant[c]) {
                const int32_t value = (int8_t)d->channels[in].value[c] - ir_zero_point(t);
                sums[o] += (uint32_t)(((const int8_t *)filter->data)[o * window * in_c + k] * value);
            }
        }
        any |= sums[o];
    }
    if (any == 0) {
        return old;
    }
    const int32_t to = ir_add_tensor(g);
    struct tensor *bias = &g->tensors[to];
    *bias = (struct tensor){.name = old != NO_TENSOR ? g->tensors[old].name : "bias",
                            .type = TYPE_S32,
                            .rank = 1,
                            .data = sums};
    bias->dim[0] = out_c;
    return to;
}

static void rewrite_node(struct dropper *d, struct node *n)
{
    const enum role role = role_of(d->g, n);
    const bool is_sum = role == ROLE_SUM, is_depthwise = n->op == OP_DEPTHWISE_CONV_2D && role == ROLE_SAME;
    if (is_sum || is_depthwise) {
        int32_t *in = ARENA_ARRAY(d->g->arena, 3, int32_t);
        in[0] = n->in[0];
        in[1] = n->in[1];
        in[2] = is_sum ? fold_bias(d, n) : n->in_count > 2 ? n->in[2] : NO_TENSOR;
        if (is_sum) {
            in[1] = slice_constant(d, in[1], d->g->tensors[in[1]].rank - 1, n->in[0]);
        }
        in[1] = slice_constant(d, in[1], is_sum ? 0 : 3, n->out[0]);
        in[2] = slice_constant(d, in[2], 0, n->out[0]);
        n->in = in;
        n->in_count = in[2] == NO_TENSOR ? 2 : 3;
    } else if (n->op == OP_RESHAPE && role == ROLE_SAME) {
        n->in_count = 1; /* its shape is that of the output, which is known */
        n->attr.list_count = ir_out(d->g, n, 0)->rank;
        n->attr.list = ARENA_ARRAY(d->g->arena, n->attr.list_count, int32_t);
        int32_t *list = (int32_t *)(uintptr_t)n->attr.list;
        memcpy(list, ir_out(d->g, n, 0)->dim, (size_t)n->attr.list_count * sizeof *list);
        list[n->attr.list_count - 1] = staying(d, n->out[0]);
    }
}

static void rewrite(struct dropper *d)
{
    for (int i = 0; i < d->g->node_count; i++) {
        rewrite_node(d, &d->g->nodes[i]);
    }
    for (int32_t t = 0; t < d->tensor_count; t++) {
        struct tensor *tensor = &d->g->tensors[t];
        if (d->channels[t].count > 0 && tensor->data == NULL) {
            tensor->dim[tensor->rank - 1] = staying(d, t);
        }
    }
}

bool pass_drop_dead_channels(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    struct dropper d = {.g = g, .evaluate = evaluate, .tensor_count = g->tensor_count};
    d.channels = ARENA_ARRAY(g->arena, g->tensor_count, struct channels);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        const struct tensor *tensor = &g->tensors[t];
        struct channels *c = &d.channels[t];
        c->parent = t;
        if (tensor->data == NULL && tensor->rank > 0 && is_dead_type(tensor)) {
            c->count = ir_dim(tensor, -1);
            c->is_constant = ARENA_ARRAY(g->arena, c->count, bool);
            c->must_stay = ARENA_ARRAY(g->arena, c->count, bool);
            c->value = arena_array(g->arena, (size_t)c->count, element_size(tensor));
            if (tensor->is_state) {
                all_stay(&d, t);
            }
        }
    }
    find_groups(&d);
    if (settle_groups(&d)) {
        rewrite(&d);
    }
    return ir_check(g, diag);
}
