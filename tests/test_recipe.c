/* SPDX-License-Identifier: MIT
 *
 * Recipes: values, defaults, the way there and back, and errors with their place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tool/recipe/recipe.h"

static struct arena arena;
static struct diag diag;
static int failures;

static void check(bool ok, const char *what)
{
    printf("%s: %s%s%s\n", ok ? "ok" : "FAILED", what, diag.failed ? ": " : "", diag.text);
    failures += !ok;
}

static bool read_text(struct recipe *r, const char *text)
{
    char path[] = "/tmp/mote-test-recipe-XXXXXX";
    const int fd = mkstemp(path);
    diag = (struct diag){0};
    recipe_init(r);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    ok = ok && recipe_read(r, path, &arena, &diag);
    close(fd);
    unlink(path);
    return ok;
}

static const struct {
    const char *text, *error;
} wrong[] = {
    {"model:\n  name: mlp\n  fiters: 3\n", ":3:3: unknown word 'fiters'; did you mean 'filters'?"},
    {"modl:\n  name: mlp\n", ":1:1: unknown section 'modl'; did you mean 'model'?"},
    {"train:\n  epochs: many\n", ":2:11: epochs is \"many\", want a number"},
    {"train:\n  epochs: 1.5\n", "want a whole number"},
    {"train:\n  epochs: 0\n", "want 1 to 100000"},
    {"data: {kind: adio}\n", ":1:14: unknown word 'adio'; did you mean 'audio'?"},
    {"data:\n  crop: maybe\n", "want yes or no"},
    {"data:\n  crop: [a, b]\n", "wants one value"},
    {"data: 3\n", "wants words of its own"},
    {"- 1\n- 2\n", "a recipe has sections"},
    {"data: {kind: [\n", ":2:1:"},
    {"model:\n  layers:\n    - conv: 16\n      kernal: 3\n", ":4:7: unknown word 'kernal'; did you mean 'kernel'?"},
    {"model:\n  layers:\n    - conv: x\n", "want a number"},
};

static void test_values(void)
{
    struct recipe r, again;
    check(
        read_text(
            &r,
            "data: {kind: audio, classes: [yes, 'it''s'], test: 0.25}\n# a comment\ntrain:\n  rate: 1e-2\n"
            "model:\n  layers:\n    - conv: 16\n      kernel: 5\n      stride: 2\n    - dropout: 0.3\n    - flatten\n"),
        "a recipe is read");
    check(strcmp(r.data_kind, "audio") == 0 && r.data_classes.count == 2 &&
              strcmp(r.data_classes.list[1], "it's") == 0 && r.data_test == 0.25 && r.train_rate == 0.01 &&
              r.train_epochs == 60,
          "values, lists, defaults");
    check(r.layer_count == 3 && r.layers[0].filters == 16 && r.layers[0].kernel_w == 5 && r.layers[0].stride_h == 2 &&
              r.layers[1].rate == 0.3 && strcmp(r.layers[2].kind, "flatten") == 0,
          "layers");
    check(recipe_set(&r, "train.epochs=7", &arena, &diag) && r.train_epochs == 7, "--set a number");
    check(recipe_set(&r, "data.classes=[a, b, c]", &arena, &diag) && r.data_classes.count == 3, "--set a list");
    const char *text = recipe_write(&r, &arena);
    check(read_text(&again, text) && strcmp(recipe_write(&again, &arena), text) == 0 && again.train_epochs == 7 &&
              again.layer_count == 3,
          "written and read again");
    check(!recipe_set(&r, "train.epoch=7", &arena, &diag) && strstr(diag.text, "did you mean 'train.epochs'") != NULL,
          "--set an unknown word");
    diag = (struct diag){0};
    check(!recipe_set(&r, "train.epochs", &arena, &diag), "--set without a value");
}

int main(void)
{
    jmp_buf exhausted;
    arena_init(&arena, (size_t)1 << 26);
    arena.on_exhaustion = &exhausted;
    if (setjmp(exhausted) != 0) {
        printf("FAILED: out of memory\n");
        return 1;
    }
    struct recipe r;
    if (!read_text(&r, "data:\n") && strstr(diag.text, "built without") != NULL) {
        printf("skipped: %s\n", diag.text);
        return 77;
    }
    test_values();
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        check(!read_text(&r, wrong[i].text) && strstr(diag.text, wrong[i].error) != NULL, wrong[i].error);
    }
    arena_free(&arena);
    return failures > 0;
}
