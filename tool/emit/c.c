/* SPDX-License-Identifier: MIT
 *
 * A plan as C. In order: the header; constants and parameters of each layer; a function for each layer; the schedule; the
 * kernels' own sources, renamed so that several models live in one firmware.
 */
#include <stdio.h>
#include <string.h>

#include "emitter.h"

static void write_ends(struct emitter *e, const char *what, const int32_t *tensors, int32_t count)
{
    const char *upper = e->upper;
    text_add(&e->text, "\n#define %s_%s_COUNT %d\n", upper, what, count);
    for (int i = 0; i < count; i++) {
        const struct tensor *t = &e->plan->graph->tensors[tensors[i]];
        text_add(&e->text, "#define %s_%s%d_SIZE %lld /* bytes: %s", upper, what, i, (long long)ir_size(t),
                 ir_type_text(t->type));
        char shape[IR_SHAPE_TEXT];
        text_add(&e->text, "%s */\n#define %s_%s%d_SCALE ", ir_shape_text(t, shape), upper, what, i);
        text_add_float(&e->text, ir_scale(t));
        text_add(&e->text, "\n#define %s_%s%d_ZERO_POINT %d\n#define %s_%s%d_RANK %d\n", upper, what, i,
                 ir_zero_point(t), upper, what, i, t->rank);
        for (int k = 0; k < t->rank; k++) {
            text_add(&e->text, "#define %s_%s%d_DIM%d %d\n", upper, what, i, k, t->dim[k]);
        }
    }
}

/* Constant tensors that the layers read, as they are in the model; packed for a kernel they may take more. */
static size_t part_weight_size(const struct plan *plan)
{
    bool *seen = ARENA_ARRAY(plan->arena, plan->graph->tensor_count, bool);
    size_t size = 0;
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        const struct node *n = plan->steps[i].node;
        for (int k = 0; k < n->in_count; k++) {
            const struct tensor *t = ir_in(plan->graph, n, k);
            if (t != NULL && t->data != NULL && !seen[n->in[k]]) {
                seen[n->in[k]] = true;
                size += (size_t)ir_size(t);
            }
        }
    }
    return size;
}

static size_t constant_size(const struct emitter *e) { return e->flash_size - e->param_size; }

/* As in the model, or less where biases are short. */
static size_t weight_size(const struct emitter *e)
{
    size_t size = 0;
    for (int32_t i = 0; i < e->part_count; i++) {
        size += part_weight_size(e->parts[i].plan);
    }
    return size < constant_size(e) ? size : constant_size(e);
}

/* All other constants: factors, tables, and what packing adds. */
static size_t table_size(const struct emitter *e) { return constant_size(e) - weight_size(e); }

static int64_t total_macs(const struct plan *plan)
{
    int64_t macs = 0;
    for (int i = 0; i < plan->graph->node_count; i++) {
        macs += ir_macs(plan->graph, &plan->graph->nodes[i]);
    }
    return macs;
}

/* Tensors, and the counters of a model that is fed: struct feed of schedule.c. */
static uint32_t ram_size(const struct plan *plan)
{
    const uint32_t counters = plan->is_fed ? 8 + 4 * (uint32_t)plan->segments[0].count : 0;
    return plan->tensor_size + counters > 0 ? plan->tensor_size + counters : 8;
}

/* Bytes of what comes at one time: the last dim of the input; of a signal of one dim a value. */
static int32_t sample_size(const struct plan *plan)
{
    const struct tensor *in = &plan->graph->tensors[plan->graph->inputs[0]];
    const int32_t row = plan->steps[0].out[0].row_bytes,
                  bits = ir_type_bits(in->type) * (in->rank > 1 ? ir_dim(in, -1) : 1);
    return bits % 8 == 0 && row % (bits / 8) == 0 ? bits / 8 : row;
}

static void write_feed_calls(struct emitter *e)
{
    const struct tensor *in = &e->plan->graph->tensors[e->plan->graph->inputs[0]];
    text_add(
        &e->text,
        "/* Takes the next samples of the input as they come: any number, %s_FEED_SAMPLE_SIZE bytes each. Returns how "
        "many times\n"
        " * the outputs became ready meanwhile; they stay until they become ready again. After %s_FEED_ROWS rows the "
        "next input\n"
        " * begins. */\nint %s_feed_samples(void *arena, const %s *samples, size_t count);\n\n",
        e->upper, e->upper, e->lower, text_c_type(in->type));
    text_add(&e->text,
             "/* The same with all samples of a row, %s_FEED_ROW_SIZE bytes. Returns 1 when the outputs became ready, "
             "else 0. */\nint %s_feed_row(void *arena, const void *row);\n\n",
             e->upper, e->lower);
}

static void write_header(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "/* %s: made by mote from ", e->lower);
    text_add_comment(text, e->options->source);
    text_add(text,
             "\n *\n * SHA-256 %s\n * %lld multiply-accumulates, %u bytes of RAM besides the stack,\n"
             " * %zu bytes of weights and biases, %zu bytes of tables in flash.\n *\n"
             " *     static uint8_t arena[%s_ARENA_SIZE]; aligned to %s_ARENA_ALIGN\n *     %s_init(arena);\n",
             e->options->hash, (long long)total_macs(plan), ram_size(plan), weight_size(e), table_size(e), e->upper,
             e->upper, e->lower);
    if (plan->is_fed) {
        text_add(text, " *     %s_feed_samples(arena, samples, count) as samples come, until it returns 1\n", e->lower);
    } else {
        text_add(text, " *     write %s_INPUT0_SIZE bytes to %s_input(arena, 0)\n *     %s_invoke(arena);\n", e->upper,
                 e->lower, e->lower);
    }
    text_add(text, " *     read %s_OUTPUT0_SIZE bytes from %s_output(arena, 0)\n */\n", e->upper, e->lower);
    text_add(text, "#ifndef %s_H\n#define %s_H\n\n%s#include <stdint.h>\n\n", e->upper, e->upper,
             plan->is_fed ? "#include <stddef.h>\n" : "");
    text_add(text,
             "#define %s_ARENA_SIZE %u /* bytes of RAM, inputs and outputs included; besides it only the stack */\n",
             e->upper, ram_size(plan));
    text_add(text, "#define %s_ARENA_ALIGN %d\n", e->upper, MOTE_ARENA_ALIGN);
    write_ends(e, "INPUT", plan->graph->inputs, plan->graph->input_count);
    write_ends(e, "OUTPUT", plan->graph->outputs, plan->graph->output_count);
    if (plan->is_fed) {
        text_add(text,
                 "\n#define %s_FEED_ROWS %d\n#define %s_FEED_ROW_SIZE %d /* bytes */\n"
                 "#define %s_FEED_SAMPLE_SIZE %d /* bytes */\n",
                 e->upper, plan->steps[0].rows, e->upper, plan->steps[0].out[0].row_bytes, e->upper, sample_size(plan));
    }
    text_add(text, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    text_add(text,
             "/* Once, before the first invoke; resets what the model remembers. */\nvoid %s_init(void *arena);\n\n",
             e->lower);
    if (plan->is_fed) {
        write_feed_calls(e);
    } else {
        text_add(text, "/* Where to write input i before an invoke. */\nvoid *%s_input(void *arena, int i);\n\n",
                 e->lower);
        text_add(text, "void %s_invoke(void *arena);\n\n", e->lower);
    }
    text_add(text, "/* Output i, valid until the next invoke. */\nconst void *%s_output(const void *arena, int i);\n\n",
             e->lower);
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

/* Before the first function of a file: small code is asked for in the source, since the build is the user's. */
static void write_wish(struct emitter *e, bool is_small)
{
    if (is_small) {
        text_add(&e->text, "#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC optimize(\"Os\")\n#endif\n");
    }
}

/* Whether all plans would rather have the kernel in a file small. */
static bool is_small_source(const struct emitter *e, const char *file)
{
    for (int32_t p = 0; p < e->part_count; p++) {
        const struct plan *plan = e->parts[p].plan;
        for (int i = plan->is_fed; i < plan->step_count && !plan->is_small; i++) {
            const int kernel = (int)plan->steps[i].kernel;
            if (strcmp(plan_kernels[kernel].source, file) == 0 && (plan->is_minor == NULL || !plan->is_minor[kernel])) {
                return false;
            }
        }
    }
    return true;
}

bool *emit_used_kernels(const struct emitter *e)
{
    bool *is_used = ARENA_ARRAY(e->top->arena, KERNEL_COUNT, bool);
    for (int32_t p = 0; p < e->part_count; p++) {
        const struct plan *plan = e->parts[p].plan;
        for (int i = plan->is_fed; i < plan->step_count; i++) {
            is_used[plan->steps[i].kernel] |= !emit_is_call(&plan->steps[i]);
        }
    }
    return is_used;
}

/* The kernels that the model calls. */
static void write_prototypes(struct emitter *e)
{
    const bool *is_used = emit_used_kernels(e);
    for (int k = 0; k < KERNEL_COUNT; k++) {
        if (is_used[k]) {
            text_add(&e->text, "%s_kernel %s_%s;\n", e->lower, e->lower, plan_kernels[k].name);
        }
    }
    text_add(&e->text, "\n");
}

const char *emit_file_name(struct arena *arena, const char *prefix, const char *source)
{
    char *name = arena_printf(arena, "%s_%s", prefix, source);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)(*c == '/' ? '_' : *c);
    }
    return name;
}

static bool is_include_of(const char *line, const char *name)
{
    char included[64];
    return sscanf(line, "#include \"%63[^\"]\"", included) == 1 && strcmp(included, name) == 0;
}

/* Compilers without the address space, and chips whose flash lies among the addresses of RAM, read constants as the rest. */
static void write_flash(struct emitter *e)
{
    text_add(&e->text,
             "#if (defined(__FLASH) && !defined(__STRICT_ANSI__) && !defined(__cplusplus) && \\\n"
             "     !defined(__AVR_PM_BASE_ADDRESS__)) || defined(__flash)\n#define %s_FLASH __flash\n#endif\n",
             e->upper);
}

/* Where in a line a comment begins. */
static size_t find_comment(const char *line)
{
    const char *comment = line != NULL ? strstr(line, "/*") : NULL;
    return comment != NULL ? (size_t)(comment - line) : 0;
}

/* The first qualifier in a line that says where constants lie, and its length. */
static const char *find_qualifier(const char *line, size_t *size)
{
    static const char *const words[] = {"MOTE_FLASH ", "MOTE_WEIGHTS "};
    const char *first = NULL;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const char *at = strstr(line, words[i]);
        if (at != NULL && (first == NULL || at < first)) {
            first = at;
            *size = strlen(words[i]);
        }
    }
    return first;
}

/* Takes the qualifiers out of line i; a comment stays where it is if that of a neighbour begins there, too. */
static void write_plain(struct emitter *e, const char *const *lines, int i)
{
    const size_t before = i > 0 ? find_comment(lines[i - 1]) : 0, after = find_comment(lines[i + 1]);
    const size_t column = find_comment(lines[i]);
    const char *line = lines[i], *comment = line + column;
    const bool is_aligned = column > 0 && (column == before || column == after);
    size_t taken = 0, size;
    for (const char *at; (at = find_qualifier(line, &size)) != NULL; line = at + size, taken += size) {
        text_add_renamed(&e->text, arena_printf(e->plan->arena, "%.*s", (int)(at - line), line), e->lower, e->upper);
    }
    if (is_aligned && taken > 0 && comment >= line) {
        text_add_renamed(&e->text, arena_printf(e->plan->arena, "%.*s%*s", (int)(comment - line), line, (int)taken, ""),
                         e->lower, e->upper);
        line = comment;
    }
    text_add_renamed(&e->text, line, e->lower, e->upper);
}

/* A line of a kernel source; where all memory is one, nothing is said of flash. Returns the lines that were taken. */
static int write_line(struct emitter *e, const char *const *lines, int i)
{
    char included[64];
    if (!e->plan->has_flash && is_include_of(lines[i], "flash.h")) {
        return lines[i - 1][0] == '\n' && lines[i + 1][0] == '\n' ? 2 : 1; /* no two empty lines remain */
    }
    if (!e->plan->has_flash && strcmp(lines[i], "#define MOTE_WEIGHTS\n") == 0) {
        return 1;
    }
    if (strcmp(lines[i], "#ifndef MOTE_FLASH\n") == 0) {
        write_flash(e);
    }
    if (sscanf(lines[i], "#include \"%63[^\"]\"", included) == 1) {
        text_add(&e->text, "#include \"%s\"\n", emit_file_name(e->plan->arena, e->lower, included));
        return 1;
    }
    if (e->plan->has_flash) {
        text_add_renamed(&e->text, lines[i], e->lower, e->upper);
    } else {
        write_plain(e, lines, i);
    }
    return 1;
}

/* A kernel source and all that it includes. */
static bool write_source(struct emitter *e, struct emit_files *files, const char *file)
{
    const char *name = emit_file_name(e->plan->arena, e->lower, file);
    if (has_file(files, name)) {
        return true;
    }
    const struct emit_source *source = emit_find_source(file);
    if (source == NULL) {
        return diag_fail(e->diag, "kernel source %s is not in this program; this is a fault of mote, please report it",
                         file);
    }
    const bool is_interface = strcmp(file, "kernel.h") == 0;
    if (strchr(file, '.')[1] == 'c') {
        write_wish(e, is_small_source(e, file));
    }
    const char *const *lines = e->field_count > 0 ? emit_compact_lines(e, source) : source->lines;
    for (int i = 0; lines[i] != NULL;) {
        if (is_interface && lines[i + 1] == NULL) { /* before its closing #endif */
            write_prototypes(e);
        }
        i += write_line(e, lines, i);
    }
    add_file(files, e, name);
    for (int i = 0; source->lines[i] != NULL; i++) {
        char included[64];
        if (sscanf(source->lines[i], "#include \"%63[^\"]\"", included) == 1 &&
            (e->plan->has_flash || strcmp(included, "flash.h") != 0) && !write_source(e, files, included)) {
            return false;
        }
    }
    return true;
}

const struct emit_struct *emit_find_params(struct arena *arena, int kernel)
{
    return emit_find_struct(arena_printf(arena, "mote_%s", plan_kernels[kernel].params_name));
}

/* First values of states, outputs that are constant. */
static bool write_end_constants(struct emitter *e)
{
    const struct plan *plan = e->plan;
    for (int i = 0; i < plan->code.state_count; i++) {
        const void *init = plan->code.states[i].init;
        if (!emit_target(e, "void", init, arena_printf(plan->arena, "%sstate_%d", e->prefix, i))) {
            return false;
        }
    }
    for (int i = 0; i < plan->code.output_count; i++) {
        const void *data = plan->buffers[plan->code.outputs[i].buffer].data;
        if (!emit_target(e, "void", data, arena_printf(plan->arena, "%soutput_%d", e->prefix, i))) {
            return false;
        }
    }
    return true;
}

/* Constants and layers of the plan at hand. */
static bool write_part(struct emitter *e)
{
    const struct plan *plan = e->plan;
    e->params = ARENA_ARRAY(plan->arena, plan->step_count, const char *);
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        if (!emit_params(e, i)) {
            return false;
        }
    }
    if (!write_end_constants(e) || !emit_row_tables(e)) {
        return false;
    }
    emit_find_alike(e);
    for (int i = plan->is_fed; i < plan->step_count; i++) {
        emit_layer(e, i);
    }
    if (plan != e->top) {
        emit_called(e);
    }
    return true;
}

static bool write_model(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "/* %s: made by mote. Constants, then a function for each layer, then the schedule. */\n", e->lower);
    write_wish(e, plan->is_small || plan->has_minor_schedule);
    text_add(text, "#include \"%s.h\"\n\n#include <stddef.h>\n#include <string.h>\n\n#include \"%s_kernel.h\"\n",
             e->lower, e->lower);
    const bool *is_used = emit_used_kernels(e);
    for (const struct emit_source *s = emit_sources; s->name != NULL; s++) {
        bool needed = false;
        for (int k = 0; k < KERNEL_COUNT && !needed; k++) {
            const struct emit_struct *p = is_used[k] ? emit_find_params(plan->arena, k) : NULL;
            needed = p != NULL && strcmp(p->header, s->name) == 0;
        }
        if (needed) {
            text_add(text, "#include \"%s_%s\"\n", e->lower, s->name);
        }
    }
    text_add(text, "\n/* Does the header belong to this file? */\n");
    text_add(text, "typedef char %s_header_fits[%s_ARENA_SIZE == %u && %s_ARENA_ALIGN == %d ? 1 : -1];\n", e->lower,
             e->upper, ram_size(plan), e->upper, MOTE_ARENA_ALIGN);
    if (e->field_count > 0) {
        text_add(text,
                 "\n/* Fields of parameters are narrow, and products of them an int. */\n"
                 "typedef char %s_int_is_wide[sizeof(int) >= 4 ? 1 : -1];\n",
                 e->lower);
    }
    emit_row_finders(e);
    for (int32_t i = 0; i < e->part_count; i++) {
        e->plan = e->parts[i].plan;
        e->prefix = e->parts[i].prefix;
        if (!write_part(e)) {
            return false;
        }
    }
    emit_functions(e);
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
    struct emitter e = {.plan = plan, .top = plan, .prefix = "", .options = options, .diag = diag};
    e.text.arena = plan->arena;
    emit_find_parts(&e, plan);
    e.lower = with_case(plan->arena, options->name, false);
    e.upper = with_case(plan->arena, options->name, true);
    e.flash = plan->has_flash ? arena_printf(plan->arena, "%s_FLASH ", e.upper) : "";
    size_t most = 2;
    for (const struct emit_source *s = emit_sources; s->name != NULL; s++) {
        most++;
    }
    files->list = ARENA_ARRAY(plan->arena, most, struct emit_file);
    files->count = 0;
    if (!plan->has_flash) { /* in an int of 16 bits, as AVR has it, narrow factors would overflow */
        emit_find_fields(&e);
    }
    if (!write_model(&e)) {
        return false;
    }
    if (plan->has_flash && e.flash_size > FLASH_MAX) {
        return diag_fail(diag, "has %zu bytes of constants; pointers of an AVR reach %d of flash", e.flash_size,
                         FLASH_MAX);
    }
    files->weight_size = weight_size(&e);
    files->table_size = table_size(&e);
    files->param_size = e.param_size;
    files->layer_count = e.layer_count;
    add_file(files, &e, arena_printf(plan->arena, "%s.c", e.lower));
    write_header(&e);
    add_file(files, &e, arena_printf(plan->arena, "%s.h", e.lower));
    if (!write_source(&e, files, "kernel.h")) {
        return false;
    }
    const bool *is_used = emit_used_kernels(&e);
    for (int k = 0; k < KERNEL_COUNT; k++) {
        if (is_used[k] && !write_source(&e, files, plan_kernels[k].source)) {
            return false;
        }
    }
    return true;
}
