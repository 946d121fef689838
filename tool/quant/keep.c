/* SPDX-License-Identifier: MIT
 *
 * The result must outlive the memory that it was made in: whatever it points to is copied.
 */
#include <string.h>

#include "work.h"

static const char *keep_text(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text) + 1);
}

static const void *keep_bytes(struct arena *arena, const void *data, size_t size)
{
    return data == NULL ? NULL : arena_copy(arena, data, size);
}

static void keep_tensor(struct arena *arena, struct tensor *t)
{
    const size_t count = (size_t)t->quant.count;
    t->name = keep_text(arena, t->name);
    t->data = keep_bytes(arena, t->data, (size_t)ir_size(t));
    t->init = keep_bytes(arena, t->init, (size_t)ir_size(t));
    t->quant.scale = keep_bytes(arena, t->quant.scale, count * sizeof *t->quant.scale);
    t->quant.zero_point = keep_bytes(arena, t->quant.zero_point, count * sizeof *t->quant.zero_point);
}

static void keep_node(struct arena *arena, struct node *n)
{
    struct attr *a = &n->attr;
    n->name = keep_text(arena, n->name);
    a->list = keep_bytes(arena, a->list, (size_t)a->list_count * sizeof *a->list);
    a->custom = keep_bytes(arena, a->custom, a->custom_size);
    a->container = keep_text(arena, a->container);
    a->shared_name = keep_text(arena, a->shared_name);
}

static const char **keep_names(struct arena *arena, const char **names, int32_t count)
{
    if (names == NULL) {
        return NULL;
    }
    const char **kept = ARENA_ARRAY(arena, count, const char *);
    for (int32_t i = 0; i < count; i++) {
        kept[i] = keep_text(arena, names[i]);
    }
    return kept;
}

static void mark(bool used[], const int32_t tensors[], int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (tensors[i] != NO_TENSOR) {
            used[tensors[i]] = true;
        }
    }
}

static void renumber(const int32_t number[], int32_t tensors[], int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        tensors[i] = tensors[i] == NO_TENSOR ? NO_TENSOR : number[tensors[i]];
    }
}

/* Tensors that nobody mentions any more, such as the floats that weights were, go; the others get new numbers. */
static void drop_tensors(struct graph *g, struct arena *scratch)
{
    bool *used = ARENA_ARRAY(scratch, g->tensor_count, bool);
    int32_t *number = ARENA_ARRAY(scratch, g->tensor_count, int32_t), left = 0;
    mark(used, g->inputs, g->input_count);
    mark(used, g->outputs, g->output_count);
    for (int32_t i = 0; i < g->node_count; i++) {
        mark(used, g->nodes[i].in, g->nodes[i].in_count);
        mark(used, g->nodes[i].out, g->nodes[i].out_count);
    }
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (used[i]) {
            number[i] = left;
            g->tensors[left++] = g->tensors[i];
        }
    }
    g->tensor_count = left;
    renumber(number, g->inputs, g->input_count);
    renumber(number, g->outputs, g->output_count);
    for (int32_t i = 0; i < g->node_count; i++) {
        renumber(number, g->nodes[i].in, g->nodes[i].in_count);
        renumber(number, g->nodes[i].out, g->nodes[i].out_count);
    }
}

struct graph quant_keep(const struct graph *made, struct arena *arena)
{
    struct graph g = ir_copy(made, arena);
    drop_tensors(&g, made->arena);
    for (int32_t i = 0; i < g.tensor_count; i++) {
        keep_tensor(arena, &g.tensors[i]);
    }
    for (int32_t i = 0; i < g.node_count; i++) {
        keep_node(arena, &g.nodes[i]);
    }
    g.name = keep_text(arena, g.name);
    g.input_names = keep_names(arena, g.input_names, g.input_count);
    g.output_names = keep_names(arena, g.output_names, g.output_count);
    return g;
}
