/* SPDX-License-Identifier: MIT
 *
 * A recipe: one YAML file that says data, front-end, model, training and board. recipe.def lists its words.
 *
 *     data:
 *       kind: audio
 *       path: recordings
 */
#ifndef RECIPE_H
#define RECIPE_H

#include "../base/base.h"

struct recipe_words {
    const char **list;
    int32_t count;
};

/* An entry of model.layers: `conv: 16`, then kernel, stride and so on. Fields that were not given are 0. */
struct recipe_layer {
    const char *kind;
    int32_t filters, kernel_h, kernel_w, stride_h, stride_w, expansion;
    double rate;
    bool valid, linear, no_norm;
    const char *activation;
    int line;
};

struct recipe {
    const char *path;
    int line; /* of model.layers */
    struct recipe_layer *layers;
    int32_t layer_count;
#define NUMBER double
#define WHOLE int32_t
#define SWITCH bool
#define TEXT const char *
#define CHOICE const char *
#define WORDS struct recipe_words
#define FIELD(section, name, kind, ...) kind section##_##name;
#include "recipe.def"
#undef FIELD
#undef NUMBER
#undef WHOLE
#undef SWITCH
#undef TEXT
#undef CHOICE
#undef WORDS
};

/* Fills in the defaults. */
void recipe_init(struct recipe *recipe);

/* Reads a file on top of what is there. Errors name line and column and the nearest word. */
bool recipe_read(struct recipe *recipe, const char *path, struct arena *arena, struct diag *diag);

/* "train.epochs=20": as if it stood in the file. */
bool recipe_set(struct recipe *recipe, const char *assignment, struct arena *arena, struct diag *diag);

/* All of it as YAML, defaults included, that recipe_read takes. */
char *recipe_write(const struct recipe *recipe, struct arena *arena);

/* All words with what they mean, for --help. Ends with NULL. */
const char *const *recipe_help(struct arena *arena);

#endif
