/* SPDX-License-Identifier: MIT
 *
 * Gradients of every layer, operator and loss that can be trained, against finite differences.
 */
#include <math.h>
#include <string.h>

#include "../tool/train/net.h"
#include "../tool/train/trainer.h"
#include "expect.h"
#include "expect_gemm.h"

static const size_t memory = (size_t)1 << 30;

/*** Gradients ***/

enum { EXAMPLES = 3, TRIES = 3 };

/* The loss of a slice: a random sum of its outputs, so that each of them counts. */
static double find_loss(struct engine *e, const float *inputs, float *grads)
{
    struct engine_slice s = engine_begin(e, 0, EXAMPLES, grads);
    const size_t in = e->tensors[e->graph->inputs[0]].count * EXAMPLES, out = e->tensors[e->output].count * EXAMPLES;
    uint64_t random = 99;
    double loss = 0;
    s.random = 5;
    memcpy(s.value[e->graph->inputs[0]], inputs, in * sizeof *inputs);
    engine_forward(&s);
    for (size_t i = 0; i < out; i++) {
        const float factor = train_normal(&random);
        loss += (double)(factor * s.value[e->output][i]);
        s.grad[e->output][i] = factor;
    }
    engine_backward(&s);
    return loss;
}

/* The slope along a random direction in one weight tensor, as gradients say and as two losses say. */
static void check_param(struct engine *e, const char *name, int32_t param, const float *inputs, float *grads)
{
    const struct engine_param *p = &e->params[param];
    float *w = e->weights + p->offset, step = 3e-4F;
    for (uint64_t try = 1; try <= TRIES; try++) {
        uint64_t random = try;
        double by_gradient = 0, loss[2], size = 0;
        memset(grads, 0, e->weight_count * sizeof *grads);
        find_loss(e, inputs, grads);
        for (size_t i = 0; i < p->count; i++) {
            const double g = (double)grads[p->offset + i];
            by_gradient += g * (double)train_normal(&random);
            size += g * g;
        }
        for (int side = 0; side < 2; side++) {
            float *kept = arena_copy(e->arena, w, p->count * sizeof *w);
            random = try;
            for (size_t i = 0; i < p->count; i++) {
                w[i] += (side == 0 ? step : -step) * train_normal(&random);
            }
            float *unused = ARENA_ARRAY(e->arena, e->weight_count, float);
            loss[side] = find_loss(e, inputs, unused);
            memcpy(w, kept, p->count * sizeof *w);
        }
        const double by_loss = (loss[0] - loss[1]) / (2 * (double)step);
        expect(fabs(by_gradient - by_loss) < 0.01 * sqrt(size) + 0.02,
               "%s: weights %d \"%s\": slope %g, gradient says %g", name, param, e->graph->tensors[p->tensor].name,
               by_loss, by_gradient);
    }
}

static void check_gradients(const char *name, struct graph *g)
{
    struct diag diag = {0};
    struct engine e;
    const struct engine_setup setup = {.slice = EXAMPLES, .threads = 1};
    const bool ok = engine_init(&e, g, g->arena, setup, &diag);
    expect(ok, "%s: %s", name, diag.text);
    if (!ok) {
        return;
    }
    uint64_t random = 3;
    const size_t count = e.tensors[g->inputs[0]].count * EXAMPLES;
    float *inputs = ARENA_ARRAY(g->arena, count, float), *grads = ARENA_ARRAY(g->arena, e.weight_count, float);
    for (size_t i = 0; i < count; i++) {
        inputs[i] = train_normal(&random);
    }
    for (int32_t i = 0; i < e.param_count; i++) { /* away from 0 and 1, where some mistakes do not show */
        const struct engine_param *p = &e.params[i];
        for (size_t k = 0; k < p->count; k++) {
            e.weights[p->offset + k] += 0.3F * train_uniform(&random);
        }
    }
    expect(e.param_count > 0, "%s: has weights", name);
    for (int32_t i = 0; i < e.param_count; i++) {
        if (!e.params[i].is_statistic) {
            check_param(&e, name, i, inputs, grads);
        }
    }
}

/* Lists of layers; a first convolution or dense layer makes sure that gradients come back through what follows. */
static const struct {
    const char *name;
    int32_t rank, dim[3], classes;
    struct train_layer layers[4];
} lists[] = {
    {"dense",
     1,
     {5},
     0,
     {{TRAIN_DENSE, .filters = 4, .activation = OP_TANH}, {TRAIN_DENSE, .filters = 3, .is_linear = 1}}},
    {"conv",
     3,
     {5, 4, 2},
     0,
     {{TRAIN_CONV, .filters = 3, .is_linear = 1, .no_norm = 1},
      {TRAIN_CONV, .filters = 2, .is_linear = 1, .no_norm = 1}}},
    {"conv, stride 2",
     3,
     {7, 6, 2},
     0,
     {{TRAIN_CONV, .filters = 3, .kernel_h = 1, .is_linear = 1, .no_norm = 1},
      {TRAIN_CONV, .filters = 2, .kernel_h = 3, .kernel_w = 2, .stride_h = 2, .is_linear = 1, .no_norm = 1}}},
    {"conv, no padding",
     3,
     {6, 5, 1},
     0,
     {{TRAIN_CONV, .filters = 17, .padding = PADDING_VALID, .is_linear = 1},
      {TRAIN_CONV, .filters = 2, .kernel_h = 2, .stride_h = 3, .is_linear = 1, .no_norm = 1}}},
    {"conv of one dimension",
     2,
     {9, 3},
     0,
     {{TRAIN_CONV, .filters = 4, .kernel_h = 3, .is_linear = 1},
      {TRAIN_CONV, .filters = 2, .kernel_h = 5, .stride_h = 2, .is_linear = 1, .no_norm = 1}}},
    {"depthwise",
     3,
     {5, 6, 3},
     0,
     {{TRAIN_CONV, .filters = 19, .kernel_h = 1, .is_linear = 1, .no_norm = 1},
      {TRAIN_DEPTHWISE, .is_linear = 1, .no_norm = 1}}},
    {"depthwise, stride 2",
     3,
     {6, 5, 3},
     0,
     {{TRAIN_CONV, .filters = 16, .kernel_h = 1, .is_linear = 1, .no_norm = 1},
      {TRAIN_DEPTHWISE, .kernel_h = 4, .kernel_w = 3, .stride_h = 2, .is_linear = 1, .no_norm = 1}}},
    {"depthwise, 3 filters a channel",
     3,
     {5, 5, 2},
     0,
     {{TRAIN_CONV, .filters = 2, .kernel_h = 1, .is_linear = 1, .no_norm = 1},
      {TRAIN_DEPTHWISE, .filters = 6, .is_linear = 1, .no_norm = 1}}},
    {"batch norm",
     3,
     {4, 4, 2},
     0,
     {{TRAIN_CONV, .filters = 5, .is_linear = 1}, {TRAIN_CONV, .filters = 3, .kernel_h = 1, .activation = OP_TANH}}},
    {"separable",
     3,
     {6, 5, 2},
     0,
     {{TRAIN_SEPARABLE, .filters = 6, .stride_h = 2, .activation = OP_LOGISTIC},
      {TRAIN_SEPARABLE, .filters = 4, .is_linear = 1}}},
    {"residual",
     3,
     {6, 6, 2},
     0,
     {{TRAIN_RESIDUAL, .filters = 4, .stride_h = 2, .activation = OP_TANH},
      {TRAIN_RESIDUAL, .filters = 4, .activation = OP_TANH}}},
    {"bottleneck",
     3,
     {5, 5, 3},
     0,
     {{TRAIN_BOTTLENECK, .filters = 3, .expansion = 2, .activation = OP_HARD_SWISH},
      {TRAIN_BOTTLENECK, .filters = 5, .expansion = 1, .activation = OP_TANH}}},
    {"average pool",
     3,
     {7, 5, 2},
     0,
     {{TRAIN_CONV, .filters = 3, .is_linear = 1, .no_norm = 1}, {TRAIN_AVERAGE_POOL, .kernel_h = 3, .stride_h = 2}}},
    {"max pool",
     3,
     {7, 6, 2},
     0,
     {{TRAIN_CONV, .filters = 3, .is_linear = 1, .no_norm = 1}, {TRAIN_MAX_POOL, .kernel_h = 2}}},
    {"global pool",
     3,
     {4, 5, 2},
     0,
     {{TRAIN_CONV, .filters = 3, .is_linear = 1, .no_norm = 1},
      {TRAIN_GLOBAL_POOL},
      {TRAIN_DENSE, .filters = 2, .is_linear = 1}}},
    {"dropout",
     1,
     {9},
     0,
     {{TRAIN_DENSE, .filters = 8, .is_linear = 1},
      {TRAIN_DROPOUT, .rate = 0.4F},
      {TRAIN_DENSE, .filters = 2, .is_linear = 1}}},
    {"gru", 2, {4, 3}, 0, {{TRAIN_GRU, .filters = 5}}},
    {"softmax", 1, {6}, 4, {{TRAIN_DENSE, .filters = 5, .activation = OP_LOGISTIC}}},
    {"relu",
     1,
     {6},
     0,
     {{TRAIN_DENSE, .filters = 7},
      {TRAIN_DENSE, .filters = 5, .activation = OP_RELU6},
      {TRAIN_ACTIVATION, .activation = OP_RELU}}},
};

static void test_layers(void)
{
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct arena arena;
        struct diag diag = {0};
        arena_init(&arena, memory);
        struct graph g = {.arena = &arena};
        struct tensor example = {.rank = lists[i].rank};
        memcpy(example.dim, lists[i].dim, sizeof lists[i].dim);
        int32_t count = 0;
        while (count < 4 && (count == 0 || lists[i].layers[count].kind != 0 || lists[i].layers[count].filters > 0)) {
            count++;
        }
        const struct train_model model = {.layers = lists[i].layers, .layer_count = count};
        const bool ok = train_build(&model, &example, lists[i].classes, 7, &g, &diag);
        expect(ok, "%s: %s", lists[i].name, diag.text);
        if (ok) {
            check_gradients(lists[i].name, &g);
        }
        arena_free(&arena);
    }
}

/* Operators that no layer makes, between two dense layers: of x [1, 12] they make something of any shape. */
static int32_t one(struct net *b, enum op op, int32_t x, const struct attr *attr)
{
    return net_node(b, op, "op", attr, &x, 1, 1);
}

static int32_t two(struct net *b, enum op op, int32_t x, int32_t y)
{
    return net_node(b, op, "op", NULL, (int32_t[]){x, y}, 2, 1);
}

static int32_t box(struct net *b, int32_t x)
{
    b->at = x;
    net_reshape(b, "box", 4, (int32_t[]){1, 2, 3, 2});
    return b->at;
}

static int32_t make_square(struct net *b, int32_t x) { return one(b, OP_SQUARE, x, NULL); }
static int32_t make_leaky(struct net *b, int32_t x) { return one(b, OP_LEAKY_RELU, x, &(struct attr){.alpha = 0.3F}); }
static int32_t make_hard_swish(struct net *b, int32_t x) { return one(b, OP_HARD_SWISH, x, NULL); }
static int32_t make_clamp(struct net *b, int32_t x) { return one(b, OP_RELU_N1_TO_1, x, NULL); }
static int32_t make_softmax(struct net *b, int32_t x)
{
    return one(b, OP_SOFTMAX, box(b, x), &(struct attr){.beta = 1});
}
static int32_t make_product(struct net *b, int32_t x) { return two(b, OP_MUL, x, one(b, OP_TANH, x, NULL)); }
static int32_t make_difference(struct net *b, int32_t x) { return two(b, OP_SUB, one(b, OP_LOGISTIC, x, NULL), x); }
static int32_t make_gate(struct net *b, int32_t x)
{
    const int32_t y = box(b, x), axes = net_integers(b, "axes", 2, (int32_t[]){1, 2});
    return two(b, OP_MUL, y,
               net_node(b, OP_MEAN, "mean", &(struct attr){.keep_dims = true}, (int32_t[]){y, axes}, 2, 1));
}
static int32_t make_constant(struct net *b, int32_t x)
{
    return two(b, OP_MUL, box(b, x), net_weights(b, "c", 1, (int32_t[]){2}, 1));
}
static int32_t make_join(struct net *b, int32_t x)
{
    const int32_t y = box(b, x), z = one(b, OP_TANH, y, NULL);
    return net_node(b, OP_CONCATENATION, "join", &(struct attr){.axis = 2}, (int32_t[]){y, z}, 2, 1);
}
static int32_t make_parts(struct net *b, int32_t x)
{
    const int32_t y = box(b, x), parts = net_node(b, OP_UNPACK, "parts", &(struct attr){.axis = 1, .num = 2}, &y, 1, 2);
    return two(b, OP_MUL, parts, parts + 1);
}
static int32_t make_transposed(struct net *b, int32_t x)
{
    return two(b, OP_TRANSPOSE, box(b, x), net_integers(b, "order", 4, (int32_t[]){0, 3, 1, 2}));
}
static int32_t make_padded(struct net *b, int32_t x)
{
    const int32_t pads = net_integers(b, "pads", 8, (int32_t[]){0, 0, 1, 0, 2, 1, 0, 0});
    b->graph->tensors[pads].rank = 2;
    b->graph->tensors[pads].dim[0] = 4;
    b->graph->tensors[pads].dim[1] = 2;
    return two(b, OP_PAD, box(b, x), pads);
}
static int32_t make_slice(struct net *b, int32_t x)
{
    const int32_t y = box(b, x), from = net_integers(b, "from", 4, (int32_t[]){0, 1, 0, 0});
    const int32_t size = net_integers(b, "size", 4, (int32_t[]){1, 1, 2, 2});
    return net_node(b, OP_SLICE, "slice", NULL, (int32_t[]){y, from, size}, 3, 1);
}
static int32_t make_split(struct net *b, int32_t x)
{
    const int32_t axis = net_integers(b, "axis", 1, (int32_t[]){2});
    const int32_t first = net_node(b, OP_SPLIT, "split", &(struct attr){.num = 3}, (int32_t[]){axis, box(b, x)}, 2, 3);
    return two(b, OP_ADD, first, one(b, OP_SQUARE, first + 2, NULL)); /* the middle is not used */
}

static const struct {
    const char *name;
    int32_t (*make)(struct net *b, int32_t x);
} operators[] = {{"SQUARE", make_square},      {"LEAKY_RELU", make_leaky},   {"HARD_SWISH", make_hard_swish},
                 {"RELU_N1_TO_1", make_clamp}, {"SOFTMAX", make_softmax},    {"MUL", make_product},
                 {"SUB", make_difference},     {"MUL, repeated", make_gate}, {"MUL by constants", make_constant},
                 {"CONCATENATION", make_join}, {"UNPACK", make_parts},       {"TRANSPOSE", make_transposed},
                 {"PAD", make_padded},         {"SLICE", make_slice},        {"SPLIT", make_split}};

static void test_operators(void)
{
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        struct arena arena;
        struct diag diag = {0};
        arena_init(&arena, memory);
        struct graph g = {.arena = &arena};
        struct net b = net_begin(&g, 5, &diag);
        net_input(&b, &(struct tensor){.rank = 1, .dim = {6}});
        net_dense(&b, "first", 12, ACT_NONE);
        b.at = operators[i].make(&b, b.at);
        expect(net_end(&b), "%s: %s", operators[i].name, diag.text);
        if (!diag.failed) {
            check_gradients(operators[i].name, &g);
        }
        arena_free(&arena);
    }
}

/*** Losses ***/

static void test_losses(void)
{
    enum { CLASSES = 4, ROWS = 2 };
    static const struct {
        const char *name;
        enum train_loss loss;
    } losses[] = {{"cross entropy", TRAIN_CROSS_ENTROPY}, {"focal", TRAIN_FOCAL}, {"squared", TRAIN_SQUARED}};
    for (size_t i = 0; i < COUNT_OF(losses); i++) {
        const struct train_options options = {.loss = losses[i].loss, .focal_gamma = 2};
        struct trainer t = {.options = &options, .outputs = CLASSES * ROWS, .classes = CLASSES};
        float out[CLASSES * ROWS], grad[CLASSES * ROWS], spare[64], *value = out, *grads = grad;
        float targets[CLASSES * ROWS] = {0.7F, 0, 0.3F, 0, 0, 0, 1, 0}, weights[ROWS] = {1, 2.5F};
        uint64_t random = 4;
        for (int k = 0; k < CLASSES * ROWS; k++) {
            out[k] = train_normal(&random);
        }
        struct engine_slice s = {.count = 1, .value = &value, .grad = &grads, .is_training = true};
        const struct sample sample = {targets, weights, spare};
        float expected[CLASSES * ROWS];
        loss_find(&t, &s, sample, 2);
        memcpy(expected, grad, sizeof grad);
        for (int k = 0; k < CLASSES * ROWS; k++) {
            const float kept = out[k];
            out[k] = kept + 0.01F;
            const double more = loss_find(&t, &s, sample, 2).loss;
            out[k] = kept - 0.01F;
            const double less = loss_find(&t, &s, sample, 2).loss;
            out[k] = kept;
            expect(fabs((more - less) / 0.04 - (double)expected[k]) < 1e-3,
                   "%s: output %d has slope %g, gradient says %g", losses[i].name, k, (more - less) / 0.04,
                   (double)expected[k]);
        }
    }
}

int main(void)
{
    if (!expect_gemm()) {
        return 0;
    }
    test_layers();
    test_operators();
    test_losses();
    return expect_end();
}
