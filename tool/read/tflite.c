/* SPDX-License-Identifier: MIT
 *
 * .tflite to graph.
 */
#include <stdio.h>
#include <string.h>

#include "hlo.h"

enum { MAX_SUBGRAPHS = 64 };

static const enum op NO_OP = OP_COUNT; /* an operator that mote lacks */

static const struct {
    int16_t code;
    const char *name;
} op_codes[] = {
#define OP(name, code, ...) [OP_##name] = {code, #name},
#include "../ir/op.def"
#undef OP
};

/* All builtin operators there are. */
static const char *const builtin_names[] = {
#define TFLITE_OP(code, name, options) [code] = #name,
#include "tflite_ops.def"
#undef TFLITE_OP
};

static const char *const cures[] = {
#define CURE(name, cure) [TFLITE_##name] = cure,
#include "tflite_cures.def"
#undef CURE
};

/*** Operators ***/

static void read_code(struct tflite_reader *r, const struct fb_table *table, struct tflite_code *code)
{
    /* Codes over 127 are in the newer 32-bit field. */
    const int64_t old = fb_int(table, CODE_DEPRECATED_BUILTIN, 1, 0), new = fb_int(table, CODE_BUILTIN, 4, 0);
    const int64_t builtin = new > old ? new : old;
    const bool is_custom = builtin == OP_CODE_CUSTOM;
    const char *custom = is_custom ? fb_string(table, CODE_CUSTOM, r->arena) : "";
    for (int i = 0; i < OP_COUNT && builtin >= 0; i++) {
        if (is_custom ? op_codes[i].code == -1 && strcmp(op_codes[i].name, custom) == 0 : op_codes[i].code == builtin) {
            code->op = (enum op)i;
            return;
        }
    }
    code->op = NO_OP;
    code->cure = builtin >= 0 && builtin < (int64_t)COUNT_OF(cures) ? cures[builtin] : NULL;
    code->hlo = is_custom ? NULL : hlo_find(builtin);
    if (is_custom) {
        code->name = arena_printf(r->arena, "CUSTOM %.60s", custom);
    } else if (builtin >= 0 && builtin < (int64_t)COUNT_OF(builtin_names) && builtin_names[builtin] != NULL) {
        code->name = builtin_names[builtin];
    } else {
        code->name = arena_printf(r->arena, "of code %lld", (long long)builtin);
    }
}

static void read_codes(struct tflite_reader *r, const struct fb_table *root)
{
    const struct fb_vector codes = fb_vector(root, MODEL_OPERATOR_CODES, 4);
    r->codes = ARENA_ARRAY(r->arena, codes.count, struct tflite_code);
    r->code_count = codes.count;
    for (uint32_t i = 0; i < codes.count && !r->diag->failed; i++) {
        const struct fb_table code = fb_vector_table(&codes, i);
        read_code(r, &code, &r->codes[i]);
    }
}

/* Whether entry i is another operator that mote lacks, and the first of its name. */
static bool is_other_kind(const struct tflite_reader *r, uint32_t i, const struct tflite_code *code)
{
    const char *name = r->codes[i].name;
    if (r->codes[i].op != NO_OP || r->codes[i].hlo != NULL || strcmp(name, code->name) == 0) {
        return false;
    }
    for (uint32_t k = 0; k < i; k++) {
        if (r->codes[k].op == NO_OP && strcmp(r->codes[k].name, name) == 0) {
            return false;
        }
    }
    return true;
}

/* Names the operator at hand first, then, where all are not listed, the others that the model has and mote lacks. */
static bool miss_op(struct tflite_reader *r, const struct node *n, const struct tflite_code *code)
{
    enum { MOST = 256 }; /* entries looked at: a real model has fewer */
    char others[120] = "";
    size_t length = 0;
    int count = 0;
    for (uint32_t i = 0; i < r->code_count && i < MOST && r->diag->missed == NULL; i++) {
        const char *name = r->codes[i].name;
        if (is_other_kind(r, i, code)) {
            count++;
            if (length + strlen(name) + 3 < sizeof others) {
                length += (size_t)sprintf(others + length, "%s%s", length > 0 ? ", " : "", name);
            }
        }
    }
    if (count == 0) {
        return diag_miss(r->diag, "op %d %s \"%.80s\": mote has no such operator; %s", n->index, code->name, n->name,
                         code->cure != NULL ? code->cure : "replace it in the model");
    }
    return diag_miss(r->diag,
                     "op %d %s \"%.80s\": mote has no such operator, nor %d more of the model's (%s); replace "
                     "them",
                     n->index, code->name, n->name, count, others);
}

/* NULL with an error. */
static const struct tflite_code *find_code(struct tflite_reader *r, const struct fb_table *table, const struct node *n)
{
    const uint32_t index = (uint32_t)fb_int(table, OPERATOR_CODE, 4, 0);
    if (index >= r->code_count) {
        diag_fail(r->diag, "op %d: has operator code %u of %u", n->index, index, r->code_count);
        return NULL;
    }
    return &r->codes[index];
}

/* What it would compute is taken as given, so that the rest of the model can be looked at. */
static void assume_outputs(struct tflite_reader *r, const struct graph *g, const struct node *n)
{
    for (int i = 0; i < n->out_count; i++) {
        if (n->out[i] >= 0 && n->out[i] < r->tensor_count && !g->tensors[n->out[i]].is_state) {
            r->is_assumed[n->out[i]] = true;
        }
    }
}

struct node *tflite_add_node(struct tflite_reader *r, struct graph *g)
{
    if (g->node_count == r->node_capacity) {
        r->node_capacity = 2 * r->node_capacity + 16;
        struct node *nodes = ARENA_ARRAY(r->arena, r->node_capacity, struct node);
        if (g->node_count > 0) {
            memcpy(nodes, g->nodes, (size_t)g->node_count * sizeof *nodes);
        }
        g->nodes = nodes;
    }
    return &g->nodes[g->node_count++];
}

/* One that mote reads as others. */
static bool read_as_others(struct tflite_reader *r, const struct fb_table *table, struct graph *g, const struct node *n,
                           const struct tflite_code *code)
{
    const int32_t before = g->node_count;
    const char *fault = hlo_expand(r, table, g, n, code->hlo);
    if (r->diag->failed) {
        return false;
    }
    if (fault != NULL) {
        g->node_count = before;
        assume_outputs(r, g, n);
        return diag_miss(r->diag, "op %d %s \"%.80s\": %s", n->index, code->name, n->name, fault);
    }
    return true;
}

/* Adds the nodes that it is: one, none that mote lacks, or others. */
static bool read_operator(struct tflite_reader *r, const struct fb_table *table, struct graph *g, int32_t index)
{
    struct node node = {.index = index}, *n = &node;
    const struct fb_vector in = fb_vector(table, OPERATOR_INPUTS, 4), out = fb_vector(table, OPERATOR_OUTPUTS, 4);
    n->in = tflite_read_list(r, &in);
    n->in_count = (int32_t)in.count;
    n->out = tflite_read_list(r, &out);
    n->out_count = (int32_t)out.count;
    n->name = "";
    if (n->out_count > 0 && n->out[0] >= 0 && n->out[0] < g->tensor_count) {
        n->name = g->tensors[n->out[0]].name;
    }
    const struct tflite_code *code = find_code(r, table, n);
    if (code == NULL || r->diag->failed) {
        return false;
    }
    n->op = code->op;
    if (code->hlo != NULL) {
        return read_as_others(r, table, g, n, code);
    }
    if (n->op == NO_OP) {
        assume_outputs(r, g, n);
        return miss_op(r, n, code);
    }
    if (!tflite_read_options(r, table, n)) {
        return false;
    }
    for (int i = 0; i < n->out_count && n->op != OP_CIRCULAR_BUFFER; i++) {
        /* Operators change states that they read; results are new, but for this one's. */
        const int32_t t = n->out[i];
        if (t >= 0 && t < g->tensor_count && g->tensors[t].is_state) {
            return ir_fail(n, r->diag, "output %d, tensor \"%.80s\", is a variable", i, g->tensors[t].name);
        }
    }
    *tflite_add_node(r, g) = node;
    return !r->diag->failed;
}

/* Makes inputs of the tensors that what mote lacks would compute. */
static void add_assumed(const struct tflite_reader *r, struct graph *g)
{
    if (r->diag->missed == NULL) {
        return;
    }
    int32_t *inputs = ARENA_ARRAY(r->arena, g->input_count + r->tensor_count, int32_t);
    for (int32_t i = 0; i < g->input_count; i++) {
        inputs[i] = g->inputs[i];
        if (inputs[i] >= 0 && inputs[i] < r->tensor_count) {
            r->is_assumed[inputs[i]] = false;
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].out_count; k++) {
            const int32_t t = g->nodes[i].out[k];
            if (t >= 0 && t < r->tensor_count) {
                r->is_assumed[t] = false;
            }
        }
    }
    g->inputs = inputs;
    for (int32_t i = 0; i < r->tensor_count; i++) {
        if (r->is_assumed[i]) {
            inputs[g->input_count++] = i;
        }
    }
}

static bool read_subgraph(struct tflite_reader *r, const struct fb_table *table, struct graph *g)
{
    g->arena = r->arena;
    g->name = fb_string(table, SUBGRAPH_NAME, r->arena);

    const struct fb_vector tensors = fb_vector(table, SUBGRAPH_TENSORS, 4);
    g->tensors = ARENA_ARRAY(r->arena, tensors.count, struct tensor);
    g->tensor_count = g->tensor_capacity = (int32_t)tensors.count;
    r->tensor_count = g->tensor_count;
    r->is_assumed = ARENA_ARRAY(r->arena, tensors.count, bool);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        const struct fb_table t = fb_vector_table(&tensors, (uint32_t)i);
        if (!tflite_read_tensor(r, &t, i, &g->tensors[i])) {
            return false;
        }
    }

    const struct fb_vector operators = fb_vector(table, SUBGRAPH_OPERATORS, 4);
    g->nodes = ARENA_ARRAY(r->arena, operators.count, struct node);
    r->node_capacity = (int32_t)operators.count;
    for (uint32_t i = 0; i < operators.count; i++) {
        const struct fb_table t = fb_vector_table(&operators, i);
        if (!read_operator(r, &t, g, (int32_t)i)) {
            return false;
        }
    }

    const struct fb_vector in = fb_vector(table, SUBGRAPH_INPUTS, 4), out = fb_vector(table, SUBGRAPH_OUTPUTS, 4);
    g->inputs = tflite_read_list(r, &in);
    g->input_count = (int32_t)in.count;
    add_assumed(r, g);
    g->outputs = tflite_read_list(r, &out);
    g->output_count = (int32_t)out.count;
    return !r->diag->failed && ir_check(g, r->diag);
}

static const char **name_ends(struct graph *g, const int32_t *ends, int32_t count)
{
    const char **names = ARENA_ARRAY(g->arena, count, const char *);
    for (int i = 0; i < count; i++) {
        names[i] = g->tensors[ends[i]].name;
    }
    return names;
}

static void read_signature_names(struct tflite_reader *r, const struct fb_vector *maps, const struct graph *g,
                                 const int32_t *ends, int32_t count, const char **names)
{
    /* By way of the tensors: a search in each map for each tensor would take long in a hostile file. */
    const char **of_tensor = ARENA_ARRAY(r->arena, g->tensor_count, const char *);
    for (uint32_t k = 0; k < maps->count && !r->diag->failed; k++) {
        const struct fb_table map = fb_vector_table(maps, k);
        const int64_t tensor = fb_int(&map, TENSOR_MAP_INDEX, 4, 0);
        if (tensor >= 0 && tensor < g->tensor_count) {
            of_tensor[tensor] = fb_string(&map, TENSOR_MAP_NAME, r->arena);
        }
    }
    for (int i = 0; i < count; i++) {
        if (of_tensor[ends[i]] != NULL) {
            names[i] = of_tensor[ends[i]];
        }
    }
}

/* The first signature of the main graph gives the inputs and outputs the names that users know. */
static void read_signatures(struct tflite_reader *r, const struct fb_table *root, struct graph *g)
{
    g->input_names = name_ends(g, g->inputs, g->input_count);
    g->output_names = name_ends(g, g->outputs, g->output_count);
    const struct fb_vector signatures = fb_vector(root, MODEL_SIGNATURES, 4);
    for (uint32_t i = 0; i < signatures.count; i++) {
        const struct fb_table s = fb_vector_table(&signatures, i);
        if (fb_int(&s, SIGNATURE_SUBGRAPH, 4, 0) == 0) {
            const struct fb_vector in = fb_vector(&s, SIGNATURE_INPUTS, 4);
            const struct fb_vector out = fb_vector(&s, SIGNATURE_OUTPUTS, 4);
            read_signature_names(r, &in, g, g->inputs, g->input_count, g->input_names);
            read_signature_names(r, &out, g, g->outputs, g->output_count, g->output_names);
            return;
        }
    }
}

/* Dims that the file leaves open have a default in it. */
static bool read_input_shapes(struct tflite_reader *r, const struct fb_table *subgraph, struct graph *g)
{
    const struct fb_vector tensors = fb_vector(subgraph, SUBGRAPH_TENSORS, 4);
    for (int32_t i = 0; i < g->input_count; i++) {
        const int32_t at = g->inputs[i];
        struct tensor *t = &g->tensors[at];
        struct read_open open = {.name = g->input_names[i], .is_only = g->input_count == 1, .has_default = true};
        const struct fb_table table = fb_vector_table(&tensors, (uint32_t)at);
        const struct fb_vector signature = fb_vector(&table, TENSOR_SHAPE_SIGNATURE, 4);
        for (int32_t d = 0; d < t->rank && (uint32_t)t->rank == signature.count; d++) {
            open.symbol[d] = fb_vector_int(&signature, (uint32_t)d, 4) == -1 ? "" : NULL;
        }
        if (!read_open_dims(r->request, &open, t, r->diag)) {
            return false;
        }
    }
    return !r->diag->failed;
}

bool read_tflite(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
                 struct diag *diag)
{
    struct tflite_reader r = {.fb = {file->data, file->size, diag}, .arena = arena, .diag = diag, .request = request};
    const struct fb_table root = fb_root(&r.fb);
    const int64_t version = fb_int(&root, MODEL_VERSION, 4, 0);
    if (!diag->failed && version != SCHEMA_VERSION) {
        return diag_fail(diag, "has schema version %lld, want %d", (long long)version, SCHEMA_VERSION);
    }
    read_codes(&r, &root);
    r.buffers = fb_vector(&root, MODEL_BUFFERS, 4);
    const struct fb_vector subgraphs = r.subgraphs = fb_vector(&root, MODEL_SUBGRAPHS, 4);
    if (!diag->failed && (subgraphs.count < 1 || subgraphs.count > MAX_SUBGRAPHS)) {
        return diag_fail(diag, "has %u subgraphs, want 1 to %d", subgraphs.count, MAX_SUBGRAPHS);
    }
    model->description = fb_string(&root, MODEL_DESCRIPTION, arena);
    model->graph_count = (int32_t)subgraphs.count;
    model->graphs = ARENA_ARRAY(arena, subgraphs.count, struct graph);
    for (int32_t i = 0; i < model->graph_count && !diag->failed; i++) {
        const struct fb_table t = fb_vector_table(&subgraphs, (uint32_t)i);
        model->graphs[i].model = model;
        if (!read_subgraph(&r, &t, &model->graphs[i])) {
            return false;
        }
    }
    if (diag->failed) {
        return false;
    }
    read_signatures(&r, &root, &model->graphs[0]);
    const struct fb_table first = fb_vector_table(&subgraphs, 0);
    return read_input_shapes(&r, &first, &model->graphs[0]) && read_take_values(request, &model->graphs[0], diag) &&
           ir_check(&model->graphs[0], diag);
}
