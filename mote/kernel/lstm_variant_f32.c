/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM with all that it may have, one time step in float: peepholes, coupled gates, layer
 * normalisation, a projection. The plain one has faster kernels.
 *
 * Source: TensorFlow Lite, lstm_eval.cc, LstmStepWithAuxInput.
 */
#include "real.h"
#include "rnn.h"

/* To mean 0 and variance 1, then times factors, plus biases. */
static void normalise(float *x, int32_t count, const MOTE_FLASH float *factor, const MOTE_FLASH float *bias)
{
    float sum = 0, squares = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += x[i];
    }
    const float mean = sum / (float)count;
    for (int32_t i = 0; i < count; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    const float scale = mote_rsqrt(squares / (float)count + 1e-8F);
    for (int32_t i = 0; i < count; i++) {
        x[i] = (x[i] - mean) * scale * factor[i] + (bias != NULL ? bias[i] : 0);
    }
}

/* What goes into gate g: from the input and the hidden state, to `sum`. */
static void gate_sum(const struct mote_lstm_variant *p, int g, const float *x, const float *h, float *sum)
{
    const MOTE_FLASH float *bias = p->norm[g] == NULL ? p->bias[g] : NULL;
    for (int32_t u = 0; u < p->cells; u++) {
        sum[u] = mote_row_dot(bias, u, p->weights[g], x, p->in_count) +
                 mote_row_dot(NULL, u, p->state_weights[g], h, p->units);
    }
}

/* From that to the argument of its activation. */
static void finish_gate(const struct mote_lstm_variant *p, int g, const float *c, float *sum)
{
    for (int32_t u = 0; p->peephole[g] != NULL && u < p->cells; u++) {
        sum[u] += p->peephole[g][u] * c[u];
    }
    if (p->norm[g] != NULL) {
        normalise(sum, p->cells, p->norm[g], p->bias[g]);
    }
}

static void logistic_gate(const struct mote_lstm_variant *p, int g, const float *c, float *sum)
{
    finish_gate(p, g, c, sum);
    for (int32_t u = 0; u < p->cells; u++) {
        sum[u] = mote_logistic(sum[u]);
    }
}

static float activate(const struct mote_lstm_variant *p, float x)
{
    return mote_fclamp(p->is_tanh ? mote_tanh(x) : x, p->low, p->high);
}

static float clip(float x, float limit) { return limit > 0 ? mote_fclamp(x, -limit, limit) : x; }

void mote_lstm_variant_f32(const void *params, const struct mote_io *io)
{
    const struct mote_lstm_variant *p = (const struct mote_lstm_variant *)params;
    const int32_t cells = p->cells;
    const float *x = (const float *)io->in[0];
    float *h = mote_sequence_state(&p->sequence, io->out[1], io->y, p->units);
    float *c = mote_sequence_state(&p->sequence, io->out[2], io->y, cells);
    float *in = (float *)io->scratch, *forget = in + cells, *fresh = forget + cells, *out = fresh + cells;
    const int is_coupled = p->weights[MOTE_LSTM_INPUT] == NULL;

    for (int g = is_coupled ? MOTE_LSTM_FORGET : MOTE_LSTM_INPUT; g < MOTE_LSTM_GATES; g++) {
        gate_sum(p, g, x, h, in + (size_t)(g * cells));
    }
    if (!is_coupled) {
        logistic_gate(p, MOTE_LSTM_INPUT, c, in);
    }
    logistic_gate(p, MOTE_LSTM_FORGET, c, forget);
    finish_gate(p, MOTE_LSTM_CELL, c, fresh);
    for (int32_t u = 0; u < cells; u++) {
        const float share = is_coupled ? 1.0F - forget[u] : in[u];
        c[u] = clip(forget[u] * c[u] + share * activate(p, fresh[u]), p->cell_clip);
    }
    logistic_gate(p, MOTE_LSTM_OUTPUT, c, out); /* its peephole sees the new cell */
    for (int32_t u = 0; u < cells; u++) {
        out[u] *= activate(p, c[u]);
    }
    for (int32_t u = 0; u < p->units; u++) {
        h[u] = p->projection == NULL
                   ? out[u]
                   : clip(mote_row_dot(p->projection_bias, u, p->projection, out, cells), p->projection_clip);
    }
    memcpy(io->out[0], h, (size_t)p->units * sizeof *h);
}
