/* SPDX-License-Identifier: MIT
 *
 * Recordings and recipes: the first byte says as what kind of file the rest is read, from a folder in memory. Pictures
 * and sound are decoded by libraries; what they take apart is theirs, what comes of it is ours.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tool/data/data.h"
#include "../tool/recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 1 << 24, LIMIT = 1 << 26 };

static const struct kind {
    enum data_kind kind;
    const char *name;
} kinds[] = {
    {DATA_TABLE, "x.csv"}, {DATA_SENSOR, "x.csv"}, {DATA_SENSOR, "x.npy"}, {DATA_TEXT, "x.tsv"},
    {DATA_IMAGE, "x.idx"}, {DATA_IMAGE, "x.bmp"},  {DATA_IMAGE, "x.png"},  {DATA_IMAGE, "x.jpg"},
    {DATA_AUDIO, "x.wav"}, {DATA_BOXES, "x.json"}, {DATA_TABLE, "x.yaml"}, /* the last: a recipe */
};

static char folder[64]; /* of one run */

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "%s/mote_fuzz_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL) {
        abort();
    }
}

static void write_bytes(const char *path, const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0) {
        abort();
    }
}

/* The file in two folders, which are two classes. */
static void read_recordings(const struct kind *kind, const uint8_t *bytes, size_t size, struct arena *arena)
{
    static const char *const classes[] = {"a", "b"};
    char path[2][256], below[2][96];
    struct dataset data = {0};
    struct diag diag = {0};
    for (int i = 0; i < 2; i++) {
        snprintf(below[i], sizeof below[i], "%s/%s", folder, classes[i]);
        mkdir(below[i], 0700);
        snprintf(path[i], sizeof path[i], "%s/%s", below[i], kind->name);
        write_bytes(path[i], bytes, size);
    }
    const struct data_options options = {.kind = kind->kind,
                                         .path = folder,
                                         .test = 0.2,
                                         .validation = 0.2,
                                         .rate = kind->kind == DATA_AUDIO ? 8000 : 0,
                                         .window = kind->kind == DATA_AUDIO,
                                         .width = 8,
                                         .height = 8,
                                         .channels = 1,
                                         .length = 32,
                                         .memory = MEMORY};
    jmp_buf exhausted;
    arena->on_exhaustion = &exhausted;
    if (setjmp(exhausted) == 0) {
        data_read(&options, &data, arena, &diag);
    }
    data_free(&data);
    for (int i = 0; i < 2; i++) {
        remove(path[i]);
        rmdir(below[i]);
    }
}

static void read_recipe(const uint8_t *bytes, size_t size, struct arena *arena)
{
    char path[96];
    struct recipe recipe;
    struct diag diag = {0};
    jmp_buf exhausted;
    snprintf(path, sizeof path, "%s/recipe.yaml", folder);
    write_bytes(path, bytes, size);
    arena->on_exhaustion = &exhausted;
    if (setjmp(exhausted) == 0) {
        recipe_init(&recipe);
        if (recipe_read(&recipe, path, arena, &diag)) {
            recipe_write(&recipe, arena);
        }
    }
    remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const struct kind *kind = &kinds[data[0] % COUNT_OF(kinds)];
    struct arena arena;
    arena_init(&arena, LIMIT);
    make_folder();
    if (kind == &kinds[COUNT_OF(kinds) - 1]) {
        read_recipe(data + 1, size - 1, &arena);
    } else {
        read_recordings(kind, data + 1, size - 1, &arena);
    }
    rmdir(folder);
    arena_free(&arena);
    return 0;
}
