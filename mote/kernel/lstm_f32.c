/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, float.
 */
#include <stddef.h>

#include "real.h"
#include "state.h"

typedef float lstm_value, lstm_weight, lstm_cell, lstm_sum;

static inline float lstm_times(float x, float weight) { return x * weight; }

static inline float lstm_gate(const struct mote_lstm *p, int g, int32_t u, float in, float state)
{
    const MOTE_FLASH float *bias = (const MOTE_FLASH float *)p->in_bias[g];
    return in + (bias != NULL ? bias[u] : 0) + state;
}

static inline float lstm_logistic(float x) { return mote_logistic(x); }

static inline float lstm_tanh(float x, int32_t shift)
{
    (void)shift;
    return mote_tanh(x);
}

static inline float lstm_next_cell(const struct mote_lstm *p, float c, float in, float forget, float fresh)
{
    const float next = forget * c + in * fresh;
    return p->cell_clip_f32 > 0 ? mote_fclamp(next, -p->cell_clip_f32, p->cell_clip_f32) : next;
}

static inline float lstm_hidden(const struct mote_lstm *p, float tanh_c, float out)
{
    (void)p;
    return tanh_c * out;
}

#define KERNEL mote_lstm_f32
#include "lstm_body.h"
