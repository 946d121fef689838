/* SPDX-License-Identifier: MIT
 *
 * A plan as C. In order: the header; constants and parameters of each layer; a function for each layer that finds
 * the rows of one firing and calls the kernel; invoke, which is the schedule; the kernels' own sources, renamed so that
 * several models live in one firmware.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "kernels.h"
#include "text.h"

/* A constant array that has been written. */
struct object {
    const uint8_t *data;
    size_t size, element; /* bytes */
    const char *name;
};

struct emitter {
    const struct plan *plan;
    const struct emit_options *options;
    struct text text;
    char *lower, *upper; /* the prefix */
    struct object *objects;
    int32_t object_count, object_capacity;
    struct diag *diag;
};

const struct emit_source *emit_find_source(const char *name)
{
    const struct emit_source *s = emit_sources;
    while (s->name != NULL && strcmp(s->name, name) != 0) {
        s++;
    }
    return s->name != NULL ? s : NULL;
}

const struct emit_struct *emit_find_struct(const char *name)
{
    const struct emit_struct *s = emit_structs;
    while (s->name != NULL && strcmp(s->name, name) != 0) {
        s++;
    }
    return s->name != NULL ? s : NULL;
}

/*** Constants ***/

static void add_object(struct emitter *e, const void *data, size_t size, size_t element, const char *name)
{
    if (e->object_count == e->object_capacity) {
        e->object_capacity = e->object_capacity * 2 + 32;
        struct object *grown = ARENA_ARRAY(e->plan->arena, e->object_capacity, struct object);
        if (e->object_count > 0) {
            memcpy(grown, e->objects, (size_t)e->object_count * sizeof *grown);
        }
        e->objects = grown;
    }
    e->objects[e->object_count++] = (struct object){data, size, element, name};
}

static const struct object *find_object(const struct emitter *e, const void *data)
{
    for (int i = 0; i < e->object_count; i++) {
        const struct object *o = &e->objects[i];
        if ((const uint8_t *)data >= o->data && (const uint8_t *)data < o->data + o->size) {
            return o;
        }
    }
    return NULL;
}

static const struct tensor *find_tensor(const struct plan *plan, const void *data)
{
    for (int i = 0; i < plan->graph->tensor_count; i++) {
        if (plan->graph->tensors[i].data == data) {
            return &plan->graph->tensors[i];
        }
    }
    return NULL;
}

/* A table of the plan's, or the scales or zero points of a tensor. */
static const struct plan_table *find_table(const struct plan *plan, const void *data)
{
    for (int i = 0; i < plan->table_count; i++) {
        const struct plan_table *t = &plan->tables[i];
        const uint8_t *start = t->data;
        if ((const uint8_t *)data >= start && (const uint8_t *)data < start + t->count * t->size) {
            return t;
        }
    }
    for (int i = 0; i < plan->graph->tensor_count; i++) {
        const struct quant *q = &plan->graph->tensors[i].quant;
        if (q->count > 0 && data != NULL && (data == q->scale || data == q->zero_point)) {
            const struct plan_table values = {data, (size_t)q->count, sizeof(float)}; /* as large as an int32_t */
            return arena_copy(plan->arena, &values, sizeof values);
        }
    }
    return NULL;
}

static enum type scalar_type(const char *name, size_t element)
{
    static const enum type by_size[] = {[1] = TYPE_S8, [2] = TYPE_S16, [4] = TYPE_S32, [8] = TYPE_S64};
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(text_c_type((enum type)i), name) == 0 && i != TYPE_F16 && i != TYPE_BOOL) {
            return (enum type)i;
        }
    }
    return by_size[element];
}

static bool write_struct(struct emitter *e, const struct emit_struct *s, const uint8_t *at, int depth);

/* Writes what a pointer leads to as a constant of its own, unless that was done before. */
static bool write_target(struct emitter *e, const char *type, const void *target, const char *name)
{
    if (target == NULL || find_object(e, target) != NULL) {
        return true;
    }
    const struct tensor *tensor = find_tensor(e->plan, target);
    const struct plan_table *table = tensor == NULL ? find_table(e->plan, target) : NULL;
    if (tensor == NULL && table == NULL) {
        return diag_fail(e->diag, "%s: its %s are not known to the emitter; report it as a bug", name, type);
    }
    const void *data = tensor != NULL ? target : table->data;
    const size_t element = tensor != NULL ? ((size_t)ir_type_bits(tensor->type) + 7) / 8 : table->size;
    const size_t count = tensor != NULL ? (size_t)ir_size(tensor) / element : table->count;
    const struct emit_struct *s = emit_find_struct(type);
    if (s != NULL) {
        text_add(&e->text, "static const struct %s_%s %s[%zu] = {\n", e->lower, s->name + 5, name, count);
        for (size_t i = 0; i < count; i++) {
            text_add(&e->text, "    {");
            if (!write_struct(e, s, (const uint8_t *)data + i * element, 0)) {
                return false;
            }
            text_add(&e->text, "},\n");
        }
    } else {
        const enum type t = tensor != NULL ? tensor->type : scalar_type(type, element);
        text_add(&e->text, "static const %s %s[%zu] = {\n", text_c_type(t), name, count);
        text_add_values(&e->text, t, data, count);
    }
    text_add(&e->text, "};\n");
    add_object(e, data, count * element, element, name);
    return true;
}

/* Before a struct: the constants that its pointers lead to. */
static bool write_targets(struct emitter *e, const struct emit_struct *s, const uint8_t *at, const char *name)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        const size_t count = f->dim[0] > 0 ? f->dim[0] : 1;
        const struct emit_struct *inner = emit_find_struct(f->type);
        for (size_t i = 0; i < count; i++) {
            const uint8_t *field = at + f->offset + i * (f->size / count);
            const char *suffix = count > 1 ? arena_printf(e->plan->arena, "_%zu", i) : "";
            if (f->is_pointer) {
                const void *target;
                memcpy(&target, field, sizeof target);
                if (!write_target(e, f->type, target, arena_printf(e->plan->arena, "%s_%s%s", name, f->name, suffix))) {
                    return false;
                }
            } else if (inner != NULL && !write_targets(e, inner, field, name)) {
                return false;
            }
        }
    }
    return true;
}

static void write_pointer(struct emitter *e, const uint8_t *field)
{
    const uint8_t *target;
    memcpy(&target, field, sizeof target);
    const struct object *o = target != NULL ? find_object(e, target) : NULL;
    if (o == NULL) {
        text_add(&e->text, "NULL");
    } else if (target == o->data) {
        text_add(&e->text, "%s", o->name);
    } else {
        text_add(&e->text, "&%s[%zu]", o->name, (size_t)(target - o->data) / o->element);
    }
}

static bool write_value(struct emitter *e, const struct emit_field *f, const uint8_t *at, size_t size, int depth)
{
    const struct emit_struct *inner = emit_find_struct(f->type);
    if (f->is_pointer) {
        write_pointer(e, at);
        return true;
    }
    if (inner != NULL) {
        text_add(&e->text, "{");
        const bool ok = write_struct(e, inner, at, depth + 1);
        text_add(&e->text, "}");
        return ok;
    }
    struct text one = {.arena = e->plan->arena};
    text_add_values(&one, scalar_type(f->type, size), at, 1);
    one.data[one.size - 1] = '\0'; /* its line break */
    text_add(&e->text, "%s", one.data + 4);
    return true;
}

/* An array of up to two dimensions. */
static bool write_field(struct emitter *e, const struct emit_field *f, const uint8_t *at, size_t size, int dim, int depth)
{
    const size_t count = dim < 2 ? f->dim[dim] : 0;
    if (count == 0) {
        return write_value(e, f, at, size, depth);
    }
    text_add(&e->text, "{");
    for (size_t i = 0; i < count; i++) {
        text_add(&e->text, i > 0 ? ", " : "");
        if (!write_field(e, f, at + i * (size / count), size / count, dim + 1, depth)) {
            return false;
        }
    }
    text_add(&e->text, "}");
    return true;
}

/* The fields of a struct between its braces, each line of the outermost with its name. */
static bool write_struct(struct emitter *e, const struct emit_struct *s, const uint8_t *at, int depth)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        text_add(&e->text, depth > 0 ? f != s->fields ? ", " : "" : f == s->fields ? "" : " ");
        if (!write_field(e, f, at + f->offset, f->size, 0, depth)) {
            return false;
        }
        if (depth == 0) {
            text_add(&e->text, "%s", f[1].name != NULL ? "," : "");
        }
    }
    return true;
}

/*** Layers ***/

static void write_comment_name(struct text *text, const char *name)
{
    for (int i = 0; name[i] != '\0' && i < 60; i++) { /* nothing that could end a comment */
        const char c = name[i];
        text_add(text, "%c", c >= ' ' && c < 127 && c != '*' && c != '\\' && c != '?' ? c : '_');
    }
}

static void write_layer_title(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    const struct node *n = s->node;
    const struct tensor *out = ir_out(e->plan->graph, n, 0);
    char shape[96];
    text_add(&e->text, "\n/* Layer %d: %s \"", step, ir_op_text(n->op));
    write_comment_name(&e->text, n->name);
    text_add(&e->text, "\" -> %s%s */\n", ir_type_text(out->type), ir_shape_text(out, shape));
}

static bool write_params(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    const char *struct_name = arena_printf(e->plan->arena, "mote_%s", plan_kernels[s->kernel].params_name);
    const struct emit_struct *params = emit_find_struct(struct_name);
    if (params == NULL) {
        return diag_fail(e->diag, "the fields of struct %s are not known to the emitter", struct_name);
    }
    const char *name = arena_printf(e->plan->arena, "layer_%d", step);
    write_layer_title(e, step);
    if (!write_targets(e, params, s->params, name)) {
        return false;
    }
    text_add(&e->text, "static const struct %s_%s %s_params = {\n", e->lower, params->name + 5, name);
    for (const struct emit_field *f = params->fields; f->name != NULL; f++) {
        text_add(&e->text, "    /* %s */ ", f->name);
        if (!write_field(e, f, (const uint8_t *)s->params + f->offset, f->size, 0, 1)) {
            return false;
        }
        text_add(&e->text, ",\n");
    }
    text_add(&e->text, "};\n");
    return true;
}

/* Tables of row offsets of split tensors, and of lines of ports with irregular windows; constant inputs. */
static bool write_row_tables(struct emitter *e)
{
    for (int i = 0; i < e->plan->buffer_count; i++) {
        const struct plan_buffer *b = &e->plan->buffers[i];
        if (b->is_split) {
            const bool fits = e->plan->tensor_size <= UINT16_MAX;
            text_add(&e->text, "\n/* Where the rows of \"");
            write_comment_name(&e->text, b->name);
            text_add(&e->text, "\" lie in the arena. */\nstatic const uint%d_t rows_%d[%d] = {\n", fits ? 16 : 32, i,
                     b->row_count);
            uint16_t *narrow = ARENA_ARRAY(e->plan->arena, b->row_count, uint16_t);
            for (int r = 0; r < b->row_count; r++) {
                narrow[r] = (uint16_t)b->rows[r];
            }
            text_add_values(&e->text, fits ? TYPE_U16 : TYPE_U32, fits ? (const void *)narrow : b->rows, (size_t)b->row_count);
            text_add(&e->text, "};\n");
        }
    }
    for (int i = 0; i < e->plan->step_count; i++) {
        const struct plan_step *s = &e->plan->steps[i];
        for (int k = 0; k < s->in_count; k++) {
            const struct plan_buffer *b = &e->plan->buffers[s->in[k].buffer];
            if (b->data != NULL &&
                !write_target(e, "void", b->data, arena_printf(e->plan->arena, "constant_%d", s->in[k].buffer))) {
                return false;
            }
            if (s->in[k].lines != NULL &&
                !write_target(e, "int32_t", s->in[k].lines, arena_printf(e->plan->arena, "lines_%d_%d", i, k))) {
                return false;
            }
        }
    }
    return true;
}

/* An expression for the first byte of a buffer that is not split. */
static const char *base_text(struct emitter *e, int32_t buffer)
{
    const struct plan_buffer *b = &e->plan->buffers[buffer];
    if (b->data != NULL) {
        return arena_printf(e->plan->arena, "(const uint8_t *)%s", find_object(e, b->data)->name);
    }
    return b->offset == 0 ? "arena" : arena_printf(e->plan->arena, "arena + %u", b->offset);
}

/* A window of one row that is always inside of the image. */
static bool is_one_row(const struct plan_step *s, const struct mote_port *port)
{
    bool inside = port->count == 1;
    for (int32_t y = 0; y < s->rows && inside; y++) {
        inside = mote_port_row(port, s->image_rows, y, 0) >= 0;
    }
    return inside;
}

/* The line of output row y that the window begins with. */
static const char *first_text(struct emitter *e, const struct mote_port *port, const char *line)
{
    struct arena *arena = e->plan->arena;
    if (port->lines != NULL) {
        return arena_printf(arena, "%s[%s]", find_object(e, port->lines)->name, line);
    }
    const char *first = port->stride == 0   ? "0"
                        : port->stride == 1 ? line
                                            : arena_printf(arena, "%s * %d", line, port->stride);
    return port->pad == 0 ? first : arena_printf(arena, port->pad > 0 ? "%s - %d" : "%s + %d", first, abs(port->pad));
}

/* The window's rows, written to in[at ...]. */
static void write_in_port(struct emitter *e, const struct plan_step *s, const struct mote_port *port, int32_t at)
{
    struct text *text = &e->text;
    struct arena *arena = e->plan->arena;
    const struct plan_buffer *b = &e->plan->buffers[port->buffer];
    const bool images = s->rows != s->image_rows;
    const bool moves = images && port->image_step > 0;
    const char *first = first_text(e, port, images ? "line" : "y");
    const char *base = b->is_split ? arena_printf(arena, "rows_%d", port->buffer) : base_text(e, port->buffer);
    if (moves) {
        base = arena_printf(arena, b->is_split ? "%s + image * %d" : "%s + (size_t)image * %d", base,
                            port->image_step * (b->is_split ? 1 : port->row_bytes));
    }
    if (!is_one_row(s, port)) {
        text_add(text, b->is_split ? "    find_rows(in + %d, arena, %s" : "    step_rows(in + %d, %s", at, base);
        if (!b->is_split) {
            text_add(text, ", %d", port->row_bytes);
        }
        text_add(text, ", %s, %d, %d, %d);\n", first, port->count, port->dilation, port->rows);
    } else if (b->is_split) {
        text_add(text, moves ? "    in[%d] = arena + (%s)[%s];\n" : "    in[%d] = arena + %s[%s];\n", at, base, first);
    } else if (first[0] == '0' && first[1] == '\0') {
        text_add(text, "    in[%d] = %s;\n", at, base);
    } else {
        text_add(text, "    in[%d] = %s + (size_t)(%s) * %d;\n", at, base, first, port->row_bytes);
    }
}

static void write_out_port(struct emitter *e, const struct mote_port *port, int32_t at)
{
    const struct plan_buffer *b = &e->plan->buffers[port->buffer];
    if (b->is_split) {
        text_add(&e->text, "    out[%d] = arena + rows_%d[%s];\n", at, port->buffer, port->stride == 0 ? "0" : "y");
    } else if (port->stride == 0 || port->rows == 1) {
        text_add(&e->text, "    out[%d] = %s;\n", at, base_text(e, port->buffer));
    } else {
        text_add(&e->text, "    out[%d] = %s + (size_t)y * %d;\n", at, base_text(e, port->buffer), port->row_bytes);
    }
}

static void write_layer(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    struct text *text = &e->text;
    int32_t rows = 0;
    for (int k = 0; k < s->in_count; k++) {
        rows += s->in[k].count;
    }
    write_layer_title(e, step);
    text_add(text, "static void layer_%d(uint8_t *arena, int32_t y)\n{\n", step);
    text_add(text, "    const void *in[%d];\n    void *out[%d];\n", rows > 0 ? rows : 1, s->out_count);
    text_add(text, "    const struct %s_io io = {in, out, arena + %u, y};\n", e->lower, s->scratch);
    if (s->rows != s->image_rows) {
        text_add(text, "    const int32_t image = y / %d, line = y %% %d;\n    (void)image;\n    (void)line;\n",
                 s->image_rows, s->image_rows);
    }
    int32_t at = 0;
    for (int k = 0; k < s->in_count; k++) {
        write_in_port(e, s, &s->in[k], at);
        at += s->in[k].count;
    }
    for (int k = 0; k < s->out_count; k++) {
        write_out_port(e, &s->out[k], k);
    }
    text_add(text, "    %s_%s(&layer_%d_params, &io);\n}\n", e->lower, plan_kernels[s->kernel].name, step);
}

/*** Schedule ***/

/* Runs the segments from `first` on. */
static void write_calls(struct emitter *e, int32_t first)
{
    for (int32_t i = first; i < e->plan->segment_count; i++) {
        const struct plan_segment *g = &e->plan->segments[i];
        const int32_t rows = e->plan->steps[g->first].rows;
        if (g->count > 1) {
            text_add(&e->text, "    segment_%d(a);\n", i);
        } else if (rows == 1) {
            text_add(&e->text, "    layer_%d(a, 0);\n", g->first);
        } else {
            text_add(&e->text, "    for (int32_t y = 0; y < %d; y++) {\n        layer_%d(a, y);\n    }\n", rows, g->first);
        }
    }
}

/* Whose turn it is in a segment of several layers, as a table; returns how many firings. */
static uint32_t write_order(struct emitter *e, int32_t segment, uint32_t *at)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    uint32_t end = *at, firings = 0;
    for (; end < e->plan->schedule_count && e->plan->schedule[end].step < g->first + g->count; end++) {
        firings += (uint32_t)e->plan->schedule[end].count;
    }
    uint8_t *order = ARENA_ARRAY(e->plan->arena, firings, uint8_t);
    uint32_t n = 0;
    for (; *at < end; (*at)++) {
        for (int32_t k = 0; k < e->plan->schedule[*at].count; k++) {
            order[n++] = (uint8_t)(e->plan->schedule[*at].step - g->first);
        }
    }
    text_add(&e->text, "\n/* Layers %d to %d run row by row: whose turn it is, counted from layer %d. */\n", g->first,
             g->first + g->count - 1, g->first);
    text_add(&e->text, "static const uint8_t order_%d[%u] = {\n", segment, firings);
    text_add_values(&e->text, TYPE_U8, order, firings);
    text_add(&e->text, "};\n");
    return firings;
}

/* Fires the layer of order[i]; `y` holds the rows done by each layer of the segment. */
static void write_switch(struct emitter *e, int32_t segment, const char *i, const char *y)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    const int32_t first = e->plan->is_fed && segment == 0 ? 1 : 0;
    text_add(&e->text, "        switch (order_%d[%s]) {\n", segment, i);
    for (int32_t k = first; k < g->count; k++) {
        text_add(&e->text, k == g->count - 1 ? "        default:\n" : "        case %d:\n", k);
        text_add(&e->text, "            layer_%d(arena, %s[%d]);\n            %s[%d]++;\n            break;\n", g->first + k, y, k, y, k);
    }
    text_add(&e->text, "        }\n");
}

/* A segment of several layers: each counts its own rows. */
static void write_segment(struct emitter *e, int32_t segment, uint32_t *at)
{
    const uint32_t firings = write_order(e, segment, at);
    text_add(&e->text, "\nstatic void segment_%d(uint8_t *arena)\n{\n", segment);
    text_add(&e->text, "    int32_t y[%d] = {0};\n    for (uint32_t i = 0; i < %u; i++) {\n", e->plan->segments[segment].count, firings);
    write_switch(e, segment, "i", "y");
    text_add(&e->text, "    }\n}\n");
}

/* The segment that takes the input row by row goes as far as the rows allow; where it stands is kept behind the tensors. */
static void write_feed(struct emitter *e, uint32_t *at)
{
    const struct plan *plan = e->plan;
    const struct plan_step *feed = &plan->steps[0];
    const int32_t count = plan->segments[0].count;
    const uint32_t firings = write_order(e, 0, at);
    text_add(&e->text, "\n/* Where the model stands between two rows. */\nstruct feed {\n    uint32_t at;\n    int32_t y[%d];\n};\n", count);
    text_add(&e->text, "\nstatic void go_on(uint8_t *arena, struct feed *feed)\n{\n"
                       "    while (feed->at < %u && order_0[feed->at] != 0) {\n", firings);
    if (count > 1) {
        write_switch(e, 0, "feed->at", "feed->y");
    } else {
        text_add(&e->text, "        (void)arena;\n");
    }
    text_add(&e->text, "        feed->at++;\n    }\n}\n");
    text_add(&e->text, "\nint %s_feed_row(void *arena, const void *row)\n{\n    uint8_t *a = (uint8_t *)arena;\n", e->lower);
    text_add(&e->text, "    struct feed *feed = (struct feed *)(void *)(a + %u);\n    go_on(a, feed);\n", plan->tensor_size);
    const struct plan_buffer *b = &plan->buffers[feed->out[0].buffer];
    if (b->is_split) {
        text_add(&e->text, "    memcpy(a + rows_%d[feed->y[0]], row, %d);\n", feed->out[0].buffer, b->row_bytes);
    } else {
        text_add(&e->text, "    memcpy(a + %u + (size_t)feed->y[0] * %d, row, %d);\n", b->offset, b->row_bytes, b->row_bytes);
    }
    text_add(&e->text, "    feed->y[0]++;\n    feed->at++;\n    go_on(a, feed);\n    if (feed->at < %u) {\n        return 0;\n    }\n", firings);
    write_calls(e, 1);
    text_add(&e->text, "    memset(feed, 0, sizeof *feed);\n    return 1;\n}\n");
}

static void write_init(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "\nvoid %s_init(void *arena)\n{\n    (void)arena;\n", e->lower);
    for (int i = 0; i < plan->code.state_count; i++) {
        const struct mote_state *s = &plan->code.states[i];
        const uint32_t offset = plan->buffers[s->buffer].offset;
        if (s->init != NULL) {
            text_add(text, "    memcpy((uint8_t *)arena + %u, %s, %u);\n", offset, find_object(e, s->init)->name, s->size);
        } else {
            text_add(text, "    memset((uint8_t *)arena + %u, %d, %u);\n", offset, s->fill, s->size);
        }
    }
    if (plan->is_fed) {
        text_add(text, "    memset((uint8_t *)arena + %u, 0, sizeof(struct feed));\n", plan->tensor_size);
    }
    text_add(text, "}\n");
}

static void write_input_and_invoke(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "\nvoid *%s_input(void *arena, int i)\n{\n    uint8_t *a = (uint8_t *)arena;\n", e->lower);
    for (int i = plan->code.input_count - 1; i > 0; i--) {
        text_add(text, "    if (i == %d) {\n        return a + %u;\n    }\n", i, plan->buffers[plan->code.inputs[i].buffer].offset);
    }
    const uint32_t first = plan->code.input_count > 0 ? plan->buffers[plan->code.inputs[0].buffer].offset : 0;
    text_add(text, "    (void)i;\n    return a + %u;\n}\n", first);
    text_add(text, "\nvoid %s_invoke(void *arena)\n{\n    uint8_t *a = (uint8_t *)arena;\n    (void)a;\n", e->lower);
    write_calls(e, 0);
    text_add(text, "}\n");
}

static void write_output(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "\nconst void *%s_output(const void *arena, int i)\n{\n    const uint8_t *a = (const uint8_t *)arena;\n    (void)a;\n",
             e->lower);
    for (int i = plan->code.output_count - 1; i >= 0; i--) {
        const struct plan_buffer *b = &plan->buffers[plan->code.outputs[i].buffer];
        const char *where = b->data != NULL ? find_object(e, b->data)->name : arena_printf(plan->arena, "a + %u", b->offset);
        text_add(text, i > 0 ? "    if (i == %d) {\n        return %s;\n    }\n" : "    (void)i;\n", i, where);
        if (i == 0) {
            text_add(text, "    return %s;\n", where);
        }
    }
    text_add(text, "}\n");
}

static void write_functions(struct emitter *e)
{
    const struct plan *plan = e->plan;
    uint32_t at = 0;
    for (int i = 0; i < plan->segment_count; i++) {
        if (plan->is_fed && i == 0) {
            at = 0;
            continue; /* it comes last, since it calls the others */
        }
        if (plan->segments[i].count > 1) {
            while (plan->schedule[at].step < plan->segments[i].first) {
                at++;
            }
            write_segment(e, i, &at);
        }
    }
    if (plan->is_fed) {
        at = 0;
        write_feed(e, &at);
    } else {
        write_input_and_invoke(e);
    }
    write_init(e);
    write_output(e);
}

/*** Files ***/

static void write_ends(struct emitter *e, const char *what, const int32_t *tensors, int32_t count)
{
    const char *upper = e->upper;
    text_add(&e->text, "\n#define %s_%s_COUNT %d\n", upper, what, count);
    for (int i = 0; i < count; i++) {
        const struct tensor *t = &e->plan->graph->tensors[tensors[i]];
        text_add(&e->text, "#define %s_%s%d_SIZE %lld /* bytes: %s", upper, what, i, (long long)ir_size(t), ir_type_text(t->type));
        char shape[96];
        text_add(&e->text, "%s */\n#define %s_%s%d_SCALE ", ir_shape_text(t, shape), upper, what, i);
        text_add_float(&e->text, ir_scale(t));
        text_add(&e->text, "\n#define %s_%s%d_ZERO_POINT %d\n#define %s_%s%d_RANK %d\n", upper, what, i, ir_zero_point(t), upper,
                 what, i, t->rank);
        for (int k = 0; k < t->rank; k++) {
            text_add(&e->text, "#define %s_%s%d_DIM%d %d\n", upper, what, i, k, t->dim[k]);
        }
    }
}

static size_t constant_size(const struct emitter *e, bool tensors)
{
    size_t size = 0;
    for (int i = 0; i < e->object_count; i++) {
        size += (find_tensor(e->plan, e->objects[i].data) != NULL) == tensors ? e->objects[i].size : 0;
    }
    return size;
}

static int64_t total_macs(const struct plan *plan)
{
    int64_t macs = 0;
    for (int i = 0; i < plan->graph->node_count; i++) {
        macs += ir_macs(plan->graph, &plan->graph->nodes[i]);
    }
    return macs;
}

/* Tensors, and the counters of a model that is fed. */
static uint32_t ram_size(const struct plan *plan)
{
    const uint32_t counters = plan->is_fed ? 4 + 4 * (uint32_t)plan->segments[0].count : 0;
    return plan->tensor_size + counters > 0 ? plan->tensor_size + counters : 8;
}

static void write_header(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "/* %s: made by mote from ", e->lower);
    write_comment_name(text, e->options->source);
    text_add(text, "\n *\n * SHA-256 %s\n * %lld multiply-accumulates, %u bytes of RAM besides the stack,\n"
                   " * %zu bytes of weights and biases, %zu bytes of tables in flash.\n *\n"
                   " *     static uint8_t arena[%s_ARENA_SIZE]; aligned to %s_ARENA_ALIGN\n *     %s_init(arena);\n",
             e->options->hash, (long long)total_macs(plan), ram_size(plan), constant_size(e, true), constant_size(e, false),
             e->upper, e->upper, e->lower);
    if (plan->is_fed) {
        text_add(text, " *     %s_feed_row(arena, row) for each of the %s_FEED_ROWS rows, until it returns 1\n", e->lower, e->upper);
    } else {
        text_add(text, " *     write %s_INPUT0_SIZE bytes to %s_input(arena, 0)\n *     %s_invoke(arena);\n", e->upper, e->lower, e->lower);
    }
    text_add(text, " *     read %s_OUTPUT0_SIZE bytes from %s_output(arena, 0)\n */\n", e->upper, e->lower);
    text_add(text, "#ifndef %s_H\n#define %s_H\n\n#include <stdint.h>\n\n", e->upper, e->upper);
    text_add(text, "#define %s_ARENA_SIZE %u /* bytes of RAM, inputs and outputs included; besides it only the stack */\n", e->upper,
             ram_size(plan));
    text_add(text, "#define %s_ARENA_ALIGN %d\n", e->upper, MOTE_ARENA_ALIGN);
    write_ends(e, "INPUT", plan->graph->inputs, plan->graph->input_count);
    write_ends(e, "OUTPUT", plan->graph->outputs, plan->graph->output_count);
    if (plan->is_fed) {
        text_add(text, "\n#define %s_FEED_ROWS %d\n#define %s_FEED_ROW_SIZE %d /* bytes */\n", e->upper, plan->steps[0].rows, e->upper,
                 plan->steps[0].out[0].row_bytes);
    }
    text_add(text, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    text_add(text, "/* Once, before the first invoke; resets what the model remembers. */\nvoid %s_init(void *arena);\n\n", e->lower);
    if (plan->is_fed) {
        text_add(text, "/* Takes the next row of the input, %s_FEED_ROW_SIZE bytes. Returns 1 when it was the last one and the outputs are\n"
                       " * ready, else 0; then the next input begins. */\nint %s_feed_row(void *arena, const void *row);\n\n", e->upper, e->lower);
    } else {
        text_add(text, "/* Where to write input i before an invoke. */\nvoid *%s_input(void *arena, int i);\n\n", e->lower);
        text_add(text, "void %s_invoke(void *arena);\n\n", e->lower);
    }
    text_add(text, "/* Output i, valid until the next invoke. */\nconst void *%s_output(const void *arena, int i);\n\n", e->lower);
    text_add(text, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

static void add_file(struct emit_files *files, struct emitter *e, const char *name)
{
    files->list[files->count++] = (struct emit_file){name, e->text.data, e->text.size};
    e->text = (struct text){.arena = e->plan->arena};
}

static bool has_file(const struct emit_files *files, const char *name)
{
    for (int i = 0; i < files->count; i++) {
        if (strcmp(files->list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A kernel source and all that it includes. */
static bool write_source(struct emitter *e, struct emit_files *files, const char *file)
{
    const char *name = arena_printf(e->plan->arena, "%s_%s", e->lower, file);
    if (has_file(files, name)) {
        return true;
    }
    const struct emit_source *source = emit_find_source(file);
    if (source == NULL) {
        return diag_fail(e->diag, "kernel source %s is not in this program; report it as a bug", file);
    }
    for (int i = 0; source->lines[i] != NULL; i++) {
        char included[64];
        if (sscanf(source->lines[i], "#include \"%63[^\"]\"", included) == 1) {
            text_add(&e->text, "#include \"%s_%s\"\n", e->lower, included);
        } else {
            text_add_renamed(&e->text, source->lines[i], e->lower, e->upper);
        }
    }
    add_file(files, e, name);
    for (int i = 0; source->lines[i] != NULL; i++) {
        char included[64];
        if (sscanf(source->lines[i], "#include \"%63[^\"]\"", included) == 1 && !write_source(e, files, included)) {
            return false;
        }
    }
    return true;
}

/* Does any port find its rows with step_rows, or with find_rows? */
static bool needs_finder(const struct plan *plan, bool is_split)
{
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        for (int k = 0; k < s->in_count; k++) {
            if (plan->buffers[s->in[k].buffer].is_split == is_split && !is_one_row(s, &s->in[k])) {
                return true;
            }
        }
    }
    return false;
}

static void write_row_finders(struct emitter *e)
{
    const struct plan *plan = e->plan;
    if (needs_finder(plan, false)) {
        text_add(&e->text, "\n/* Rows first, first + step, ... of a tensor whose rows follow each other; NULL outside of [0, rows). */\n"
                           "static void step_rows(const void **in, const uint8_t *base, int32_t bytes, int32_t first, int32_t count,\n"
                           "                      int32_t step, int32_t rows)\n{\n"
                           "    for (int32_t k = 0; k < count; k++, first += step) {\n"
                           "        in[k] = first < 0 || first >= rows ? NULL : base + (size_t)first * (size_t)bytes;\n    }\n}\n");
    }
    if (needs_finder(plan, true)) {
        text_add(&e->text, "\n/* The same for a tensor whose rows lie where its table says. */\n"
                           "static void find_rows(const void **in, const uint8_t *arena, const uint%d_t *table, int32_t first,\n"
                           "                      int32_t count, int32_t step, int32_t rows)\n{\n"
                           "    for (int32_t k = 0; k < count; k++, first += step) {\n"
                           "        in[k] = first < 0 || first >= rows ? NULL : arena + table[first];\n    }\n}\n",
                 plan->tensor_size <= UINT16_MAX ? 16 : 32);
    }
}

static bool write_model(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    bool *used = ARENA_ARRAY(plan->arena, KERNEL_COUNT, bool);
    text_add(text, "/* %s: made by mote. Constants, then a function for each layer, then the schedule. */\n", e->lower);
    text_add(text, "#include \"%s.h\"\n\n#include <stddef.h>\n#include <string.h>\n\n#include \"%s_kernel.h\"\n", e->lower, e->lower);
    for (const struct emit_source *s = emit_sources; s->name != NULL; s++) {
        bool needed = false;
        for (int i = plan->is_fed; i < plan->step_count && !needed; i++) {
            const char *params = arena_printf(plan->arena, "mote_%s", plan_kernels[plan->steps[i].kernel].params_name);
            const struct emit_struct *p = emit_find_struct(params);
            needed = p != NULL && strcmp(p->header, s->name) == 0;
        }
        if (needed) {
            text_add(text, "#include \"%s_%s\"\n", e->lower, s->name);
        }
    }
    text_add(text, "\n");
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        const enum kernel k = plan->steps[i].kernel;
        if (!used[k]) {
            text_add(text, "%s_kernel %s_%s;\n", e->lower, e->lower, plan_kernels[k].name);
            used[k] = true;
        }
    }
    text_add(text, "\ntypedef char %s_sizes_fit[sizeof(void *) <= 8 && %s_ARENA_SIZE > 0 ? 1 : -1];\n", e->lower, e->upper);
    write_row_finders(e);
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        if (!write_params(e, i)) {
            return false;
        }
    }
    for (int i = 0; i < plan->code.state_count; i++) {
        const void *init = plan->code.states[i].init;
        if (!write_target(e, "void", init, arena_printf(plan->arena, "state_%d", i))) {
            return false;
        }
    }
    for (int i = 0; i < plan->code.output_count; i++) {
        const void *data = plan->buffers[plan->code.outputs[i].buffer].data;
        if (!write_target(e, "void", data, arena_printf(plan->arena, "output_%d", i))) {
            return false;
        }
    }
    if (!write_row_tables(e)) {
        return false;
    }
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        write_layer(e, i);
    }
    write_functions(e);
    return true;
}

static char *with_case(struct arena *arena, const char *name, bool upper)
{
    char *copy = arena_copy(arena, name, strlen(name) + 1);
    for (char *c = copy; *c != '\0'; c++) {
        if (upper && *c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
    return copy;
}

bool emit_c(const struct plan *plan, const struct emit_options *options, struct emit_files *files, struct diag *diag)
{
    struct emitter e = {.plan = plan, .options = options, .text = {.arena = plan->arena}, .diag = diag};
    e.lower = with_case(plan->arena, options->name, false);
    e.upper = with_case(plan->arena, options->name, true);
    size_t most = 2;
    for (const struct emit_source *s = emit_sources; s->name != NULL; s++) {
        most++;
    }
    files->list = ARENA_ARRAY(plan->arena, most, struct emit_file);
    files->count = 0;
    if (!write_model(&e)) {
        return false;
    }
    files->weight_size = constant_size(&e, true);
    add_file(files, &e, arena_printf(plan->arena, "%s.c", e.lower));
    write_header(&e);
    add_file(files, &e, arena_printf(plan->arena, "%s.h", e.lower));
    if (!write_source(&e, files, "kernel.h")) {
        return false;
    }
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        const enum kernel k = plan->steps[i].kernel;
        if (!write_source(&e, files, arena_printf(plan->arena, "%s.c", plan_kernels[k].name))) {
            return false;
        }
    }
    return true;
}
