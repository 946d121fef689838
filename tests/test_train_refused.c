/* SPDX-License-Identifier: MIT
 *
 * Training: what is refused.
 */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "expect_gemm.h"
#include "pictures.h"

/* Networks that cannot be: each ends in one clear message. */
static void test_impossible_networks(void)
{
    static const struct {
        struct train_layer layer;
        int32_t dim[2];
        const char *says;
    } all[] = {
        {{TRAIN_DENSE}, {4, 2}, "filters is 0"},
        {{TRAIN_CONV, .filters = 1 << 30}, {4, 2}, "filters is 1073741824"},
        {{TRAIN_BOTTLENECK, .filters = 8, .expansion = 1 << 20}, {4, 2}, "expansion is 1048576"},
        {{TRAIN_CONV, .filters = 8, .kernel_h = 5, .padding = PADDING_VALID}, {4, 2}, "does not fit"},
        {{TRAIN_MAX_POOL, .kernel_h = 9, .padding = PADDING_VALID}, {4, 2}, "does not fit"},
        {{TRAIN_CONV, .filters = 8, .kernel_h = 1 << 20}, {4, 2}, "too large"},
        {{TRAIN_GRU, .filters = 8}, {5000, 2}, "5000 steps"},
        {{TRAIN_DROPOUT, .rate = 1.5F}, {4, 2}, "drops 1.5"},
        {{TRAIN_DENSE, .filters = 1 << 16}, {1 << 14, 1}, "larger than 2 GiB"},
    };
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct arena arena;
        struct diag diag = {0};
        struct train_result result;
        float input[1 << 14] = {0};
        const int32_t label = 0;
        arena_init(&arena, TRAIN_MEMORY);
        struct graph g = {.arena = &arena};
        const struct tensor example = {.rank = 2, .dim = {all[i].dim[0], all[i].dim[1]}};
        const struct train_model model = {.layers = &all[i].layer, .layer_count = 1};
        const struct train_set set = {.count = 1,
                                      .width = (size_t)ir_count(&example),
                                      .inputs = input,
                                      .labels = &label};
        const struct train_options o = quick_options();
        const bool ok =
            train_build(&model, &example, 2, 1, &g, &diag) && train_network(&g, &set, NULL, &o, &result, &diag);
        expect(!ok && strstr(diag.text, all[i].says) != NULL, "a network that \"%s\": %s", all[i].says, diag.text);
        arena_free(&arena);
    }
}

/* A checkpoint that was cut or changed in its head is refused, whatever it says. */
static void test_damaged_checkpoints(void)
{
    struct arena arena;
    struct diag diag = {0};
    struct graph g;
    struct train_result result;
    const char *path = "test_train_damaged.checkpoint";
    int32_t stop = 101;
    arena_init(&arena, TRAIN_MEMORY);
    struct train_options o = quick_options();
    o.progress = stop_at;
    o.progress_context = &stop;
    o.checkpoint = path;
    struct file whole = {0};
    expect(train_pictures(&arena, "mlp", &o, &g, &result, NULL, &diag) && file_open(&whole, path, &diag),
           "a checkpoint: %s", diag.text);
    for (size_t i = 0; i < 100 && i < whole.size; i++) {
        uint8_t *copy = arena_copy(&arena, whole.data, whole.size);
        copy[i] ^= 0x80;
        o.resume = (struct file){copy, i < 50 ? whole.size : whole.size - i};
        o.checkpoint = NULL;
        struct diag refused = {0};
        stop = 102;
        const bool ok = train_pictures(&arena, "mlp", &o, &g, &result, NULL, &refused);
        expect(!ok && strstr(refused.text, "checkpoint") != NULL, "byte %zu changed: %s", i, refused.text);
    }
    file_close(&whole);
    remove(path);
    arena_free(&arena);
}

static void test_refusals(void)
{
    struct arena arena;
    struct graph g;
    struct train_result result;
    arena_init(&arena, TRAIN_MEMORY);
    struct train_set set = make_pictures(&arena, 1);
    struct train_options o = quick_options();
    static const char *const words[] = {"of class 7", "examples of 63", "no checkpoint", "fewer quantised", "resnot"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct diag diag = {0};
        struct train_options bad = o;
        struct train_set wrong = set;
        int32_t labels[POINTS] = {7};
        const struct train_model model = {.name = i == 4 ? "resnot" : "cnn"};
        g = (struct graph){.arena = &arena};
        wrong.labels = i == 0 ? labels : set.labels;
        wrong.width -= i == 1;
        bad.resume = i == 2 ? (struct file){(const uint8_t *)"motetrn0", 9} : bad.resume;
        bad.quantised = i == 3 ? bad.epochs : 0;
        const bool ok =
            train_build(&model, &picture, 3, 1, &g, &diag) && train_network(&g, &wrong, NULL, &bad, &result, &diag);
        expect(!ok && strstr(diag.text, words[i]) != NULL, "refuses \"%s\": %s", words[i], diag.text);
    }
    arena_free(&arena);
}

int main(void)
{
    if (!expect_gemm()) {
        return 0;
    }
    test_refusals();
    test_impossible_networks();
    test_damaged_checkpoints();
    return expect_end();
}
