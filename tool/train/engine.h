/* SPDX-License-Identifier: MIT
 *
 * Inside training: the graph as a list of layers that go forwards and backwards over a slice of a batch.
 *
 * A batch is cut into slices of a few examples whose values stay in a core's cache; one thread takes a slice all the way
 * forwards and backwards. Each slice has gradients of its own, which are added in the order of the slices: so sums do
 * not depend on which thread was first. Batch normalisation takes the statistics of a slice.
 */
#ifndef TRAIN_ENGINE_H
#define TRAIN_ENGINE_H

#include "train.h"

enum { ENGINE_ALIGN = 64 };

/* Loops over channels in copies for wider vector units; the one to run is chosen when the program starts. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
#define ENGINE_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ENGINE_SIMD
#endif

/* Constants that training changes. */
struct engine_param {
    int32_t tensor;
    size_t offset, count; /* in the vector of all weights */
    int32_t channels;     /* of 8-bit weights: scales; 0: not quantised */
    bool channels_last;   /* the channel is the last dim, else the first */
    bool decays, is_frozen;
    bool is_statistic; /* of normalisation: not learned, but measured */
};

/* How a window moves over an image. */
struct engine_window {
    int32_t in_h, in_w, in_c, out_h, out_w, out_c, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, top, left;
};

/* Sixteen neighbouring channels at once. */
typedef float engine_lanes __attribute__((vector_size(64), aligned(4), may_alias));
enum { ENGINE_LANES = 16 };

struct engine_layer;
struct engine_slice;

typedef bool engine_prepare(struct engine_layer *l, struct diag *diag);
typedef void engine_step(const struct engine_layer *l, struct engine_slice *s);

/* An operator that can be trained through. backward() gets the gradient of each output in grad[] and may destroy it;
 * it overwrites that of the inputs and adds to that of the weights. */
struct engine_op {
    enum op op;
    engine_prepare *prepare; /* checks, fills `window`, asks for scratch and saved memory */
    engine_step *forward, *backward;
};

struct engine_layer {
    const struct engine_op *op;
    const struct node *node;
    const struct graph *graph;
    struct engine *engine;
    int32_t index;
    enum activation activation; /* fused, of output 0 */
    struct engine_window window;
    int32_t images;  /* that one example has; normally 1 */
    size_t rows;     /* of one example, for what works on rows of the last dim */
    int32_t depth;   /* elements of such a row */
    size_t scratch;  /* floats that forward or backward need */
    size_t saved;    /* floats that backward needs from forward, for a whole slice */
    size_t saved_at; /* where they are */
    int32_t *map;    /* of what moves elements: for each output, which input each element is; -1: none */
    bool runs_back;  /* something before or in it learns */
};

struct engine_tensor {
    size_t count;        /* elements of one example */
    int32_t param;       /* index; -1: no weights that are learned */
    bool has_grad;       /* of a computed tensor */
    int32_t last_reader; /* the last layer that reads it: the first to set its gradient; -1: none */
    int32_t writer;      /* layer; -1: none */
    size_t value, grad;  /* offsets in floats of one example in a workspace */
    bool is_quantised;   /* gets 8 bits in quantisation-aware training */
};

struct engine {
    const struct graph *graph;
    struct arena *arena; /* of the engine itself */
    struct engine_layer *layers;
    int32_t layer_count;
    struct engine_tensor *tensors;
    struct engine_param *params;
    int32_t param_count;
    size_t weight_count;
    float *weights;                                         /* all of them, one after the other */
    const float *quantised;                                 /* weights as 8 bits see them; NULL: not */
    struct train_range *ranges;                             /* of each tensor, with `quantised` */
    int32_t output;                                         /* tensor that the loss looks at */
    int32_t slice;                                          /* most examples in a slice */
    size_t value_size, grad_size, spare_size, scratch_size; /* floats of a workspace */
    size_t saved_size;                                      /* floats kept from forwards to backwards */
    struct engine_work *works;                              /* one for each thread */
    int32_t work_count;
};

/* What a thread works in. */
struct engine_work {
    float *memory;
    float **value, **grad; /* of each tensor */
    float *grads, *scratch, *saved, *spare;
};

struct engine_slice {
    const struct engine *engine;
    int32_t count; /* examples */
    float share;   /* of its examples in those of the batch */
    float **value, **grad;
    float *grads, *scratch, *saved, *spare;
    struct train_range *seen; /* smallest and largest value of each tensor; NULL: not asked for */
    uint64_t random;
    bool is_training;
};

/*** engine.c ***/

struct engine_setup {
    int32_t slice, threads;
    int32_t frozen;    /* leading nodes whose weights stay */
    bool cuts_softmax; /* the output is what a last SOFTMAX reads */
};

/* Memory of the engine is in `arena`, whose limit bounds what a network may take. */
bool engine_init(struct engine *e, const struct graph *graph, struct arena *arena, struct engine_setup setup,
                 struct diag *diag);

/* Puts the learned weights into the graph as new constants of its arena. */
void engine_store(const struct engine *e, struct graph *graph);

/* A slice for `work`, its input ready to be filled at value[graph->inputs[0]]. With `weight_grad` it is one to learn from,
 * whose gradients are added there; NULL: only forwards. */
struct engine_slice engine_begin(const struct engine *e, int32_t work, int32_t count, float *weight_grad);
void engine_forward(struct engine_slice *s);

/* From grad[output], which is set. */
void engine_backward(struct engine_slice *s);

/* Quantisation-aware training: rounds a tensor's values as 8 bits would, and notes what range they have; stops the
 * gradient of values that did not fit. */
void engine_quantise(struct engine_slice *s, int32_t tensor);
void engine_unquantise(struct engine_slice *s, int32_t tensor);

/*** What operators use ***/

static inline const float *engine_in(const struct engine_layer *l, const struct engine_slice *s, int i)
{
    return i < l->node->in_count && l->node->in[i] != NO_TENSOR ? s->value[l->node->in[i]] : NULL;
}

static inline float *engine_out(const struct engine_layer *l, const struct engine_slice *s, int i)
{
    return s->value[l->node->out[i]];
}

/* Where the gradient of input i goes: of weights, to be added to; NULL: nowhere. */
static inline float *engine_in_grad(const struct engine_layer *l, const struct engine_slice *s, int i)
{
    return i < l->node->in_count && l->node->in[i] != NO_TENSOR ? s->grad[l->node->in[i]] : NULL;
}

static inline float *engine_out_grad(const struct engine_layer *l, const struct engine_slice *s, int i)
{
    return s->grad[l->node->out[i]];
}

const struct engine_op *engine_find_op(enum op op);

/* Fills l->window for a filter or pooling window over input 0. */
bool engine_set_window(struct engine_layer *l, int32_t filter_h, int32_t filter_w, struct diag *diag);

/* Adds a bias to each row, applies an activation; and what an activation makes of the gradient, from its output. */
void engine_finish_rows(enum activation activation, const float *bias, size_t rows, size_t depth, float *values);
void engine_unfinish(enum activation activation, const float *out, size_t count, float *grad);

/* One row to probabilities. */
void engine_softmax(const float *in, int32_t count, float *out);

/* into[c] += sum of column c. */
void engine_add_rows(const float *rows, size_t count, size_t depth, float *into);

#define ENGINE_OP(name) extern const struct engine_op engine_##name[];
ENGINE_OP(convolutions)
ENGINE_OP(depthwise)
ENGINE_OP(pools)
ENGINE_OP(pointwise)
ENGINE_OP(moves)
ENGINE_OP(norms)
#undef ENGINE_OP

/*** gemm.c ***/

bool gemm_check(struct diag *diag); /* whether there is a library for it */

/* c[m, n] = beta * c + a[m, k] * b[k, n]; transposed: a is stored [k, m], b is stored [n, k]. */
void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
          float beta, float *c);

/*** threads.c ***/

typedef void threads_job(void *context, int32_t index, int32_t thread);

struct threads;

int32_t threads_wanted(int32_t wanted);       /* 0: one for each core */
struct threads *threads_start(int32_t count); /* the caller counts as one */
void threads_stop(struct threads *t);
int32_t threads_count(const struct threads *t);

/* job(context, i, thread) for each i below count, by whichever thread is free. */
void threads_run(struct threads *t, int32_t count, threads_job *job, void *context);

#endif
