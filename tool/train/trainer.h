/* SPDX-License-Identifier: MIT
 *
 * Inside training: a run over the examples, epoch by epoch.
 */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "engine.h"

/* What a batch or a set came to. Sums are added in the order of slices. */
struct tally {
    double loss;
    int64_t correct, count; /* rows with a label or a class, those that were right */
};

/* (x - mean) * inverse for each input: so a new network sees values around 0. NULL: as they are. */
struct scaling {
    float *mean, *inverse;
};

/* What is saved besides vectors of weights; plain numbers. */
struct progress {
    uint64_t step;         /* batches so far, in this phase */
    int32_t phase;         /* 1: quantisation-aware */
    int32_t start;         /* epochs done when the phase began */
    int32_t epoch, batch;  /* done */
    int32_t best;          /* epoch of this phase; -1: none yet */
    int32_t range_batches; /* how many batches the ranges have seen */
    struct tally tally;    /* of this epoch so far */
    double seconds;        /* of this epoch so far */
};

struct trainer {
    const struct train_options *options;
    const struct train_set *train, *validation;
    struct graph *graph;
    struct arena arena; /* all of this phase */
    struct engine engine;
    struct threads *threads;
    struct scaling scaling;
    struct progress at;
    uint64_t fingerprint;       /* of graph, examples and options: a checkpoint belongs to them */
    struct train_epoch *epochs; /* options->epochs */
    int32_t batches;            /* in an epoch */
    int32_t slices;             /* most in a batch */
    int32_t outputs;            /* values of the network's output, and classes: of its last dim */
    int32_t classes;
    int32_t *order;             /* of examples in this epoch */
    float *grads;               /* for each slice, weight_count */
    float *grad;                /* their sum */
    float *moment, *square;     /* of the optimiser */
    float *average;             /* of the weights over the last epochs; NULL: none */
    float *paces;               /* of each parameter: its share of the learning rate */
    float *best;                /* weights of the best epoch */
    float *quantised;           /* weights as 8 bits see them; NULL: not now */
    struct train_range *ranges; /* of tensors, and as seen by each slice */
    struct train_range *seen;
    struct tally *tallies;          /* of slices */
    struct sample *samples;         /* of each thread */
    double *norms;                  /* of pieces of the gradient */
    const struct train_set *scored; /* being evaluated */
    int32_t first, count;           /* examples of the batch, in the order */
};

/*** sample.c ***/

/* What a slice should say. */
struct sample {
    float *targets; /* for each example, trainer.outputs */
    float *weights; /* of each row of them */
    float *spare;   /* room for an example with targets and weights */
};

/* Fills a slice with examples order[first, first + count). */
struct sample sample_fill(struct trainer *t, struct engine_slice *s, int32_t thread, int32_t first);

/* With examples [first, first + count) of the set being scored, as they are. */
struct sample sample_take(struct trainer *t, struct engine_slice *s, int32_t thread, int32_t first);

void sample_shuffle(struct trainer *t);
uint64_t sample_seed(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/*** loss.c ***/

bool loss_check(const struct trainer *t, const struct train_set *set, struct diag *diag);

/* The loss of a slice, and if it is one to learn from the gradient at the output, over `batch` examples. */
struct tally loss_find(const struct trainer *t, struct engine_slice *s, struct sample sample, int32_t batch);

/*** optimise.c ***/

float optimise_rate(const struct trainer *t);

/* Adds the gradients of slices and takes a step. */
void optimise_step(struct trainer *t, int32_t slices);

/*** scaling.c ***/

void scaling_find(struct trainer *t);
void scaling_apply(const struct scaling *scaling, size_t width, float *example);

/* Into the first layer's weights. */
void scaling_fold(const struct trainer *t, float *weights);

/*** quantise.c ***/

void quantise_begin(struct trainer *t);               /* weights as 8 bits see them; before each batch */
void quantise_end(struct trainer *t, int32_t slices); /* what slices saw widens or narrows the ranges */

/*** checkpoint.c ***/

void checkpoint_find_fingerprint(struct trainer *t);
bool checkpoint_write(struct trainer *t, struct diag *diag);

/* The phase of options->resume, to begin with; 0 without. The rest follows once the trainer is set up for it. */
bool checkpoint_find_phase(struct trainer *t, int32_t *phase, struct diag *diag);
bool checkpoint_read(struct trainer *t, struct diag *diag);

/*** fold.c ***/

/* BATCH_NORM into the layer before it, DROPOUT away. */
bool fold_graph(struct graph *graph, struct diag *diag);

#endif
