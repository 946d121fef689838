/* SPDX-License-Identifier: MIT */
#include "sparse.h"

#include <string.h>

enum { SPARSITY_ORDER, SPARSITY_BLOCK_MAP, SPARSITY_DIMS };
enum { DIM_FORMAT, DIM_SIZE, DIM_SEGMENTS_TYPE, DIM_SEGMENTS, DIM_INDICES_TYPE, DIM_INDICES };
enum { MOST_LEVELS = 2 * IR_MAX_RANK };

/* Numbers of 4, 2 or 1 bytes. */
struct numbers {
    struct fb_vector v;
    int bytes;
};

struct level {
    int32_t size;  /* of the dim, in blocks if it is cut; or of a block */
    int32_t dim;   /* of the tensor */
    int32_t scale; /* elements of that dim from one index to the next */
    bool is_sparse;
    struct numbers segments, indices;
};

struct tree {
    const struct tensor *t;
    struct level level[MOST_LEVELS];
    int32_t level_count;
    int64_t step[IR_MAX_RANK]; /* bytes from one index to the next */
    size_t element;            /* bytes */
    const uint8_t *values;
    int64_t value_count, next; /* the next value to be placed */
    uint8_t *out;
};

static struct numbers read_numbers(const struct fb_table *dim, int type_field, int field)
{
    static const int widths[] = {0, 4, 2, 1}; /* of the union's members */
    const int64_t type = fb_int(dim, type_field, 1, 0);
    if (type < 1 || type > 3) {
        return (struct numbers){0};
    }
    const struct fb_table table = fb_sub(dim, field);
    return (struct numbers){fb_vector(&table, 0, widths[type]), widths[type]};
}

static int64_t number_at(const struct numbers *n, int64_t i)
{
    if (i < 0 || i >= n->v.count) {
        return -1;
    }
    const int64_t value = fb_vector_int(&n->v, (uint32_t)i, n->bytes);
    return n->bytes == 1 ? (uint8_t)value : n->bytes == 2 ? (uint16_t)value : value;
}

/* Which part of which dim each level is. */
static bool read_levels(struct tree *tree, const struct fb_table *sparsity)
{
    const struct fb_vector order = fb_vector(sparsity, SPARSITY_ORDER, 4),
                           map = fb_vector(sparsity, SPARSITY_BLOCK_MAP, 4);
    const struct fb_vector dims = fb_vector(sparsity, SPARSITY_DIMS, 4);
    const int32_t rank = tree->t->rank;
    bool is_there[MOST_LEVELS] = {false};
    int32_t block[IR_MAX_RANK];
    if (map.count > (uint32_t)rank || order.count != (uint32_t)rank + map.count || dims.count != order.count) {
        return false;
    }
    tree->level_count = (int32_t)order.count;
    for (int32_t d = 0; d < rank; d++) {
        block[d] = 1;
    }
    for (int32_t i = 0; i < tree->level_count; i++) { /* where blocks cut a dim, first */
        const int64_t at = fb_vector_int(&order, (uint32_t)i, 4);
        if (at < 0 || at >= tree->level_count || is_there[at]) {
            return false;
        }
        is_there[at] = true;
        const struct fb_table dim = fb_vector_table(&dims, (uint32_t)i);
        struct level *level = &tree->level[i];
        level->is_sparse = fb_int(&dim, DIM_FORMAT, 1, 0) == 1;
        level->segments = read_numbers(&dim, DIM_SEGMENTS_TYPE, DIM_SEGMENTS);
        level->indices = read_numbers(&dim, DIM_INDICES_TYPE, DIM_INDICES);
        level->dim = (int32_t)(at < rank ? at : fb_vector_int(&map, (uint32_t)(at - rank), 4));
        level->scale = at < rank ? 0 : 1;
        if (level->dim < 0 || level->dim >= rank) {
            return false;
        }
        if (at >= rank) {
            level->size = (int32_t)fb_int(&dim, DIM_SIZE, 4, 0);
            if (level->size < 1 || block[level->dim] != 1 || tree->t->dim[level->dim] % level->size != 0) {
                return false;
            }
            block[level->dim] = level->size;
        }
    }
    for (int32_t i = 0; i < tree->level_count; i++) {
        struct level *level = &tree->level[i];
        if (level->scale == 0) {
            level->scale = block[level->dim];
            level->size = tree->t->dim[level->dim] / level->scale;
        }
    }
    return true;
}

/* Places the values below node `node` of a level; the element at `at` has all indices that are known already. */
static bool place(struct tree *tree, int32_t depth, int64_t node, int64_t at)
{
    if (depth == tree->level_count) {
        if (tree->next == tree->value_count) {
            return false;
        }
        memcpy(tree->out + at, tree->values + tree->next++ * (int64_t)tree->element, tree->element);
        return true;
    }
    const struct level *level = &tree->level[depth];
    const int64_t step = tree->step[level->dim] * level->scale;
    if (!level->is_sparse) {
        for (int64_t i = 0; i < level->size; i++) {
            if (!place(tree, depth + 1, node * level->size + i, at + i * step)) {
                return false;
            }
        }
        return true;
    }
    const int64_t first = number_at(&level->segments, node), end = number_at(&level->segments, node + 1);
    if (first < 0 || end < first || end > level->indices.v.count) {
        return false;
    }
    for (int64_t i = first; i < end; i++) {
        const int64_t index = number_at(&level->indices, i);
        if (index < 0 || index >= level->size || !place(tree, depth + 1, i, at + index * step)) {
            return false;
        }
    }
    return true;
}

const void *read_sparse(const struct fb_table *sparsity, const struct tensor *t, int64_t count, const uint8_t *values,
                        size_t size, struct arena *arena)
{
    struct tree tree = {.t = t, .values = values, .element = (size_t)ir_type_bits(t->type) / 8};
    if (tree.element == 0 || size % tree.element != 0 || !read_levels(&tree, sparsity)) {
        return NULL;
    }
    tree.value_count = (int64_t)(size / tree.element);
    tree.out = arena_array(arena, (size_t)count, tree.element);
    int64_t step = (int64_t)tree.element;
    for (int32_t d = t->rank - 1; d >= 0; d--) {
        tree.step[d] = step;
        step *= t->dim[d];
    }
    return place(&tree, 0, 0, 0) && tree.next == tree.value_count ? tree.out : NULL;
}
