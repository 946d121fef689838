/* SPDX-License-Identifier: MIT
 *
 * Parameters of recurrent layers in float. A row is one time step of one sequence, a state [sequences, units] an output that
 * is also read.
 */
#ifndef MOTE_KERNEL_RNN_H
#define MOTE_KERNEL_RNN_H

#include <stddef.h>
#include <string.h>

#include "flash.h"
#include "kernel.h"
#include "state.h"

/* UNIDIRECTIONAL_SEQUENCE_RNN. out = h = clamp(act(weights * x + bias + state_weights * h)). io->in: x [in_count]; io->out: out
 * [units], h; io->scratch: [units]. */
struct mote_rnn {
    struct mote_sequence sequence;
    int32_t in_count, units;
    const MOTE_FLASH float *weights, *state_weights; /* [units, in_count], [units, units] */
    const MOTE_FLASH float *bias;                    /* [units]; NULL: 0 */
    int32_t is_tanh;
    float low, high;
};

/* GRU, gates z, r, n. io->in: x [in_count]; io->out: out [units], h; io->scratch: [3, units].
 *   z = logistic(Wz x + Rz h), r = logistic(Wr x + Rr h)
 *   n = tanh(Wn x + Rn (r * h)), or tanh(Wn x + r * (Rn h)) if resets_after; biases go with W and R
 *   out = h = z * h + (1 - z) * n */
struct mote_gru {
    struct mote_sequence sequence;
    int32_t in_count, units, resets_after;
    const MOTE_FLASH float *weights, *state_weights; /* [3 * units, in_count], [3 * units, units] */
    const MOTE_FLASH float *bias, *state_bias;       /* [3 * units]; NULL: 0 */
};

/* UNIDIRECTIONAL_SEQUENCE_LSTM with any of what makes variants, gates in the order of enum mote_lstm_gate. io->in: x
 * [in_count]; io->out: out [units], the hidden state h [sequences, units], the cell state c [sequences, cells]; io->scratch:
 * [4, cells].
 *
 *   gate[g] = act(norm(weights[g] * x + state_weights[g] * h + peephole[g] .* c) + bias[g]), c of the step before, but of this
 *             one for the output gate; norm: to mean 0 and variance 1, times norm[g]
 *   c = clip(gate[FORGET] .* c + gate[INPUT] .* gate[CELL])
 *   h = out = clip(projection * (gate[OUTPUT] .* act(c)) + projection_bias) */
struct mote_lstm_variant {
    struct mote_sequence sequence;
    int32_t in_count, cells, units;                   /* units == cells without a projection */
    const MOTE_FLASH float *weights[MOTE_LSTM_GATES]; /* [cells, in_count]; of INPUT NULL: that gate is 1 - FORGET */
    const MOTE_FLASH float *state_weights[MOTE_LSTM_GATES]; /* [cells, units] */
    const MOTE_FLASH float *bias[MOTE_LSTM_GATES];          /* [cells]; NULL: 0 */
    const MOTE_FLASH float *peephole[MOTE_LSTM_GATES];      /* [cells]; NULL: none, as for CELL */
    const MOTE_FLASH float *norm[MOTE_LSTM_GATES];          /* [cells]; NULL: sums are taken as they are */
    const MOTE_FLASH float *projection, *projection_bias;   /* [units, cells], [units]; NULL: none, 0 */
    float cell_clip, projection_clip;                       /* 0: not clipped */
    int32_t is_tanh;                                        /* act of cell gate and cell: tanh, then to [low, high] */
    float low, high;
};

/* The state of the sequence that row y belongs to. */
static inline float *mote_sequence_state(const struct mote_sequence *s, void *state, int32_t y, int32_t units)
{
    float *h = (float *)state + (size_t)(mote_sequence_of(s, y) * units);
    if (mote_sequence_resets(s, y)) {
        memset(h, 0, (size_t)units * sizeof *h);
    }
    return h;
}

/* bias + row * x */
static inline float mote_row_dot(const MOTE_FLASH float *bias, int32_t at, const MOTE_FLASH float *matrix,
                                 const float *x, int32_t count)
{
    const MOTE_FLASH float *row = matrix + (size_t)at * (size_t)count;
    float sum = bias != NULL ? bias[at] : 0;
    for (int32_t i = 0; i < count; i++) {
        sum += row[i] * x[i];
    }
    return sum;
}

#endif
