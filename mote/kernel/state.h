/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators with state. A state is an output that is also read.
 */
#ifndef MOTE_KERNEL_STATE_H
#define MOTE_KERNEL_STATE_H

#include "kernel.h"

/* READ_VARIABLE, ASSIGN_VARIABLE. io->in: a row; io->out: the same bytes. */
struct mote_assign {
    int32_t bytes;
};

/* SVDF: a layer whose matrix has been split into `rank` products of a feature and a time filter for each unit.
 * io->in: a row [in_count]; io->out: a row [unit_count], the whole state [rows, filter_count, memory].
 *
 *   state[y, f]  moves on by one: its oldest value leaves, sum over i of in[i] * feature[f, i] comes last
 *   out[u]       bias[u] + sum over the filters f of unit u, over m of state[y, f, m] * time[f, m] */
struct mote_svdf {
    int32_t in_count, unit_count, rank, memory; /* filter_count = unit_count * rank */
    const MOTE_FLASH void *feature;             /* [filter_count, in_count] */
    const MOTE_FLASH void *time;                /* [filter_count, memory], of the state's type */
    const MOTE_FLASH void *bias; /* [unit_count] int32, less state_zero times the time filters, or float; NULL: 0 */
    /* integer kernels only */
    /* [filter_count] minus the input's zero point times the feature filters; NULL: 0 */
    const MOTE_FLASH int32_t *feature_bias;
    int32_t state_zero, out_offset;
    int32_t state_multiplier, state_shift; /* from the feature filters to the state */
    int32_t out_multiplier, out_shift;
    /* float kernel only */
    float low, high; /* range of the fused activation */
};

/* How rows are steps of sequences. */
struct mote_sequence {
    int32_t batch_count, step_count;
    int32_t time_major; /* row y is of sequence y % batch_count if 1, y / step_count if 0 */
    int32_t resets;     /* the state is 0 at each first step */
};

static inline int32_t mote_sequence_of(const struct mote_sequence *s, int32_t y)
{
    return s->time_major ? y % s->batch_count : y / s->step_count;
}

/* Whether row y finds the state of its sequence at 0. */
static inline int32_t mote_sequence_resets(const struct mote_sequence *s, int32_t y)
{
    return s->resets && (s->time_major ? y / s->batch_count : y % s->step_count) == 0;
}

enum mote_lstm_gate { MOTE_LSTM_INPUT, MOTE_LSTM_FORGET, MOTE_LSTM_CELL, MOTE_LSTM_OUTPUT, MOTE_LSTM_GATES };

/* UNIDIRECTIONAL_SEQUENCE_LSTM, a row is one time step of one sequence.
 * io->in: a row x [in_count]; io->out: a row [unit_count]; the hidden state h and the cell state c, both
 * [batch_count, unit_count]; io->scratch: the four gates, 4 * unit_count values of the cell's type.
 *
 *   gate[g] = act(in_weights[g] * x + in_bias[g] + state_weights[g] * h)    act: tanh for the cell gate, else logistic
 *   c = clip(gate[FORGET] * c + gate[INPUT] * gate[CELL])
 *   h = gate[OUTPUT] * tanh(c), which is also the output
 *
 * In integers each matrix product is rounded to 12 fractional bits by itself, gates have 15. */
struct mote_lstm {
    int32_t in_count, unit_count;
    struct mote_sequence sequence;
    const MOTE_FLASH void *in_weights[MOTE_LSTM_GATES];    /* [unit_count, in_count] */
    const MOTE_FLASH void *state_weights[MOTE_LSTM_GATES]; /* [unit_count, unit_count] */
    const MOTE_FLASH void *in_bias[MOTE_LSTM_GATES];       /* [unit_count]: int32, int64, float; NULL: 0 */
    /* integer kernels only; biases of int8 activations include minus the zero point times the weights */
    const MOTE_FLASH void *state_bias[MOTE_LSTM_GATES]; /* [unit_count] likewise */
    int32_t in_multiplier[MOTE_LSTM_GATES], in_shift[MOTE_LSTM_GATES];
    int32_t state_multiplier[MOTE_LSTM_GATES], state_shift[MOTE_LSTM_GATES];
    int32_t forget_multiplier, forget_shift; /* gate[FORGET] * c to c */
    int32_t update_multiplier, update_shift; /* gate[INPUT] * gate[CELL] to c */
    int32_t out_multiplier, out_shift;       /* gate[OUTPUT] * tanh(c) to h */
    int32_t out_offset;                      /* the zero point of h */
    int32_t cell_shift;                      /* c * 2^cell_shift has 12 fractional bits; in [-30, 14] */
    int32_t cell_clip;                       /* c stays in [-cell_clip, cell_clip]; 0: not clipped */
    /* float kernel only */
    float cell_clip_f32;
};

#endif
