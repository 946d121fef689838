/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM in integers, one time step, for Cortex-M with the DSP extension. Weights: packed.h. The
 * including file defines
 *
 *   KERNEL                           the name of the kernel
 *   lstm_value, LSTM_LOW, LSTM_HIGH  the type of activations and its range
 *   lstm_sums(stream, x, depth, sum) the sums of the four gates of a unit over a vector; returns where their weights end
 *   lstm_scale(sum, factor)          a sum with 12 fractional bits, saturated to int16
 *
 * A unit goes from its products to its output in one piece; a copy of the hidden state keeps what all units shall see.
 */
#include <string.h>

#include "../fixed.h"
#include "../packed.h"
#include "../sigmoid.h"
#include "simd.h"

/* A product of two int16, scaled. 4 instructions. */
static inline int32_t scale(int32_t x, struct mote_lstm_factor f)
{
    return mote_round_shift(mote_smmlar(x, f.factor), f.shift);
}

/* Gate g before its activation, from its two sums. */
static inline int16_t gate(const struct mote_lstm_packed *p, int g, const int32_t in[], const int32_t state[])
{
    return (int16_t)mote_ssat16(lstm_scale(in[g], p->in[g]) + lstm_scale(state[g], p->state[g]));
}

void KERNEL(const void *params, const struct mote_io *io)
{
    enum { WORD = 4 };
    const struct mote_lstm_packed *p = (const struct mote_lstm_packed *)params;
    const int32_t units = p->unit_count, sequence = mote_sequence_of(&p->sequence, io->y);
    const int32_t in_depth = (p->in_count + WORD - 1) & -WORD, depth = (units + WORD - 1) & -WORD;
    lstm_value *hidden = (lstm_value *)io->out[1] + sequence * units, *before = (lstm_value *)io->scratch;
    int16_t *cell = (int16_t *)io->out[2] + sequence * units;
    const int32_t resets = mote_sequence_resets(&p->sequence, io->y);
    for (int32_t u = 0; u < units; u++) {
        before[u] = resets ? (lstm_value)p->out_offset : hidden[u];
        cell[u] = resets ? 0 : cell[u];
    }
    const lstm_value *x = (const lstm_value *)io->in[0];
    if (p->in_count < in_depth) {
        x = (const lstm_value *)memcpy(before + depth, x, (size_t)p->in_count * sizeof *x);
    }
    const uint32_t *stream = p->stream;
    for (int32_t u = 0; u < units; u++) {
        int32_t in[MOTE_LSTM_GATES], state[MOTE_LSTM_GATES];
        stream = lstm_sums(stream, x, in_depth, in);
        stream = lstm_sums(stream, before, depth, state);
        const int32_t enter = mote_logistic_q12(gate(p, MOTE_LSTM_INPUT, in, state));
        const int32_t keep = mote_logistic_q12(gate(p, MOTE_LSTM_FORGET, in, state));
        const int32_t fresh = mote_tanh_q12(gate(p, MOTE_LSTM_CELL, in, state), 0);
        const int32_t leave = mote_logistic_q12(gate(p, MOTE_LSTM_OUTPUT, in, state));
        const int32_t kept = scale(keep * cell[u], p->forget), added = scale(enter * fresh, p->update);
        const int32_t next = mote_ssat16(mote_ssat16(kept) + mote_ssat16(added));
        cell[u] = (int16_t)(p->cell_clip > 0 ? mote_clamp(next, -p->cell_clip, p->cell_clip) : next);
        const int32_t h = scale(mote_tanh_q12(cell[u], p->cell_shift) * leave, p->out);
        hidden[u] = (lstm_value)mote_clamp(h + p->out_offset, LSTM_LOW, LSTM_HIGH);
    }
    memcpy(io->out[0], hidden, (size_t)units * sizeof *hidden);
}
