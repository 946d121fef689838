/* SPDX-License-Identifier: MIT
 *
 * A forest in integers: features, thresholds and shares in the leaves. A feature that comes in integers is compared as it
 * is, by the threshold rounded down, which changes no decision. Float features become int16 by one scale, such that the
 * thresholds fill its range: what is beyond them all saturates, on the side where it belongs.
 */
#include <math.h>
#include <string.h>

#include "learn_graph.h"

/* Shares of the trees add up to at most this: an int16 holds it. */
enum { MOST_SUM = INT16_MAX, MOST_SHARE = UINT8_MAX };

static const struct node *find_trees(const struct graph *g)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].op == OP_TREE_ENSEMBLE) {
            return &g->nodes[i];
        }
    }
    return NULL;
}

static float largest_threshold(const struct tensor *feature, const struct tensor *threshold)
{
    float most = 0;
    for (int64_t i = 0; i < ir_count(threshold); i++) {
        const float t = ((const float *)threshold->data)[i];
        most = ((const int16_t *)feature->data)[i] != -1 ? fmaxf(most, fabsf(t)) : most;
    }
    return most;
}

static int32_t add_constant(struct graph *g, const struct tensor *like, enum type type, const void *data)
{
    const int32_t index = ir_add_tensor(g);
    g->tensors[index] = *like;
    g->tensors[index].type = type;
    g->tensors[index].data = data;
    return index;
}

static int16_t round_down(float threshold, float scale, int32_t zero_point)
{
    const double q = floor((double)threshold / (double)scale) + zero_point;
    return (int16_t)(q > INT16_MAX ? INT16_MAX : q < INT16_MIN ? INT16_MIN : q);
}

static struct quant one_scale(struct arena *a, float scale, int32_t zero_point)
{
    return (struct quant){.count = 1,
                          .scale = arena_copy(a, &scale, sizeof scale),
                          .zero_point = arena_copy(a, &zero_point, sizeof zero_point)};
}

bool learn_forest_integers(const struct graph *forest, const struct tensor *features, struct graph *g,
                           struct diag *diag)
{
    const struct node *trees = find_trees(forest);
    struct arena *a = g->arena;
    const struct tensor *in = &forest->tensors[trees->in[0]], *feature = &forest->tensors[trees->in[1]];
    const struct tensor *threshold = &forest->tensors[trees->in[2]], *tree = &forest->tensors[trees->in[4]];
    const struct tensor *base = &forest->tensors[trees->in[5]], *shares = &forest->tensors[trees->in[6]];
    const int64_t nodes = ir_count(threshold), values = ir_count(shares);
    const float most = largest_threshold(feature, threshold);
    const bool is_float = features->type == TYPE_F32;
    const float scale = !is_float ? ir_scale(features) : most > 0 ? most / (INT16_MAX - 1) : 1;
    const int32_t zero_point = is_float ? 0 : ir_zero_point(features);

    int16_t *thresholds = ARENA_ARRAY(a, nodes, int16_t);
    for (int64_t i = 0; i < nodes; i++) {
        const bool is_leaf = ((const int16_t *)feature->data)[i] == -1;
        thresholds[i] = is_leaf ? 0 : round_down(((const float *)threshold->data)[i], scale, zero_point);
    }
    float largest = 0; /* of the shares, which are at most one over the trees */
    for (int64_t i = 0; i < values; i++) {
        largest = fmaxf(largest, ((const float *)shares->data)[i]);
    }
    const int32_t room = MOST_SUM / tree->dim[0], steps = room < MOST_SHARE ? room : MOST_SHARE;
    uint8_t *small = ARENA_ARRAY(a, values, uint8_t);
    for (int64_t i = 0; i < values; i++) {
        small[i] = (uint8_t)lrintf(((const float *)shares->data)[i] / largest * (float)steps);
    }

    struct net b = net_begin(g, 1, diag);
    net_input(&b, &(struct tensor){.rank = 1, .dim = {in->dim[1]}});
    g->tensors[b.at].type = is_float ? TYPE_S16 : features->type;
    g->tensors[b.at].quant = one_scale(a, scale, zero_point);
    const int32_t inputs[7] = {b.at,
                               add_constant(g, feature, TYPE_S16, feature->data),
                               add_constant(g, threshold, TYPE_S16, thresholds),
                               add_constant(g, &forest->tensors[trees->in[3]], TYPE_U16,
                                            forest->tensors[trees->in[3]].data),
                               add_constant(g, tree, TYPE_S32, tree->data),
                               add_constant(g, base, TYPE_S32, ARENA_ARRAY(a, ir_count(base), int32_t)),
                               add_constant(g, shares, TYPE_U8, small)};
    b.at = net_node(&b, OP_TREE_ENSEMBLE, "classes", NULL, inputs, 7, 1);
    g->tensors[b.at].type = TYPE_S16;
    g->tensors[b.at].quant = one_scale(a, largest / (float)steps, 0);
    return net_end(&b);
}
