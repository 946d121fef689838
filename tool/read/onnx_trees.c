/* SPDX-License-Identifier: MIT
 *
 * Forests of ONNX-ML become a TREE_ENSEMBLE: nodes that are found by number of tree and node become a list in which
 * children lie behind their parents, the left one right behind.
 */
#include "onnx_trees.h"

#include <math.h>
#include <string.h>

enum { LEAF = -1 };

/* What has been made so far. */
struct flat {
    int32_t count, trees, rows;
    int16_t *feature;
    float *threshold;
    uint16_t *right;
    int32_t *tree;  /* [trees][2] */
    float *weights; /* [rows][width] */
};

/* The first entry of the sorted order that is not before (tree, node). */
static int32_t find_id(const int32_t *order, const int64_t *trees, const int64_t *nodes, int32_t count, int64_t tree,
                       int64_t node)
{
    int32_t low = 0, high = count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2, i = order[middle];
        if (trees[i] < tree || (trees[i] == tree && nodes[i] < node)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/*** Flattening ***/

/* The weights of a leaf: entries [first, last) of the sorted list. */
static void find_weights(const struct onnx_forest *f, int32_t node, int32_t *first, int32_t *last)
{
    const int64_t tree = f->tree[node], id = f->node[node];
    *first = find_id(f->weight_by_id, f->weight_tree, f->weight_node, f->weight_count, tree, id);
    for (*last = *first; *last < f->weight_count; ++*last) {
        const int32_t i = f->weight_by_id[*last];
        if (f->weight_tree[i] != tree || f->weight_node[i] != id) {
            break;
        }
    }
}

/* Leaves of one output each, the same within each tree, need no table. */
static bool has_single_outputs(const struct onnx_forest *f)
{
    for (int32_t i = 0; i < f->weight_count; i++) {
        const int32_t a = f->weight_by_id[i], b = f->weight_by_id[i > 0 ? i - 1 : 0];
        const bool same_tree = f->weight_tree[a] == f->weight_tree[b];
        if (i > 0 && same_tree &&
            (f->weight_node[a] == f->weight_node[b] || f->weight_output[a] != f->weight_output[b])) {
            return false;
        }
    }
    return true;
}

/* The row of weights of a leaf: one that is there already, or a new one. */
static int32_t add_row(struct onnx *o, const struct onnx_forest *f, int32_t node, struct flat *to)
{
    enum { LOOK_BACK = 64 }; /* pure leaves are few, and repeat */
    float *row = to->weights + (size_t)to->rows * (size_t)f->width;
    int32_t first, last;
    find_weights(f, node, &first, &last);
    memset(row, 0, (size_t)f->width * sizeof *row);
    for (int32_t i = first; i < last; i++) {
        row[f->weight_output[f->weight_by_id[i]]] += f->weight[f->weight_by_id[i]];
    }
    for (int32_t k = 0; k < to->rows; k += k < LOOK_BACK || k >= to->rows - LOOK_BACK ? 1 : to->rows - LOOK_BACK - k) {
        if (memcmp(to->weights + (size_t)k * (size_t)f->width, row, (size_t)f->width * sizeof *row) == 0) {
            return k;
        }
    }
    if (to->rows >= UINT16_MAX) {
        onnx_fail(o, "has more than %d different leaves; make the forest smaller", UINT16_MAX);
    }
    return to->rows++;
}

static void add_leaf(struct onnx *o, const struct onnx_forest *f, int32_t node, struct flat *to)
{
    const int32_t at = to->count++;
    to->feature[at] = LEAF;
    if (to->weights != NULL) {
        to->right[at] = (uint16_t)add_row(o, f, node, to);
        return;
    }
    int32_t first, last;
    find_weights(f, node, &first, &last);
    to->threshold[at] = first < last ? f->weight[f->weight_by_id[first]] : 0;
}

/* x < t is x <= the float before t; x > t and x >= t exchange the sides. */
static void add_branch(struct onnx *o, const struct onnx_forest *f, int32_t node, struct flat *to)
{
    const int32_t at = to->count++;
    const enum onnx_mode mode = f->mode[node];
    const bool exchanged = mode == ONNX_GTE || mode == ONNX_GT;
    const bool tracks = f->tracks != NULL && f->tracks[node] != 0; /* NaN goes where the comparison holds */
    if (f->feature[node] < 0 || f->feature[node] > INT16_MAX - 2) {
        onnx_fail(o, "node %d asks for feature %lld, want 0 to %d", node, (long long)f->feature[node], INT16_MAX - 2);
        return;
    }
    const int16_t feature = (int16_t)f->feature[node];
    to->feature[at] = tracks != exchanged ? (int16_t)(-2 - feature) : feature;
    to->threshold[at] = mode == ONNX_LT || mode == ONNX_GTE ? nextafterf(f->value[node], -INFINITY) : f->value[node];
}

/* A node whose children are still to be laid down. */
struct open {
    int32_t node, parent; /* parent: place of the branch that this one is the right child of; -1: left or root */
};

static int32_t find_node(struct onnx *o, const struct onnx_forest *f, int64_t tree, int64_t id)
{
    const int32_t k = find_id(f->by_id, f->tree, f->node, f->count, tree, id);
    if (k == f->count || f->tree[f->by_id[k]] != tree || f->node[f->by_id[k]] != id) {
        onnx_fail(o, "tree %lld has no node %lld", (long long)tree, (long long)id);
        return 0;
    }
    return f->by_id[k];
}

static void add_tree(struct onnx *o, const struct onnx_forest *f, int32_t root, struct open *stack, struct flat *to)
{
    int32_t depth = 0;
    stack[depth++] = (struct open){root, -1};
    while (depth > 0 && !onnx_failed(o)) {
        const struct open next = stack[--depth];
        if (to->count >= f->count) {
            onnx_fail(o, "tree %lld comes back to its own nodes", (long long)f->tree[root]);
            return;
        }
        if (next.parent >= 0) {
            const int32_t away = to->count - next.parent;
            if (away > UINT16_MAX) {
                onnx_fail(o, "has a branch of more than %d nodes; make the trees smaller", UINT16_MAX);
            }
            to->right[next.parent] = (uint16_t)away;
        }
        if (f->mode[next.node] == ONNX_LEAF) {
            add_leaf(o, f, next.node, to);
            continue;
        }
        const int32_t at = to->count;
        const bool exchanged = f->mode[next.node] == ONNX_GTE || f->mode[next.node] == ONNX_GT;
        const int64_t tree = f->tree[next.node];
        const int32_t yes = find_node(o, f, tree, f->yes[next.node]), no = find_node(o, f, tree, f->no[next.node]);
        add_branch(o, f, next.node, to);
        stack[depth++] = (struct open){exchanged ? yes : no, at};
        stack[depth++] = (struct open){exchanged ? no : yes, -1};
    }
}

/* The node of the tree that is nobody's child, as most files have it first. */
static int32_t find_root(const struct onnx_forest *f, int32_t first, int32_t last, struct onnx *o)
{
    bool *is_child = ARENA_ARRAY(o->arena, last - first, bool);
    for (int32_t k = first; k < last; k++) {
        const int32_t i = f->by_id[k];
        if (f->mode[i] != ONNX_LEAF) {
            const int32_t yes = find_id(f->by_id, f->tree, f->node, f->count, f->tree[i], f->yes[i]);
            const int32_t no = find_id(f->by_id, f->tree, f->node, f->count, f->tree[i], f->no[i]);
            is_child[yes >= first && yes < last ? yes - first : 0] |= yes >= first && yes < last;
            is_child[no >= first && no < last ? no - first : 0] |= no >= first && no < last;
        }
    }
    for (int32_t k = first; k < last; k++) {
        if (!is_child[k - first]) {
            return f->by_id[k];
        }
    }
    return f->by_id[first];
}

static bool flatten(struct onnx *o, struct onnx_forest *f, struct flat *to)
{
    const bool single = has_single_outputs(f);
    f->width = single ? 1 : f->outputs;
    to->feature = ARENA_ARRAY(o->arena, f->count, int16_t);
    to->threshold = ARENA_ARRAY(o->arena, f->count, float);
    to->right = ARENA_ARRAY(o->arena, f->count, uint16_t);
    to->tree = ARENA_ARRAY(o->arena, 2 * (int64_t)f->count, int32_t);
    to->weights = single ? NULL : arena_array(o->arena, (size_t)f->count * (size_t)f->width, sizeof(float));
    struct open *stack = ARENA_ARRAY(o->arena, f->count + 2, struct open);
    for (int32_t first = 0, last; first < f->count && !onnx_failed(o); first = last) {
        const int64_t id = f->tree[f->by_id[first]];
        for (last = first; last < f->count && f->tree[f->by_id[last]] == id; last++) {
        }
        int32_t *tree = to->tree + 2 * (int64_t)to->trees++;
        tree[0] = to->count;
        const int32_t w = find_id(f->weight_by_id, f->weight_tree, f->weight_node, f->weight_count, id, INT64_MIN);
        const bool has_weight = w < f->weight_count && f->weight_tree[f->weight_by_id[w]] == id;
        tree[1] = single && has_weight ? (int32_t)f->weight_output[f->weight_by_id[w]] : 0;
        add_tree(o, f, find_root(f, first, last, o), stack, to);
    }
    return !onnx_failed(o);
}

/*** The operator ***/

/* Where the sums begin; a single value belongs to the only output that has weights, if there is only one. */
static int32_t make_base(struct onnx *o, int32_t outputs, int32_t single)
{
    int32_t count;
    const float *given = onnx_floats(o, "base_values", &count);
    float *base = ARENA_ARRAY(o->arena, outputs, float);
    for (int32_t i = 0; i < outputs; i++) {
        base[i] = count == outputs ? given[i] : 0;
    }
    if (count == 1 && single >= 0) {
        base[single] = given[0];
    } else if (count > 0 && count != outputs) {
        return onnx_fail(o, "has %d base values for %d outputs", count, outputs);
    }
    return onnx_const(o, TYPE_F32, 1, &outputs, base);
}

int32_t onnx_tree_sums(struct onnx *o, int32_t x, const char *weights, const char *outputs, struct onnx_sums *sums)
{
    struct onnx_forest f = {0};
    struct flat flat = {0};
    const bool is_new = weights == NULL;
    if (!(is_new ? onnx_read_forest_5(o, &f) : onnx_read_forest(o, weights, outputs, &f)) || !flatten(o, &f, &flat)) {
        return NO_TENSOR;
    }
    const char *how = is_new ? "SUM" : onnx_text(o, "aggregate_function", "SUM");
    const int64_t code = is_new ? onnx_int(o, "aggregate_function", 1) : 1;
    const bool averages = strcmp(how, "AVERAGE") == 0 || code == 0;
    if ((!averages && strcmp(how, "SUM") != 0) || code < 0 || code > 1) {
        return onnx_fail(o, "aggregates by %.20s %lld, want SUM or AVERAGE", how, (long long)code);
    }
    sums->outputs = f.outputs;
    sums->single = (int32_t)f.weight_output[0];
    sums->is_positive = true;
    for (int32_t i = 0; i < f.weight_count; i++) {
        sums->single = f.weight_output[i] == f.weight_output[0] ? sums->single : -1;
        sums->is_positive = sums->is_positive && f.weight[i] >= 0;
    }
    const int32_t in[] = {
        onnx_cast(o, x, TYPE_F32),
        onnx_const(o, TYPE_S16, 1, &flat.count, flat.feature),
        onnx_const(o, TYPE_F32, 1, &flat.count, flat.threshold),
        onnx_const(o, TYPE_U16, 1, &flat.count, flat.right),
        onnx_const(o, TYPE_S32, 2, (int32_t[]){flat.trees, 2}, flat.tree),
        make_base(o, f.outputs, sums->single),
        flat.weights != NULL ? onnx_const(o, TYPE_F32, 2, (int32_t[]){flat.rows, f.width}, flat.weights) : NO_TENSOR,
    };
    const int32_t y = onnx_typed(o, OP_TREE_ENSEMBLE, NULL, TYPE_F32, in, flat.weights != NULL ? 7 : 6);
    return averages ? onnx_affine(o, y, 1 / (float)flat.trees, 0) : y;
}
