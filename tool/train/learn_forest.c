/* SPDX-License-Identifier: MIT
 *
 * Random forests. Features are sorted into at most 256 bins once, whose edges are the thresholds to choose from; where a
 * feature has no more values than that, nothing is lost. Trees grow each from a random state of its own, in any thread.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "learn.h"
#include "net.h"

enum { BINS = 256, MAX_NODES = UINT16_MAX, MAX_CLASSES = 4096 };

struct tree_node {
    int32_t feature; /* -1: a leaf */
    float threshold;
    int32_t right; /* a leaf: where its shares are in `shares` */
};

struct tree {
    struct tree_node *nodes;
    int32_t count, capacity;
    float *shares; /* [leaves][classes] */
    int32_t leaves, leaf_capacity;
    bool failed;
};

struct forest {
    const struct train_set *set;
    const struct learn_options *options;
    int32_t classes, tried; /* tried: features for a split */
    uint8_t *bins;          /* [feature][example] */
    float *edges;           /* [feature][BINS]: bin b is up to edges[b] */
    struct tree *trees;
};

/* What a growing tree works with. */
struct grower {
    const struct forest *forest;
    struct tree *tree;
    int32_t *members;  /* examples of the bootstrap, those of a node side by side */
    int32_t *spare;    /* for parting them */
    int32_t *features; /* all, those tried in front */
    double *sums;      /* [BINS][classes] of a feature, then of the left side, then of all */
    uint64_t random;
};

/*** Bins ***/

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Between two values, so that float rounding leaves each on its side. */
static float middle(float a, float b)
{
    const float m = a + (b - a) / 2;
    return m >= a && m < b ? m : a;
}

/* Edges of one feature from its sorted values: between all that differ, or where they part the examples evenly. */
static int32_t find_edges(const float *sorted, int32_t count, float *edges)
{
    int32_t different = 1, bins = 0;
    for (int32_t i = 1; i < count; i++) {
        different += sorted[i] != sorted[i - 1];
    }
    int32_t last = 0; /* examples in the bins so far */
    for (int32_t i = 1; i < count && bins < BINS - 1; i++) {
        const bool is_due = different <= BINS || (int64_t)(i - last) * BINS >= count;
        if (sorted[i] != sorted[i - 1] && is_due) {
            edges[bins++] = middle(sorted[i - 1], sorted[i]);
            last = i;
        }
    }
    return bins;
}

static void bin_feature(void *context, int32_t f, int32_t thread)
{
    (void)thread;
    const struct forest *forest = context;
    const struct train_set *set = forest->set;
    float *edges = forest->edges + (size_t)f * BINS;
    float *sorted = malloc((size_t)set->count * sizeof *sorted);
    if (sorted == NULL) {
        return; /* all in one bin: the feature splits nothing */
    }
    for (int32_t i = 0; i < set->count; i++) {
        sorted[i] = set->inputs[(size_t)i * set->width + (size_t)f];
    }
    qsort(sorted, (size_t)set->count, sizeof *sorted, compare);
    const int32_t bins = find_edges(sorted, set->count, edges);
    free(sorted);
    for (int32_t i = 0; i < set->count; i++) {
        const float x = set->inputs[(size_t)i * set->width + (size_t)f];
        int32_t low = 0, high = bins; /* the first edge that is not below x */
        while (low < high) {
            const int32_t at = (low + high) / 2;
            if (x <= edges[at]) {
                high = at;
            } else {
                low = at + 1;
            }
        }
        forest->bins[(size_t)f * (size_t)set->count + (size_t)i] = (uint8_t)low;
    }
}

/*** Splits ***/

struct split {
    int32_t feature, bin; /* up to this bin goes left; feature -1: none */
    double gain;
};

static double weight_of(const struct forest *f, int32_t label)
{
    return f->options->class_weights != NULL ? (double)f->options->class_weights[label] : 1;
}

/* Sum of squares of class weights over their sum: the larger, the purer. */
static double purity(const double *sums, int32_t classes)
{
    double total = 0, squares = 0;
    for (int32_t c = 0; c < classes; c++) {
        total += sums[c];
        squares += sums[c] * sums[c];
    }
    return total > 0 ? squares / total : 0;
}

/* The best split of members by one feature. Counts of examples keep leaves large enough. */
static void try_feature(struct grower *g, int32_t feature, const int32_t *members, int32_t count, struct split *best)
{
    const struct forest *f = g->forest;
    const int32_t classes = f->classes, leaf = f->options->leaf;
    const uint8_t *bins = f->bins + (size_t)feature * (size_t)f->set->count;
    double *left = g->sums + (size_t)BINS * (size_t)classes, *right = left + classes;
    int32_t counts[BINS] = {0}, low = BINS, high = 0, lefts = 0;
    for (int32_t i = 0; i < count; i++) {
        const int32_t b = bins[members[i]];
        low = b < low ? b : low;
        high = b > high ? b : high;
    }
    memset(g->sums + (size_t)low * (size_t)classes, 0, (size_t)(high - low + 1) * (size_t)classes * sizeof *g->sums);
    memset(left, 0, 2 * (size_t)classes * sizeof *left);
    for (int32_t i = 0; i < count; i++) {
        const int32_t b = bins[members[i]], label = f->set->labels[members[i]];
        const double w = weight_of(f, label);
        counts[b]++;
        g->sums[(size_t)b * (size_t)classes + (size_t)label] += w;
        right[label] += w;
    }
    for (int32_t b = low; b < high; b++) {
        if (counts[b] == 0) {
            continue;
        }
        lefts += counts[b];
        for (int32_t c = 0; c < classes; c++) {
            left[c] += g->sums[(size_t)b * (size_t)classes + (size_t)c];
            right[c] -= g->sums[(size_t)b * (size_t)classes + (size_t)c];
        }
        if (lefts < leaf || count - lefts < leaf) {
            continue;
        }
        const double gain = purity(left, classes) + purity(right, classes);
        if (gain > best->gain + 1e-9) {
            *best = (struct split){feature, b, gain};
        }
    }
}

static struct split find_split(struct grower *g, const int32_t *members, int32_t count)
{
    const struct forest *f = g->forest;
    const int32_t width = (int32_t)f->set->width, classes = f->classes;
    double *all = g->sums + (size_t)BINS * (size_t)classes;
    memset(all, 0, (size_t)classes * sizeof *all);
    for (int32_t i = 0; i < count; i++) {
        const int32_t label = f->set->labels[members[i]];
        all[label] += weight_of(f, label);
    }
    struct split best = {-1, 0, purity(all, classes)};
    for (int32_t k = 0; k < width && (k < f->tried || best.feature < 0); k++) { /* more, while none splits at all */
        const int32_t other = k + (int32_t)(train_random(&g->random) % (uint64_t)(width - k)), own = g->features[k];
        g->features[k] = g->features[other];
        g->features[other] = own;
        try_feature(g, g->features[k], members, count, &best);
    }
    return best;
}

/*** Growing ***/

static int32_t add_node(struct tree *t)
{
    if (t->count == t->capacity && !t->failed) {
        t->capacity = 2 * t->capacity + 64;
        struct tree_node *grown = realloc(t->nodes, (size_t)t->capacity * sizeof *grown);
        t->failed = grown == NULL;
        t->nodes = grown != NULL ? grown : t->nodes;
    }
    t->failed |= t->count >= MAX_NODES;
    return t->failed ? 0 : t->count++;
}

static void add_leaf(struct grower *g, int32_t node, const int32_t *members, int32_t count)
{
    struct tree *t = g->tree;
    const struct forest *f = g->forest;
    if (t->leaves == t->leaf_capacity) {
        t->leaf_capacity = 2 * t->leaf_capacity + 64;
        float *grown = realloc(t->shares, (size_t)t->leaf_capacity * (size_t)f->classes * sizeof *grown);
        t->failed |= grown == NULL;
        t->shares = grown != NULL ? grown : t->shares;
    }
    if (t->failed) {
        return;
    }
    float *share = t->shares + (size_t)t->leaves * (size_t)f->classes;
    double total = 0;
    memset(share, 0, (size_t)f->classes * sizeof *share);
    for (int32_t i = 0; i < count; i++) {
        const int32_t label = f->set->labels[members[i]];
        share[label] += (float)weight_of(f, label);
        total += weight_of(f, label);
    }
    for (int32_t c = 0; c < f->classes; c++) {
        share[c] /= (float)(total > 0 ? total : 1) * (float)f->options->trees;
    }
    t->nodes[node] = (struct tree_node){-1, 0, t->leaves++};
}

/* Those up to the bin in front, each side in its order; how many they are. */
static int32_t part(struct grower *g, struct split s, int32_t *members, int32_t count)
{
    const uint8_t *bins = g->forest->bins + (size_t)s.feature * (size_t)g->forest->set->count;
    int32_t left = 0, right = 0;
    for (int32_t i = 0; i < count; i++) {
        if (bins[members[i]] <= s.bin) {
            members[left++] = members[i];
        } else {
            g->spare[right++] = members[i];
        }
    }
    memcpy(members + left, g->spare, (size_t)right * sizeof *members);
    return left;
}

static void grow(struct grower *g, int32_t *members, int32_t count, int32_t depth)
{
    const struct forest *f = g->forest;
    const int32_t node = add_node(g->tree);
    if (g->tree->failed) {
        return;
    }
    struct split s = {-1, 0, 0};
    if (depth > 0 && count >= 2 * f->options->leaf) {
        s = find_split(g, members, count);
    }
    if (s.feature < 0) {
        add_leaf(g, node, members, count);
        return;
    }
    const int32_t left = part(g, s, members, count);
    g->tree->nodes[node] = (struct tree_node){s.feature, f->edges[(size_t)s.feature * BINS + (size_t)s.bin], 0};
    grow(g, members, left, depth - 1);
    g->tree->nodes[node].right = g->tree->count - node;
    grow(g, members + left, count - left, depth - 1);
}

static void grow_tree(void *context, int32_t index, int32_t thread)
{
    (void)thread;
    const struct forest *f = context;
    const size_t count = (size_t)f->set->count, classes = (size_t)f->classes;
    struct grower g = {.forest = f, .tree = &f->trees[index], .random = f->options->seed * 1000003 + (uint64_t)index};
    g.members = malloc(count * sizeof *g.members);
    g.spare = malloc(count * sizeof *g.spare);
    g.features = malloc(f->set->width * sizeof *g.features);
    g.sums = malloc((BINS + 2) * classes * sizeof *g.sums);
    g.tree->failed = g.members == NULL || g.spare == NULL || g.features == NULL || g.sums == NULL;
    for (size_t i = 0; !g.tree->failed && i < f->set->width; i++) {
        g.features[i] = (int32_t)i;
    }
    for (size_t i = 0; !g.tree->failed && i < count; i++) { /* a bootstrap; one tree alone sees everything */
        g.members[i] = f->options->trees > 1 ? (int32_t)(train_random(&g.random) % count) : (int32_t)i;
    }
    if (!g.tree->failed) {
        grow(&g, g.members, f->set->count, f->options->depth);
    }
    free(g.members);
    free(g.spare);
    free(g.features);
    free(g.sums);
}

/*** The graph ***/

/* Rows of shares that leaves point to, each kept once. */
struct rows {
    float *values;
    int32_t *table; /* hash table of row numbers + 1 */
    size_t slots;
    int32_t count, width;
};

static int32_t find_row(struct rows *r, const float *row)
{
    const size_t size = (size_t)r->width * sizeof *row;
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)row)[i]) * 0x100000001b3U;
    }
    size_t at = (size_t)(hash ^ hash >> 32) % r->slots;
    while (r->table[at] > 0 && memcmp(r->values + (size_t)(r->table[at] - 1) * (size_t)r->width, row, size) != 0) {
        at = (at + 1) % r->slots;
    }
    if (r->table[at] == 0) {
        memcpy(r->values + (size_t)r->count * (size_t)r->width, row, size);
        r->table[at] = ++r->count;
    }
    return r->table[at] - 1;
}

static int32_t add_array(struct graph *g, const char *name, enum type type, int32_t rank, int32_t rows, int32_t columns,
                         const void *data)
{
    const int32_t index = ir_add_tensor(g);
    g->tensors[index] = (struct tensor){.name = name, .type = type, .rank = rank, .dim = {rows, columns}, .data = data};
    return index;
}

static bool emit_forest(const struct forest *f, const struct tensor *input, struct graph *graph, struct diag *diag)
{
    struct arena *a = graph->arena;
    int64_t nodes = 0, leaves = 0;
    for (int32_t i = 0; i < f->options->trees; i++) {
        if (f->trees[i].failed) {
            return diag_fail(diag,
                             "tree %d has more than %d nodes, or memory ran out; try a smaller depth or larger leaves",
                             i, MAX_NODES);
        }
        nodes += f->trees[i].count;
        leaves += f->trees[i].leaves;
    }
    int16_t *feature = ARENA_ARRAY(a, nodes, int16_t);
    uint16_t *right = ARENA_ARRAY(a, nodes, uint16_t);
    float *threshold = ARENA_ARRAY(a, nodes, float), *base = ARENA_ARRAY(a, f->classes, float);
    int32_t *tree = ARENA_ARRAY(a, 2 * f->options->trees, int32_t), at = 0;
    struct rows rows = {.width = f->classes, .slots = (size_t)leaves * 2 + 1};
    rows.values = ARENA_ARRAY(a, (size_t)leaves * (size_t)f->classes, float);
    rows.table = ARENA_ARRAY(a, rows.slots, int32_t);
    for (int32_t i = 0; i < f->options->trees; i++) {
        const struct tree *t = &f->trees[i];
        tree[2 * i] = at;
        for (int32_t k = 0; k < t->count; k++, at++) {
            const struct tree_node *n = &t->nodes[k];
            feature[at] = (int16_t)n->feature;
            threshold[at] = n->threshold;
            const int32_t row = n->feature < 0 ? find_row(&rows, t->shares + (size_t)n->right * (size_t)f->classes) : 0;
            right[at] = (uint16_t)(n->feature < 0 ? row : n->right);
            if (row > UINT16_MAX) {
                return diag_fail(diag, "the forest has more than %d different leaves; try fewer trees or larger leaves",
                                 UINT16_MAX);
            }
        }
    }
    struct net b = net_begin(graph, 1, diag);
    net_input(&b, input);
    net_flatten(&b);
    const int32_t in[7] = {b.at,
                           add_array(graph, "feature", TYPE_S16, 1, at, 0, feature),
                           add_array(graph, "threshold", TYPE_F32, 1, at, 0, threshold),
                           add_array(graph, "right", TYPE_U16, 1, at, 0, right),
                           add_array(graph, "tree", TYPE_S32, 2, f->options->trees, 2, tree),
                           add_array(graph, "base", TYPE_F32, 1, f->classes, 0, base),
                           add_array(graph, "shares", TYPE_F32, 2, rows.count, f->classes, rows.values)};
    b.at = net_node(&b, OP_TREE_ENSEMBLE, "classes", NULL, in, 7, 1);
    return net_end(&b);
}

static bool check_options(const struct train_set *set, int32_t classes, const struct learn_options *o,
                          struct diag *diag)
{
    if (classes < 1 || classes > MAX_CLASSES || set->width > INT16_MAX) {
        return diag_fail(diag, "%d classes of %zu features: want 1 to %d, and at most %d", classes, set->width,
                         MAX_CLASSES, INT16_MAX);
    }
    if (o->trees < 1 || o->trees > 10000 || o->depth < 1 || o->depth > 1000 || o->leaf < 1 || o->features < 0) {
        return diag_fail(diag,
                         "trees %d, depth %d, leaf %d, features %d: want trees up to 10000, depth up to 1000, and "
                         "at least 1 each",
                         o->trees, o->depth, o->leaf, o->features);
    }
    return true;
}

bool learn_forest(const struct train_set *set, const struct tensor *input, int32_t classes,
                  const struct learn_options *o, struct graph *graph, struct diag *diag)
{
    if (!check_options(set, classes, o, diag) || !learn_check(set, input, classes, diag)) {
        return false;
    }
    struct forest f = {.set = set, .options = o, .classes = classes};
    const int32_t root = (int32_t)lround(sqrt((double)set->width));
    f.tried = o->features > 0 ? o->features : root;
    f.bins = calloc(set->width * (size_t)set->count, 1);
    f.edges = calloc(set->width * BINS, sizeof *f.edges);
    f.trees = calloc((size_t)o->trees, sizeof *f.trees);
    struct threads *threads = threads_start(threads_wanted(o->threads));
    bool ok = f.bins != NULL && f.edges != NULL && f.trees != NULL && threads != NULL;
    if (!ok) {
        diag_fail(diag, "there is not enough memory for a forest of %d trees", o->trees);
    } else {
        threads_run(threads, (int32_t)set->width, bin_feature, &f);
        threads_run(threads, o->trees, grow_tree, &f);
        ok = emit_forest(&f, input, graph, diag);
    }
    for (int32_t i = 0; f.trees != NULL && i < o->trees; i++) {
        free(f.trees[i].nodes);
        free(f.trees[i].shares);
    }
    threads_stop(threads);
    free(f.bins);
    free(f.edges);
    free(f.trees);
    return ok;
}
