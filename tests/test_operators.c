/* SPDX-License-Identifier: MIT
 *
 * docs/OPERATORS.md: every operator, under the names that it has in each format, with the types for which a table of
 * tests/op has a case that runs, and whether its steps take row after row. All of it is found out, by the tables of the
 * readers and by planning the cases, so that it is true.
 *
 *     test_operators FILE [--write]
 *
 * Compares the file with what it should be, or writes it. What tflite-micro's kernels take, tests/op/tflm.def, must be
 * there.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/run/run.h"
#include "op_table.h"

enum { MEMORY_LIMIT = 1 << 30, MOST_TYPES = 48, TYPE_TEXT = 48, NOT_IN_FILES = -2 };

static const struct {
    const char *name;
    int code, flags;
} ops[] = {
#define MANY 0
#define PURE 1
#define ELEMENTWISE 2
#define SHAPE_ONLY 4
#define STATEFUL 8
#define OP(name, code, in_min, in_max, out_min, out_max, shape, lower, flags) [OP_##name] = {#name, code, flags},
#include "../tool/ir/op.def"
#undef OP
};

/* A name in another format, and the operator that it becomes in the main. */
struct name {
    enum op op;
    const char *text;
};

static const struct name onnx[] = {
#if __has_include("../tool/read/onnx_ops.def")
#define ONNX(name, domain, since, converter, operator) {OP_##operator, #name },
#include "../tool/read/onnx_ops.def"
#undef ONNX
#endif
    {OP_COUNT, NULL},
};

/* Operators of TensorFlow Lite that are read as others. */
static const struct name hlo[] = {
#define HLO(name, convert, operator) {OP_##operator, #name },
#include "../tool/read/hlo_ops.def"
#undef HLO
    {OP_COUNT, NULL},
};

static const struct name keras[] = {
#if __has_include("../tool/read/keras_layers.def")
#define KERAS(name, converter, operator, mask) {OP_##operator, #name },
#include "../tool/read/keras_layers.def"
#undef KERAS
#endif
    {OP_COUNT, NULL},
};

/* What the cases show of an operator. */
struct seen {
    char types[MOST_TYPES][TYPE_TEXT];
    int type_count;
    bool has_step, streams;
};

static struct seen seen[OP_COUNT];

static void add_type(struct seen *s, const char *text)
{
    for (int i = 0; i < s->type_count; i++) {
        if (strcmp(s->types[i], text) == 0) {
            return;
        }
    }
    if (s->type_count < MOST_TYPES) {
        snprintf(s->types[s->type_count++], TYPE_TEXT, "%s", text);
    }
}

/* The input that holds the values, not indices or a shape. */
static int data_input(enum op op)
{
    switch (op) {
    case OP_TRANSPOSE_CONV:
    case OP_CONV_3D_TRANSPOSE:
        return 2;
    case OP_EMBEDDING_LOOKUP:
    case OP_SPLIT:
        return 1;
    default:
        return 0;
    }
}

/* "int8", "float32 by int8", "float32 to int8" */
static void note_types(const struct graph *g, const struct node *n)
{
    const struct tensor *in = ir_in(g, n, data_input(n->op)), *weight = ir_in(g, n, 1), *out = ir_out(g, n, 0);
    const struct tensor *first = in != NULL ? in : out;
    char text[TYPE_TEXT];
    if (first == NULL) {
        return;
    }
    size_t length = (size_t)snprintf(text, sizeof text, "%s", ir_type_text(first->type));
    const bool is_matrix = weight != NULL && weight->data != NULL && weight->rank >= 2;
    if (is_matrix && weight->type != first->type && (weight->type == TYPE_S8 || weight->type == TYPE_U8)) {
        length += (size_t)snprintf(text + length, sizeof text - length, " by %s", ir_type_text(weight->type));
    }
    if (out != NULL && out->type != first->type) {
        snprintf(text + length, sizeof text - length, " to %s", ir_type_text(out->type));
    }
    add_type(&seen[n->op], text);
}

static void note_steps(const struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        struct seen *to = &seen[s->node->op];
        if (s->kernel == KERNEL_assign) { /* a view that had to be copied, since it is an output of the model */
            continue;
        }
        to->has_step = true;
        for (int k = 0; k < s->in_count; k++) {
            to->streams |= s->rows > 1 && (s->in[k].stride > 0 || s->in[k].lines != NULL) && s->in[k].rows > 1;
        }
    }
}

static void note_case(const struct op_case *c, struct arena *memory)
{
    struct diag diag = {0};
    struct plan plan;
    struct model *model = op_case_model(c, memory);
    for (int k = 0; k < model->graph_count; k++) {
        for (int i = 0; i < model->graphs[k].node_count; i++) {
            note_types(&model->graphs[k], &model->graphs[k].nodes[i]);
        }
    }
    if (pass_some(model, 1U << PASS_constants, run_node, &diag) &&
        plan_graph(model->graphs, PLAN_LAYERS, &plan, &diag)) {
        note_steps(&plan);
    }
}

static bool read_tables(void)
{
    glob_t files = {0};
    if (glob(TEST_DIR "/op/*.test", 0, NULL, &files) != 0) {
        return false;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct file file;
        struct diag diag = {0};
        if (!file_open(&file, files.gl_pathv[i], &diag)) {
            return false;
        }
        char *text = strndup((const char *)file.data, file.size);
        file_close(&file);
        struct op_table table;
        op_table_open(&table, files.gl_pathv[i], text);
        for (bool is_case = true; is_case;) {
            struct arena memory;
            struct op_case c;
            jmp_buf exhausted;
            arena_init(&memory, MEMORY_LIMIT);
            memory.on_exhaustion = &exhausted;
            is_case = setjmp(exhausted) == 0 && op_table_next(&table, &memory, &c, &diag);
            if (is_case && c.error == NULL) {
                note_case(&c, &memory);
            }
            arena_free(&memory);
        }
        free(text);
    }
    globfree(&files);
    return true;
}

/*** What tflite-micro has ***/

static const struct {
    enum op op;
    const char *types; /* parted by spaces */
} tflm[] = {
#define TFLM(op, ...) {OP_##op, #__VA_ARGS__},
#include "op/tflm.def"
#undef TFLM
};

/* Whether a case reads that type, or makes it. */
static bool has_type(enum op op, const char *type, size_t length)
{
    for (int i = 0; i < seen[op].type_count; i++) {
        const char *text = seen[op].types[i], *to = strstr(text, " to ");
        const bool reads = strncmp(text, type, length) == 0 && (text[length] == '\0' || text[length] == ' ');
        if (reads || (to != NULL && strncmp(to + 4, type, length) == 0 && to[4 + length] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Returns how many types of operators no case has. */
static int check_types(void)
{
    int missing = 0;
    for (size_t i = 0; i < COUNT_OF(tflm); i++) {
        for (const char *type = tflm[i].types; *type != '\0';) {
            const size_t length = strcspn(type, " ");
            if (!has_type(tflm[i].op, type, length)) {
                printf("%s: no case of tests/op has %.*s, which tflite-micro has\n", ops[tflm[i].op].name, (int)length,
                       type);
                missing++;
            }
            type += length + strspn(type + length, " ");
        }
    }
    return missing;
}

/*** The page ***/

static int by_name(const void *a, const void *b)
{
    return strcmp(ops[*(const int *)a].name, ops[*(const int *)b].name);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* Domains may share a name. */
static bool is_first(const struct name *names, const struct name *one)
{
    while (names != one && (names->op != one->op || strcmp(names->text, one->text) != 0)) {
        names++;
    }
    return names == one;
}

static void write_names(FILE *f, const struct name *all, enum op op, const char *comma)
{
    for (const struct name *names = all; names->text != NULL; names++) {
        if (names->op == op && is_first(all, names)) {
            fprintf(f, "%s%s", comma, names->text);
            comma = ", ";
        }
    }
    fprintf(f, " | ");
}

static void write_row(FILE *f, enum op op)
{
    struct seen *s = &seen[op];
    fprintf(f, "| %s | ", ops[op].name);
    if (ops[op].code >= 0) {
        fprintf(f, "%d", ops[op].code);
    } else {
        fprintf(f, "%s", ops[op].code == NOT_IN_FILES ? "" : "custom");
    }
    write_names(f, hlo, op, ", ");
    write_names(f, onnx, op, "");
    write_names(f, keras, op, "");
    qsort(s->types, (size_t)s->type_count, sizeof s->types[0], by_text);
    for (int i = 0; i < s->type_count; i++) {
        fprintf(f, "%s%s", i > 0 ? ", " : "", s->types[i]);
    }
    fprintf(f, " | %s | %s |\n",
            s->streams || (s->has_step && (ops[op].flags & ELEMENTWISE) != 0) ? "yes"
            : s->has_step                                                     ? "no"
                                                                              : "free",
            (ops[op].flags & STATEFUL) != 0 ? "yes" : "");
}

static void write_page(FILE *f)
{
    int order[OP_COUNT];
    for (int i = 0; i < OP_COUNT; i++) {
        order[i] = i;
    }
    qsort(order, OP_COUNT, sizeof order[0], by_name);
    fprintf(
        f, "# Operators\n\nMade by `build/test_operators docs/OPERATORS.md --write`; `make test` checks that it is "
           "current.\n\nAll run on the host and, as emitted C, on the device. TFLite: its code, and operators that are "
           "read as it, or\nmainly so. Types: those for which `tests/op` has a case, input by weights to output where "
           "they differ. Rows:\nwhether it computes an output row from few input rows, so that models stream through "
           "it; free: it takes no time\nat all where it is known beforehand, a view, or made of others. State: it may "
           "remember something from one\ninvoke to the next.\n\n"
           "| operator | TFLite | ONNX | Keras | types | rows | state |\n|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < OP_COUNT; i++) {
        write_row(f, (enum op)order[i]);
    }
}

int main(int argc, char **argv)
{
    char *want = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&want, &size);
    struct file file = {0};
    struct diag diag = {0};
    if (argc < 2 || page == NULL || !read_tables()) {
        fprintf(stderr, "usage: test_operators FILE [--write]\n");
        return 2;
    }
    write_page(page);
    fclose(page);
    const int missing = check_types();
    if (argc > 2) {
        const bool ok = file_write(argv[1], want, size, &diag);
        free(want);
        return ok ? 0 : 1;
    }
    const bool same = file_open(&file, argv[1], &diag) && file.size == size && memcmp(file.data, want, size) == 0;
    printf(same ? "%s is current\n" : "%s is out of date: run build/test_operators %s --write\n", argv[1], argv[1]);
    file_close(&file);
    free(want);
    return same && missing == 0 ? 0 : 1;
}
