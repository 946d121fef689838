/* SPDX-License-Identifier: MIT
 *
 * Training: a network is built by name or from a list of layers as a float graph, its weights are learned from examples,
 * and it leaves as an ordinary graph that every other stage takes.
 *
 * The same seed gives the same weights on one machine, however many threads there are and however they are timed.
 */
#ifndef TRAIN_H
#define TRAIN_H

#include "../ir/ir.h"

struct train_set {
    int32_t count;         /* examples */
    size_t width;          /* elements of one input: of the network's one input without the batch */
    const float *inputs;   /* count * width, NHWC, row-major */
    const int32_t *labels; /* count: class of each; or NULL */
    const float *targets;  /* count * target_width: what the output should be; NULL with labels. An autoencoder's are
                            * its inputs; a heat map's are, for the class of each cell, how much the cell counts, and 0
                            * for the others; class 0 is nothing */
    size_t target_width;
};

enum train_kind {
#define LAYER(name, text) TRAIN_##name,
#include "layer.def"
#undef LAYER
    TRAIN_LAYER_COUNT
};

/* One layer of a list; a field that is 0 takes the default named here. */
struct train_layer {
    enum train_kind kind;
    int32_t filters;            /* channels or units that come out */
    int32_t kernel_h, kernel_w; /* 3; of one-dimensional inputs [time, channels] kernel_h alone counts */
    int32_t stride_h, stride_w; /* 1; of pooling: the kernel */
    enum padding padding;       /* SAME */
    enum op activation;         /* OP_RELU, OP_RELU6, OP_TANH, OP_LOGISTIC, OP_HARD_SWISH; 0: RELU. */
    bool is_linear;             /* no activation */
    bool no_norm;               /* convolutions: a bias instead of batch normalisation */
    float rate;                 /* DROPOUT: share of values set to 0, default 0.2 */
    int32_t expansion;          /* BOTTLENECK: channels inside over channels that come in, 6 */
};

/* A named architecture, of which each takes the fields it names; or with `name` NULL the layers listed. */
struct train_model {
    const char *name; /* see train_architectures */
    const struct train_layer *layers;
    int32_t layer_count;
    int32_t filters, depth; /* channels of the first layer or units; blocks or layers */
    float width, dropout;   /* channels are multiplied by it, 1; before the head, 0 */
    int32_t outputs;        /* without classes: values that come out; of autoencoder: the bottleneck */
    int32_t kernel_h, kernel_w, stride_h, stride_w; /* of the first convolution */
    int32_t block_stride;                           /* ds_cnn: of the first block behind it, 1 */
    bool is_centred;                                /* the mean over time is taken off each band or channel first */
};

struct train_architecture {
    const char *name, *about; /* about: one line, what it is for and which fields it takes */
};

extern const struct train_architecture train_architectures[];
extern const int train_architecture_count;

/* Builds it for examples of the shape of `input` (without the batch) with random weights. classes > 0: a layer of that
 * many and SOFTMAX come last, after global pooling; "fomo": for each cell. Else the last layer listed is the output.
 * `graph` has its arena, else it is zeroed. */
bool train_build(const struct train_model *model, const struct tensor *input, int32_t classes, uint64_t seed,
                 struct graph *graph, struct diag *diag);

/* The layers of `base` before its last with weights, or up to the node named `cut`, then a new head for `classes`; of a
 * heat map, those that still have a cell for each eighth of the picture. `kept` is how many leading nodes come from `base`:
 * for options.frozen. Arena as above. */
bool train_transfer(const struct graph *base, const char *cut, int32_t classes, bool is_map, float dropout,
                    uint64_t seed, struct graph *graph, int32_t *kept, struct diag *diag);

/*** Learning ***/

enum train_loss { TRAIN_CROSS_ENTROPY, TRAIN_FOCAL, TRAIN_SQUARED };
enum train_optimizer { TRAIN_ADAMW, TRAIN_SGD };
/* Changes one example of `width` values in place, and its targets with it, NULL with labels; *random advances by
 * train_random. Runs in several threads at once. */
typedef void train_augment(void *context, float *example, size_t width, float *targets, int32_t index,
                           uint64_t *random);

uint64_t train_random(uint64_t *random);
float train_uniform(uint64_t *random); /* [0, 1) */
float train_normal(uint64_t *random);  /* mean 0, deviation 1 */

struct train_epoch {
    float loss, accuracy; /* of training, as it went; accuracy 0 without classes, of heat maps where something is */
    float validation_loss, validation_accuracy; /* 0 without a validation set */
    float rate;                                 /* of learning, at its end */
    double seconds;
};

struct train_report {
    int32_t epoch, epochs, batch, batches; /* epoch and batch done so far; batch == batches: an epoch ended */
    const struct train_epoch *now;         /* so far in this epoch; validation at its end only */
    double seconds;                        /* since training began or resumed */
    bool is_best;
};

/* After every batch, in the caller's thread. Returns false to stop; what was learned can be resumed. */
typedef bool train_progress(void *context, const struct train_report *report);

struct train_options {
    enum train_loss loss;
    enum train_optimizer optimizer;
    float rate;         /* of learning, after warm-up; falls to 0 along a cosine */
    bool constant_rate; /* it does not fall */
    float warm_up;      /* epochs in which it rises from 0; at most 250 batches */
    float momentum;     /* of SGD */
    float weight_decay; /* of weights, not of biases and normalisation */
    float clip;         /* largest norm of the gradient of all weights; 0: any */
    float average;      /* epochs over which weights are averaged: the mean is what is validated and kept; 0: none */
    int32_t batch, epochs;
    int32_t patience;             /* epochs without a better validation before stopping; 0: never */
    const float *class_weights;   /* one for each class; NULL: 1 */
    float label_smoothing, mixup; /* share of other classes; alpha of the beta distribution. 0: none */
    float focal_gamma;            /* of TRAIN_FOCAL */
    train_augment *augment;
    void *augment_context;
    bool normalise; /* inputs; for new networks, not for those that were trained before */
    bool counters; /* inputs are counters, most of them 0: each keeps its deviation, or what is rare would count most */
    int32_t frozen;    /* leading nodes whose weights stay */
    int32_t quantised; /* last epochs that see 8-bit weights and activations: quantisation-aware training */
    uint64_t seed;
    int32_t threads; /* 0: one for each core */
    train_progress *progress;
    void *progress_context;
    const char *checkpoint; /* path: written after every epoch, and when stopped; NULL: nowhere */
    struct file resume;     /* a checkpoint, for the same graph, examples and options; size 0: from the beginning */
};

struct train_options train_defaults(void);

struct train_range {
    float low, high; /* of a tensor's values in quantisation-aware training; both 0: not seen */
};

struct train_result {
    struct train_epoch *epochs; /* in the graph's arena */
    int32_t epoch_count, best;
    bool is_stopped;            /* by progress; the graph has the best weights so far */
    struct train_range *ranges; /* one for each tensor of the trained graph; NULL without options.quantised */
};

/* Trains the weights of the graph in place: the best by validation, else the last. What is for training only
 * (BATCH_NORM, DROPOUT) folds into the other layers. validation may be NULL. */
bool train_network(struct graph *graph, const struct train_set *train, const struct train_set *validation,
                   const struct train_options *options, struct train_result *result, struct diag *diag);

/* The outputs for `count` inputs of a float graph, trained or not; many times faster than an invoke for each. */
bool train_predict(const struct graph *graph, const float *inputs, int32_t count, int32_t threads, float *outputs,
                   struct diag *diag);

#endif
