/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM in integers for Arm's DSP extension: the weights of a unit's four gates lie together.
 */
#include <string.h>

#include "pack.h"
#include "stages.h"

/* The four matrices over inputs, or over the hidden state, as one: row 4 * u + g is that of gate g of unit u. */
struct matrix {
    int32_t rows, count; /* of the one; columns */
    int8_t *weights;     /* [rows, count] */
    int64_t *bias;       /* [rows] */
};

static struct matrix join(struct plan *plan, const void *const weights[], const void *const bias[], int32_t units,
                          int32_t count, bool has_wide_bias)
{
    struct matrix m = {MOTE_LSTM_GATES * units, count, NULL, NULL};
    m.weights = ARENA_ARRAY(plan->arena, (int64_t)m.rows * count, int8_t);
    m.bias = ARENA_ARRAY(plan->arena, m.rows, int64_t);
    for (int32_t row = 0; row < m.rows; row++) {
        const int32_t u = row / MOTE_LSTM_GATES, g = row % MOTE_LSTM_GATES;
        memcpy(m.weights + (size_t)row * (size_t)count, (const int8_t *)weights[g] + (size_t)u * (size_t)count,
               (size_t)count);
        m.bias[row] = bias[g] == NULL ? 0
                      : has_wide_bias ? ((const int64_t *)bias[g])[u]
                                      : ((const int32_t *)bias[g])[u];
    }
    return m;
}

static int32_t depth_of(const struct matrix *m) { return (m->count + 3) & ~3; }

/* A unit's part of the stream. NULL: it does not fit. */
typedef uint32_t *add_unit(const struct matrix *m, int32_t u, uint32_t *to);

static uint32_t *add_unit_s8(const struct matrix *m, int32_t u, uint32_t *to)
{
    const int32_t o = MOTE_LSTM_GATES * u;
    int32_t bias[MOTE_LSTM_GATES];
    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        bias[g] = (int32_t)m->bias[o + g];
    }
    const struct mote_mac mac = {.bias = bias};
    const struct pack_weights w = {
        m->weights + (size_t)o * (size_t)m->count, MOTE_LSTM_GATES, 1, m->count, m->count, 1};
    return plan_pack_quad(&mac, &w, 0, to);
}

static uint32_t *add_unit_s16(const struct matrix *m, int32_t u, uint32_t *to)
{
    for (int32_t g = 0; g < MOTE_LSTM_GATES; g++, to++) {
        const int32_t row = MOTE_LSTM_GATES * u + g;
        const int8_t *weights = m->weights + (size_t)row * (size_t)m->count;
        const int64_t bias = m->bias[row];
        int64_t most = bias < 0 ? -bias : bias;
        for (int32_t i = 0; i < m->count; i++) {
            const int32_t at = i / 4 * MOTE_LSTM_GATES, place = i % 2 * 2 + i / 2 % 2; /* inputs 0, 2, 1, 3 */
            to[MOTE_LSTM_GATES + at] |= ((uint32_t)weights[i] & 0xFF) << (8 * place);
            most += (weights[i] < 0 ? -weights[i] : weights[i]) * -(int64_t)INT16_MIN;
        }
        if (bias <= INT32_MIN || bias >= INT32_MAX || most > INT32_MAX) {
            return NULL;
        }
        *to = (uint32_t)(int32_t)bias;
    }
    return to + depth_of(m);
}

/* False: such a factor is not in the kernels. */
static bool set_factor(struct mote_lstm_factor *f, int32_t multiplier, int32_t shift)
{
    *f = (struct mote_lstm_factor){(int32_t)((uint32_t)multiplier << 1), -shift};
    return multiplier >= INT32_C(1) << 30 && shift >= -30 && shift <= -1;
}

/* What mote_requant64 makes of it. */
static bool set_wide_factor(struct mote_lstm_factor *f, int32_t multiplier, int32_t shift)
{
    *f = (struct mote_lstm_factor){(multiplier + (INT32_C(1) << 15)) >> 16, 15 - shift};
    return multiplier >= 0 && multiplier < 0x7FFF0000 && shift >= -16 && shift <= -1;
}

static bool set_factors(const struct mote_lstm *from, bool is_wide, struct mote_lstm_packed *p)
{
    bool (*const set)(struct mote_lstm_factor *, int32_t, int32_t) = is_wide ? set_wide_factor : set_factor;
    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        if (!set(&p->in[g], from->in_multiplier[g], from->in_shift[g]) ||
            !set(&p->state[g], from->state_multiplier[g], from->state_shift[g])) {
            return false;
        }
    }
    return set_factor(&p->forget, from->forget_multiplier, from->forget_shift) &&
           set_factor(&p->update, from->update_multiplier, from->update_shift) &&
           set_factor(&p->out, from->out_multiplier, from->out_shift);
}

bool plan_lstm_dsp(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_lstm *from = s->params;
    const bool is_wide = to == KERNEL_lstm_s16__arm_dsp;
    const int32_t units = from->unit_count;
    struct mote_lstm_packed *p = arena_alloc(plan->arena, sizeof *p);
    *p = (struct mote_lstm_packed){.sequence = from->sequence,
                                   .in_count = from->in_count,
                                   .unit_count = units,
                                   .out_offset = from->out_offset,
                                   .cell_shift = from->cell_shift,
                                   .cell_clip = from->cell_clip};
    if (!set_factors(from, is_wide, p)) {
        return false;
    }
    const struct matrix in = join(plan, from->in_weights, from->in_bias, units, from->in_count, is_wide);
    const struct matrix state = join(plan, from->state_weights, from->state_bias, units, units, is_wide);
    const int32_t unit_words = 2 * MOTE_LSTM_GATES + depth_of(&in) + depth_of(&state);
    add_unit *const add = is_wide ? add_unit_s16 : add_unit_s8;
    uint32_t *stream = plan_alloc_table(plan, (size_t)units * (size_t)unit_words, sizeof *stream), *at = stream;
    for (int32_t u = 0; u < units; u++) {
        at = add(&in, u, at);
        at = at != NULL ? add(&state, u, at) : NULL;
        if (at == NULL) {
            return false;
        }
    }
    p->stream = stream;
    s->kernel = to;
    s->params = p;
    s->scratch_size = (size_t)(depth_of(&state) + (in.count % 4 != 0 ? depth_of(&in) : 0)) * (is_wide ? 2 : 1);
    return true;
}
