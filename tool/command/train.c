/* SPDX-License-Identifier: MIT
 *
 * mote train RECIPE -o DIR
 *
 *     recipe -> data -> front-end -> features -> network -> int8 network -> front-end and network -> C and report
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../emit/emit.h"
#include "../quant/quant.h"
#include "../train/learn.h"
#include "../write/write.h"
#include "grade.h"
#include "heat.h"
#include "training.h"

enum { RECIPE, OUTPUT, DATA, SEED, SET, OPTION_COUNT };

static const struct usage usage = {
    .verb = "train",
    .about = "Makes a model from recordings, as a recipe says. DIR gets\n"
             "  model.tflite         the network in int8, as TensorFlow Lite Micro takes it\n"
             "  model_float.tflite   the same in float\n"
             "  device.tflite        recordings in, decision out: the front-end and the network\n"
             "  stream.tflite        the same for sound that never ends, where the recipe has board.every\n"
             "  c/                   that as C: cc -O2 -c c/*.c is the whole build\n"
             "  metrics.json         how good it is on recordings that it was not trained on\n"
             "  report.html          the same to look at\n"
             "  recipe.yaml          all that the recipe left open\n"
             "Ctrl-C stops it; the same command again goes on where it was.",
    .example = "mote train recipes/keyword.yaml --data recordings -o keyword --set train.epochs=100",
};

/*** The network in int8 ***/

/* As many as asked for, but fewer of a large network: each runs through several candidates on plain kernels. */
static int32_t sample_count(const struct graph *network, int32_t wanted)
{
    enum { LEAST = 24 };
    const double most_macs = 1e9;
    double macs = 1;
    for (int32_t i = 0; i < network->node_count; i++) {
        macs += (double)ir_macs(network, &network->nodes[i]);
    }
    const double most = most_macs / macs;
    return wanted <= LEAST || most >= wanted ? wanted : most > LEAST ? (int32_t)most : LEAST;
}

/* Examples that show the quantiser the ranges: training ones, spread evenly. */
static bool quantise(struct training *t, const struct train_set *set, struct diag *diag)
{
    static const struct {
        const char *name;
        enum quant_calibration calibration;
    } words[] = {{"best", QUANT_BEST},
                 {"minmax", QUANT_MINMAX},
                 {"percentile", QUANT_PERCENTILE},
                 {"mse", QUANT_MSE},
                 {"entropy", QUANT_ENTROPY}};
    const struct recipe *r = &t->lesson.recipe;
    const int32_t most = sample_count(&t->network, r->quantise_samples), count = set->count < most ? set->count : most;
    const float **samples = ARENA_ARRAY(t->arena, count + 1, const float *);
    for (int32_t i = 0; i < count; i++) {
        samples[i] = set->inputs + (size_t)((int64_t)i * set->count / count) * set->width;
    }
    struct quant_options o = {.scheme = QUANT_INT8};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i].name, r->quantise_calibration) == 0) {
            o.calibration = words[i].calibration;
        }
    }
    struct quant_range *ranges = ARENA_ARRAY(t->arena, t->network.tensor_count + 1, struct quant_range);
    for (int32_t i = 0; i < t->network.tensor_count && t->result.ranges != NULL; i++) {
        const struct train_range *from = &t->result.ranges[i];
        const bool is_seen = from->low < from->high;
        ranges[i] = is_seen ? (struct quant_range){from->low, from->high} : (struct quant_range){1, 0};
        o.ranges = ranges;
    }
    return quant_graph(&t->network, samples, count, &o, &t->quantised, &t->losses, diag);
}

/*** Files ***/

static bool write_model(struct training *t, const char *name, const struct graph *graph, struct diag *diag)
{
    const char *path = arena_printf(t->arena, "%s/%s", t->folder, name);
    const struct file file = write_tflite(graph, t->arena);
    return file_write(path, file.data, file.size, diag);
}

/*** Judging ***/

static bool is_autoencoder(const struct training *t)
{
    return t->lesson.recipe.layer_count == 0 && strcmp(t->lesson.recipe.model_name, "autoencoder") == 0;
}

static float find_error(const float *features, const float *given_back, size_t width)
{
    double sum = 0;
    for (size_t k = 0; k < width; k++) {
        sum += (double)(features[k] - given_back[k]) * (features[k] - given_back[k]);
    }
    return (float)(sum / (double)width);
}

/* The float network on the features of the test examples. */
static bool grade_float(struct training *t, struct diag *diag)
{
    const struct tensor *out = &t->network.tensors[t->network.outputs[0]];
    struct grade *g = &t->real;
    grade_begin(g, &t->lesson, SPLIT_TEST, t->arena);
    const size_t width = t->lesson.width;
    float *inputs = malloc((size_t)g->count * width * sizeof *inputs + 1);
    g->output_count = (size_t)ir_count(out);
    g->scores = ARENA_ARRAY(t->arena, (size_t)g->count * g->output_count + 1, float);
    g->classes = ir_dim(out, -1);
    g->height = g->width = 1;
    if (out->rank == 4) {
        g->height = out->dim[1];
        g->width = out->dim[2];
    }
    for (int32_t i = 0; i < g->count && inputs != NULL; i++) {
        memcpy(inputs + (size_t)i * width, t->lesson.features + (size_t)g->examples[i] * width, width * sizeof *inputs);
    }
    const bool ok = inputs != NULL && train_predict(&t->network, inputs, g->count, 0, g->scores, diag);
    free(inputs);
    if (ok && is_autoencoder(t)) {
        g->output_count = 1;
        for (int32_t i = 0; i < g->count; i++) {
            const float *features = t->lesson.features + (size_t)g->examples[i] * width;
            g->scores[i] = find_error(features, g->scores + (size_t)i * width, width) / t->limit;
        }
    }
    if (ok) {
        grade_figures(g, t->arena);
    }
    return ok;
}

static int64_t constant_bytes(const struct graph *g)
{
    int64_t bytes = 0;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        bytes += g->tensors[i].data != NULL ? ir_size(&g->tensors[i]) : 0;
    }
    return bytes;
}

/* Writes a model that is no network: what it learned is a float graph, which goes behind the front-end as it is; but a
 * forest in integers. */
static bool learn_at_once(struct training *t, struct diag *diag)
{
    const struct lesson *l = &t->lesson;
    const struct recipe *r = &l->recipe;
    int32_t *examples, groups[FRONT_MOST_GROUPS][2];
    const struct train_set set = training_set(t, SPLIT_TRAIN, &examples);
    const struct train_set held_out = training_set(t, SPLIT_VALIDATION, &examples);
    struct learn_options o = learn_defaults();
    t->train_inputs = (float *)(uintptr_t)set.inputs;
    t->validation_inputs = (float *)(uintptr_t)held_out.inputs;
    if (set.inputs == NULL || held_out.inputs == NULL || set.count == 0) {
        return diag_fail(diag, "there are %d examples to learn from", set.count);
    }
    o.trees = r->model_trees > 0 ? r->model_trees : o.trees;
    o.clusters = r->model_clusters > 0 ? r->model_clusters : o.clusters;
    o.group_count = front_groups(&l->front_options, &l->data.shape, (int32_t)l->width, groups);
    o.groups = (const int32_t(*)[2])groups;
    o.neighbours = r->model_neighbours > 0 ? r->model_neighbours : o.neighbours;
    o.class_weights = training_weights(t, false);
    o.seed = (uint64_t)r->train_seed;
    o.threads = r->train_threads;
    t->network = (struct graph){.arena = t->arena};
    const char *name = r->model_name;
    const bool ok = strcmp(name, "forest") == 0
                        ? learn_forest(&set, &l->shape, l->data.class_count, &o, &t->network, diag)
                    : strcmp(name, "neighbours") == 0
                        ? learn_neighbours(&set, &l->shape, l->data.class_count, &o, &t->network, diag)
                    : strcmp(name, "clusters") == 0 ? learn_clusters(&set, &l->shape, &o, &t->network, diag)
                                                    : learn_gaussian(&set, &held_out, &l->shape, &o, &t->network, diag);
    struct graph device, integers = {.arena = t->arena};
    const bool is_forest = strcmp(name, "forest") == 0;
    const struct graph *model = is_forest ? &integers : &t->network;
    if (!ok ||
        (is_forest && !learn_forest_integers(&t->network, &l->front.tensors[l->front.outputs[0]], &integers, diag))) {
        return false;
    }
    t->losses.bytes = constant_bytes(model); /* as the quantiser says it of networks */
    t->losses.float_bytes = constant_bytes(&t->network);
    return file_write(t->recipe_path, t->recipe_text, strlen(t->recipe_text), diag) &&
           front_stitch(&l->front, model, &device, diag) && detector_set_limit(t, &device, diag) &&
           write_model(t, "model_float.tflite", &t->network, diag) && write_model(t, "model.tflite", model, diag) &&
           write_model(t, "device.tflite", &device, diag);
}

/* The same front-end and network for sound as it comes, a decision on the last window every so often. */
static bool write_stream(struct training *t, struct diag *diag)
{
    const struct lesson *l = &t->lesson;
    struct graph front = {.arena = t->arena}, stream;
    const double every = l->recipe.board_every;
    return every <= 0 ||
           (front_build_stream(&l->front_options, front_stream_rows(&l->front_options, every), &front, diag) &&
            (l->mean == NULL || front_standardise(&front, l->mean, l->deviation, diag)) &&
            front_stitch_stream(&front, &t->quantised, &stream, diag) &&
            write_model(t, "stream.tflite", &stream, diag));
}

/* An autoencoder is to give back what it gets. */
static void set_targets(struct train_set *set)
{
    set->labels = NULL;
    set->targets = set->inputs;
    set->target_width = set->width;
}

/* Said before the hours of training: only sound comes in a stream, and only to networks that tell classes apart. */
static bool check_stream(const struct training *t, struct diag *diag)
{
    const struct lesson *l = &t->lesson;
    const enum front_kind kind = l->front_options.kind;
    if (l->recipe.board_every <= 0) {
        return true;
    }
    if (kind != FRONT_MEL && kind != FRONT_MFCC) {
        return diag_fail(diag, "board.every is for sound, by front.kind mel or mfcc");
    }
    const double window = (double)l->data.shape.dim[0] / l->front_options.rate;
    if (network_is_learned(&l->recipe) || is_autoencoder(t)) {
        return diag_fail(diag, "board.every: %s decides on whole windows; leave it out", l->recipe.model_name);
    }
    return l->recipe.board_every <= window - l->front_options.frame ||
           diag_fail(diag, "board.every is %g s; want less than data.window, %g", l->recipe.board_every, window);
}

static bool learn(struct training *t, struct diag *diag)
{
    if (network_is_learned(&t->lesson.recipe)) {
        return learn_at_once(t, diag);
    }

    struct lesson *l = &t->lesson;
    const bool is_map = l->data_options.kind == DATA_BOXES;
    const int32_t classes = is_autoencoder(t) ? 0 : l->data.class_count + is_map;
    int32_t *train_examples, *validation_examples;
    if (!network_build(t, classes, diag)) {
        return false;
    }
    struct train_set set = training_set(t, SPLIT_TRAIN, &train_examples);
    struct train_set validation = training_set(t, SPLIT_VALIDATION, &validation_examples);
    t->train_inputs = (float *)(uintptr_t)set.inputs;
    t->validation_inputs = (float *)(uintptr_t)validation.inputs;
    if (set.inputs == NULL || validation.inputs == NULL || set.count == 0) {
        return diag_fail(diag, "there are %d examples to train on", set.count);
    }
    const struct heat heat = training_heat(t, is_map);
    if (is_map) {
        training_set_maps(t, &heat, &set, train_examples);
        training_set_maps(t, &heat, &validation, validation_examples);
    }
    if (is_autoencoder(t)) {
        set_targets(&set);
        set_targets(&validation);
    }
    struct augment augment = {l, train_examples, &heat};
    training_settle_epochs(t, set.count);
    struct train_options o = training_options(t, classes, is_map, &augment);
    struct graph device;
    return training_run(t, &set, &validation, &o, diag) &&
           (!is_map || training_find_thresholds(t, &validation, validation_examples, diag)) &&
           quantise(t, &set, diag) &&
           (is_autoencoder(t) ? front_stitch_error : front_stitch)(&l->front, &t->quantised, &device, diag) &&
           detector_set_limit(t, &device, diag) && grade_float(t, diag) &&
           write_model(t, "model_float.tflite", &t->network, diag) &&
           write_model(t, "model.tflite", &t->quantised, diag) && write_model(t, "device.tflite", &device, diag) &&
           write_stream(t, diag);
}

static void print_data(const struct training *t)
{
    const struct dataset *d = &t->lesson.data;
    fprintf(stderr, "%d examples to train on, %d to decide when to stop, %d for the test; %d classes:",
            data_count(d, SPLIT_TRAIN, NO_LABEL), data_count(d, SPLIT_VALIDATION, NO_LABEL),
            data_count(d, SPLIT_TEST, NO_LABEL), d->class_count);
    for (int32_t i = 0; i < d->class_count && i < 20; i++) {
        fprintf(stderr, "%s %s", i > 0 ? "," : "", d->classes[i]);
    }
    fprintf(stderr, "%s\n", d->class_count > 20 ? ", ..." : "");
    if (data_count(d, SPLIT_TEST, NO_LABEL) == 0) {
        fprintf(stderr,
                "mote: nothing is left for the test, so that nothing will tell how good the model is; give more "
                "recordings, or a shorter data.window\n");
    }
}

static bool make_folder(const char *folder, struct diag *diag)
{
    struct stat info;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return diag_fail(diag, "%s: cannot make the folder: %s", folder, strerror(errno));
    }
    return (stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) || diag_fail(diag, "%s: is no folder", folder);
}

static bool train(struct session *s, void *context)
{
    struct training *t = context;
    struct lesson *l = &t->lesson;
    t->arena = &s->arena;
    if (!lesson_read_recipe(l, t->recipe, t->data, t->seed, t->sets, &s->arena, &s->diag) ||
        !network_check(&l->recipe, &s->arena, &s->diag) || !network_open(t, &s->diag) ||
        !make_folder(t->folder, &s->diag)) {
        return false;
    }
    if (!lesson_read_data(l, &s->arena, &s->diag)) {
        s->path = l->recipe.data_path;
        return false;
    }
    if (l->data.class_count < 2 && l->data_options.kind != DATA_BOXES && !lesson_is_detector(&l->recipe)) {
        s->path = l->recipe.data_path;
        return l->data.class_count == 0
                   ? diag_fail(&s->diag, "there are no labels to learn; see data.labels")
                   : diag_fail(&s->diag,
                               "there is one class, %s, and nothing to tell it from; see data.labels, data.classes",
                               l->data.classes[0]);
    }
    if (!check_stream(t, &s->diag)) {
        s->path = t->recipe;
        return false;
    }
    print_data(t);
    lesson_settle(l);
    t->checkpoint = arena_printf(&s->arena, "%s/checkpoint", t->folder);
    t->recipe_path = arena_printf(&s->arena, "%s/recipe.yaml", t->folder);
    t->recipe_text = recipe_write(&l->recipe, &s->arena);
    const char *device = arena_printf(&s->arena, "%s/device.tflite", t->folder);
    if (!lesson_make_features(l, &s->arena, &s->diag) || !learn(t, &s->diag)) {
        return false;
    }
    t->status = session_run(&(struct session_given){.path = device, .max_work = "0"}, training_finish, t);
    if (t->status == EXIT_OK) {
        unlink(t->checkpoint);
    }
    return true;
}

int command_train(int argc, char **argv)
{
    enum { MEMORY = 1 << 30 };
    const char *sets[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [RECIPE] = {.value = "RECIPE", .required = true, .help = "a recipe (.yaml)"},
        [OUTPUT] = {.name = "o", .value = "DIR", .required = true, .help = "folder to write; made if missing"},
        [DATA] = {.name = "data", .value = "DIR", .help = "recordings; default: data.path of the recipe"},
        [SEED] = {.name = "seed", .value = "N", .help = "where random numbers begin; default: train.seed"},
        [SET] = {.name = "set", .value = "KEY=VALUE", .list = sets, .help = "a word of the recipe; may be repeated"},
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    struct training *t = &(struct training){
        .recipe = options[RECIPE].text,
        .folder = options[OUTPUT].text,
        .data = options[DATA].text,
        .seed = options[SEED].text,
        .sets = sets,
    };
    status = session_alone((size_t)4 * MEMORY, train, t);
    lesson_free(&t->lesson);
    free(t->train_inputs);
    free(t->validation_inputs);
    file_close(&t->resumed);
    file_close(&t->base_file);
    file_close(&t->stream);
    return status != EXIT_OK ? status : t->status;
}
