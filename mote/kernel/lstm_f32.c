/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, float.
 */
#include <stddef.h>

#include "real.h"
#include "state.h"

typedef float lstm_value, lstm_cell;

static inline float dot(const float *x, const float *weight, int32_t count)
{
    float sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += x[i] * weight[i];
    }
    return sum;
}

static inline float lstm_gate(const struct mote_lstm *p, int g, int32_t u, const float *x, const float *h)
{
    const float *in_weights = (const float *)p->in_weights[g] + (ptrdiff_t)u * p->in_count;
    const float *state_weights = (const float *)p->state_weights[g] + (ptrdiff_t)u * p->unit_count;
    const float *bias = p->bias[g];
    return dot(x, in_weights, p->in_count) + (bias != NULL ? bias[u] : 0) + dot(h, state_weights, p->unit_count);
}

static inline float lstm_logistic(float x) { return mote_logistic(x); }
static inline float lstm_tanh(float x) { return mote_tanh(x); }

static inline float lstm_next_cell(const struct mote_lstm *p, float c, float in, float forget, float fresh)
{
    const float next = forget * c + in * fresh;
    return p->cell_clip_f32 > 0 ? mote_fclamp(next, -p->cell_clip_f32, p->cell_clip_f32) : next;
}

static inline float lstm_hidden(const struct mote_lstm *p, float c, float gate)
{
    (void)p;
    return gate * mote_tanh(c);
}

#define KERNEL mote_lstm_f32
#include "lstm_body.h"
