/* SPDX-License-Identifier: MIT
 *
 * GRU, float.
 */
#include "real.h"
#include "rnn.h"

void mote_gru_f32(const void *params, const struct mote_io *io)
{
    const struct mote_gru *p = (const struct mote_gru *)params;
    const int32_t n = p->units;
    float *h = mote_sequence_state(&p->sequence, io->out[1], io->y, n);
    float *z = (float *)io->scratch, *r = z + n, *fresh = r + n;
    for (int32_t u = 0; u < 2 * n; u++) { /* z and r lie behind each other */
        z[u] = mote_logistic(mote_row_dot(p->bias, u, p->weights, (const float *)io->in[0], p->in_count) +
                             mote_row_dot(p->state_bias, u, p->state_weights, h, n));
    }
    for (int32_t u = 0; u < n; u++) {
        fresh[u] =
            p->resets_after ? r[u] * mote_row_dot(p->state_bias, 2 * n + u, p->state_weights, h, n) : r[u] * h[u];
    }
    float *out = (float *)io->out[0];
    for (int32_t u = 0; u < n; u++) {
        const float state =
            p->resets_after ? fresh[u] : mote_row_dot(p->state_bias, 2 * n + u, p->state_weights, fresh, n);
        out[u] = mote_tanh(mote_row_dot(p->bias, 2 * n + u, p->weights, (const float *)io->in[0], p->in_count) + state);
    }
    for (int32_t u = 0; u < n; u++) {
        out[u] = z[u] * h[u] + (1 - z[u]) * out[u];
        h[u] = out[u];
    }
}
