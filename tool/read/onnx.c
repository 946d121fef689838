/* SPDX-License-Identifier: MIT
 *
 * .onnx to graph. The file is unpacked by protobuf-c into the arena, whose limit bounds what a hostile file can ask for;
 * then the nodes are converted one after the other. The graph gets the layout of the file, images NCHW, with transposes
 * round each operator that mote computes on NHWC; a pass takes them out.
 *
 * Half and double precision are computed in single: values become float32 where they are read, and what the file says
 * where they are put out.
 */
#include <generated/onnx.pb-c.h>
#include <string.h>

#include "inputs.h"
#include "onnx.h"
#include "onnx_file.h"

enum { OLDEST_OPSET = 1, NEWEST_OPSET = 24, MAX_DEPTH = 8 };

static const struct onnx_row rows[] = {
#define ONNX(name, domain, since, convert, op) {#name, ONNX_##domain, since, onnx_convert_##convert, OP_##op},
#include "onnx_ops.def"
#undef ONNX
};

static const char *domain_text(const char *domain) { return domain[0] == '\0' ? "ai.onnx" : domain; }

static const struct onnx_row *find_row(const Onnx__NodeProto *n)
{
    static const char *const domains[] = {[ONNX_AI] = "ai.onnx", [ONNX_ML] = "ai.onnx.ml", [ONNX_MS] = "com.microsoft"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].name, n->op_type) == 0 && strcmp(domains[rows[i].domain], domain_text(n->domain)) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/*** Memory for protobuf-c: the arena ***/

static void *allocate(void *arena, size_t size) { return arena_alloc(arena, size); }

static void release(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

static ProtobufCAllocator arena_allocator(struct arena *arena)
{
    return (ProtobufCAllocator){allocate, release, arena};
}

/*** What converters ask ***/

enum op onnx_op(const struct onnx *o) { return o->row->op; }
int64_t onnx_opset(const struct onnx *o) { return o->row->domain == ONNX_ML ? o->opset_ml : o->opset; }
const char *onnx_name(const struct onnx *o) { return o->row->name; }
struct graph *onnx_graph(const struct onnx *o) { return o->g; }
bool onnx_failed(const struct onnx *o) { return o->diag->failed; }

int onnx_in_count(const struct onnx *o) { return (int)o->node->n_input; }
int onnx_out_count(const struct onnx *o) { return (int)o->node->n_output; }

const char *onnx_out_name(const struct onnx *o)
{
    if (o->node == NULL) { /* before the first: at inputs and constants */
        return o->g->name;
    }
    return o->node->n_output > 0 && o->node->output[0][0] != '\0' ? o->node->output[0] : o->node->name;
}

/*** Graphs ***/

/* The name of a dim that is not known; NULL: it is. */
static const char *find_symbol(const Onnx__DimensionProto *dim)
{
    if (dim->value_case == ONNX__DIMENSION_PROTO__VALUE_DIM_VALUE && dim->dim_value >= 0) {
        return NULL;
    }
    return dim->value_case == ONNX__DIMENSION_PROTO__VALUE_DIM_PARAM ? dim->dim_param : "";
}

static bool read_dims(struct onnx *o, const Onnx__ValueInfoProto *v, bool is_only, struct tensor *t)
{
    const Onnx__TensorShapeProto *shape = v->type->tensor_type->shape;
    struct read_open open = {.name = v->name, .is_only = is_only};
    t->rank = (int32_t)shape->n_dim;
    for (int32_t d = 0; d < t->rank; d++) {
        open.symbol[d] = find_symbol(shape->dim[d]);
        const int64_t dim = open.symbol[d] == NULL ? shape->dim[d]->dim_value : 0;
        if (dim > INT32_MAX) {
            return diag_fail(o->diag, "input \"%.80s\": dim %d is %lld", v->name, d, (long long)dim);
        }
        t->dim[d] = (int32_t)dim;
    }
    return read_open_dims(o->request, &open, t, o->diag);
}

/* The type and shape that the file states. */
static bool read_shape(struct onnx *o, const Onnx__ValueInfoProto *v, bool is_only, struct tensor *t)
{
    const Onnx__TensorTypeProto *type = v->type != NULL ? v->type->tensor_type : NULL;
    if (type == NULL) {
        return diag_fail(o->diag, "input \"%.80s\" is no tensor; sequences and maps have no place on a device",
                         v->name);
    }
    if (!onnx_find_type(type->elem_type, &t->type)) {
        return diag_fail(o->diag, "input \"%.80s\" has the type %s, which mote lacks; export it as float32", v->name,
                         onnx_type_name(type->elem_type));
    }
    if (type->shape == NULL || type->shape->n_dim > IR_MAX_RANK) {
        return diag_fail(o->diag, "input \"%.80s\" has %s dims, want at most %d; export with a fixed shape", v->name,
                         type->shape == NULL ? "unknown" : "too many", IR_MAX_RANK);
    }
    return read_dims(o, v, is_only, t);
}

/* Old files list initializers, too. */
static size_t count_inputs(const struct onnx *o, const Onnx__GraphProto *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->n_input; i++) {
        count += onnx_find_value(o, p->input[i]->name) == NO_TENSOR;
    }
    return count;
}

static bool read_inputs(struct onnx *o, const Onnx__GraphProto *p)
{
    struct graph *g = o->g;
    const bool is_only = count_inputs(o, p) == 1;
    g->inputs = ARENA_ARRAY(o->arena, p->n_input, int32_t);
    g->input_names = ARENA_ARRAY(o->arena, p->n_input, const char *);
    const char **names = ARENA_ARRAY(o->arena, p->n_input, const char *); /* constants, too */
    int32_t count = 0;
    for (size_t i = 0; i < p->n_input; i++) {
        const Onnx__ValueInfoProto *v = p->input[i];
        struct tensor t = {.name = v->name};
        if (onnx_find_value(o, v->name) != NO_TENSOR) {
            continue;
        }
        if (!read_shape(o, v, is_only, &t)) {
            return false;
        }
        const int32_t index = ir_add_tensor(g);
        g->tensors[index] = t;
        names[count++] = v->name;
        if (!ir_check_tensor(g, index, o->diag) ||
            !read_take_value(o->request, v->name, &g->tensors[index], o->arena, o->diag)) {
            return false;
        }
        if (g->tensors[index].data == NULL) {
            g->inputs[g->input_count] = index;
            g->input_names[g->input_count++] = v->name;
        }
        if (!onnx_set_value(o, v->name, onnx_to_single(o, index))) {
            return false;
        }
    }
    return read_check_values(o->request, names, count, o->diag);
}

static bool read_initializers(struct onnx *o, const Onnx__GraphProto *p)
{
    if (p->n_sparse_initializer > 0) {
        return diag_fail(o->diag, "has sparse weights; export it with dense ones");
    }
    for (size_t i = 0; i < p->n_initializer; i++) {
        const int32_t t = onnx_read_tensor(o, p->initializer[i]);
        if (onnx_failed(o) || !onnx_set_value(o, p->initializer[i]->name, t)) {
            return false;
        }
    }
    return true;
}

static bool convert_node(struct onnx *o, const Onnx__NodeProto *n, int32_t index)
{
    o->node = n;
    o->index = index;
    o->row = find_row(n);
    o->made = 0;
    o->first_made = o->g->tensor_count;
    const int64_t opset = onnx_opset(o);
    if (o->row->domain != ONNX_MS && opset < o->row->since) {
        onnx_fail(o, "came with opset %d, but the file has %lld; export it anew", o->row->since, (long long)opset);
        return false;
    }
    for (size_t i = 0; i < n->n_input; i++) {
        if (n->input[i][0] != '\0' && onnx_find_value(o, n->input[i]) == NO_TENSOR) {
            onnx_fail(o, "input %zu, \"%.80s\", is read before it is written", i, n->input[i]);
            return false;
        }
    }
    o->takes_sequences = false;
    o->row->convert(o);
    for (size_t i = 0; i < n->n_input && !o->takes_sequences; i++) {
        if (onnx_find_value(o, n->input[i]) < NO_TENSOR) {
            o->diag->failed = false; /* whatever was made of it */
            onnx_fail(o, "input %zu, \"%.80s\", is a sequence or an optional value, want a tensor", i, n->input[i]);
        }
    }
    for (size_t i = 0; i < n->n_output && !onnx_failed(o); i++) {
        if (onnx_has_out(o, (int)i) && onnx_find_name(o->scope, n->output[i])->tensor == NO_TENSOR &&
            onnx_find_name(o->scope, n->output[i])->readers > 0) {
            onnx_fail(o, "output %zu, \"%.80s\", is one that mote lacks; do without it", i, n->output[i]);
        }
    }
    return !onnx_failed(o);
}

/* Where all that mote lacks is listed: a node by itself. What only reads what others would make is passed over. */
static void survey_node(struct onnx *o, const Onnx__NodeProto *n, int32_t index)
{
    bool is_lost = find_row(n) == NULL;
    for (size_t i = 0; i < n->n_input; i++) {
        is_lost = is_lost || onnx_find_name(o->scope, n->input[i])->is_lost;
    }
    if (!is_lost) {
        struct diag own = {.missed = o->diag->missed}, *all = o->diag;
        o->diag = &own;
        is_lost = !convert_node(o, n, index);
        o->diag = all;
        if (is_lost) {
            diag_list_add(all->missed, own.text);
            o->quant = NULL;
        }
    }
    for (size_t i = 0; i < n->n_output && is_lost; i++) {
        onnx_add_name(o->scope, n->output[i])->is_lost = true;
    }
}

static bool convert_nodes(struct onnx *o, const Onnx__GraphProto *p)
{
    for (size_t i = 0; i < p->n_node; i++) {
        if (o->diag->missed != NULL && o->depth == 0) {
            survey_node(o, p->node[i], (int32_t)i);
        } else if (!convert_node(o, p->node[i], o->depth > 0 ? o->index : (int32_t)i)) {
            return false;
        }
    }
    return true;
}

/* All operators that mote lacks, at once. */
static bool check_operators(struct onnx *o, const Onnx__GraphProto *p)
{
    bool found = true;
    for (size_t i = 0; i < p->n_node; i++) {
        const Onnx__NodeProto *n = p->node[i];
        if (find_row(n) == NULL) {
            found = false;
            if (!diag_miss(o->diag, "op %zu %s \"%.80s\": mote has no such operator of %s; replace it in the model", i,
                           n->op_type, n->n_output > 0 ? n->output[0] : n->name, domain_text(n->domain))) {
                return false;
            }
        }
    }
    return found;
}

/*** Graphs in graphs ***/

struct onnx_body *onnx_open_body(struct onnx *o, const char *name)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    ProtobufCAllocator allocator = arena_allocator(o->arena);
    if (a == NULL || o->depth + 1 >= MAX_DEPTH) {
        onnx_fail(o, a == NULL ? "has no %s" : "%s: its graphs lie too deep in each other", name);
        return NULL;
    }
    Onnx__GraphProto *p = onnx__graph_proto__unpack(&allocator, a->g.len, a->g.data);
    if (p == NULL) {
        onnx_fail(o, "its %s is damaged", name);
        return NULL;
    }
    return check_operators(o, p) ? (struct onnx_body *)p : NULL;
}

int onnx_body_in_count(const struct onnx_body *body) { return (int)((const Onnx__GraphProto *)body)->n_input; }
int onnx_body_out_count(const struct onnx_body *body) { return (int)((const Onnx__GraphProto *)body)->n_output; }

/* The nodes of the body become nodes of the graph, where its inputs are these tensors. */
bool onnx_inline_body(struct onnx *o, const struct onnx_body *body, const int32_t in[], int32_t out[])
{
    const Onnx__GraphProto *p = (const Onnx__GraphProto *)body;
    const struct onnx outside = *o;
    struct onnx_scope scope;
    onnx_open_scope(o, &scope, p);
    o->depth++;
    bool ok = true;
    for (size_t i = 0; i < p->n_input && ok; i++) {
        ok = onnx_set_value(o, p->input[i]->name, in[i]);
    }
    ok = ok && read_initializers(o, p) && convert_nodes(o, p);
    for (size_t i = 0; i < p->n_output && ok; i++) {
        out[i] = onnx_find_value(o, p->output[i]->name);
        ok = out[i] != NO_TENSOR || diag_fail(o->diag, "value \"%.80s\" is never computed", p->output[i]->name);
    }
    const int32_t capacity = o->node_capacity;
    *o = outside;
    o->node_capacity = capacity;
    return ok && !onnx_failed(o);
}

/*** The model ***/

/* An output of the graph: of its own, computed, in the type that the file wants. */
static int32_t make_output(struct onnx *o, const Onnx__ValueInfoProto *v, int32_t tensor)
{
    const Onnx__TensorTypeProto *type = v->type != NULL ? v->type->tensor_type : NULL;
    enum type wanted;
    if (type != NULL && onnx_tensor(o, tensor)->type == TYPE_F32 && onnx_find_type(type->elem_type, &wanted) &&
        (wanted == TYPE_F16 || wanted == TYPE_F64)) {
        return onnx_cast(o, tensor, wanted);
    }
    bool is_own = onnx_tensor(o, tensor)->data == NULL;
    for (int32_t i = 0; i < o->g->input_count; i++) {
        is_own = is_own && o->g->inputs[i] != tensor;
    }
    for (int32_t i = 0; i < o->g->output_count; i++) {
        is_own = is_own && o->g->outputs[i] != tensor;
    }
    return is_own || onnx_tensor(o, tensor)->data != NULL ? tensor : onnx_copy(o, tensor);
}

static bool read_outputs(struct onnx *o, const Onnx__GraphProto *p)
{
    struct graph *g = o->g;
    static const struct onnx_row output = {.name = "output"};
    g->outputs = ARENA_ARRAY(o->arena, p->n_output, int32_t);
    g->output_names = ARENA_ARRAY(o->arena, p->n_output, const char *);
    for (size_t i = 0; i < p->n_output; i++) {
        const char *name = p->output[i]->name;
        const int32_t t = onnx_find_value(o, name);
        if (t == NO_TENSOR && onnx_find_name(o->scope, name)->is_lost) {
            continue;
        }
        if (t < 0) {
            return diag_fail(o->diag,
                             t == NO_TENSOR ? "output \"%.80s\" is never computed"
                                            : "output \"%.80s\" is a sequence, which has no place on a device; put out "
                                              "its tensors",
                             name);
        }
        o->row = &output;
        o->made = 0;
        const int32_t made = make_output(o, p->output[i], t);
        if (onnx_failed(o)) {
            return false;
        }
        g->outputs[g->output_count] = made;
        g->output_names[g->output_count++] = name;
    }
    return true;
}

static bool find_opsets(struct onnx *o, const Onnx__ModelProto *m)
{
    o->opset = 1;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *s = m->opset_import[i];
        if (strcmp(s->domain, "ai.onnx.ml") == 0) {
            o->opset_ml = s->version;
        } else if (strcmp(domain_text(s->domain), "ai.onnx") == 0) {
            o->opset = s->version;
        }
    }
    if (o->opset < OLDEST_OPSET || o->opset > NEWEST_OPSET) {
        return diag_fail(o->diag, "has opset %lld, want %d to %d; export it anew", (long long)o->opset, OLDEST_OPSET,
                         NEWEST_OPSET);
    }
    return true;
}

bool read_onnx(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
               struct diag *diag)
{
    ProtobufCAllocator allocator = arena_allocator(arena);
    const Onnx__ModelProto *m = onnx__model_proto__unpack(&allocator, file->size, file->data);
    if (m == NULL || m->graph == NULL) {
        return diag_fail(diag, "is no ONNX file, or a damaged one: %s", m == NULL ? "it does not parse" : "no graph");
    }
    struct graph *g = ARENA_NEW(arena, struct graph);
    g->arena = arena;
    g->name = m->graph->name;
    struct onnx o = {.arena = arena, .diag = diag, .g = g, .request = request};
    if (request != NULL) {
        g->max_work = request->evaluator.max_work;
        o.evaluate = request->evaluator.run;
    }
    struct onnx_scope scope;
    *model = (struct model){.graphs = g, .graph_count = 1, .description = m->producer_name};
    if (!find_opsets(&o, m) || (!check_operators(&o, m->graph) && diag->missed == NULL)) {
        return false;
    }
    onnx_open_scope(&o, &scope, m->graph);
    return read_initializers(&o, m->graph) && read_inputs(&o, m->graph) && convert_nodes(&o, m->graph) &&
           read_outputs(&o, m->graph) && ir_check(g, diag);
}
