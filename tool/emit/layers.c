/* SPDX-License-Identifier: MIT
 *
 * A function for each layer: it finds the rows of one firing, by constants or a table, and calls the kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "emitter.h"

void emit_layer_title(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    const struct node *n = s->node;
    const struct tensor *out = ir_out(e->plan->graph, n, 0);
    char shape[IR_SHAPE_TEXT];
    if (s->kernel == KERNEL_load_any) {
        text_add(&e->text, "\n/* Layer %d: a copy in RAM of \"", step);
        text_add_comment(&e->text, e->plan->buffers[s->out[0].buffer].name);
        text_add(&e->text, "\" */\n");
        return;
    }
    text_add(&e->text, "\n/* Layer %d: %s \"", step, ir_op_text(n->op));
    text_add_comment(&e->text, n->name);
    text_add(&e->text, "\" -> %s%s */\n", ir_type_text(out->type), ir_shape_text(out, shape));
}

/* Tables of row offsets of split tensors, and of lines of ports with irregular windows; constant inputs. */
bool emit_row_tables(struct emitter *e)
{
    for (int i = 0; i < e->plan->buffer_count; i++) {
        const struct plan_buffer *b = &e->plan->buffers[i];
        if (b->is_split) {
            const bool fits = e->top->tensor_size <= UINT16_MAX;
            text_add(&e->text, "\n/* Where the rows of \"");
            text_add_comment(&e->text, b->name);
            text_add(&e->text, "\" lie in the arena. */\nstatic const %suint%d_t %srows_%d[%d] = {\n", e->flash,
                     fits ? 16 : 32, e->prefix, i, b->row_count);
            e->flash_size += (size_t)b->row_count * (fits ? 2 : 4);
            uint16_t *narrow = ARENA_ARRAY(e->plan->arena, b->row_count, uint16_t);
            for (int r = 0; r < b->row_count; r++) {
                narrow[r] = (uint16_t)b->rows[r];
            }
            text_add_values(&e->text, fits ? TYPE_U16 : TYPE_U32, fits ? (const void *)narrow : b->rows,
                            (size_t)b->row_count);
            text_add(&e->text, "};\n");
        }
    }
    for (int i = 0; i < e->plan->step_count; i++) {
        const struct plan_step *s = &e->plan->steps[i];
        for (int k = 0; k < s->in_count; k++) {
            const struct plan_buffer *b = &e->plan->buffers[s->in[k].buffer];
            if (b->data != NULL &&
                !emit_target(e, "void", b->data,
                             arena_printf(e->plan->arena, "%sconstant_%d", e->prefix, s->in[k].buffer))) {
                return false;
            }
            if (s->in[k].lines != NULL &&
                !emit_target(e, "int32_t", s->in[k].lines,
                             arena_printf(e->plan->arena, "%slines_%d_%d", e->prefix, i, k))) {
                return false;
            }
        }
    }
    return true;
}

const char *emit_at(const struct emitter *e, const char *base, uint32_t offset)
{
    return offset == 0 ? base : arena_printf(e->plan->arena, "%s + %u", base, offset);
}

const char *emit_base(struct emitter *e, int32_t buffer)
{
    const struct plan_buffer *b = &e->plan->buffers[buffer];
    if (b->data != NULL) {
        return arena_printf(e->plan->arena, "(const uint8_t *)%s", emit_find_object(e, b->data)->name);
    }
    return emit_at(e, "arena", b->offset);
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
        return arena_printf(arena, "%s[%s]", emit_find_object(e, port->lines)->name, line);
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
    const char *base =
        b->is_split ? arena_printf(arena, "%srows_%d", e->prefix, port->buffer) : emit_base(e, port->buffer);
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
        const bool is_name = strchr(first, ' ') == NULL;
        text_add(text, is_name ? "    in[%d] = %s + (size_t)%s * %d;\n" : "    in[%d] = %s + (size_t)(%s) * %d;\n", at,
                 base, first, port->row_bytes);
    }
}

static void write_out_port(struct emitter *e, const struct mote_port *port, int32_t at)
{
    const struct plan_buffer *b = &e->plan->buffers[port->buffer];
    if (b->is_split) {
        text_add(&e->text, "    out[%d] = arena + %srows_%d[%s];\n", at, e->prefix, port->buffer,
                 port->stride == 0 ? "0" : "y");
    } else if (port->stride == 0 || port->rows == 1) {
        text_add(&e->text, "    out[%d] = %s;\n", at, emit_base(e, port->buffer));
    } else {
        text_add(&e->text, "    out[%d] = %s + (size_t)y * %d;\n", at, emit_base(e, port->buffer), port->row_bytes);
    }
}

/* Rows of a window and of outputs by their own arithmetic. */
static void write_ports(struct emitter *e, const struct plan_step *s)
{
    int32_t at = 0;
    for (int k = 0; k < s->in_count; k++) {
        write_in_port(e, s, &s->in[k], at);
        at += s->in[k].count;
    }
    for (int k = 0; k < s->out_count; k++) {
        write_out_port(e, &s->out[k], k);
    }
}

/* The same from a table of places; returns the index that is next in it. */
static int32_t write_places(struct emitter *e, const struct plan_step *s)
{
    int32_t at = 0;
    for (int k = 0; k < s->in_count; k++) {
        if (plan_in_arena(&e->plan->buffers[s->in[k].buffer])) {
            text_add(&e->text, "    in[%d] = arena + at[%d];\n", k, at++);
        } else {
            write_in_port(e, s, &s->in[k], k);
        }
    }
    for (int k = 0; k < s->out_count; k++) {
        text_add(&e->text, "    out[%d] = arena + at[%d];\n", k, at++);
    }
    return at;
}

static void write_kernel_call(struct emitter *e, int32_t step)
{
    const struct plan_kernel *kernel = &plan_kernels[e->plan->steps[step].kernel];
    if (e->plan->has_flash) {
        text_add(&e->text, "    const struct %s_%s params = %s;\n    %s_%s(&params, &io);\n}\n", e->lower,
                 kernel->params_name, e->params[step], e->lower, kernel->name);
    } else {
        text_add(&e->text, "    %s_%s(&%s, &io);\n}\n", e->lower, kernel->name, e->params[step]);
    }
}

void emit_layer(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    struct text *text = &e->text;
    const bool has_places = emit_has_places(e, step);
    int32_t rows = 0;
    if (e->alike[step].first != step) {
        return;
    }
    for (int k = 0; k < s->in_count; k++) {
        rows += s->in[k].count;
    }
    e->layer_count++;
    emit_layer_title(e, step);
    if (has_places) {
        emit_places(e, step);
    } else {
        text_add(text, "static void %slayer_%d(uint8_t *arena, int32_t y)\n", e->prefix, step);
    }
    text_add(text, "{\n    const void *in[%d];\n    void *out[%d];\n", rows > 0 ? rows : 1, s->out_count);
    if (has_places) {
        const int32_t scratch = write_places(e, s);
        text_add(text,
                 s->scratch_size > 0 ? "    const struct %s_io io = {in, out, arena + at[%d], 0};\n"
                                     : "    const struct %s_io io = {in, out, arena, 0};\n",
                 e->lower, scratch);
        write_kernel_call(e, step);
        return;
    }
    if (emit_is_call(s)) {
        text_add(text, "    (void)y;\n");
    } else {
        text_add(text, "    const struct %s_io io = {in, out, %s, y};\n", e->lower, emit_at(e, "arena", s->scratch));
    }
    if (s->rows != s->image_rows) {
        text_add(text, "    const int32_t image = y / %d, line = y %% %d;\n    (void)image;\n    (void)line;\n",
                 s->image_rows, s->image_rows);
    }
    write_ports(e, s);
    if (emit_is_call(s)) {
        emit_call(e, s);
        text_add(text, "}\n");
    } else {
        write_kernel_call(e, step);
    }
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

static bool any_needs_finder(const struct emitter *e, bool is_split)
{
    for (int32_t i = 0; i < e->part_count; i++) {
        if (needs_finder(e->parts[i].plan, is_split)) {
            return true;
        }
    }
    return false;
}

void emit_row_finders(struct emitter *e)
{
    if (any_needs_finder(e, false)) {
        text_add(
            &e->text,
            "\n/* Rows first, first + step, ... of a tensor whose rows follow each other; NULL outside of [0, rows).\n"
            " * volatile: no vectors here, since those of GCC 12 for Helium miss rows. */\n"
            "static void step_rows(const void *volatile *in, const uint8_t *base, int32_t bytes, int32_t first,\n"
            "                      int32_t count, int32_t step, int32_t rows)\n{\n"
            "    for (int32_t k = 0; k < count; k++, first += step) {\n"
            "        in[k] = first < 0 || first >= rows ? NULL : base + (size_t)first * (size_t)bytes;\n    }\n}\n");
    }
    if (any_needs_finder(e, true)) {
        text_add(&e->text,
                 "\n/* The same for a tensor whose rows lie where its table says. */\n"
                 "static void find_rows(const void *volatile *in, const uint8_t *arena, const %suint%d_t *table,\n"
                 "                      int32_t first, int32_t count, int32_t step, int32_t rows)\n{\n"
                 "    for (int32_t k = 0; k < count; k++, first += step) {\n"
                 "        in[k] = first < 0 || first >= rows ? NULL : arena + table[first];\n    }\n}\n",
                 e->flash, e->top->tensor_size <= UINT16_MAX ? 16 : 32);
    }
}
