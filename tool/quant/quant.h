/* SPDX-License-Identifier: MIT
 *
 * Post-training quantisation: a float graph, and inputs it is to work on, become a graph of integers that TensorFlow
 * Lite's kernels define.
 *
 *     prepare    weights of hybrid models as floats, batch norm and activations into the operators before them
 *     observe    run it on all samples, look at each tensor
 *     equalise   scale channels against each other, where the result stays the same
 *     build      ranges to scales, weights to integers, conversions where an operator stays float
 *     measure    run the result on the samples, hold each tensor against the float graph's
 *
 * Which operators become what is in quant_ops.def.
 */
#ifndef QUANT_H
#define QUANT_H

#include "../ir/ir.h"

enum quant_scheme {
    QUANT_INT8,    /* int8 activations and weights */
    QUANT_INT16X8, /* int16 activations, int8 weights */
    QUANT_INT4,    /* int8 activations, int4 weights where that costs little, else int8 */
};

/* How the range of an activation follows from what was seen. */
enum quant_calibration {
    QUANT_BEST,       /* of the others, what leaves the outputs nearest to the float graph's */
    QUANT_MINMAX,     /* all of it */
    QUANT_PERCENTILE, /* all but 1 value of 10,000 at either end */
    QUANT_MSE,        /* the least squared error */
    QUANT_ENTROPY,    /* the least Kullback-Leibler divergence */
};

struct quant_range {
    float low, high; /* low > high: none */
};

struct quant_options {
    enum quant_scheme scheme;
    enum quant_calibration calibration;
    bool float_io; /* inputs and outputs stay float */
    bool portable; /* one scale for a dense layer's weights, which old runtimes need */
    bool plain;    /* neither equalise channels, nor correct biases, nor choose scales of weights */
    /* [tensor of the float graph]: ranges that are settled, as training with fake quantisation had them; or NULL */
    const struct quant_range *ranges;
    void (*progress)(void *context, int64_t done, int64_t total); /* samples run; or NULL */
    void *context;
};

/* What became of an operator. */
struct quant_layer {
    const char *name;
    enum op op;
    int32_t index;       /* in the model file */
    enum type type;      /* of its output */
    int32_t weight_bits; /* 0: it has no weights */
    double sqnr;         /* dB, signal to quantisation noise of its output, that of all before it included */
    double loss;         /* dB less than the worst of its inputs has */
    const char *reason;  /* why it stayed float; NULL: it did not */
};

struct quant_report {
    struct quant_layer *layers; /* in the order they run */
    int32_t layer_count;
    double sqnr;                        /* dB, at the graph's outputs */
    enum quant_calibration calibration; /* what was taken */
    bool is_equalised;
    int64_t float_bytes, bytes; /* of constants, before and after */
};

/* `calibration`: per sample all inputs back to back, as floats, inputs of other types converted to them. `out` and the
 * report live in the arena of `real`, which stays as it is. */
bool quant_graph(const struct graph *real, const float *const *calibration, int32_t count,
                 const struct quant_options *options, struct graph *out, struct quant_report *report,
                 struct diag *diag);

struct quant_noise {
    double signal, noise; /* sums of squares */
};

double quant_decibel(struct quant_noise n);

/* The noise of all outputs of a quantised graph together, the float graph's being the signal. */
bool quant_compare(const struct graph *real, const struct graph *quantised, const float *const *samples, int32_t count,
                   struct quant_noise *noise, struct diag *diag);

const char *quant_calibration_text(enum quant_calibration calibration);

/*** Numbers, also for training with fake quantisation ***/

struct quant_params {
    float scale;
    int32_t zero_point;
};

/* The parameters that cover a range, and 0 exactly: all 256 steps for int8, symmetric for int16. */
struct quant_params quant_from_range(struct quant_range range, enum type type);

/* There and back: what a value becomes. */
float quant_fake(float value, struct quant_params params, enum type type);

/* The scale of weights whose greatest magnitude this is: symmetric, without the least value of the type. Never 0. */
float quant_weight_scale(float greatest, int bits);

/* Weights there and back, a scale for each index of `axis` of the tensor. */
void quant_fake_weights(const struct tensor *shape, int32_t axis, int bits, const float *weights, float *fake);

#endif
