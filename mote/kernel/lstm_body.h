/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, one time step. The including file defines
 *
 *   KERNEL                       the name of the kernel
 *   lstm_value, lstm_weight, lstm_cell    the types of activations, weights, cell state and gates
 *   lstm_sum                     what inner products are summed up in
 *   lstm_times(x, w)             a product
 *   lstm_gate(p, g, u, in, state)         gate g of unit u before its activation, from its two sums
 *   lstm_logistic(x), lstm_tanh(x, shift) the activations; x * 2^shift has 12 fractional bits
 *   lstm_next_cell(p, c, in, forget, fresh), lstm_hidden(p, tanh_c, out)    the state equations
 *   LSTM_DOT                     where a target has its own lstm_dot()
 *
 * All gates see the hidden state of the step before.
 * Source: TensorFlow Lite Micro, LstmStep.
 */
#include <stddef.h>
#include <string.h>

#ifndef LSTM_DOT
/* sum[g] of row u of each of four matrices [units, count] times x; the gates share the loads of x. */
static inline void lstm_dot(const MOTE_FLASH void *const weights[], int32_t u, const lstm_value *x, int32_t count,
                            lstm_sum sum[])
{
    const MOTE_FLASH lstm_weight *row[MOTE_LSTM_GATES];
    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        row[g] = (const MOTE_FLASH lstm_weight *)weights[g] + (ptrdiff_t)u * count;
    }
    lstm_sum sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (int32_t i = 0; i < count; i++) {
        sum0 += lstm_times(x[i], row[0][i]);
        sum1 += lstm_times(x[i], row[1][i]);
        sum2 += lstm_times(x[i], row[2][i]);
        sum3 += lstm_times(x[i], row[3][i]);
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}
#endif

static void lstm_logistic_all(lstm_cell *x, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        x[i] = lstm_logistic(x[i]);
    }
}

/* tanh of x[] to y[], which may be the same. */
static void lstm_tanh_all(const lstm_cell *x, int32_t count, int32_t shift, lstm_cell *y)
{
    for (int32_t i = 0; i < count; i++) {
        y[i] = lstm_tanh(x[i], shift);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_lstm *p = (const struct mote_lstm *)params;
    const int32_t units = p->unit_count;
    const int32_t sequence = mote_sequence_of(&p->sequence, io->y);
    lstm_value *hidden = (lstm_value *)io->out[1] + sequence * units;
    lstm_cell *cell = (lstm_cell *)io->out[2] + sequence * units;
    if (mote_sequence_resets(&p->sequence, io->y)) {
        for (int32_t u = 0; u < units; u++) {
            hidden[u] = (lstm_value)p->out_offset;
            cell[u] = 0;
        }
    }
    lstm_cell *gates = (lstm_cell *)io->scratch; /* [MOTE_LSTM_GATES, units] */

    for (int32_t u = 0; u < units; u++) {
        lstm_sum in[MOTE_LSTM_GATES], state[MOTE_LSTM_GATES];
        lstm_dot(p->in_weights, u, (const lstm_value *)io->in[0], p->in_count, in);
        lstm_dot(p->state_weights, u, hidden, units, state);
        for (int g = 0; g < MOTE_LSTM_GATES; g++) {
            gates[g * units + u] = lstm_gate(p, g, u, in[g], state[g]);
        }
    }
    lstm_cell *in = gates + MOTE_LSTM_INPUT * units, *forget = gates + MOTE_LSTM_FORGET * units;
    lstm_cell *fresh = gates + MOTE_LSTM_CELL * units, *out = gates + MOTE_LSTM_OUTPUT * units;
    lstm_logistic_all(in, units);
    lstm_logistic_all(forget, units);
    lstm_tanh_all(fresh, units, 0, fresh);
    lstm_logistic_all(out, units);
    for (int32_t u = 0; u < units; u++) {
        cell[u] = lstm_next_cell(p, cell[u], in[u], forget[u], fresh[u]);
    }
    lstm_tanh_all(cell, units, p->cell_shift, fresh);
    for (int32_t u = 0; u < units; u++) {
        hidden[u] = lstm_hidden(p, fresh[u], out[u]);
    }
    memcpy(io->out[0], hidden, (size_t)units * sizeof *hidden);
}
