/* SPDX-License-Identifier: MIT
 *
 * The report for programs.
 */
#include "report.h"

#ifdef HAVE_CJSON

#include <cJSON.h>

const bool report_has_json = true;

/* cJSON takes whatever bytes it gets, but JSON is UTF-8; names are cut to printable ASCII. */
static void add_name(cJSON *object, const char *key, const char *name)
{
    char text[256];
    cJSON_AddStringToObject(object, key, report_name(name, text, sizeof text));
}

static cJSON *add_tensor(cJSON *list, const struct tensor *t, const char *name)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    add_name(object, "name", name);
    cJSON_AddStringToObject(object, "type", ir_type_text(t->type));
    cJSON_AddItemToObject(object, "shape", cJSON_CreateIntArray(t->dim, t->rank));
    cJSON_AddNumberToObject(object, "bytes", (double)ir_size(t));
    if (t->quant.count == 1) {
        cJSON_AddNumberToObject(object, "scale", (double)ir_scale(t));
        cJSON_AddNumberToObject(object, "zero_point", ir_zero_point(t));
    }
    return object;
}

static void add_ends(cJSON *root, const char *key, const struct graph *g, const int32_t *ends, const char **names,
                     int32_t count)
{
    cJSON *list = cJSON_AddArrayToObject(root, key);
    for (int i = 0; i < count; i++) {
        add_tensor(list, &g->tensors[ends[i]], names[i]);
    }
}

static void add_operators(cJSON *root, const struct report *r)
{
    cJSON *list = cJSON_AddArrayToObject(root, "operators");
    for (int i = 0; i < r->graph->node_count; i++) {
        const struct report_operator *o = &r->operators[i];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(list, object);
        cJSON_AddNumberToObject(object, "index", o->node->index);
        cJSON_AddStringToObject(object, "operator", ir_op_text(o->node->op));
        add_name(object, "name", o->node->name);
        cJSON *outputs = cJSON_AddArrayToObject(object, "outputs");
        for (int k = 0; k < o->node->out_count; k++) {
            const struct tensor *t = ir_out(r->graph, o->node, k);
            if (t != NULL) {
                add_tensor(outputs, t, t->name);
            }
        }
        cJSON_AddNumberToObject(object, "macs", (double)o->macs);
        cJSON_AddNumberToObject(object, "constant_bytes", (double)o->weight_bytes);
        if (o->segment >= 0) {
            cJSON_AddNumberToObject(object, "segment", o->segment);
        }
    }
}

static void add_memory(cJSON *root, const struct report *r)
{
    cJSON *memory = cJSON_AddObjectToObject(root, "ram");
    cJSON_AddNumberToObject(memory, "tensor_bytes", r->plan->tensor_size);
    cJSON_AddNumberToObject(memory, "bound_bytes", r->plan->lower_bound);
    cJSON_AddBoolToObject(memory, "search_cut_short", r->plan->is_settled);
    cJSON_AddNumberToObject(memory, "layer_by_layer_bytes", r->layered_size);
    if (r->peak != NULL) {
        cJSON_AddNumberToObject(memory, "peak_operator", r->peak->index);
    }
    cJSON_AddNumberToObject(memory, "peak_scratch_bytes", (double)r->peak_scratch);
    cJSON *list = cJSON_AddArrayToObject(memory, "peak_tensors");
    for (int i = 0; i < r->resident_count; i++) {
        const struct report_resident *x = &r->residents[i];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(list, object);
        add_name(object, "name", x->buffer->name);
        cJSON_AddBoolToObject(object, "is_tensor", x->tensor != NULL);
        cJSON_AddNumberToObject(object, "bytes", (double)x->buffer->size);
        cJSON_AddNumberToObject(object, "live_bytes", (double)x->bytes);
        cJSON_AddNumberToObject(object, "live_rows", x->buffer->peak_rows);
        cJSON_AddNumberToObject(object, "rows", x->buffer->row_count);
    }
}

static void add_rows(cJSON *root, const struct report *r)
{
    cJSON *list = cJSON_AddArrayToObject(root, "streamed_tensors");
    for (int i = 0; i < r->plan->buffer_count; i++) {
        const struct plan_buffer *b = &r->plan->buffers[i];
        if (b->is_split) {
            cJSON *object = cJSON_CreateObject();
            cJSON_AddItemToArray(list, object);
            add_name(object, "name", b->name);
            cJSON_AddNumberToObject(object, "rows_held", b->most_rows);
            cJSON_AddNumberToObject(object, "rows", b->row_count);
            cJSON_AddNumberToObject(object, "row_bytes", b->row_bytes);
        }
    }
}

static void add_fit(cJSON *root, const struct report_fit *f)
{
    cJSON *board = cJSON_AddObjectToObject(root, "board");
    cJSON_AddStringToObject(board, "name", f->board);
    cJSON_AddStringToObject(board, "core", f->core);
    cJSON_AddBoolToObject(board, "fits", report_fit_ram(f) <= f->ram && report_fit_flash(f) <= f->flash);
    cJSON_AddNumberToObject(board, "ram_needed", (double)report_fit_ram(f));
    cJSON_AddNumberToObject(board, "ram_bytes", (double)f->ram);
    cJSON_AddNumberToObject(board, "flash_needed", (double)report_fit_flash(f));
    cJSON_AddNumberToObject(board, "flash_bytes", (double)f->flash);
    if (f->cycles > 0) {
        cJSON_AddNumberToObject(board, "milliseconds", f->cycles / f->clock * 1e3);
    }
}

char *report_json(const struct report *r)
{
    const struct graph *g = r->graph;
    cJSON *root = cJSON_CreateObject();
    add_name(root, "model", r->path);
    cJSON_AddNumberToObject(root, "file_bytes", (double)r->file_size);
    add_ends(root, "inputs", g, g->inputs, g->input_names, g->input_count);
    add_ends(root, "outputs", g, g->outputs, g->output_names, g->output_count);
    cJSON *classes = g->class_count > 0 ? cJSON_AddArrayToObject(root, "classes") : NULL;
    for (int32_t i = 0; i < g->class_count; i++) {
        char text[256];
        cJSON_AddItemToArray(classes, cJSON_CreateString(report_name(g->classes[i], text, sizeof text)));
    }
    add_operators(root, r);
    cJSON_AddNumberToObject(root, "macs", (double)r->macs);
    cJSON_AddNumberToObject(root, "constant_bytes", (double)r->weight_bytes);
    add_memory(root, r);
    add_rows(root, r);
    if (r->fit != NULL) {
        add_fit(root, r->fit);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

static void add_layer(cJSON *list, const struct report_layer *l)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddStringToObject(object, "operator", l->op);
    add_name(object, "name", l->name);
    cJSON_AddStringToObject(object, "kernel", l->kernel);
    cJSON_AddNumberToObject(object, "macs", (double)l->macs);
    cJSON_AddNumberToObject(object, "outputs", (double)l->outputs);
    cJSON_AddNumberToObject(object, "instructions", (double)l->instructions);
    cJSON_AddNumberToObject(object, "cycles", (double)l->cycles);
}

static void add_core(cJSON *list, const struct report_core *c)
{
    const struct {
        const char *name;
        uint32_t value;
    } sizes[] = {{"arena_bytes", c->arena},    {"static_bytes", c->statics},  {"stack_bytes", c->stack},
                 {"weight_bytes", c->weights}, {"table_bytes", c->constants}, {"code_bytes", c->code}};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddStringToObject(object, "core", c->name);
    cJSON_AddStringToObject(object, "costs_from", c->costs_from);
    cJSON_AddStringToObject(object, "optimize", c->optimize);
    cJSON *layers = cJSON_AddArrayToObject(object, "layers");
    for (int i = 0; i < c->layer_count; i++) {
        add_layer(layers, &c->layers[i]);
    }
    cJSON_AddNumberToObject(object, "instructions", (double)c->layers[c->layer_count + 1].instructions);
    cJSON_AddNumberToObject(object, "cycles", (double)c->layers[c->layer_count + 1].cycles);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        cJSON_AddNumberToObject(object, sizes[i].name, sizes[i].value);
    }
    cJSON *boards = cJSON_AddArrayToObject(object, "boards");
    for (int i = 0; i < c->board_count; i++) {
        cJSON *board = cJSON_CreateObject();
        cJSON_AddItemToArray(boards, board);
        cJSON_AddStringToObject(board, "board", c->boards[i].name);
        cJSON_AddNumberToObject(board, "milliseconds", report_core_ms(c, &c->boards[i]));
    }
}

char *report_cores_json(const char *path, const struct report_core *cores, int32_t count)
{
    cJSON *root = cJSON_CreateObject();
    add_name(root, "model", path);
    cJSON *list = cJSON_AddArrayToObject(root, "cores");
    for (int i = 0; i < count; i++) {
        add_core(list, &cores[i]);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

#else

const bool report_has_json = false;

char *report_json(const struct report *r)
{
    (void)r;
    return NULL;
}

char *report_cores_json(const char *path, const struct report_core *cores, int32_t count)
{
    (void)path;
    (void)cores;
    (void)count;
    return NULL;
}

#endif
