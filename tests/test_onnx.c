/* SPDX-License-Identifier: MIT
 *
 * Tests of ONNX, the nodes and others, as Debian's libonnx-testdata has them: a folder each with a model, inputs and outputs.
 *
 *     test_onnx [--only TEXT] [--every N] [--at-least N] [--verbose] [FOLDER]
 *
 * A model is read, planned and run like any other; outputs are compared as ONNX's own runner does. Where it is refused
 * because shapes depend on inputs, those inputs become constants, as they are in real models: first all but the first,
 * then all. What is refused for another reason is skipped, and the reasons are counted. --at-least: fails if fewer pass.
 */
#include <dirent.h>
#include <float.h>
#include <generated/onnx.pb-c.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/read/onnx_file.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"

enum { MEMORY_LIMIT = 1 << 30, MAX_VALUES = 32, MAX_REASONS = 400, SKIPPED = 77 };

#define DATA "/usr/share/libonnx-testdata/data/"
static const char *const folders[] = {DATA "node", DATA "simple", DATA "pytorch-operator", DATA "pytorch-converted",
                                      NULL};

struct options {
    const char *folder, *only; /* folder NULL: all of them */
    int every, at_least;
    bool verbose;
};

/* A test: everything in its arena. */
struct test {
    struct arena arena;
    jmp_buf exhausted;
    const char *folder;
    Onnx__ModelProto *model;
    size_t inputs, outputs;
    char *names[MAX_VALUES]; /* of inputs */
    Onnx__TensorProto *in[MAX_VALUES], *out[MAX_VALUES];
    bool is_bound[MAX_VALUES]; /* as a constant */
    int bound;
};

enum outcome { PASSED, FAILED, REFUSED };

static struct {
    char text[160];
    int count;
} reasons[MAX_REASONS];
static int reason_count;

/*** Files ***/

static void *allocate(void *arena, size_t size) { return arena_alloc(arena, size); }

static void release(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

static bool read_bytes(struct test *t, const char *name, struct file *file)
{
    struct diag diag = {0};
    struct file mapped;
    if (!file_open(&mapped, arena_printf(&t->arena, "%s/%s", t->folder, name), &diag)) {
        return false;
    }
    *file = (struct file){arena_copy(&t->arena, mapped.data, mapped.size), mapped.size};
    file_close(&mapped);
    return true;
}

static Onnx__TensorProto *read_tensor(struct test *t, const char *kind, size_t i)
{
    ProtobufCAllocator allocator = {allocate, release, &t->arena};
    struct file file;
    if (!read_bytes(t, arena_printf(&t->arena, "test_data_set_0/%s_%zu.pb", kind, i), &file)) {
        return NULL;
    }
    return onnx__tensor_proto__unpack(&allocator, file.size, file.data);
}

/* Whether the model itself has the value: old files list such inputs, too. */
static bool is_given(const Onnx__GraphProto *g, const char *input)
{
    for (size_t i = 0; i < g->n_initializer; i++) {
        if (strcmp(g->initializer[i]->name, input) == 0) {
            return true;
        }
    }
    return false;
}

static bool load(struct test *t)
{
    ProtobufCAllocator allocator = {allocate, release, &t->arena};
    struct file file;
    if (!read_bytes(t, "model.onnx", &file)) {
        return false;
    }
    t->model = onnx__model_proto__unpack(&allocator, file.size, file.data);
    if (t->model == NULL || t->model->graph->n_output > MAX_VALUES) {
        return false;
    }
    const Onnx__GraphProto *g = t->model->graph;
    for (size_t i = 0; i < g->n_input; i++) {
        if (!is_given(g, g->input[i]->name)) {
            if (t->inputs == MAX_VALUES) {
                return false;
            }
            t->names[t->inputs] = g->input[i]->name;
            t->in[t->inputs] = read_tensor(t, "input", t->inputs);
            t->inputs++;
        }
    }
    t->outputs = g->n_output;
    for (size_t i = 0; i < t->outputs; i++) {
        t->out[i] = read_tensor(t, "output", i);
    }
    return true;
}

/*** Values ***/

/* The bytes of a tensor, little-endian; NULL: of a kind that is no plain number. */
static const void *tensor_bytes(const Onnx__TensorProto *p, size_t *size)
{
    enum type type;
    if (p == NULL || !onnx_find_type(p->data_type, &type)) {
        return NULL;
    }
    const size_t bytes = (size_t)ir_type_bits(type) / 8;
    const void *lists[] = {p->float_data, p->int32_data, p->int64_data, p->uint64_data, p->double_data};
    const size_t counts[] = {p->n_float_data, p->n_int32_data, p->n_int64_data, p->n_uint64_data, p->n_double_data};
    static const size_t sizes[] = {4, 4, 8, 8, 8};
    *size = p->raw_data.len;
    for (int i = 0; i < 5; i++) {
        if (counts[i] > 0 && sizes[i] == bytes) {
            *size = counts[i] * bytes;
            return lists[i];
        }
    }
    return p->raw_data.len > 0 ? (const void *)p->raw_data.data : "";
}

static float half_to_float(uint16_t half)
{
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const float size = exponent == 31  ? (mantissa != 0 ? NAN : INFINITY)
                       : exponent == 0 ? ldexpf((float)mantissa, -24)
                                       : ldexpf((float)(mantissa | 1024), exponent - 25);
    return half >> 15 != 0 ? -size : size;
}

static double real_at(enum type type, const uint8_t *data, size_t i)
{
    float value;
    uint16_t half;
    double wide;
    if (type == TYPE_F64) {
        memcpy(&wide, data + 8 * i, sizeof wide);
        return wide;
    }
    if (type == TYPE_F32) {
        memcpy(&value, data + 4 * i, sizeof value);
        return (double)value;
    }
    memcpy(&half, data + 2 * i, sizeof half);
    return (double)half_to_float(half);
}

/* As numpy's assert_allclose(rtol=1e-3, atol=1e-7) for real numbers, those of 64 bits within the range of 32, which mote
 * computes with; whole ones are equal. */
static bool compare(enum type type, const uint8_t *want, const uint8_t *got, size_t count, size_t output,
                    struct diag *diag)
{
    const size_t bytes = (size_t)ir_type_bits(type) / 8;
    for (size_t i = 0; i < count; i++) {
        if (type == TYPE_F32 || type == TYPE_F16 || type == TYPE_F64) {
            const double exact = real_at(type, want, i), g = real_at(type, got, i);
            const double w = type == TYPE_F64 && isfinite(exact) ? fmax(fmin(exact, FLT_MAX), -FLT_MAX) : exact;
            if (!(w == g || fabs(w - g) <= 1e-7 + 1e-3 * fabs(w) || (isnan(w) && isnan(g)))) {
                return diag_fail(diag, "output %zu, element %zu: want %.9g, got %.9g", output, i, w, g);
            }
        } else if (memcmp(want + i * bytes, got + i * bytes, bytes) != 0) {
            int64_t w = 0, g = 0;
            memcpy(&w, want + i * bytes, bytes);
            memcpy(&g, got + i * bytes, bytes);
            return diag_fail(diag, "output %zu, element %zu: want %lld, got %lld", output, i, (long long)w,
                             (long long)g);
        }
    }
    return true;
}

/*** Running ***/

/* The model with some of its inputs as constants. */
static struct file write_model(struct test *t)
{
    Onnx__GraphProto *g = t->model->graph;
    Onnx__TensorProto **constants = ARENA_ARRAY(&t->arena, g->n_initializer + t->inputs, Onnx__TensorProto *);
    size_t count = 0;
    for (; count < g->n_initializer; count++) {
        constants[count] = g->initializer[count];
    }
    for (size_t i = 0; i < t->inputs; i++) {
        if (t->is_bound[i]) {
            t->in[i]->name = t->names[i];
            constants[count++] = t->in[i];
        }
    }
    Onnx__GraphProto bound = *g;
    bound.initializer = constants;
    bound.n_initializer = count;
    Onnx__ModelProto model = *t->model;
    model.graph = &bound;
    const size_t size = onnx__model_proto__get_packed_size(&model);
    uint8_t *data = arena_alloc(&t->arena, size);
    onnx__model_proto__pack(&model, data);
    return (struct file){data, size};
}

static bool is_same_shape(const struct tensor *t, const Onnx__TensorProto *p)
{
    bool same = (size_t)t->rank == p->n_dims;
    for (int d = 0; d < t->rank && same; d++) {
        same = t->dim[d] == p->dims[d];
    }
    return same;
}

/* More rows than the test has: room for what only values tell. */
static bool has_room(const struct tensor *t, const Onnx__TensorProto *p)
{
    if ((size_t)t->rank != p->n_dims || t->rank < 1 || t->dim[0] <= p->dims[0]) {
        return false;
    }
    struct tensor rows = *t;
    rows.dim[0] = (int32_t)p->dims[0];
    return is_same_shape(&rows, p);
}

static enum outcome check_outputs(struct test *t, const struct graph *g, const uint8_t *got, struct diag *diag)
{
    for (size_t i = 0; i < t->outputs; i++) {
        const struct tensor *tensor = &g->tensors[g->outputs[i]];
        enum type type;
        size_t size;
        const void *want = tensor_bytes(t->out[i], &size);
        if (want == NULL) {
            diag_fail(diag, "output of a type that mote lacks: %s",
                      t->out[i] != NULL ? onnx_type_name(t->out[i]->data_type) : "sequence");
            return REFUSED;
        }
        onnx_find_type(t->out[i]->data_type, &type);
        char text[IR_SHAPE_TEXT];
        if (has_room(tensor, t->out[i]) && t->bound < 2) {
            diag_fail(diag, "output %zu has as many rows as there are at most; how many, is known only at run time", i);
            return REFUSED;
        }
        if (type != tensor->type || !is_same_shape(tensor, t->out[i]) || size != (size_t)ir_size(tensor)) {
            diag_fail(diag, "output %zu is %s%s", i, ir_type_text(tensor->type), ir_shape_text(tensor, text));
            return FAILED;
        }
        if (!compare(type, want, got, (size_t)ir_count(tensor), i, diag)) {
            return FAILED;
        }
        got += ir_size(tensor);
    }
    return PASSED;
}

static enum outcome run(struct test *t, struct diag *diag)
{
    static const struct read_request request = {.evaluator = {run_node, 0}};
    const struct file file = write_model(t);
    struct model model;
    struct plan plan;
    if (!read_model(&file, &request, &t->arena, &model, diag) || !pass_all(&model, run_node, diag) ||
        !plan_graph(model.graphs, PLAN_STREAM, &plan, diag)) {
        return REFUSED;
    }
    uint8_t *in = arena_alloc(&t->arena, run_input_size(&plan) + 1), *at = in;
    for (size_t i = 0; i < t->inputs; i++) {
        size_t size = 0;
        const void *data = t->is_bound[i] ? "" : tensor_bytes(t->in[i], &size);
        if (data == NULL || at + size > in + run_input_size(&plan)) {
            diag_fail(diag, "input %zu has not the size that the model says", i);
            return FAILED;
        }
        memcpy(at, data, size);
        at += size;
    }
    struct runner runner;
    run_init(&runner, &plan);
    uint8_t *out = arena_alloc(&t->arena, run_output_size(&plan) + 1);
    run_invoke(&runner, in, out);
    return check_outputs(t, model.graphs, out, diag);
}

static bool depends_on_values(const struct diag *diag)
{
    return strstr(diag->text, "run time") != NULL || strstr(diag->text, "no constant list") != NULL ||
           strstr(diag->text, "want a constant") != NULL;
}

/* First as it is, then with all inputs bound but the first, then with all. */
static enum outcome run_bound(struct test *t, struct diag *diag)
{
    enum outcome outcome = REFUSED;
    for (t->bound = 0; t->bound < 3; t->bound++) {
        for (size_t i = 0; i < t->inputs; i++) {
            t->is_bound[i] = (t->bound == 2 || (t->bound == 1 && i > 0)) && t->in[i] != NULL;
        }
        *diag = (struct diag){0};
        outcome = run(t, diag);
        if (outcome != REFUSED || !depends_on_values(diag)) {
            break;
        }
    }
    return outcome;
}

static enum outcome check(const char *folder, struct diag *diag, int *bound)
{
    struct test *t = calloc(1, sizeof *t);
    if (t == NULL) {
        abort();
    }
    arena_init(&t->arena, MEMORY_LIMIT);
    t->folder = folder;
    t->arena.on_exhaustion = &t->exhausted;
    enum outcome outcome = FAILED;
    if (setjmp(t->exhausted) != 0) {
        diag_fail(diag, "ran out of memory");
    } else if (!load(t)) {
        diag_fail(diag, "cannot be read");
    } else {
        outcome = run_bound(t, diag);
    }
    *bound = t->bound;
    arena_free(&t->arena);
    free(t);
    return outcome;
}

/*** All tests ***/

/* Without the place and the names, so that equal reasons look equal. */
static void count_reason(const char *text)
{
    char plain[sizeof reasons[0].text];
    size_t n = 0;
    bool quoted = false;
    for (const char *c = text; *c != '\0' && n + 1 < sizeof plain; c++) {
        quoted = *c == '"' ? !quoted : quoted;
        if (*c != '"' && !quoted && !(*c >= '0' && *c <= '9')) {
            plain[n++] = *c;
        }
    }
    plain[n] = '\0';
    int i = 0;
    while (i < reason_count && strcmp(reasons[i].text, plain) != 0) {
        i++;
    }
    if (i < MAX_REASONS) {
        memcpy(reasons[i].text, plain, n + 1);
        reasons[i].count++;
        reason_count = i == reason_count ? i + 1 : reason_count;
    }
}

static int is_test(const struct dirent *entry) { return strncmp(entry->d_name, "test_", 5) == 0; }

static bool parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.every = 1};
    for (int i = 1; i < argc; i++) {
        const bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--verbose") == 0) {
            options->verbose = true;
        } else if (strcmp(argv[i], "--only") == 0 && has_value) {
            options->only = argv[++i];
        } else if (strcmp(argv[i], "--every") == 0 && has_value) {
            options->every = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--at-least") == 0 && has_value) {
            options->at_least = atoi(argv[++i]);
        } else if (argv[i][0] == '-') {
            return false;
        } else {
            options->folder = argv[i];
        }
    }
    return options->every > 0;
}

static struct {
    int passed, failed, skipped, seen;
    int bound[4]; /* of those that passed, by how many inputs became constants */
} tally;

static void run_test(const char *folder, const char *name, const struct options *options)
{
    char path[1024];
    struct diag diag = {0};
    int bound = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (tally.seen++ % options->every != 0 || (options->only != NULL && strstr(path, options->only) == NULL)) {
        return;
    }
    const enum outcome outcome = check(path, &diag, &bound);
    *(outcome == PASSED ? &tally.passed : outcome == FAILED ? &tally.failed : &tally.skipped) += 1;
    tally.bound[bound] += outcome == PASSED;
    if (outcome == REFUSED) {
        count_reason(diag.text);
    }
    if (outcome == FAILED || options->verbose) {
        printf("%s: %s%s\n", name,
               outcome == PASSED   ? "passed"
               : outcome == FAILED ? ""
                                   : "skipped: ",
               outcome == PASSED ? "" : diag.text);
    }
}

static bool run_folder(const char *folder, const struct options *options)
{
    struct dirent **tests;
    const int count = scandir(folder, &tests, is_test, alphasort);
    for (int i = 0; i < count; i++) {
        run_test(folder, tests[i]->d_name, options);
        free(tests[i]);
    }
    if (count >= 0) {
        free(tests);
    }
    return count >= 0;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "usage: test_onnx [--only TEXT] [--every N] [--at-least N] [--verbose] [FOLDER]\n");
        return 2;
    }
    const char *const one[] = {options.folder, NULL};
    for (const char *const *folder = options.folder != NULL ? one : folders; *folder != NULL; folder++) {
        if (!run_folder(*folder, &options)) {
            printf("skipped: no %s; scripts/setup.sh onnx installs it\n", *folder);
            return SKIPPED;
        }
    }
    for (int i = 0; i < reason_count; i++) {
        printf("%4d skipped: %s\n", reasons[i].count, reasons[i].text);
    }
    printf("of those that passed, %d ran as they are, %d with all inputs but the first as constants, %d with all\n",
           tally.bound[0], tally.bound[1], tally.bound[2]);
    printf("%d passed, %d failed, %d skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed > 0 || tally.passed < options.at_least;
}
