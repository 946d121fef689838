/* SPDX-License-Identifier: MIT
 *
 * Quantisation: numbers worked out by hand; what becomes of small float graphs, as text; how much of the signal is
 * left; random graphs.
 *
 *     test_quant [FILE...] [--print | --to FOLDER]
 *
 * A table tests/quant/<what>.test holds cases of op_table.h: the values of `in` are the one sample that calibrates,
 * `after` is the graph of integers. <what> is how it is quantised, see `ways`. With
 * --to the float graphs and their samples are written as NUMBER.tflite and NUMBER.bin, and nothing is tested.
 */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/quant/quant.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"
#include "../tool/write/write.h"
#include "op_table.h"
#include "random_graph.h"

enum { MEMORY_LIMIT = 1 << 28, GRAPHS = 200, SAMPLES = 4 };

static const struct way {
    const char *file;
    struct quant_options options;
} ways[] = {
    {"int8.test", {.calibration = QUANT_MINMAX, .plain = true}},
    {"int16x8.test", {.scheme = QUANT_INT16X8, .calibration = QUANT_MINMAX, .plain = true}},
    {"float_io.test", {.calibration = QUANT_MINMAX, .plain = true, .float_io = true}},
    {"portable.test", {.calibration = QUANT_MINMAX, .plain = true, .portable = true}},
    {"int4.test", {.scheme = QUANT_INT4, .calibration = QUANT_MINMAX, .plain = true}},
};

static int passed, failed;

static void count(bool ok, const char *place, int line, const char *name, const char *why)
{
    *(ok ? &passed : &failed) += 1;
    if (!ok) {
        printf("%s:%d: %s: %s\n", place, line, name, why);
    }
}

/*** Numbers ***/

static const struct range_case {
    struct quant_range range;
    enum type type;
    float scale;
    int32_t zero_point;
} ranges[] = {
    {{-1, 1.55F}, TYPE_S8, 0.01F, -28},   /* 2.55 in 255 steps; 0 lies 100 steps above -128 */
    {{0, 6.375F}, TYPE_S8, 0.025F, -128}, /* what a RELU puts out */
    {{2, 5.1F}, TYPE_S8, 0.02F, -128},    /* 0 belongs to every range */
    {{-5.1F, -2}, TYPE_S8, 0.02F, 127},   {{-1, 32767}, TYPE_S16, 1, 0}, /* int16 is symmetric */
    {{-32767, 1}, TYPE_S16, 1, 0},
};

static void check_numbers(void)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        const struct range_case *c = &ranges[i];
        const struct quant_params p = quant_from_range(c->range, c->type);
        count(fabsf(p.scale / c->scale - 1) < 1e-6F && p.zero_point == c->zero_point, __FILE__, __LINE__, "range",
              "another scale or zero point");
    }
    const struct quant_params p = {0.5F, -28};
    count(quant_fake(0, p, TYPE_S8) == 0, __FILE__, __LINE__, "fake", "0 stays 0");
    count(quant_fake(1.2F, p, TYPE_S8) == 1, __FILE__, __LINE__, "fake", "the nearest step");
    count(quant_fake(0.25F, p, TYPE_S8) == 0.5F, __FILE__, __LINE__, "fake", "halves away from zero");
    count(quant_fake(1e9F, p, TYPE_S8) == 77.5F, __FILE__, __LINE__, "fake", "saturates at 127 + 28 steps");
    count(quant_weight_scale(0, 8) > 0, __FILE__, __LINE__, "weights", "a scale is never 0");
    /* Two channels along axis 0, the greatest 127 and 12.7: steps of 1 and 0.1. */
    static const float weights[] = {127, -126.6F, 0.4F, 12.7F, 0.06F, -0.04F};
    static const float want[] = {127, -127, 0, 12.7F, 0.1F, 0};
    const struct tensor shape = {.rank = 2, .dim = {2, 3}};
    float fake[6];
    quant_fake_weights(&shape, 0, 8, weights, fake);
    for (int i = 0; i < 6; i++) {
        count(fabsf(fake[i] - want[i]) < 1e-5F, __FILE__, __LINE__, "weights", "another step");
    }
}

/*** Tables ***/

/* All inputs of a case as one sample. */
static const float *sample_of(const struct op_case *c)
{
    const struct graph *g = &c->graph;
    int64_t count = 0;
    for (int i = 0; i < g->input_count; i++) {
        count += ir_count(&g->tensors[g->inputs[i]]);
    }
    float *sample = ARENA_ARRAY(g->arena, count, float), *to = sample;
    for (int i = 0; i < g->input_count; i++) {
        const struct tensor *t = &g->tensors[g->inputs[i]];
        for (int64_t k = 0; k < ir_count(t); k++) {
            *to++ = t->type == TYPE_F32 ? ((const float *)c->in[i].data)[k] : 0;
        }
    }
    return sample;
}

/* What is made is what a file holds, too. */
static bool check_file(const struct graph *g, struct diag *diag)
{
    struct model model;
    const struct file file = write_tflite(g, g->arena);
    if (!write_has_tflite(g, diag) || !read_model(&file, NULL, g->arena, &model, diag)) {
        return false;
    }
    const char *was = ir_dump(g), *is = ir_dump(model.graphs);
    size_t at = 0;
    while (was[at] != '\0' && was[at] == is[at]) {
        at++;
    }
    return was[at] == is[at] || diag_fail(diag, "was %.80s, is %.80s when read from a file", was + at, is + at);
}

/* What happens to a case; NULL and false: it is tested. */
struct doing {
    const char *folder;
    bool prints;
};

static bool write_case(const struct op_case *c, const char *folder, int number, struct diag *diag)
{
    struct arena *arena = c->graph.arena;
    const float *sample = sample_of(c);
    struct diag refusal = {0};
    if (!write_has_tflite(&c->graph, &refusal)) {
        return true; /* what only readers of other formats make */
    }
    const struct file file = write_tflite(&c->graph, arena);
    size_t size = 0;
    for (int i = 0; i < c->graph.input_count; i++) {
        size += (size_t)ir_size(&c->graph.tensors[c->graph.inputs[i]]);
    }
    return file_write(arena_printf(arena, "%s/%d.tflite", folder, number), file.data, file.size, diag) &&
           file_write(arena_printf(arena, "%s/%d.bin", folder, number), sample, size, diag);
}

static bool check_case(const struct op_case *c, const struct way *way, bool print, struct diag *diag)
{
    enum { LEAST = 20 }; /* dB, of values that use their range */
    struct graph out;
    struct quant_report report;
    const float *sample = sample_of(c);
    if (!quant_graph(&c->graph, &sample, 1, &way->options, &out, &report, diag)) {
        return c->error != NULL && strstr(diag->text, c->error) != NULL;
    }
    if (c->error != NULL) {
        return diag_fail(diag, "want an error with \"%.80s\", got none", c->error);
    }
    const char *is = ir_dump(&out);
    if (print || c->after == NULL || !op_same_text(c->after, is)) {
        printf("case %s\nafter\n%s\n", c->name, is);
        return print || diag_fail(diag, "want another text than this");
    }
    return check_file(&out, diag) && (report.sqnr >= LEAST || diag_fail(diag, "only %g dB are left", report.sqnr));
}

static const struct way *find_way(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (strcmp(ways[i].file, name) == 0) {
            return &ways[i];
        }
    }
    return NULL;
}

static void run_table(const char *path, const struct doing *doing)
{
    const struct way *way = find_way(path);
    char *text = op_table_read(path);
    struct op_table table;
    bool more = way != NULL;
    count(more, path, 0, "table", "is called after no way to quantise");
    op_table_open(&table, path, text);
    while (more) {
        struct arena memory;
        struct op_case c;
        struct diag diag = {0};
        arena_init(&memory, MEMORY_LIMIT);
        more = op_table_next(&table, &memory, &c, &diag);
        if (more || diag.failed) {
            const bool ok = more && (doing->folder != NULL ? write_case(&c, doing->folder, passed, &diag)
                                                           : check_case(&c, way, doing->prints, &diag));
            count(ok, path, table.line, more ? c.name : "", diag.text);
        }
        arena_free(&memory);
    }
    free(text);
}

/*** Padding, which tables cannot say ***/

static void set_tensor(struct tensor *t, const char *name, int32_t h, int32_t w, const float *data)
{
    *t = (struct tensor){.name = name, .type = TYPE_F32, .rank = 4, .dim = {1, h, w, 1}, .data = data};
}

/* A 3x3 convolution of 3x3 pixels with rows and columns round them: SAME if one on each side, else a PAD before it. */
static void check_padding(int32_t pad, int32_t nodes)
{
    static const float weights[9] = {0, 0, 0, 0, 1.27F, 0, 0, 0, 0}, pixels[9] = {-1, 1.55F, 0.5F, 0, 1, 0, 0, 0, 1};
    struct arena arena;
    struct diag diag = {0};
    struct graph out;
    struct quant_report report;
    const float *sample = pixels;
    int32_t in[] = {0, 1}, to[] = {2}, inputs[] = {0}, outputs[] = {2};
    struct node node = {.op = OP_CONV_2D, .name = "y", .in = in, .out = to, .in_count = 2, .out_count = 1};
    struct tensor tensors[3];
    arena_init(&arena, MEMORY_LIMIT);
    set_tensor(&tensors[0], "x", 3, 3, NULL);
    set_tensor(&tensors[1], "w", 3, 3, weights);
    set_tensor(&tensors[2], "y", 1 + 2 * pad, 1 + 2 * pad, NULL);
    node.attr = (struct attr){.padding = PADDING_VALID, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    node.attr.pad_top = node.attr.pad_bottom = node.attr.pad_left = node.attr.pad_right = pad;
    const struct graph g = {.arena = &arena,
                            .name = "g",
                            .tensors = tensors,
                            .tensor_count = 3,
                            .nodes = &node,
                            .node_count = 1,
                            .inputs = inputs,
                            .outputs = outputs,
                            .input_count = 1,
                            .output_count = 1};
    const struct quant_options options = {.plain = true};
    const bool ok = quant_graph(&g, &sample, 1, &options, &out, &report, &diag) && check_file(&out, &diag) &&
                    (report.sqnr > 30 || diag_fail(&diag, "only %g dB are left", report.sqnr)) &&
                    (out.node_count == nodes || diag_fail(&diag, "%d nodes, want %d", out.node_count, nodes));
    count(ok, __FILE__, __LINE__, "padding", diag.text);
    arena_free(&arena);
}

/*** Random graphs: whatever they are, what comes out runs, and is what a file holds ***/

static void check_random(uint32_t seed)
{
    struct arena arena;
    struct diag diag = {0};
    struct graph out;
    struct quant_report report;
    arena_init(&arena, MEMORY_LIMIT);
    const struct graph g = random_graph(&arena, seed, 0);
    const float *samples[SAMPLES];
    uint32_t x = seed;
    int64_t width = 0;
    for (int i = 0; i < g.input_count; i++) {
        width += ir_count(&g.tensors[g.inputs[i]]);
    }
    for (int i = 0; i < SAMPLES; i++) {
        float *sample = ARENA_ARRAY(&arena, width, float);
        for (int64_t k = 0; k < width; k++) {
            x = x * 1664525 + 1013904223;
            sample[k] = (float)(int32_t)x / (float)(1 << 29);
        }
        samples[i] = sample;
    }
    const struct quant_options options = {.scheme = (enum quant_scheme)(seed % 3), .float_io = seed % 2 == 0};
    const bool ok = quant_graph(&g, samples, SAMPLES, &options, &out, &report, &diag)
                        ? check_file(&out, &diag)
                        : strstr(diag.text, "already") != NULL;
    count(ok, "random graph", (int)seed, "", diag.text);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    struct doing doing = {0};
    int file_count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print") == 0) {
            doing.prints = true;
        } else if (strcmp(argv[i], "--to") == 0 && i + 1 < argc) {
            doing.folder = argv[++i];
        } else {
            argv[1 + file_count++] = argv[i];
        }
    }
    glob_t all = {0};
    if (file_count == 0 && glob(TEST_DIR "/quant/*.test", 0, NULL, &all) == 0) {
        file_count = (int)all.gl_pathc;
        check_numbers();
        check_padding(1, 1);
        check_padding(2, 2);
    }
    for (int i = 0; i < file_count; i++) {
        run_table(all.gl_pathc > 0 ? all.gl_pathv[i] : argv[1 + i], &doing);
    }
    for (uint32_t seed = 0; seed < GRAPHS && all.gl_pathc > 0; seed++) {
        check_random(seed);
    }
    globfree(&all);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
