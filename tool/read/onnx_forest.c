/* SPDX-License-Identifier: MIT
 *
 * Forests as files list them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_trees.h"

static const int64_t *read_ints(struct onnx *o, const char *name, int32_t count)
{
    int32_t have;
    const int64_t *list = onnx_ints(o, name, &have);
    if (have != count || list == NULL) {
        onnx_fail(o, "%s has %d values, want %d", name, have, count);
        return NULL;
    }
    return list;
}

static bool read_modes(struct onnx *o, struct onnx_forest *f)
{
    static const char *const names[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "LEAF"};
    if (onnx_text_count(o, "nodes_modes") != f->count) {
        onnx_fail(o, "nodes_modes has %d values, want %d", onnx_text_count(o, "nodes_modes"), f->count);
        return false;
    }
    f->mode = arena_array(o->arena, (size_t)f->count, sizeof *f->mode);
    for (int32_t i = 0; i < f->count; i++) {
        const char *text = onnx_text_at(o, "nodes_modes", i);
        size_t k = 0;
        while (k < COUNT_OF(names) && strcmp(text, names[k]) != 0) {
            k++;
        }
        if (k == COUNT_OF(names)) {
            onnx_fail(o, "node %d compares by %.20s; mote has BRANCH_LEQ, ONNX_LT, ONNX_GTE, ONNX_GT and LEAF", i,
                      text);
            return false;
        }
        f->mode[i] = (enum onnx_mode)k;
    }
    return true;
}

/* Keys of nodes, sorted. */
struct key {
    int64_t tree, node;
    int32_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->tree != y->tree) {
        return x->tree < y->tree ? -1 : 1;
    }
    if (x->node != y->node) {
        return x->node < y->node ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static int32_t *sort_ids(struct onnx *o, const int64_t *tree, const int64_t *node, int32_t count)
{
    struct key *keys = arena_array(o->arena, (size_t)count, sizeof *keys);
    int32_t *order = ARENA_ARRAY(o->arena, count, int32_t);
    for (int32_t i = 0; i < count; i++) {
        keys[i] = (struct key){tree[i], node[i], i};
    }
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
    for (int32_t i = 0; i < count; i++) {
        order[i] = keys[i].index;
    }
    return order;
}

static void sort_all(struct onnx *o, struct onnx_forest *f)
{
    f->by_id = sort_ids(o, f->tree, f->node, f->count);
    f->weight_by_id = sort_ids(o, f->weight_tree, f->weight_node, f->weight_count);
}

static bool check_outputs(struct onnx *o, struct onnx_forest *f)
{
    for (int32_t i = 0; i < f->weight_count && !onnx_failed(o); i++) {
        if (f->weight_output[i] < 0 || f->weight_output[i] >= INT16_MAX) {
            onnx_fail(o, "weight %d is for output %lld", i, (long long)f->weight_output[i]);
        } else if (f->weight_output[i] >= f->outputs) {
            f->outputs = (int32_t)f->weight_output[i] + 1;
        }
    }
    return !onnx_failed(o);
}

bool onnx_read_forest(struct onnx *o, const char *weights, const char *outputs, struct onnx_forest *f)
{
    char name[40];
    onnx_ints(o, "nodes_treeids", &f->count);
    f->tree = read_ints(o, "nodes_treeids", f->count);
    f->node = read_ints(o, "nodes_nodeids", f->count);
    f->feature = read_ints(o, "nodes_featureids", f->count);
    f->yes = read_ints(o, "nodes_truenodeids", f->count);
    f->no = read_ints(o, "nodes_falsenodeids", f->count);
    f->tracks = onnx_has(o, "nodes_missing_value_tracks_true")
                    ? read_ints(o, "nodes_missing_value_tracks_true", f->count)
                    : NULL;
    int32_t values;
    f->value = onnx_floats(o, "nodes_values", &values);
    f->weight = onnx_floats(o, arena_printf(o->arena, "%s_weights", weights), &f->weight_count);
    if (!onnx_failed(o) && (values != f->count || f->count == 0 || f->weight_count == 0)) {
        onnx_fail(o, "has %d values and %d weights for %d nodes", values, f->weight_count, f->count);
    }
    snprintf(name, sizeof name, "%s_treeids", weights);
    f->weight_tree = read_ints(o, name, f->weight_count);
    snprintf(name, sizeof name, "%s_nodeids", weights);
    f->weight_node = read_ints(o, name, f->weight_count);
    snprintf(name, sizeof name, "%s_ids", weights);
    f->weight_output = read_ints(o, name, f->weight_count);
    f->outputs = (int32_t)onnx_int(o, outputs, 0);
    if (!check_outputs(o, f) || !read_modes(o, f)) {
        return false;
    }
    sort_all(o, f);
    return true;
}

/*** Version 5: leaves are numbered apart from branches, and trees are known by their roots ***/

/* Lists of the file, [branches] and [leaves]. */
struct listed {
    int32_t branches, leaves, roots;
    const int64_t *root, *feature, *yes, *no, *yes_is_leaf, *no_is_leaf, *tracks, *target;
    const float *split, *weight;
    const uint8_t *mode;
};

/* The values of a constant attribute of this type; NULL with an error. */
static const void *read_values(struct onnx *o, const char *name, enum type type, int32_t *count)
{
    const int32_t given = onnx_attr_tensor(o, name);
    const struct tensor *t = onnx_tensor(o, given);
    if (given == NO_TENSOR || t->type != type) {
        onnx_fail(o, "has no %s of %s", name, ir_type_text(type));
        return NULL;
    }
    *count = (int32_t)ir_count(t);
    return t->data;
}

static bool read_lists(struct onnx *o, struct listed *l)
{
    int32_t modes = 0, splits = 0;
    l->mode = read_values(o, "nodes_modes", TYPE_U8, &modes);
    l->split = read_values(o, "nodes_splits", TYPE_F32, &splits);
    l->weight = read_values(o, "leaf_weights", TYPE_F32, &l->leaves);
    l->root = onnx_ints(o, "tree_roots", &l->roots);
    l->branches = modes;
    l->feature = read_ints(o, "nodes_featureids", modes);
    l->yes = read_ints(o, "nodes_truenodeids", modes);
    l->no = read_ints(o, "nodes_falsenodeids", modes);
    l->yes_is_leaf = read_ints(o, "nodes_trueleafs", modes);
    l->no_is_leaf = read_ints(o, "nodes_falseleafs", modes);
    l->target = read_ints(o, "leaf_targetids", l->leaves);
    l->tracks =
        onnx_has(o, "nodes_missing_value_tracks_true") ? read_ints(o, "nodes_missing_value_tracks_true", modes) : NULL;
    for (int32_t i = 0; i < modes && !onnx_failed(o); i++) {
        const int64_t yes_most = l->yes_is_leaf[i] != 0 ? l->leaves : modes;
        const int64_t no_most = l->no_is_leaf[i] != 0 ? l->leaves : modes;
        if (l->mode[i] > ONNX_GT) {
            onnx_fail(o, "node %d compares by mode %d; mote has BRANCH_LEQ, LT, GTE and GT", i, l->mode[i]);
        } else if (l->yes[i] < 0 || l->yes[i] >= yes_most || l->no[i] < 0 || l->no[i] >= no_most) {
            onnx_fail(o, "node %d has no two children", i);
        }
    }
    if (!onnx_failed(o) && (splits != modes || modes < 1 || l->roots < 1 || l->roots > modes)) {
        onnx_fail(o, "has %d trees of %d nodes and %d splits", l->roots, modes, splits);
    }
    return !onnx_failed(o);
}

/* What is being made: a leaf for each branch that leads to one. */
struct growing {
    int64_t *tree, *node, *feature, *yes, *no, *tracks, *weight_tree, *weight_node, *weight_output;
    float *value, *weight;
};

static int64_t add_leaf(const struct listed *l, struct growing *g, struct onnx_forest *f, int64_t tree, int64_t leaf)
{
    const int32_t at = f->count++, w = f->weight_count++;
    g->tree[at] = g->weight_tree[w] = tree;
    g->node[at] = g->weight_node[w] = at;
    f->mode[at] = ONNX_LEAF;
    g->weight_output[w] = l->target[leaf];
    g->weight[w] = l->weight[leaf];
    return at;
}

/* Says of each branch under a root which tree it is in; false: it is in two. */
static bool claim(const struct listed *l, struct growing *g, int64_t tree, int64_t *stack)
{
    int32_t depth = 0;
    stack[depth++] = l->root[tree];
    while (depth > 0) {
        const int64_t i = stack[--depth];
        if (i < 0 || i >= l->branches || g->tree[i] >= 0) {
            return false;
        }
        g->tree[i] = tree;
        if (l->no_is_leaf[i] == 0) {
            stack[depth++] = l->no[i];
        }
        if (l->yes_is_leaf[i] == 0) {
            stack[depth++] = l->yes[i];
        }
    }
    return true;
}

bool onnx_read_forest_5(struct onnx *o, struct onnx_forest *f)
{
    struct listed l = {0};
    if (!read_lists(o, &l)) {
        return false;
    }
    enum { INTS = 9 };
    const int64_t room = 3 * (int64_t)l.branches; /* each has two leaves at most */
    int64_t *ints[INTS];
    for (int k = 0; k < INTS; k++) {
        ints[k] = ARENA_ARRAY(o->arena, room, int64_t);
    }
    struct growing g = {ints[0],
                        ints[1],
                        ints[2],
                        ints[3],
                        ints[4],
                        ints[5],
                        ints[6],
                        ints[7],
                        ints[8],
                        ARENA_ARRAY(o->arena, room, float),
                        ARENA_ARRAY(o->arena, room, float)};
    *f = (struct onnx_forest){.count = l.branches, .mode = arena_array(o->arena, (size_t)room, sizeof *f->mode)};
    for (int32_t i = 0; i < l.branches; i++) {
        g.tree[i] = -1;
    }
    int64_t *stack = ARENA_ARRAY(o->arena, room, int64_t);
    for (int32_t t = 0; t < l.roots; t++) {
        if (!claim(&l, &g, t, stack)) {
            onnx_fail(o, "tree %d shares nodes with another, or with itself", t);
            return false;
        }
    }
    for (int32_t i = 0; i < l.branches; i++) {
        if (g.tree[i] < 0) {
            onnx_fail(o, "node %d is in no tree", i);
            return false;
        }
        g.node[i] = i;
        g.feature[i] = l.feature[i];
        g.value[i] = l.split[i];
        g.tracks[i] = l.tracks != NULL ? l.tracks[i] : 0;
        f->mode[i] = (enum onnx_mode)l.mode[i];
        g.yes[i] = l.yes_is_leaf[i] != 0 ? add_leaf(&l, &g, f, g.tree[i], l.yes[i]) : l.yes[i];
        g.no[i] = l.no_is_leaf[i] != 0 ? add_leaf(&l, &g, f, g.tree[i], l.no[i]) : l.no[i];
    }
    f->tree = g.tree;
    f->node = g.node;
    f->feature = g.feature;
    f->yes = g.yes;
    f->no = g.no;
    f->tracks = g.tracks;
    f->value = g.value;
    f->weight_tree = g.weight_tree;
    f->weight_node = g.weight_node;
    f->weight_output = g.weight_output;
    f->weight = g.weight;
    f->outputs = (int32_t)onnx_int(o, "n_targets", 0);
    if (!check_outputs(o, f)) {
        return false;
    }
    sort_all(o, f);
    return true;
}
