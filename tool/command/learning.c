/* SPDX-License-Identifier: MIT
 *
 * A network learns, as the recipe says: progress on stderr, Ctrl-C, and going on from where it was.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heat.h"
#include "training.h"

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

static void print_time(FILE *to, double seconds)
{
    const long s = lround(seconds);
    if (s >= 60) {
        fprintf(to, "%ld min ", s / 60);
    }
    fprintf(to, "%ld s", s % 60);
}

static void print_progress(struct training *t, const struct train_report *p)
{
    const bool is_terminal = isatty(STDERR_FILENO) != 0, is_end = p->batch == p->batches;
    const double done = p->epoch + (double)p->batch / p->batches;
    if (t->first_done < 0) {
        t->first_done = done;
    }
    if ((!is_terminal && !is_end) || (is_terminal && !is_end && p->seconds - t->shown < 0.1)) {
        return;
    }
    t->shown = p->seconds;
    const double part = done - t->first_done;
    fprintf(stderr, "%sepoch %d of %d  loss %.4f", is_terminal ? "\r" : "", p->epoch + 1, p->epochs,
            (double)p->now->loss);
    if (p->now->accuracy > 0) {
        fprintf(stderr, "  accuracy %.3f", (double)p->now->accuracy);
    }
    if (is_end && p->now->validation_loss > 0) {
        fprintf(stderr, "  validation %.4f %.3f%s", (double)p->now->validation_loss,
                (double)p->now->validation_accuracy, p->is_best ? " best" : "");
    }
    if (part > 0) {
        fprintf(stderr, "  ");
        print_time(stderr, p->seconds / part * (p->epochs - done));
        fprintf(stderr, " left");
    }
    fprintf(stderr, is_terminal ? "\033[K" : "\n");
}

static bool show_progress(void *context, const struct train_report *p)
{
    print_progress(context, p);
    return !is_interrupted;
}

static enum train_loss find_loss(const struct recipe *r, bool is_reconstruction)
{
    return strcmp(r->train_loss, "focal") == 0     ? TRAIN_FOCAL
           : strcmp(r->train_loss, "squared") == 0 ? TRAIN_SQUARED
           : is_reconstruction                     ? TRAIN_SQUARED
                                                   : TRAIN_CROSS_ENTROPY;
}

struct train_options training_options(struct training *t, int32_t classes, bool is_map, struct augment *augment)
{
    const struct recipe *r = &t->lesson.recipe;
    struct train_options o = train_defaults();
    o.loss = find_loss(r, classes == 0);
    o.optimizer = strcmp(r->train_optimizer, "sgd") == 0 ? TRAIN_SGD : TRAIN_ADAMW;
    o.rate = (float)r->train_rate;
    o.warm_up = (float)r->train_warm_up;
    o.momentum = (float)r->train_momentum;
    o.weight_decay = (float)r->train_weight_decay;
    o.clip = (float)r->train_clip;
    o.average = (float)r->train_average;
    o.batch = r->train_batch;
    o.epochs = r->train_epochs;
    o.patience = r->train_patience;
    o.class_weights = classes > 0 && !is_map ? training_weights(t, false) : NULL;
    o.label_smoothing = (float)r->train_label_smoothing;
    o.mixup = (float)r->train_mixup;
    o.focal_gamma = (float)r->train_focal_gamma;
    o.quantised = r->train_quantised < r->train_epochs ? r->train_quantised : r->train_epochs - 1;
    o.frozen = r->train_frozen ? t->kept : 0;
    o.normalise = t->kept == 0; /* what was trained before has its own idea of inputs */
    o.counters = t->lesson.front_options.kind == FRONT_HASH;
    o.augment = augment_features;
    o.augment_context = augment;
    o.seed = (uint64_t)r->train_seed;
    o.threads = r->train_threads;
    o.progress = show_progress;
    o.progress_context = t;
    o.checkpoint = t->checkpoint;
    return o;
}

void training_settle_epochs(struct training *t, int32_t examples)
{
    struct recipe *r = &t->lesson.recipe;
    double macs = 1;
    for (int32_t i = 0; i < t->network.node_count; i++) {
        macs += (double)ir_macs(&t->network, &t->network.nodes[i]);
    }
    const double most = fmax(1, floor(r->train_work * 1e12 / (macs * examples)));
    if (r->train_work > 0 && most < r->train_epochs) {
        fprintf(stderr, "%d epochs in place of %d, as train.work is %g\n", (int32_t)most, r->train_epochs,
                r->train_work);
        r->augment_share *= most / r->train_epochs;
        r->train_epochs = (int32_t)most;
        t->recipe_text = recipe_write(r, t->arena);
    }
}

/* Whether DIR holds a checkpoint of the same recipe. */
static void find_checkpoint(struct training *t)
{
    struct diag none = {0};
    struct file recipe = {0};
    if (access(t->checkpoint, R_OK) != 0 || !file_open(&recipe, t->recipe_path, &none)) {
        return;
    }
    const bool is_same = recipe.size == strlen(t->recipe_text) && memcmp(recipe.data, t->recipe_text, recipe.size) == 0;
    file_close(&recipe);
    if (is_same && file_open(&t->resumed, t->checkpoint, &none)) {
        fprintf(stderr, "mote: going on from %s\n", t->checkpoint);
    } else {
        fprintf(stderr, "mote: %s is of another recipe; beginning anew\n", t->checkpoint);
    }
}

bool training_run(struct training *t, const struct train_set *set, const struct train_set *validation,
                  struct train_options *o, struct diag *diag)
{
    struct sigaction action = {.sa_handler = interrupt}, before, before_term;
    find_checkpoint(t);
    if (!file_write(t->recipe_path, t->recipe_text, strlen(t->recipe_text), diag)) {
        return false;
    }
    o->resume = t->resumed;
    sigaction(SIGINT, &action, &before);
    sigaction(SIGTERM, &action, &before_term);
    t->first_done = -1;
    const bool ok = train_network(&t->network, set, validation->count > 0 ? validation : NULL, o, &t->result, diag);
    sigaction(SIGINT, &before, NULL);
    sigaction(SIGTERM, &before_term, NULL);
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\n");
    }
    if (ok && is_interrupted) {
        return diag_fail(diag, "stopped after %d epochs; the same command goes on from here", t->result.epoch_count);
    }
    return ok;
}

bool training_find_thresholds(struct training *t, const struct train_set *validation, const int32_t *examples,
                              struct diag *diag)
{
    const struct tensor *map = &t->network.tensors[t->network.outputs[0]];
    float *scores = ARENA_ARRAY(t->arena, (size_t)validation->count * (size_t)ir_count(map) + 1, float);
    if (!train_predict(&t->network, validation->inputs, validation->count, 0, scores, diag)) {
        return false;
    }
    const struct heat_maps maps = {scores, examples, validation->count, map->dim[1], map->dim[2], map->dim[3]};
    heat_settle(&t->lesson, &maps, t->arena);
    t->recipe_text = recipe_write(&t->lesson.recipe, t->arena);
    return file_write(t->recipe_path, t->recipe_text, strlen(t->recipe_text), diag);
}
