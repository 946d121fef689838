/* SPDX-License-Identifier: MIT
 *
 * The LSTM in integers: cell state and gates are int16. The including file defines the types lstm_value, lstm_bias,
 * lstm_sum (32-bit sums wrap as the reference's do), lstm_requant(), and LSTM_LOW, LSTM_HIGH, the range of lstm_value.
 */
#include <stddef.h>

#include "fixed.h"
#include "sigmoid.h"
#include "state.h"

typedef int8_t lstm_weight;
typedef int16_t lstm_cell;

static inline int16_t saturate(int32_t x) { return (int16_t)mote_clamp(x, INT16_MIN, INT16_MAX); }

static inline lstm_sum lstm_times(lstm_value x, int8_t weight) { return (lstm_sum)((int32_t)x * weight); }

static inline int16_t lstm_gate(const struct mote_lstm *p, int g, int32_t u, lstm_sum in, lstm_sum state)
{
    const MOTE_FLASH lstm_bias *in_bias = (const MOTE_FLASH lstm_bias *)p->in_bias[g],
                               *state_bias = (const MOTE_FLASH lstm_bias *)p->state_bias[g];
    in += (lstm_sum)(in_bias != NULL ? in_bias[u] : 0);
    state += (lstm_sum)(state_bias != NULL ? state_bias[u] : 0);
    return saturate(saturate(lstm_requant(in, p->in_multiplier[g], p->in_shift[g])) +
                    saturate(lstm_requant(state, p->state_multiplier[g], p->state_shift[g])));
}

static inline int16_t lstm_logistic(int16_t x) { return mote_logistic_q12(x); }

static inline int16_t lstm_tanh(int16_t x, int32_t shift) { return mote_tanh_q12(x, shift); }

static inline int16_t lstm_next_cell(const struct mote_lstm *p, int16_t c, int16_t in, int16_t forget, int16_t fresh)
{
    const int32_t kept = mote_requant((int32_t)forget * c, p->forget_multiplier, p->forget_shift);
    const int32_t added = mote_requant((int32_t)in * fresh, p->update_multiplier, p->update_shift);
    const int16_t next = saturate(saturate(kept) + saturate(added));
    return p->cell_clip > 0 ? (int16_t)mote_clamp(next, -p->cell_clip, p->cell_clip) : next;
}

static inline lstm_value lstm_hidden(const struct mote_lstm *p, int16_t tanh_c, int16_t out)
{
    const int32_t h = mote_requant((int32_t)tanh_c * out, p->out_multiplier, p->out_shift) + p->out_offset;
    return (lstm_value)mote_clamp(h, LSTM_LOW, LSTM_HIGH);
}
