/* SPDX-License-Identifier: MIT
 *
 * What the parts of quantisation share.
 */
#ifndef QUANT_WORK_H
#define QUANT_WORK_H

#include "quant.h"

/*** Numbers ***/

int32_t quant_to_int(float value, struct quant_params params, enum type type);
int32_t quant_weight_to_int(float value, float scale, int bits);

/* A tensor seen as [outer][count][inner] round one of its axes. */
struct quant_channels {
    int32_t count;
    int64_t outer, inner;
};

struct quant_channels quant_channels(const struct tensor *t, int32_t axis);
float quant_channel_most(const struct quant_channels *c, const float *values, int32_t channel); /* magnitude */

/*** Rules: quant_ops.def ***/

enum quant_rule {
    RULE_NONE,    /* stays float */
    RULE_WEIGHTS, /* constant weights with a scale for each channel, bias of 32 bits or 64 */
    RULE_FREE,    /* inputs and output have scales of their own */
    RULE_SAME,    /* inputs and outputs have one scale */
    RULE_FIXED,   /* the output's scale is given */
    RULE_LSTM,    /* constant weights, a hidden and a cell state: lstm.c */
};

struct quant_op {
    enum quant_rule rule;
    struct quant_params fixed; /* int8; int16 is 1 / 32768 */
    bool has_s8, has_s16;      /* activations */
    bool has_s4;               /* weights */
};

const struct quant_op *quant_op(enum op op);

/* Where an operator with RULE_WEIGHTS has what. */
struct quant_ports {
    int input, weights, bias;
    int32_t axis; /* of the weights: which has a scale for each index */
};

struct quant_ports quant_ports(enum op op);

/*** Samples ***/

struct quant_samples {
    const float *const *data; /* per sample all inputs back to back */
    int32_t count;
    const struct quant_options *options;
    int64_t done, total; /* for the progress */
};

/*** Observing ***/

enum { QUANT_BINS = 2048 };

/* What a float tensor was on all samples. */
struct quant_stat {
    bool is_seen;
    float low, high;
    uint32_t *bins; /* [QUANT_BINS] over [low, high] */
    int32_t channel_count;
    float *most; /* [channel], the last axis: greatest magnitude */
    double *mean, *square;
};

/* A graph, planned so that every tensor can be looked at after an invoke. */
struct quant_watch {
    struct graph graph;
    struct runner *runner;
    struct plan *plan;
    int32_t *output_of; /* [tensor]: number of the output; -1: none */
    uint8_t *in, *out;
    const uint8_t **values; /* [tensor]: its bytes after an invoke; NULL: none, or a constant */
};

/* With `all` every tensor can be looked at, else the outputs only. Memory from the graph's arena. */
bool quant_watch_init(struct quant_watch *watch, const struct graph *g, bool all, struct diag *diag);

/* Runs one sample. */
void quant_watch_run(struct quant_watch *watch, const float *sample);

/* Room for the values of any tensor. */
float *quant_watch_room(const struct quant_watch *watch);

/* Values of a watched tensor as reals. */
void quant_watch_real(const struct quant_watch *watch, int32_t tensor, float *values);

/* Statistics of all float tensors of the graph, [tensor]. */
bool quant_observe(const struct graph *g, struct quant_samples *samples, struct quant_stat *stats, struct diag *diag);

enum { QUANT_LSTM_CELL = 19 }; /* the input that is its cell state */

/* Adds to what was seen of an LSTM's cell state, which no output shows. `in`, `out`: its values in one run. */
void quant_look_at_cells(const struct graph *g, const struct node *n, const float *in, const float *out,
                         struct quant_stat *cell);

/* Whether it is made of constant floats, and of what lstm.c knows. */
bool quant_is_plain_lstm(const struct graph *g, const struct node *n);

/* One sample more, for whoever waits. */
void quant_step(struct quant_samples *samples);

/*** Calibrating ***/

struct quant_range quant_calibrate(const struct quant_stat *stat, enum quant_calibration how, enum type type);

/*** Preparing ***/

bool quant_prepare(const struct graph *real, struct arena *arena, struct graph *g, struct diag *diag);

/* Padding as TensorFlow Lite has it. */
void quant_spell_padding(struct graph *g);

/* States for LSTMs that have none, since they begin each run anew. */
void quant_give_states(struct graph *g);

/* Scales channels of convolutions and dense layers against each other, by what was seen of them. The graph computes the
 * same. Returns whether it changed. */
bool quant_equalise(struct graph *g, const struct quant_stat *stats);

/* Makes masks in front of softmax no smaller than they need to be, by what was seen of what they mask. Returns whether
 * the graph changed, which computes nearly the same. */
bool quant_soften_masks(struct graph *g, const struct quant_stat *stats);

/*** Building ***/

struct quant_plan {
    const struct graph *g; /* prepared */
    const struct quant_stat *stats;
    const struct quant_options *options;
    enum quant_calibration calibration;
    int32_t given_count; /* tensors that options->ranges is about */
    const int32_t
        *leader;     /* [node]: the first of those that have the same weights and bias; itself: there are no others */
    const int *bits; /* [node]: of the weights, where a leader is concerned */
    const char **reason; /* [node]: why it stays float; NULL: it does not. Filled in */
};

/* The graph of integers, tensors under the numbers that they have in `g`. */
bool quant_build(const struct quant_plan *plan, struct arena *arena, struct graph *out, struct diag *diag);

/*** Searching ***/

/* A float graph that computes what the model computes, and what was seen of it. */
struct quant_candidate {
    struct graph g;
    struct quant_stat *stats;
    const char **reason; /* [node]: why it stayed float when it was built last */
    int32_t *leader;     /* [node]: the first with the same weights and bias, such as the same layer a step before */
    int *bits;           /* [node]: of its weights, if it is its own leader */
};

struct quant_work {
    const struct graph *real;
    const struct quant_options *options;
    struct quant_samples samples;
    struct arena arena; /* for all but the result */
    struct quant_candidate plain, equalised;
    bool has_equalised;
};

bool quant_build_one(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, struct graph *out,
                     struct diag *diag);

/* How much noise is at the outputs, over some of the samples. */
bool quant_try(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, int32_t samples,
               struct quant_noise *noise, struct diag *diag);

/* Prepares and observes; which graph and which calibration leave the outputs nearest. */
bool quant_find_best(struct quant_work *w, struct quant_candidate **best, enum quant_calibration *how,
                     struct diag *diag);

/* Sets the bits of layers to 4 where that costs little. */
bool quant_narrow(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, struct diag *diag);

/* The graph with all that it points to in another arena, without tensors that are not used. */
struct graph quant_keep(const struct graph *made, struct arena *arena);

/*** Measuring ***/

/* The noise of every tensor that both graphs have under one number, [tensor]; and of all outputs together. With `all`
 * false, of the outputs only. */
bool quant_measure(const struct graph *g, const struct graph *quantised, bool all, struct quant_samples *samples,
                   struct quant_noise *tensors, struct quant_noise *outputs, struct diag *diag);

#endif
