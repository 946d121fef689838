/* SPDX-License-Identifier: MIT
 *
 * What the recurrent layers of Keras share: keras_rnn.c reads them, keras_steps.c makes those that no operator computes.
 */
#ifndef READ_KERAS_RNN_H
#define READ_KERAS_RNN_H

#include "keras.h"

#ifdef HAVE_KERAS

#include "../ir/unroll.h"

/* The weights of a cell, transposed, its gates one behind the other in the order of Keras. */
struct keras_cell {
    enum unroll_cell kind;
    int32_t gates, units, depth;
    bool resets_after;                  /* GRU */
    const float *kernel, *state_kernel; /* [gates * units, depth], [gates * units, units] */
    const float *bias;                  /* [gates * units], with resets_after two of these; NULL: none */
};

/* What is done with a sequence. */
struct keras_sequence {
    int32_t x, mask;       /* [batch, steps, depth], [batch, steps]; NO_TENSOR: all steps count */
    int32_t first[2];      /* states at first, NO_TENSOR: 0 */
    bool backwards, keeps; /* keeps: the output of each step, else of the last */
    bool gives_state;      /* also the states at last */
    bool is_stateful;      /* which stay for the next sequence */
    bool zeroes;           /* the output of a step that does not count is 0, else what was put out before */
};

/* Step by step; states at last become further outputs of the layer. */
int32_t keras_steps(struct keras_layer *l, const struct keras_sequence *s, const struct keras_cell *c);

/* The mask [batch, steps] for each step, [batch, 1]: the first of so many tensors. */
int32_t keras_step_masks(struct keras_layer *l, int32_t mask);

/* The activation under `key`, or that of this name where the config has none. */
int32_t keras_step_activation(struct keras_layer *l, const char *key, const char *absent, int32_t x);

#endif

#endif
