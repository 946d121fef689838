/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_RNN, float.
 */
#include "real.h"
#include "rnn.h"

void mote_rnn_f32(const void *params, const struct mote_io *io)
{
    const struct mote_rnn *p = (const struct mote_rnn *)params;
    float *h = mote_sequence_state(&p->sequence, io->out[1], io->y, p->units), *next = (float *)io->scratch;
    for (int32_t u = 0; u < p->units; u++) {
        const float sum = mote_row_dot(p->bias, u, p->weights, (const float *)io->in[0], p->in_count) +
                          mote_row_dot(NULL, u, p->state_weights, h, p->units);
        next[u] = mote_fclamp(p->is_tanh ? mote_tanh(sum) : sum, p->low, p->high);
    }
    memcpy(h, next, (size_t)p->units * sizeof *h);
    memcpy(io->out[0], next, (size_t)p->units * sizeof *h);
}
