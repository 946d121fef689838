/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, one time step. The including file defines
 *
 *   KERNEL                       the name of the kernel
 *   lstm_value, lstm_cell        the types of activations and of cell state and gates
 *   lstm_gate(p, g, u, x, h)     gate g of unit u before its activation
 *   lstm_logistic, lstm_tanh     the activations of gates
 *   lstm_next_cell(p, u, c, gates), lstm_hidden(p, c, gate)   the state equations
 *
 * All gates see the hidden state of the step before.
 * Source: TensorFlow Lite Micro, LstmStep.
 */
#include <stddef.h>
#include <string.h>

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_lstm *p = params;
    const int32_t units = p->unit_count;
    const int32_t sequence = p->time_major ? io->y % p->batch_count : io->y / p->step_count;
    lstm_value *hidden = (lstm_value *)io->out[1] + sequence * units;
    lstm_cell *cell = (lstm_cell *)io->out[2] + sequence * units;
    lstm_cell *gates = io->scratch; /* [MOTE_LSTM_GATES, units] */

    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        for (int32_t u = 0; u < units; u++) {
            const lstm_cell x = lstm_gate(p, g, u, io->in[0], hidden);
            gates[g * units + u] = g == MOTE_LSTM_CELL ? lstm_tanh(x) : lstm_logistic(x);
        }
    }
    for (int32_t u = 0; u < units; u++) {
        cell[u] = lstm_next_cell(p, cell[u], gates[MOTE_LSTM_INPUT * units + u], gates[MOTE_LSTM_FORGET * units + u],
                                 gates[MOTE_LSTM_CELL * units + u]);
        hidden[u] = lstm_hidden(p, cell[u], gates[MOTE_LSTM_OUTPUT * units + u]);
    }
    memcpy(io->out[0], hidden, (size_t)units * sizeof *hidden);
}
